"""The payment platform's side effects, one each."""

from temporalio import activity

from activities._errors import port_errors
from canonical.origin import Reference
from canonical.payment import Dispute, Payment, Payout, Refund
from ports.payments import Payments, RefundOrder


class PaymentActivities:
    def __init__(self, payments: Payments) -> None:
        self._payments = payments

    @activity.defn(name="payments.read_payment")
    async def read_payment(self, payment_id: str) -> Payment:
        with port_errors():
            return await self._payments.read_payment(payment_id)

    @activity.defn(name="payments.read_refund")
    async def read_refund(self, refund_id: str) -> Refund:
        with port_errors():
            return await self._payments.read_refund(refund_id)

    @activity.defn(name="payments.read_dispute")
    async def read_dispute(self, dispute_id: str) -> Dispute:
        with port_errors():
            return await self._payments.read_dispute(dispute_id)

    @activity.defn(name="payments.read_payout")
    async def read_payout(self, payout_id: str) -> Payout:
        with port_errors():
            return await self._payments.read_payout(payout_id)

    @activity.defn(name="payments.refund_payment")
    async def refund_payment(self, order: RefundOrder) -> Reference:
        with port_errors():
            return await self._payments.refund_payment(order)
