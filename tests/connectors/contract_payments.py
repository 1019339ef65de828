"""What every payments connector must do, tested against its simulator.

A vendor's test module subclasses `PaymentsContract` and provides the fixture `payments`. What customers and
their banks do is done at the simulator; what we write (a refund) is met by each fault and found by its key.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from canonical.ids import cash_key
from canonical.origin import Origin
from ports.errors import (
    NotFound,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Rejected,
    Transient,
    UnexpectedAnswer,
)
from ports.payments import Payments, RefundOrder
from sandbox.kit.faults import Fault, Faults

APPLIED = ("applied-then-timeout", "applied-then-cut", "applied-then-500")


@dataclass
class PaymentsStand:
    """One payment platform under test, with an issued invoice over `total` USD whose key is `invoice_key`."""

    payments: Payments
    faults: Faults
    refund_route: str
    read_route: str
    drifting_field: str
    """A field without which a payment can't be understood."""
    contract: str
    invoice_key: str
    total: Decimal
    pay: Callable[[Decimal, str], Awaitable[str]]
    """Pays so much of the invoice by `card`, `declined` or `bank_debit`; the payment's id."""
    settle_debits: Callable[[], Awaitable[None]]
    dispute: Callable[[str, Decimal, Decimal], Awaitable[str]]
    """The bank takes so much of a payment back, for a fee; the dispute's id."""
    decide: Callable[[str, bool], Awaitable[None]]
    go_to: Callable[[dt.date], Awaitable[None]]
    """Moves the platform's clock on."""
    pay_out: Callable[[], Awaitable[str]]
    forget_keys: Callable[[], None]
    """Has the platform forget what requests it has answered."""
    refunds: Callable[[], int]
    """How many the platform has, counted in its own state."""
    name: str
    """The platform's, as it stands in keys."""


def refund_order(
    stand: PaymentsStand, payment: str, amount: str = "10.00", key: str = "refund/1", **more: Any
) -> RefundOrder:
    origin = Origin(tenant="t", contract=stand.contract, change=key, step="refund", correlation_id="corr-1")
    return RefundOrder(
        origin=origin,
        key=key,
        payment_id=payment,
        amount=Decimal(amount),
        currency="USD",
        reason="paid twice",
        **more,
    )


class PaymentsFixtures:
    @pytest.fixture
    async def payments(self) -> PaymentsStand:
        raise NotImplementedError

    @pytest.fixture
    async def paid(self, payments: PaymentsStand) -> str:
        """A payment by card over the whole invoice."""
        return await payments.pay(payments.total, "card")


