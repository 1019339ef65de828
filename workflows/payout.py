"""A payout matched net of fees: each entry of the platform's balance must be in the ledger.."""

from temporalio import workflow

from activities.cash import CashActivities, ReceiptsQuestion
from activities.payments import PaymentActivities
from canonical.ids import cash_key
from canonical.origin import Origin
from canonical.payment import Payout
from rules.payout_matching import PayoutMatch, match
from workflows._cash import CashStory
from workflows._document import DocumentInput, DocumentResult
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import Step


@workflow.defn(name="Payout")
class PayoutWorkflow(CashStory):
    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.open(given)

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        payout = await self.read_step("payments.read_payout", "Read the payout", self.read)
        if payout is None:
            return DocumentResult(outcome="could not be read")
        key = cash_key("payout", payout.platform, payout.id)
        self.begin(payout.contract, key)
        if payout.status != "paid":
            return DocumentResult(outcome=f"no cash: {payout.status}", key=key)
        standing = await self.standing(payout.contract, "payout", payout.amount, payout.currency)
        if standing is None or standing.policy is None:
            return DocumentResult(outcome="let pass: no contract", key=key)
        found = await self._matched(payout, key, standing.policy.route.erp)
        if found is None:
            return DocumentResult(outcome="not matched: skipped by a person", key=key)
        words = f"matched: gross {found.gross}, fees {found.fees}, net {found.net} {payout.currency}"
        return DocumentResult(outcome=words, key=key)

    async def _matched(self, payout: Payout, key: str, erp: str) -> PayoutMatch | None:
        """None where a person lets a difference pass. A retry reads the ledger anew."""
        step = Step(
            f"match {key}",
            "rules.match_payout",
            payout.platform,
            f"Match the payout over {payout.amount} {payout.currency}",
            amount=payout.amount,
            currency=payout.currency,
        )
        keys = tuple(entry.movement_key for entry in payout.entries if entry.movement_key is not None)

        async def check(origin: Origin) -> PayoutMatch:
            listed = await workflow.execute_activity_method(
                CashActivities.find_receipts,
                ReceiptsQuestion(keys=keys),
                **on_platform(erp, "Find what is paid out in the ledger"),
            )
            found = match(payout, listed.receipts)
            if found.problems:
                raise rejected(
                    payout.platform,
                    "rules.match_payout",
                    "; ".join(found.problems),
                    field="amount",
                    code="AmountMismatch",
                )
            return found

        return await self.steps.run(step, check)

    async def read(self) -> Payout:
        return await workflow.execute_activity_method(
            PaymentActivities.read_payout,
            self.given.document_id,
            **on_platform(self.given.platform, "Read the payout"),
        )
