"""What every billing platform's connector must hold, given the connector on its simulator.

A vendor subclasses `BillingContract` in its own folder and gives the fixture `stand`.
"""

import datetime as dt
from decimal import Decimal

import pytest

from ports.errors import NotFound, Rejected
from tests.connectors.contract_billing_outcomes import BillingOutcomes
from tests.connectors.contract_billing_stand import (
    ACCOUNT,
    CONTRACT,
    PERCENT,
    START,
    TODAY,
    BillingStand,
    completion,
    credit,
    customer_order,
    figures,
    invoice,
    line,
    origin,
    phase,
    seats,
    subscription,
    usage,
)
from tests.connectors.contract_billing_subscriptions import SubscriptionRules

FEBRUARY, MARCH = dt.date(2026, 2, 1), dt.date(2026, 3, 1)


class CustomerRules:
    async def test_customer_is_made_once_and_found_by_its_account(self, stand: BillingStand) -> None:
        first = await stand.billing.ensure_customer(customer_order())
        again = await stand.billing.ensure_customer(customer_order())
        other_contract = await stand.billing.ensure_customer(customer_order(contract="C-2"))
        assert first.id == again.id == other_contract.id
        assert (first.kind, first.business_key) == ("customer", ACCOUNT.id)

    async def test_changed_account_changes_its_customer(self, stand: BillingStand) -> None:
        first = await stand.billing.ensure_customer(customer_order())
        renamed = ACCOUNT.model_copy(update={"name": "Northwind Inc.", "tax_registration": "12-3456789"})
        for _ in range(2):
            assert (await stand.billing.ensure_customer(customer_order(renamed))).id == first.id

    async def test_other_account_is_another_customer(self, stand: BillingStand) -> None:
        other = ACCOUNT.model_copy(update={"id": "A-78"})
        first = await stand.billing.ensure_customer(customer_order())
        assert (await stand.billing.ensure_customer(customer_order(other))).id != first.id

    async def test_customer_is_found_long_after_when_no_key_is_remembered(self, stand: BillingStand) -> None:
        first = await stand.billing.ensure_customer(customer_order())
        await stand.until(dt.date(2026, 1, 20))
        stand.forget()
        assert (await stand.billing.ensure_customer(customer_order())).id == first.id


