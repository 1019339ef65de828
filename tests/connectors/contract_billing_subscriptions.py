"""The contract of billing connectors: subscriptions bill by themselves what is ordered, and no more."""

import datetime as dt
from decimal import Decimal

import pytest

from ports.billing import IssuedDocument
from tests.connectors.contract_billing_stand import (
    ACCOUNT,
    CONTRACT,
    START,
    TODAY,
    BillingStand,
    cancellation,
    customer_order,
    figures,
    invoice,
    origin,
    phase,
    seats,
    subscription,
    usage,
)

FEBRUARY, MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (2, 3, 4, 5))


class SubscriptionRules:
    async def billed(self, stand: BillingStand) -> list[tuple[str, str]]:
        """(date, net) of the cycles that were billed."""
        return [(document.date.isoformat(), str(document.subtotal)) for document in await self.cycles(stand)]

    async def cycles(self, stand: BillingStand) -> list[IssuedDocument]:
        found = await stand.documents()
        return [document for document in found if document.origin == "cycle" and document.subtotal]

    async def test_subscription_bills_from_the_first_phase_on_exactly_its_lines(
        self, stand: BillingStand
    ) -> None:
        order = subscription(
            await stand.customer(), phase(FEBRUARY, seats(), seats("33.33", "7", "L2"), usage())
        )
        made = await stand.billing.set_subscription(order)
        assert (made.kind, made.business_key) == ("subscription", CONTRACT)
        assert await stand.documents() == []
        await stand.until(FEBRUARY)
        (cycle,) = await self.cycles(stand)
        assert figures(cycle) == [
            ("L1", "recurring", "120.00", "10.65", "2026-02-01", "2026-03-01"),
            ("L2", "recurring", "33.33", "2.96", "2026-02-01", "2026-03-01"),
        ]
        assert (cycle.key, cycle.contract) == (f"{CONTRACT}/invoice/2026-02-01", CONTRACT)
        assert (cycle.status, cycle.date, cycle.subscription_id) == ("draft", FEBRUARY, made.id)
        await stand.until(dt.date(2026, 4, 10))
        assert [day for day, _ in await self.billed(stand)] == ["2026-02-01", "2026-03-01", "2026-04-01"]

    async def test_nothing_is_billed_before_the_first_phase(self, stand: BillingStand) -> None:
        await stand.billing.set_subscription(subscription(await stand.customer()))
        await stand.until(dt.date(2026, 1, 31), 23)
        assert await stand.documents() == []

    async def test_same_order_again_changes_nothing(self, stand: BillingStand) -> None:
        order = subscription(await stand.customer())
        first = await stand.billing.set_subscription(order)
        stand.forget()
        again = await stand.billing.set_subscription(order)
        assert again.id == first.id
        await stand.until(FEBRUARY)
        assert await self.billed(stand) == [("2026-02-01", "120.00")]

    async def test_phases_change_price_and_lines(self, stand: BillingStand) -> None:
        order = subscription(
            await stand.customer(),
            phase(FEBRUARY, seats(), end=MARCH),
            phase(MARCH, seats("150.00"), seats("30.00", "1", "L2"), end=APRIL),
            phase(APRIL, seats("150.00")),
        )
        await stand.billing.set_subscription(order)
        await stand.billing.set_subscription(order)
        await stand.until(dt.date(2026, 5, 2))
        assert await self.billed(stand) == [
            ("2026-02-01", "120.00"),
            ("2026-03-01", "180.00"),
            ("2026-04-01", "150.00"),
            ("2026-05-01", "150.00"),
        ]

    async def test_current_lines_differ_from_the_next_cycles(self, stand: BillingStand) -> None:
        await stand.billing.set_subscription(
            subscription(await stand.customer(), phase(FEBRUARY, seats("132.00")), current_lines=(seats(),))
        )
        await stand.until(MARCH)
        assert await self.billed(stand) == [("2026-02-01", "132.00"), ("2026-03-01", "132.00")]

    async def test_end_date_ends_it(self, stand: BillingStand) -> None:
        order = subscription(await stand.customer(), phase(FEBRUARY, end=APRIL), end_date=APRIL)
        await stand.billing.set_subscription(order)
        await stand.until(dt.date(2026, 7, 1))
        assert await self.billed(stand) == [("2026-02-01", "120.00"), ("2026-03-01", "120.00")]

    async def test_end_after_several_phases_ends_it(self, stand: BillingStand) -> None:
        """Quarters, then a shorter last period, then the cycle of nothing on which arrears are billed."""
        order = subscription(
            await stand.customer(),
            phase(APRIL, seats("360.00"), end=dt.date(2026, 7, 1), months=3),
            phase(dt.date(2026, 7, 1), seats("120.00"), end=dt.date(2026, 8, 1)),
            phase(dt.date(2026, 8, 1), seats("0"), end=dt.date(2026, 9, 1)),
            current_lines=(seats("360.00"),),
            end_date=dt.date(2026, 9, 1),
        )
        await stand.billing.set_subscription(order)
        await stand.until(dt.date(2027, 1, 1))
        assert await self.billed(stand) == [("2026-04-01", "360.00"), ("2026-07-01", "120.00")]
        nothing = [d for d in await stand.documents() if d.date == dt.date(2026, 8, 1)]
        assert [document.total for document in nothing] == [Decimal(0)]

    async def test_no_phases_bill_nothing_more(self, stand: BillingStand) -> None:
        order = subscription(await stand.customer(), end_date=MARCH)
        await stand.billing.set_subscription(order.model_copy(update={"phases": ()}))
        await stand.until(MAY)
        assert await self.billed(stand) == []

    async def test_contract_that_begins_later_bills_from_its_first_day(self, stand: BillingStand) -> None:
        later = dt.date(2026, 3, 10)
        order = subscription(
            await stand.customer(),
            phase(later, seats(), end=dt.date(2026, 5, 10)),
            start_date=later,
            anchor_day=10,
            end_date=dt.date(2026, 5, 10),
        )
        await stand.billing.set_subscription(order)
        await stand.billing.set_subscription(order)
        await stand.until(dt.date(2026, 6, 1))
        assert await self.billed(stand) == [("2026-03-10", "120.00"), ("2026-04-10", "120.00")]

    async def test_changed_order_is_billed_from_the_next_cycle_without_proration(
        self, stand: BillingStand
    ) -> None:
        customer = await stand.customer()
        await stand.billing.set_subscription(subscription(customer, phase(FEBRUARY, seats(), usage())))
        more = subscription(
            customer,
            phase(FEBRUARY, seats("180.00", "15"), seats("20.00", "1", "L2")),
            origin=origin("amendment"),
        )
        await stand.billing.set_subscription(more)
        assert await stand.documents() == []
        await stand.until(FEBRUARY)
        assert await self.billed(stand) == [("2026-02-01", "200.00")]

    async def test_order_changed_within_a_later_cycle(self, stand: BillingStand) -> None:
        customer = await stand.customer()
        await stand.billing.set_subscription(
            subscription(customer, phase(FEBRUARY, end=APRIL), end_date=APRIL)
        )
        await stand.until(dt.date(2026, 2, 10))
        longer = subscription(customer, phase(MARCH, seats("99.00")), origin=origin("renewal"))
        await stand.billing.set_subscription(longer)
        await stand.until(dt.date(2026, 4, 2))
        assert await self.billed(stand) == [
            ("2026-02-01", "120.00"),
            ("2026-03-01", "99.00"),
            ("2026-04-01", "99.00"),
        ]

    async def test_cycles_that_move_are_billed_on_their_new_days(self, stand: BillingStand) -> None:
        """An early renewal: the new term's cycles count from another day."""
        customer = await stand.customer()
        await stand.billing.set_subscription(subscription(customer))
        moved = subscription(
            customer, phase(dt.date(2026, 2, 15), seats("130.00")), anchor_day=15, origin=origin("renewal")
        )
        for _ in range(2):
            await stand.billing.set_subscription(moved)
        await stand.until(dt.date(2026, 3, 20))
        assert await self.billed(stand) == [("2026-02-15", "130.00"), ("2026-03-15", "130.00")]

    async def test_interval_that_changes_is_billed_on_the_day(self, stand: BillingStand) -> None:
        order = subscription(
            await stand.customer(),
            phase(FEBRUARY, seats(), end=MARCH),
            phase(MARCH, seats("1440.00"), months=12),
        )
        await stand.billing.set_subscription(order)
        await stand.until(dt.date(2027, 3, 2))
        assert await self.billed(stand) == [
            ("2026-02-01", "120.00"),
            ("2026-03-01", "1440.00"),
            ("2027-03-01", "1440.00"),
        ]

    async def test_anchor_on_the_31st_is_clamped_and_comes_back(self, stand: BillingStand) -> None:
        order = subscription(
            await stand.customer(),
            phase(dt.date(2026, 2, 28)),
            start_date=dt.date(2025, 12, 31),
            anchor_day=31,
        )
        await stand.until(dt.date(2026, 2, 5))
        await stand.billing.set_subscription(order)
        await stand.until(dt.date(2026, 6, 1))
        days = [day for day, _ in await self.billed(stand)]
        assert days == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]

    @pytest.mark.parametrize(
        ("quantity", "amount"),
        [("7", "100.00"), ("3", "0.01"), ("2.5", "99.99"), ("0", "0"), ("1000", "12345.67")],
    )
    async def test_amount_is_exact_whatever_the_quantity(
        self, stand: BillingStand, quantity: str, amount: str
    ) -> None:
        await stand.billing.set_subscription(
            subscription(await stand.customer(), phase(FEBRUARY, seats(amount, quantity)))
        )
        await stand.until(FEBRUARY)
        billed = [document for document in await stand.documents() if document.origin == "cycle"]
        assert [document.subtotal for document in billed] == [Decimal(amount)]

    async def test_two_lines_of_one_price_are_both_billed(self, stand: BillingStand) -> None:
        await stand.billing.set_subscription(
            subscription(await stand.customer(), phase(FEBRUARY, seats(), seats(line="L2")))
        )
        await stand.until(FEBRUARY)
        assert await self.billed(stand) == [("2026-02-01", "240.00")]

    async def test_cancelled_subscription_bills_nothing_more(self, stand: BillingStand) -> None:
        await stand.billing.set_subscription(subscription(await stand.customer()))
        for _ in range(2):
            gone = await stand.billing.cancel_subscription(cancellation(TODAY))
            assert gone.business_key == CONTRACT
        await stand.until(MAY)
        assert await stand.documents() == []

    async def test_subscription_cancelled_ahead_bills_until_then(self, stand: BillingStand) -> None:
        await stand.billing.set_subscription(subscription(await stand.customer()))
        for _ in range(2):
            await stand.billing.cancel_subscription(cancellation(APRIL))
        await stand.until(MAY)
        assert await self.billed(stand) == [("2026-02-01", "120.00"), ("2026-03-01", "120.00")]

    async def test_cancelled_subscription_can_be_set_as_it_was(self, stand: BillingStand) -> None:
        """The compensation of a cancellation."""
        order = subscription(await stand.customer())
        await stand.billing.set_subscription(order)
        await stand.billing.cancel_subscription(cancellation(TODAY))
        await stand.until(TODAY, 13)
        await stand.billing.set_subscription(order)
        await stand.billing.set_subscription(order.model_copy(update={"origin": origin("undo")}))
        await stand.until(FEBRUARY)
        assert await self.billed(stand) == [("2026-02-01", "120.00")]

    async def test_cancelling_what_was_never_made_is_no_error(self, stand: BillingStand) -> None:
        gone = await stand.billing.cancel_subscription(cancellation(START))
        assert gone.business_key == CONTRACT

    async def test_contract_without_lines_that_bill_by_themselves(self, stand: BillingStand) -> None:
        order = subscription(await stand.customer()).model_copy(update={"phases": (), "current_lines": ()})
        made = await stand.billing.set_subscription(order)
        assert made.id
        await stand.until(MAY)
        assert await stand.documents() == []

    async def test_second_subscription_of_a_contract_has_its_own_key_customer_and_documents(
        self, stand: BillingStand
    ) -> None:
        """A transfer: the one ends, another begins for another customer."""
        first, second = await stand.customer(), await self.other_customer(stand)
        await stand.billing.set_subscription(subscription(first))
        ended = await stand.billing.cancel_subscription(cancellation(TODAY))
        begun = subscription(
            second,
            phase(FEBRUARY, seats("90.00")),
            business_key=f"{CONTRACT}/T",
            contract=CONTRACT,
            documents=CONTRACT,
            account="A-9",
            origin=origin("transfer"),
        )
        for _ in range(2):
            made = await stand.billing.set_subscription(begun)
            stand.forget()
        assert (ended.business_key, made.business_key) == (CONTRACT, f"{CONTRACT}/T")
        await stand.until(FEBRUARY)
        (cycle,) = await self.cycles(stand)
        assert (cycle.key, cycle.contract) == (f"{CONTRACT}/invoice/2026-02-01/A-9", CONTRACT)
        assert (cycle.customer_id, cycle.subscription_key) == (second, f"{CONTRACT}/T")

    async def test_ending_one_subscription_of_a_contract_leaves_the_other(self, stand: BillingStand) -> None:
        customer = await stand.customer()
        await stand.billing.set_subscription(subscription(customer))
        merged = subscription(
            customer,
            phase(FEBRUARY, seats("90.00")),
            business_key=f"{CONTRACT}/M",
            contract=CONTRACT,
            documents=f"{CONTRACT}/M",
            origin=origin("merge"),
        )
        await stand.billing.set_subscription(merged)
        await stand.billing.cancel_subscription(cancellation(TODAY))
        await stand.until(FEBRUARY)
        (cycle,) = await self.cycles(stand)
        assert (cycle.key, cycle.subscription_key) == (f"{CONTRACT}/M/invoice/2026-02-01", f"{CONTRACT}/M")

    async def test_draft_of_a_cycle_is_made_void_by_its_id_where_its_key_is_anothers(
        self, stand: BillingStand
    ) -> None:
        customer = await stand.customer()
        await stand.billing.set_subscription(subscription(customer))
        await stand.until(FEBRUARY)
        (cycle,) = await self.cycles(stand)
        ours = invoice(customer, date=FEBRUARY)
        assert ours.key == cycle.key
        draft = await stand.billing.draft_invoice(ours)
        assert draft.id != cycle.id
        for _ in range(2):
            gone = await stand.billing.discard_invoice(origin("undo"), ours.key, "ended", id=cycle.id)
            assert gone is not None
            assert (gone.id, gone.status) == (cycle.id, "void")
        assert (await stand.billing.read_invoice(draft.id)).status == "draft"

    async def other_customer(self, stand: BillingStand) -> str:
        other = ACCOUNT.model_copy(update={"id": "A-9", "name": "Other"})
        return (await stand.billing.ensure_customer(customer_order(other))).id
