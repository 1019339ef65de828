"""A chargeback's way into the ledger: the receivable is open again, its fee an expense; won, it is paid.

Each message of the platform starts it (again) until the dispute is closed. What moved is posted by its own
key, so that nothing is posted twice.
"""

from temporalio import workflow

from activities.contracts import ContractStanding
from activities.payments import PaymentActivities
from canonical.ids import cash_key
from canonical.origin import Reference
from canonical.payment import Dispute, DisputeMovement
from rules.cash_posting import Money
from workflows._document import DocumentInput, DocumentResult
from workflows._options import on_platform
from workflows._recovery import RecoveringStory


@workflow.defn(name="Dispute")
class DisputeWorkflow(RecoveringStory):
    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.open(given)

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        dispute = await self.read_step("payments.read_dispute", "Read the dispute", self.read)
        if dispute is None:
            return DocumentResult(outcome="could not be read")
        key = cash_key("dispute", dispute.platform, dispute.id)
        self.begin(dispute.contract, key)
        if not dispute.movements:
            return DocumentResult(outcome=f"no cash: {dispute.status}", key=key)
        standing = await self.standing(dispute.contract, "dispute", dispute.amount, dispute.currency)
        if standing is None:
            return DocumentResult(outcome="let pass: no contract", key=key)
        posted: Reference | None = None
        for movement in dispute.movements:
            posted = await self._movement(dispute, movement, standing) or posted
        return self.result(posted, key, dispute.status)

    async def _movement(
        self, dispute: Dispute, movement: DisputeMovement, standing: ContractStanding
    ) -> Reference | None:
        is_withdrawn = movement.amount < 0
        part = "withdrawn" if is_withdrawn else "reinstated"
        money = Money(
            kind="chargeback" if is_withdrawn else "chargeback_won",
            id=dispute.id,
            date=movement.date,
            amount=abs(movement.amount),
            fee=movement.fee,
            names=dispute.invoices,
        )
        key = cash_key("dispute", dispute.platform, dispute.id, part)
        source = cash_key("payment", dispute.platform, dispute.payment_id)
        posted = await self.post_money(standing, money, key, source_key=source)
        await self.recovered(standing, money, key)
        return posted

    async def read(self) -> Dispute:
        return await workflow.execute_activity_method(
            PaymentActivities.read_dispute,
            self.given.document_id,
            **on_platform(self.given.platform, "Read the dispute"),
        )