class InvoiceRules:
    async def test_draft_has_exactly_the_ordered_lines(self, stand: BillingStand) -> None:
        customer = await stand.customer()
        order = invoice(
            customer,
            line("120.00"),
            line("33.33", id="L2", kind="proration", start=TODAY),
            line("10.00", id="L3", kind="one_time", end=START, percent=Decimal(0)),
        )
        made = await stand.billing.draft_invoice(order)
        assert (made.kind, made.business_key, made.status) == ("invoice", order.key, "draft")
        draft = await stand.billing.read_invoice(made.id)
        assert figures(draft) == [
            ("L1", "recurring", "120.00", "10.65", "2026-01-01", "2026-02-01"),
            ("L2", "proration", "33.33", "2.96", "2026-01-15", "2026-02-01"),
            ("L3", "one_time", "10.00", "0.00", "2026-01-01", "2026-01-01"),
        ]
        assert (draft.subtotal, draft.tax, draft.total) == (
            Decimal("163.33"),
            Decimal("13.61"),
            Decimal("176.94"),
        )
        assert (draft.key, draft.contract, draft.origin) == (order.key, CONTRACT, "ours")
        assert (draft.customer_id, draft.currency) == (customer, "USD")

    async def test_draft_is_made_once(self, stand: BillingStand) -> None:
        order = invoice(await stand.customer())
        first = await stand.billing.draft_invoice(order)
        stand.forget()
        assert (await stand.billing.draft_invoice(order)).id == first.id
        assert [len(document.lines) for document in await stand.documents()] == [1]

    async def test_invoice_carries_its_own_date_and_due_date(self, stand: BillingStand) -> None:
        for date in (START, TODAY, dt.date(2025, 11, 1)):
            order = invoice(await stand.customer(), date=date)
            issued = await stand.billing.finalize_invoice(
                order.origin, (await stand.billing.draft_invoice(order)).id
            )
            assert (issued.date, issued.due_date) == (date, date + dt.timedelta(days=30))

    async def test_finalized_invoice_is_open_and_numbered_and_stays_so(self, stand: BillingStand) -> None:
        order = invoice(await stand.customer())
        made = await stand.billing.draft_invoice(order)
        issued = await stand.billing.finalize_invoice(order.origin, made.id)
        assert (issued.status, issued.total) == ("open", Decimal("130.65"))
        assert issued.number
        assert await stand.billing.finalize_invoice(order.origin, made.id) == issued
        again = await stand.billing.draft_invoice(order)
        assert (again.id, again.status) == (made.id, "open")

    async def test_invoice_of_many_lines_is_read_whole(self, stand: BillingStand) -> None:
        lines = [line(f"{n}.00", id=f"L{n}") for n in range(1, 41)]
        made = await stand.billing.draft_invoice(invoice(await stand.customer(), *lines))
        read = await stand.billing.read_invoice(made.id)
        assert {each.line for each in read.lines} == {each.line for each in lines}
        assert read.subtotal == Decimal("820.00")

    async def test_tax_is_the_ordered_one_to_the_cent(self, stand: BillingStand) -> None:
        """Where the platform would compute another figure too."""
        order = invoice(await stand.customer(), line("100.00", "8.87"), line("0.06", "0.01", id="L2"))
        draft = await stand.billing.read_invoice((await stand.billing.draft_invoice(order)).id)
        assert [row[3] for row in figures(draft)] == ["8.87", "0.01"]
        assert draft.total == Decimal("108.94")

    @pytest.mark.parametrize(
        ("currency", "amount", "tax", "total"),
        [
            ("JPY", "1200", "107", "1307"),
            ("KWD", "12.340", "1.100", "13.440"),
            ("EUR", "0.01", "0.00", "0.01"),
        ],
    )
    async def test_currencies_keep_their_decimals(
        self, stand: BillingStand, currency: str, amount: str, tax: str, total: str
    ) -> None:
        order = invoice(await stand.customer(), line(amount, tax), currency=currency)
        draft = await stand.billing.read_invoice((await stand.billing.draft_invoice(order)).id)
        assert (draft.currency, str(draft.subtotal), str(draft.tax), str(draft.total)) == (
            currency,
            amount,
            tax,
            total,
        )

    async def test_changed_order_changes_the_draft(self, stand: BillingStand) -> None:
        """A person fixed the step's data: the draft follows."""
        customer = await stand.customer()
        first = await stand.billing.draft_invoice(invoice(customer, line("120.00"), line("7.00", id="L2")))
        fixed = invoice(customer, line("99.00"), origin=origin("draft", revision=1))
        assert (await stand.billing.draft_invoice(fixed)).id == first.id
        assert [row[2] for row in figures(await stand.billing.read_invoice(first.id))] == ["99.00"]

    async def test_discarded_draft_is_gone_and_can_be_made_again(self, stand: BillingStand) -> None:
        order = invoice(await stand.customer())
        await stand.billing.draft_invoice(order)
        assert await stand.billing.discard_invoice(origin("undo"), order.key, "wrong") is not None
        assert await stand.documents() == []
        await stand.until(TODAY, 13)
        await stand.billing.draft_invoice(order)
        assert [document.status for document in await stand.documents()] == ["draft"]

    async def test_discarded_issued_invoice_is_void_once(self, stand: BillingStand) -> None:
        order = invoice(await stand.customer())
        made = await stand.billing.draft_invoice(order)
        await stand.billing.finalize_invoice(order.origin, made.id)
        for _ in range(2):
            gone = await stand.billing.discard_invoice(origin("undo"), order.key, "wrong")
            assert gone is not None
            assert gone.status == "void"
        assert (await stand.billing.read_invoice(made.id)).status == "void"

    async def test_paid_invoice_is_not_discarded(self, stand: BillingStand) -> None:
        order = invoice(await stand.customer())
        made = await stand.billing.draft_invoice(order)
        await stand.billing.finalize_invoice(order.origin, made.id)
        await stand.pay(made.id)
        assert (await stand.billing.read_invoice(made.id)).status == "paid"
        with pytest.raises(Rejected):
            await stand.billing.discard_invoice(origin("undo"), order.key, "wrong")

    async def test_discarding_what_was_never_made_is_nothing(self, stand: BillingStand) -> None:
        await stand.customer()
        assert await stand.billing.discard_invoice(origin("undo"), "C-1001/invoice/2026-01-01", "x") is None
        assert await stand.billing.void_credit_memo(origin("undo"), "C-1001/credit-memo/x", "x") is None

    async def test_documents_tell_whose_they_are(self, stand: BillingStand) -> None:
        customer = await stand.customer()
        await stand.billing.draft_invoice(invoice(customer))
        other = await stand.foreign(customer)
        everything = {document.id: document for document in await stand.billing.documents()}
        assert everything[other].origin == "foreign"
        assert everything[other].key is None
        assert [document.origin for document in await stand.documents()] == ["ours"]

    async def test_documents_since_a_day_leave_out_older_ones_and_no_others(
        self, stand: BillingStand
    ) -> None:
        """One that was made later and is dated before it was made (backdated) is there."""
        customer = await stand.customer()
        old = await stand.billing.draft_invoice(invoice(customer))
        await stand.until(dt.date(2026, 5, 20))
        late = await stand.billing.draft_invoice(
            invoice(customer, date=dt.date(2026, 4, 1), due_date=dt.date(2026, 6, 1))
        )
        found = await stand.billing.documents(since=dt.date(2026, 4, 1))
        assert [document.id for document in found] == [late.id]
        assert {document.id for document in await stand.billing.documents()} == {old.id, late.id}
        await stand.until(dt.date(2026, 9, 1))
        foreign = await stand.foreign(customer)
        (one,) = await stand.billing.documents(since=dt.date(2026, 8, 1))
        assert (one.id, one.contract, one.customer_contract) == (foreign, None, CONTRACT)

    async def test_credit_memos_since_a_day_leave_out_older_ones_too(self, stand: BillingStand) -> None:
        order = invoice(await stand.customer())
        made = await stand.billing.draft_invoice(order)
        await stand.billing.finalize_invoice(order.origin, made.id)
        old = await stand.billing.issue_credit_memo(credit(order))
        await stand.until(dt.date(2026, 5, 20))
        day = dt.date(2026, 5, 20)
        piece = line("10.00", kind="proration", start=day, credits=0)
        new = await stand.billing.issue_credit_memo(credit(order, piece, date=day))
        assert [each.id for each in await stand.billing.documents(since=day)] == [new.id]
        assert old.id != new.id

    async def test_unknown_documents_are_not_found(self, stand: BillingStand) -> None:
        with pytest.raises(NotFound):
            await stand.billing.read_invoice("in_no")
        with pytest.raises(NotFound):
            await stand.billing.read_credit_memo("cn_no")


