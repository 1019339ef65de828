"""Stripe keeps the contract of all payment platforms."""

import datetime as dt
from decimal import Decimal

import pytest

from connectors.stripe.connector import Stripe
from sandbox.stripe import StripePlatform
from tests.connectors.contract_billing_stand import CONTRACT, BillingStand, invoice
from tests.connectors.contract_payments import PaymentsContract, PaymentsStand
from tests.sandbox.stripe.spec import CheckedTransport


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

        async def go_to(day: dt.date) -> None:
            await platform.advance_clock(dt.datetime.combine(day, dt.time(12), dt.UTC))

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
            go_to=go_to,
            pay_out=pay_out,
            forget_keys=lambda: (platform.keys.forget(), None)[1],
            refunds=lambda: platform.state.count("refund"),
            name="stripe",
        )

    async def test_every_listing_of_movements_since_a_day_begins_there(
        self, payments: PaymentsStand, paid: str, transport: CheckedTransport
    ) -> None:
        await payments.dispute(paid, Decimal("60.00"), Decimal("15.00"))
        before = len(transport.app.requests.latest())
        await payments.payments.movements(dt.date(2026, 1, 1))
        asked = transport.app.requests.latest()[before:]
        lists = ("charges", "refunds", "disputes", "balance_transactions", "invoices", "invoice_payments")
        listed = {each.path.removeprefix("/v1/"): each.query for each in asked}
        assert listed.keys() >= set(lists)
        assert [name for name in lists if "created" not in listed[name]] == []