class PaymentReads(PaymentsFixtures):
    async def test_payment_names_contract_invoice_and_what_is_for_it(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        found = await payments.payments.read_payment(paid)
        assert (found.id, found.status, found.method) == (paid, "succeeded", "card")
        assert (found.amount, found.currency, found.contract) == (payments.total, "USD", payments.contract)
        assert [(each.key, each.amount) for each in found.invoices] == [(payments.invoice_key, found.amount)]

    async def test_part_and_more_than_the_invoice_are_read_as_they_are(self, payments: PaymentsStand) -> None:
        part = await payments.payments.read_payment(await payments.pay(Decimal("10.00"), "card"))
        over = await payments.payments.read_payment(await payments.pay(payments.total, "card"))
        assert (part.amount, over.amount) == (Decimal("10.00"), payments.total)
        assert over.contract == payments.contract

    async def test_declined_payment_is_no_success_and_a_debit_none_until_it_is_settled(
        self, payments: PaymentsStand
    ) -> None:
        declined = await payments.payments.read_payment(await payments.pay(payments.total, "declined"))
        assert (declined.status, bool(declined.failure)) == ("failed", True)
        debit = await payments.pay(payments.total, "bank_debit")
        assert (await payments.payments.read_payment(debit)).status == "pending"
        assert await payments.payments.movements() == ()
        await payments.settle_debits()
        found = await payments.payments.read_payment(debit)
        assert (found.status, found.method) == ("succeeded", "bank_debit")

    async def test_dispute_says_what_it_took_and_cost_and_what_came_back(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        dispute = await payments.dispute(paid, Decimal("60.00"), Decimal("15.00"))
        found = await payments.payments.read_dispute(dispute)
        assert (found.payment_id, found.status, found.contract) == (paid, "open", payments.contract)
        assert [(each.amount, each.fee) for each in found.movements] == [
            (Decimal("-60.00"), Decimal("15.00"))
        ]
        await payments.decide(dispute, True)
        won = await payments.payments.read_dispute(dispute)
        assert won.status == "won"
        assert sum(each.amount for each in won.movements) == 0

    async def test_payout_is_the_sum_of_its_entries_net_of_fees(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        refund = await payments.payments.refund_payment(refund_order(payments, paid))
        found = await payments.payments.read_payout(await payments.pay_out())
        assert found.status == "paid"
        assert sum(each.net for each in found.entries) == found.amount
        assert all(each.net == each.amount - each.fee for each in found.entries)
        keys = {each.movement_key: each.amount for each in found.entries if each.movement_key}
        assert keys == {
            cash_key("payment", payments.name, paid): payments.total,
            cash_key("refund", payments.name, refund.id): Decimal("-10.00"),
        }
        assert [each.id for each in await payments.payments.payouts()] == [found.id]

    async def test_movements_are_all_money_that_moved_each_once_with_its_key(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        await payments.pay(payments.total, "declined")
        await payments.payments.refund_payment(refund_order(payments, paid))
        dispute = await payments.dispute(paid, Decimal("60.00"), Decimal("15.00"))
        found = {each.key: (each.kind, each.amount) for each in await payments.payments.movements()}
        name = payments.name
        assert sorted(found.values()) == sorted(
            [
                ("payment", payments.total),
                ("refund", Decimal("-10.00")),
                ("chargeback", Decimal("-60.00")),
            ]
        )
        assert found[cash_key("payment", name, paid)] == ("payment", payments.total)
        assert found[cash_key("dispute", name, dispute, "withdrawn")][0] == "chargeback"
        tomorrow = dt.date(2026, 1, 16)
        assert await payments.payments.movements(tomorrow) == ()

    async def test_movements_since_a_day_have_what_an_old_dispute_has_moved_since(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        dispute = await payments.dispute(paid, Decimal("60.00"), Decimal("15.00"))
        await payments.go_to(dt.date(2026, 3, 10))
        await payments.decide(dispute, True)
        later = await payments.pay(Decimal("10.00"), "card")
        every = await payments.payments.movements()
        since = dt.date(2026, 2, 1)
        found = await payments.payments.movements(since)
        assert found == tuple(each for each in every if each.date >= since)
        assert {each.key for each in found} == {
            cash_key("dispute", payments.name, dispute, "reinstated"),
            cash_key("payment", payments.name, later),
        }
        assert all(each.contract == payments.contract for each in found)
        assert all(each.invoice_keys == (payments.invoice_key,) for each in found)

    async def test_what_is_not_there_is_not_found(self, payments: PaymentsStand) -> None:
        for read in (payments.payments.read_payment, payments.payments.read_refund):
            with pytest.raises(NotFound):
                await read("nothing_1")


class RefundWrites(PaymentsFixtures):
    async def test_refund_is_made_once_for_its_key_and_read_back(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        order = refund_order(payments, paid)
        first = await payments.payments.refund_payment(order)
        payments.forget_keys()
        again = await payments.payments.refund_payment(order)
        other = await payments.payments.refund_payment(refund_order(payments, paid, key="refund/2"))
        assert (first.id == again.id, first.id == other.id, payments.refunds()) == (True, False, 2)
        found = await payments.payments.read_refund(first.id)
        assert (found.status, found.amount, found.payment_id) == ("succeeded", Decimal("10.00"), paid)
        assert (found.contract, found.unapplied) == (payments.contract, False)

    async def test_refund_of_unapplied_money_says_so(self, payments: PaymentsStand, paid: str) -> None:
        order = refund_order(payments, paid, unapplied=True)
        made = await payments.payments.refund_payment(order)
        assert (await payments.payments.read_refund(made.id)).unapplied is True

    async def test_more_than_is_left_is_rejected(self, payments: PaymentsStand, paid: str) -> None:
        over = refund_order(payments, paid, f"{payments.total + Decimal('0.01')}")
        with pytest.raises(Rejected):
            await payments.payments.refund_payment(over)
        assert payments.refunds() == 0

    async def test_another_amount_under_a_known_key_is_rejected(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        await payments.payments.refund_payment(refund_order(payments, paid))
        with pytest.raises(Rejected):
            await payments.payments.refund_payment(refund_order(payments, paid, "11.00"))
        assert payments.refunds() == 1

    @pytest.mark.parametrize("outcome", [*APPLIED, "not-applied-then-timeout"])
    async def test_refund_whose_answer_is_lost_is_there_once_when_it_is_repeated(
        self, payments: PaymentsStand, paid: str, outcome: str
    ) -> None:
        payments.faults.add(Fault(outcome, route=payments.refund_route))
        order = refund_order(payments, paid)
        with pytest.raises(OutcomeUnknown):
            await payments.payments.refund_payment(order)
        payments.forget_keys()
        await payments.payments.refund_payment(order)
        assert payments.refunds() == 1

    async def test_refund_executed_twice_at_once_is_there_once(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        payments.faults.add(Fault("twice", route=payments.refund_route))
        order = refund_order(payments, paid)
        await payments.payments.refund_payment(order)
        await payments.payments.refund_payment(order)
        assert payments.refunds() == 1

    async def test_refund_that_was_not_sent_can_just_be_tried_again(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        payments.faults.add(Fault("refused", route=payments.refund_route))
        with pytest.raises(Transient):
            await payments.payments.refund_payment(refund_order(payments, paid))
        await payments.payments.refund_payment(refund_order(payments, paid))
        assert payments.refunds() == 1

    @pytest.mark.parametrize(("outcome", "expected"), [("429", RateLimited), ("500", OutcomeUnknown)])
    async def test_refused_refund_is_classed(
        self, payments: PaymentsStand, paid: str, outcome: str, expected: type[PortError]
    ) -> None:
        payments.faults.add(Fault(outcome, route=payments.refund_route))
        with pytest.raises(expected) as caught:
            await payments.payments.refund_payment(refund_order(payments, paid))
        assert type(caught.value) is expected
        assert payments.refunds() == 0

    async def test_answer_without_what_it_must_have_is_an_error(
        self, payments: PaymentsStand, paid: str
    ) -> None:
        payments.faults.add(Fault("field-removed", route=payments.read_route, field=payments.drifting_field))
        with pytest.raises(UnexpectedAnswer):
            await payments.payments.read_payment(paid)


class PaymentsContract(PaymentReads, RefundWrites):
    """The whole suite of payments connectors."""