class CompletionRules:
    async def cycle(self, stand: BillingStand) -> None:
        order = subscription(await stand.customer(), phase(FEBRUARY, seats(), usage()))
        await stand.billing.set_subscription(order)
        await stand.until(FEBRUARY)

    async def test_cycle_is_completed_with_what_is_billed_in_arrears(self, stand: BillingStand) -> None:
        await self.cycle(stand)
        (draft,) = await stand.documents()
        assert (draft.status, draft.origin, draft.date) == ("draft", "cycle", FEBRUARY)
        calls = line("7.77", id="U1", kind="usage", percent=Decimal(0))
        own = line("120.00", start=FEBRUARY, end=MARCH)
        for _ in range(2):
            done = await stand.billing.complete_draft(completion(draft, calls, own=(own,)))
        assert figures(done) == [
            ("L1", "recurring", "120.00", "10.65", "2026-02-01", "2026-03-01"),
            ("U1", "usage", "7.77", "0.00", "2026-01-01", "2026-02-01"),
        ]
        assert (done.origin, done.date, done.due_date) == ("cycle", FEBRUARY, dt.date(2026, 3, 3))
        issued = await stand.billing.finalize_invoice(origin("issue"), draft.id)
        assert (issued.status, issued.total) == ("open", Decimal("138.42"))
        assert await stand.billing.complete_draft(completion(draft, calls, own=(own,))) == issued

    async def test_cycle_takes_the_tax_rate_of_its_day(self, stand: BillingStand) -> None:
        await self.cycle(stand)
        (draft,) = await stand.documents()
        for percent, tax in ((Decimal(16), "19.20"), (Decimal(0), "0.00"), (PERCENT, "10.65")):
            own = line("120.00", tax, start=FEBRUARY, end=MARCH, percent=percent)
            done = await stand.billing.complete_draft(completion(draft, own=(own,)))
            assert (str(done.tax), str(done.subtotal)) == (tax, "120.00")

    async def test_amount_of_the_platforms_own_line_is_not_changed(self, stand: BillingStand) -> None:
        await self.cycle(stand)
        (draft,) = await stand.documents()
        own = line("99.00", start=FEBRUARY, end=MARCH)
        done = await stand.billing.complete_draft(completion(draft, own=(own,)))
        assert done.subtotal == Decimal("120.00")

    async def test_discarded_cycle_has_no_effect(self, stand: BillingStand) -> None:
        await self.cycle(stand)
        (draft,) = await stand.documents()
        assert draft.key is not None
        gone = await stand.billing.discard_invoice(origin("undo"), draft.key, "undone")
        assert gone is not None
        assert await stand.documents() == []


