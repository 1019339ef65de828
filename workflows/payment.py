"""A payment's way into the ledger: captured money is applied, and what is left stays as unapplied credit."""

from temporalio import workflow

from activities.payments import PaymentActivities
from canonical.ids import cash_key
from canonical.payment import Payment
from rules.cash_posting import Money
from workflows._document import DocumentInput, DocumentResult
from workflows._options import on_platform
from workflows._recovery import RecoveringStory


@workflow.defn(name="Payment")
class PaymentWorkflow(RecoveringStory):
    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.open(given)

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        payment = await self.read_step("payments.read_payment", "Read the payment", self.read)
        if payment is None:
            return DocumentResult(outcome="could not be read")
        key = cash_key("payment", payment.platform, payment.id)
        self.begin(payment.contract, key)
        if payment.status != "succeeded":
            failure = f" ({payment.failure})" if payment.failure else ""
            return DocumentResult(outcome=f"no cash: {payment.status}{failure}", key=key)
        standing = await self.standing(payment.contract, "payment", payment.amount, payment.currency)
        if standing is None:
            return DocumentResult(outcome="let pass: no contract", key=key)
        money = Money(
            kind="payment",
            id=payment.id,
            date=payment.date,
            amount=payment.amount,
            names=payment.invoices,
        )
        posted = await self.post_money(standing, money, key)
        return self.result(posted, key, await self.recovered(standing, money, key))

    async def read(self) -> Payment:
        return await workflow.execute_activity_method(
            PaymentActivities.read_payment,
            self.given.document_id,
            **on_platform(self.given.platform, "Read the payment"),
        )
