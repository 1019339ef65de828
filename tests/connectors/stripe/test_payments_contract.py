"""Stripe keeps the contract of all payment platforms."""

from decimal import Decimal

import pytest

from connectors.stripe.connector import Stripe
from sandbox.stripe import StripePlatform
from tests.connectors.contract_billing_stand import CONTRACT, BillingStand, invoice
from tests.connectors.contract_payments import PaymentsContract, PaymentsStand


def cents(amount: Decimal) -> int:
    return int(amount * 100)


class TestStripeKeepsThePaymentsContract(PaymentsContract):
    @pytest.fixture
    async def payments(self, stripe: Stripe, platform: StripePlatform, stand: BillingStand) -> PaymentsStand:
        order = invoice(await stand.customer())
        draft = await stripe.draft_invoice(order)
        issued = await stripe.finalize_invoice(order.origin, draft.id)

        async def pay(amount: Decimal, method: str) -> str:
            verb = {"invoice": issued.id, "amount": cents(amount), "method": method}
            return str((await platform.load({"pay": verb}))["pay"]["id"])

        async def dispute(payment: str, amount: Decimal, fee: Decimal) -> str:
            verb = {"payment": payment, "amount": cents(amount), "fee": cents(fee)}
            return str((await platform.load({"dispute": verb}))["dispute"]["id"])

        async def decide(dispute_id: str, won: bool) -> None:
            await platform.load({"decide_dispute": {"dispute": dispute_id, "won": won}})

        async def settle() -> None:
            await platform.load({"settle_debits": True})

        async def pay_out() -> str:
            return str((await platform.load({"payout": {}}))["payout"]["id"])

        return PaymentsStand(
            payments=stripe,
            faults=platform.faults,
            refund_route="POST /v1/refunds",
            read_route="GET /v1/payment_intents/*",
            drifting_field="status",
            contract=CONTRACT,
            invoice_key=order.key,
            total=issued.total,
            pay=pay,
            settle_debits=settle,
            dispute=dispute,
            decide=decide,
            pay_out=pay_out,
            forget_keys=lambda: (platform.keys.forget(), None)[1],
            refunds=lambda: platform.state.count("refund"),
            name="stripe",
        )