class CreditRules:
    async def issued(self, stand: BillingStand, *lines: str, pay: bool = False) -> str:
        order = invoice(await stand.customer(), *[line(a, id=f"L{n}") for n, a in enumerate(lines, 1)])
        made = await stand.billing.draft_invoice(order)
        await stand.billing.finalize_invoice(order.origin, made.id)
        if pay:
            await stand.pay(made.id)
        return made.id

    async def test_credit_names_the_lines_that_it_credits(self, stand: BillingStand) -> None:
        made = await self.issued(stand, "120.00", "60.00")
        there = (line("120.00"), line("60.00", id="L2"))
        order = credit(
            there,
            line("50.00", "4.44", kind="proration", start=TODAY, credits=0),
            line("10.00", "0.88", id="L2", kind="proration", start=TODAY, credits=1),
        )
        issued = await stand.billing.issue_credit_memo(order)
        assert figures(issued) == [
            ("L1", "proration", "50.00", "4.44", "2026-01-15", "2026-02-01"),
            ("L2", "proration", "10.00", "0.88", "2026-01-15", "2026-02-01"),
        ]
        assert (issued.kind, issued.status, issued.key, issued.contract, issued.origin) == (
            "credit_memo",
            "issued",
            order.key,
            CONTRACT,
            "ours",
        )
        assert (issued.total, issued.date, issued.credited_invoice_id) == (Decimal("65.32"), TODAY, made)
        assert await stand.billing.read_credit_memo(issued.id) == issued

    async def test_credit_is_issued_once(self, stand: BillingStand) -> None:
        await self.issued(stand, "120.00")
        order = credit((line("120.00"),))
        first = await stand.billing.issue_credit_memo(order)
        stand.forget()
        assert (await stand.billing.issue_credit_memo(order)).id == first.id
        assert len(await stand.documents("credit_memo")) == 1

    async def test_paid_invoice_can_be_credited(self, stand: BillingStand) -> None:
        await self.issued(stand, "120.00", pay=True)
        issued = await stand.billing.issue_credit_memo(credit((line("120.00"),)))
        assert issued.total == Decimal("54.44")

    async def test_whole_invoice_can_be_credited_in_parts(self, stand: BillingStand) -> None:
        await self.issued(stand, "120.00")
        parts = (("2026-01-10", "70.00", "6.21"), ("2026-01-15", "50.00", "4.44"))
        for text, amount, tax in parts:
            day = dt.date.fromisoformat(text)
            piece = line(amount, tax, kind="proration", start=day, credits=0)
            await stand.billing.issue_credit_memo(credit((line("120.00"),), piece, date=day))
        memos = await stand.documents("credit_memo")
        assert sum(memo.total for memo in memos) == Decimal("130.65")

    async def test_more_than_was_billed_is_refused(self, stand: BillingStand) -> None:
        await self.issued(stand, "120.00")
        piece = line("120.01", "10.65", kind="proration", start=TODAY, credits=0)
        with pytest.raises(Rejected):
            await stand.billing.issue_credit_memo(credit((line("120.00"),), piece))
        assert await stand.documents("credit_memo") == []

    async def test_credit_of_a_line_that_is_not_there_is_not_found(self, stand: BillingStand) -> None:
        await self.issued(stand, "120.00")
        with pytest.raises(NotFound):
            await stand.billing.issue_credit_memo(credit((line("120.00", id="L9"),)))

    async def test_credit_of_an_invoice_that_is_not_there_is_not_found(self, stand: BillingStand) -> None:
        await stand.customer()
        with pytest.raises(NotFound):
            await stand.billing.issue_credit_memo(credit((line("120.00"),)))

    async def test_cycle_can_be_credited(self, stand: BillingStand) -> None:
        await stand.billing.set_subscription(subscription(await stand.customer()))
        await stand.until(FEBRUARY)
        (draft,) = await stand.documents()
        await stand.billing.finalize_invoice(origin("issue"), draft.id)
        billed = line("120.00", start=FEBRUARY, end=MARCH)
        day = dt.date(2026, 2, 1)
        piece = line("60.00", kind="proration", start=day, end=MARCH, credits=0)
        issued = await stand.billing.issue_credit_memo(credit((billed,), piece, date=day, invoice_date=day))
        assert issued.credited_invoice_id == draft.id

    async def test_voided_credit_is_void_and_can_be_issued_again(self, stand: BillingStand) -> None:
        await self.issued(stand, "120.00")
        order = credit((line("120.00"),))
        first = await stand.billing.issue_credit_memo(order)
        for _ in range(2):
            gone = await stand.billing.void_credit_memo(origin("undo"), order.key, "wrong")
            assert gone is not None
            assert (gone.id, gone.status) == (first.id, "void")
        await stand.until(TODAY, 13)
        again = await stand.billing.issue_credit_memo(order)
        assert again.id != first.id
        assert len(await stand.documents("credit_memo")) == 1


class BillingContract(
    CustomerRules, SubscriptionRules, InvoiceRules, CompletionRules, CreditRules, BillingOutcomes
):
    """All of it."""
