"""A refund's way into the ledger: of what was overpaid first, else its payment's invoice is open again."""

from temporalio import workflow

from activities.payments import PaymentActivities
from canonical.ids import cash_key
from canonical.payment import CashApplication, Refund
from ports.receipts import ReceivablesAccount
from rules.cash_posting import Money, refund_unapplied
from workflows._cash import CashStory
from workflows._document import DocumentInput, DocumentResult
from workflows._options import on_platform


@workflow.defn(name="Refund")
class RefundWorkflow(CashStory):
    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.open(given)

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        refund = await self.read_step("payments.read_refund", "Read the refund", self.read)
        if refund is None:
            return DocumentResult(outcome="could not be read")
        key = cash_key("refund", refund.platform, refund.id)
        self.begin(refund.contract, key)
        if refund.status != "succeeded":
            return DocumentResult(outcome=f"no cash: {refund.status}", key=key)
        standing = await self.standing(refund.contract, "refund", refund.amount, refund.currency)
        if standing is None:
            return DocumentResult(outcome="let pass: no contract", key=key)
        money = Money(
            kind="refund", id=refund.id, date=refund.date, amount=refund.amount, names=refund.invoices
        )
        source = cash_key("payment", refund.platform, refund.payment_id)

        def unapplied_only(account: ReceivablesAccount) -> CashApplication:
            return refund_unapplied(account, refund.amount)

        rule = unapplied_only if refund.unapplied else None
        posted = await self.post_money(standing, money, key, source_key=source, rule=rule)
        return self.result(posted, key)

    async def read(self) -> Refund:
        return await workflow.execute_activity_method(
            PaymentActivities.read_refund,
            self.given.document_id,
            **on_platform(self.given.platform, "Read the refund"),
        )
