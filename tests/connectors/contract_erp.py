"""What every ERP connector must do, whatever the vendor: a suite that a vendor's tests subclass.

    class TestNetSuite(ErpContract):
        @pytest.fixture
        async def stand(self) -> AsyncIterator[ErpStand]: ...

A vendor gives an `ErpStand`: its connector on its simulator, with what the tests need to look from outside.
Nothing here knows how a vendor keeps its records.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.ids import posted_again_key
from ports.errors import AlreadyExists, Conflict, NotFound, PeriodClosed, Rejected
from sandbox.kit.faults import Fault
from tests.connectors.contract_erp_outcomes import ErpFixtures, ErpOutcomes
from tests.connectors.contract_erp_stand import (
    ErpStand,
    balances,
    complete_check,
    credit_memo,
    customer_order,
    invoice,
    is_same,
    journal,
    ledger_line,
    listed,
    origin,
    usage_line,
    void,
)

__all__ = ["ErpContract", "ErpStand"]


class ErpMasterData(ErpFixtures):
    """Checks before the first write, customers, periods."""

    async def test_a_complete_request_has_no_problems(self, stand: ErpStand) -> None:
        assert await stand.erp.check(complete_check(stand)) == ()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"legal_entity": "XX99"}, "legal_entity"),
            ({"currency": "ZAR"}, "currency"),
            ({"products": ("PLATFORM-SEAT", "NO-SUCH-ITEM")}, "item"),
            ({"accounts": ("9999",)}, "account"),
            ({"dates": (dt.date(1999, 1, 1),)}, "date"),
        ],
    )
    async def test_what_the_erp_would_refuse_is_named(
        self, stand: ErpStand, changes: dict[str, Any], field: str
    ) -> None:
        problems = await stand.erp.check(complete_check(stand, **changes))
        assert field in {problem.field for problem in problems}

    async def test_a_closed_period_is_no_problem_while_an_open_one_follows(self, stand: ErpStand) -> None:
        stand.close_month("2026-01")
        assert await stand.erp.check(complete_check(stand)) == ()

    async def test_a_customer_is_made_once(self, stand: ErpStand) -> None:
        first = await stand.erp.ensure_customer(customer_order(stand))
        second = await stand.erp.ensure_customer(customer_order(stand))
        assert first == second
        assert first.business_key == "A-77"
        assert stand.customers() == 1

    async def test_a_customer_is_updated_and_stays_one(self, stand: ErpStand) -> None:
        first = await stand.erp.ensure_customer(customer_order(stand))
        second = await stand.erp.ensure_customer(customer_order(stand, name="Northwind Analytics LLC"))
        assert first.id == second.id
        assert stand.customers() == 1

    async def test_two_accounts_are_two_customers(self, stand: ErpStand) -> None:
        first = await stand.erp.ensure_customer(customer_order(stand))
        second = await stand.erp.ensure_customer(customer_order(stand, "A-78"))
        assert first.id != second.id

    # Periods

    async def test_an_open_period_is_the_dates_own(self, stand: ErpStand) -> None:
        period = await stand.erp.posting_period(stand.legal_entity, dt.date(2026, 2, 14))
        assert period.start <= dt.date(2026, 2, 14) <= period.end
        assert not period.closed

    async def test_after_a_closed_period_comes_the_first_open_one(self, stand: ErpStand) -> None:
        stand.close_month("2026-02")
        stand.close_month("2026-03")
        period = await stand.erp.posting_period(stand.legal_entity, dt.date(2026, 2, 14))
        assert period.start == dt.date(2026, 4, 1)

    async def test_posting_into_a_closed_period_is_refused_as_such(
        self, stand: ErpStand, customer: str
    ) -> None:
        stand.close_month("2026-01")
        with pytest.raises(PeriodClosed):
            await stand.erp.post_document(invoice(stand, customer))
        with pytest.raises(PeriodClosed):
            await stand.erp.post_journal(journal(stand))
        assert stand.posted() == 0

    async def test_a_period_that_closes_at_the_last_moment_is_refused_as_such(
        self, stand: ErpStand, customer: str
    ) -> None:
        stand.faults.add(Fault("period-closed", route=stand.routes["document"]))
        with pytest.raises(PeriodClosed):
            await stand.erp.post_document(invoice(stand, customer))
        assert stand.posted() == 0

    async def test_a_document_keeps_its_date_where_it_posts_later(
        self, stand: ErpStand, customer: str
    ) -> None:
        stand.close_month("2026-01")
        await stand.erp.post_document(invoice(stand, customer, posting_date=dt.date(2026, 2, 1)))
        [posted] = await stand.erp.documents(stand.legal_entity)
        own = await stand.erp.posting_period(stand.legal_entity, dt.date(2026, 2, 1))
        assert posted.date == dt.date(2026, 1, 1)
        assert posted.period == own.name

    async def test_listings_since_a_day_leave_out_what_is_older_by_date_and_by_period(
        self, stand: ErpStand, customer: str
    ) -> None:
        february = dt.date(2026, 2, 1)
        await stand.erp.post_document(invoice(stand, customer, "C-1/invoice/old"))
        await stand.erp.post_document(invoice(stand, customer, "C-1/invoice/undone"))
        await void(stand, "invoice", "C-1/invoice/undone")
        await stand.erp.post_journal(journal(stand, "revenue/C-1/2026-01"))
        stand.close_month("2026-01")
        await stand.erp.post_document(invoice(stand, customer, "C-1/invoice/late", posting_date=february))
        dated = {"document_date": february, "posting_date": february}
        await stand.erp.post_document(invoice(stand, customer, "C-1/invoice/new", **dated))
        found = {each.key for each in await stand.erp.documents(stand.legal_entity, since=february)}
        undone = "void:C-1/invoice/undone"
        assert found == {"C-1/invoice/late", "C-1/invoice/new", undone}
        lines = await stand.erp.general_ledger(stand.legal_entity, since=february)
        assert {line.key for line in lines} == {"C-1/invoice/late", "C-1/invoice/new", undone}
        assert sum(line.debit - line.credit for line in lines) == 0
        assert len(await stand.erp.documents(stand.legal_entity)) == 6

    async def test_revenue_older_than_a_listing_is_summed_by_contract_and_never_counted_in_both(
        self, stand: ErpStand
    ) -> None:
        january, february = dt.date(2026, 1, 31), dt.date(2026, 2, 28)
        for key, day, amount in (
            ("revenue/C-1/2026-01", january, "100.00"),
            ("revenue/C-1/2026-01/1", january, "-7.25"),
            ("revenue/C-2 x/2026-01", january, "40.00"),
            ("revenue/C-1/2026-02", february, "900.00"),
            ("other/C-1/2026-01", january, "5.00"),
        ):
            value = Decimal(amount)
            posted = journal(stand, key, amount=abs(value), date=day, posting_date=day)
            if value < 0:
                swapped = [{"debit": line.credit, "credit": line.debit} for line in posted.lines]
                lines = zip(posted.lines, swapped, strict=True)
                posted = posted.model_copy(
                    update={"lines": tuple(line.model_copy(update=to) for line, to in lines)}
                )
            await stand.erp.post_journal(posted)
        await stand.erp.reverse_journal(origin("x"), "revenue/C-2 x/2026-01", february, "wrong")
        day, accounts = dt.date(2026, 2, 1), (stand.accounts["revenue"],)
        older = await stand.erp.recognized_before(stand.legal_entity, day, accounts)
        assert [(each.contract, each.currency, each.amount) for each in older] == [
            ("C-1", stand.currency, Decimal("92.75")),
            ("C-2 x", stand.currency, Decimal("40.00")),
        ]
        listed = await stand.erp.documents(stand.legal_entity, since=day)
        assert {each.key for each in listed} == {"revenue/C-1/2026-02", "reversal:revenue/C-2 x/2026-01"}
        none = stand.accounts["cash"]
        assert await stand.erp.recognized_before(stand.legal_entity, day, (none,)) == ()


class ErpPostings(ErpFixtures):
    """Documents and journals, and how they are undone."""

    # Documents

    async def test_an_invoice_is_posted_to_the_cent(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer, lines=(ledger_line(stand), usage_line(stand)))
        reference = await stand.erp.post_document(document)
        [posted] = await stand.erp.documents(stand.legal_entity)
        assert reference.business_key == posted.key == document.key
        assert reference.id == posted.id
        assert posted.kind == "invoice"
        assert (posted.total, posted.tax) == (Decimal("13075.01"), Decimal("1065.00"))
        assert [(line.account, line.amount, line.tax) for line in posted.lines] == [
            (stand.accounts["deferred_revenue"], Decimal("12000.00"), Decimal("1065.00")),
            (stand.accounts["unbilled_receivable"], Decimal("10.01"), Decimal("0.00")),
        ]
        assert (posted.date, posted.currency, posted.status) == (dt.date(2026, 1, 1), "USD", "open")
        assert posted.number == "BILL-0001"

    async def test_posting_twice_gives_the_one_document(self, stand: ErpStand, customer: str) -> None:
        first = await stand.erp.post_document(invoice(stand, customer))
        second = await stand.erp.post_document(invoice(stand, customer))
        assert is_same(first, second)
        assert stand.posted() == 1

    async def test_a_key_that_is_taken_by_other_amounts_is_never_overwritten(
        self, stand: ErpStand, customer: str
    ) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        other = invoice(stand, customer, lines=(ledger_line(stand, amount="11999.99"),))
        with pytest.raises((AlreadyExists, Conflict)):
            await stand.erp.post_document(other)
        [posted] = await stand.erp.documents(stand.legal_entity)
        assert posted.total == Decimal("13065.00")

    async def test_a_credit_memo_is_applied_to_its_invoice(self, stand: ErpStand, customer: str) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        await stand.erp.post_document(credit_memo(stand, customer))
        found = await listed(stand)
        credit = found["C-1001/credit-memo/2026-08-15/2026-01-01"]
        assert (credit.kind, credit.total, credit.tax) == (
            "credit_memo",
            Decimal("1492.63"),
            Decimal("121.67"),
        )
        assert credit.status == "paid"
        assert found["C-1001/invoice/2026-01-01"].status == "open"

    async def test_an_invoice_that_is_credited_in_full_is_settled(
        self, stand: ErpStand, customer: str
    ) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        await stand.erp.post_document(credit_memo(stand, customer, lines=(ledger_line(stand),)))
        assert (await listed(stand))["C-1001/invoice/2026-01-01"].status == "paid"

    async def test_a_credit_memo_beyond_what_is_open_is_posted_and_left_open(
        self, stand: ErpStand, customer: str
    ) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        await stand.erp.post_document(credit_memo(stand, customer, lines=(ledger_line(stand),)))
        again = credit_memo(
            stand, customer, "C-1001/credit-memo/2026-09-01/2026-01-01", number="BILL-CN-0002"
        )
        await stand.erp.post_document(again)
        assert (await listed(stand))[again.key].status == "open"

    async def test_a_credit_memo_without_its_invoice_is_not_posted(
        self, stand: ErpStand, customer: str
    ) -> None:
        with pytest.raises((NotFound, Rejected)):
            await stand.erp.post_document(credit_memo(stand, customer))
        assert stand.posted() == 0

    async def test_an_account_that_is_not_there_is_refused(self, stand: ErpStand, customer: str) -> None:
        with pytest.raises(Rejected):
            await stand.erp.post_document(
                invoice(stand, customer, lines=(ledger_line(stand, account="9999"),))
            )
        assert stand.posted() == 0

    async def test_an_item_that_is_not_there_is_refused(self, stand: ErpStand, customer: str) -> None:
        with pytest.raises(Rejected):
            await stand.erp.post_document(invoice(stand, customer, lines=(ledger_line(stand, item="NONE"),)))
        assert stand.posted() == 0

    async def test_a_customer_that_is_not_there_is_refused(self, stand: ErpStand) -> None:
        with pytest.raises((Rejected, NotFound)):
            await stand.erp.post_document(invoice(stand, "999999"))
        assert stand.posted() == 0

    # Undoing

    async def test_a_voided_invoice_has_no_net_effect(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer, lines=(ledger_line(stand), usage_line(stand)))
        await stand.erp.post_document(document)
        reference = await void(stand, "invoice", document.key)
        assert reference is not None
        assert (await listed(stand))[document.key].status == "voided"
        assert await balances(stand) == {}

    async def test_what_was_voided_is_not_taken_for_posted(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer)
        await stand.erp.post_document(document)
        await void(stand, "invoice", document.key)
        with pytest.raises(AlreadyExists):
            await stand.erp.post_document(document)
        assert await balances(stand) == {}

    async def test_what_was_posted_again_is_the_document(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer)
        await stand.erp.post_document(document)
        await void(stand, "invoice", document.key)
        again = document.model_copy(update={"key": posted_again_key(document.key, "BR-1")})
        reference = await stand.erp.post_document(again)
        count = stand.posted()
        assert (await stand.erp.post_document(document)).id == reference.id
        assert stand.posted() == count
        memo = credit_memo(stand, customer, lines=(ledger_line(stand),))
        await stand.erp.post_document(memo)
        found = await listed(stand)
        assert (found[again.key].status, found[memo.key].status) == ("paid", "paid")

    async def test_what_was_posted_again_is_voided_by_the_documents_key(
        self, stand: ErpStand, customer: str
    ) -> None:
        document = invoice(stand, customer)
        await stand.erp.post_document(document)
        await void(stand, "invoice", document.key)
        again = document.model_copy(update={"key": posted_again_key(document.key, "BR-1")})
        await stand.erp.post_document(again)
        first = await void(stand, "invoice", document.key)
        assert (await listed(stand))[again.key].status == "voided"
        assert await void(stand, "invoice", document.key) == first
        assert await balances(stand) == {}
        with pytest.raises(AlreadyExists):
            await stand.erp.post_document(document)

    async def test_voiding_twice_voids_once(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer)
        await stand.erp.post_document(document)
        first = await void(stand, "invoice", document.key)
        count = stand.posted()
        second = await void(stand, "invoice", document.key)
        assert first is not None
        assert second is not None
        assert first.id == second.id
        assert stand.posted() == count
        assert await balances(stand) == {}

    async def test_a_voided_credit_memo_leaves_the_invoice_open(self, stand: ErpStand, customer: str) -> None:
        bill = invoice(stand, customer)
        credit = credit_memo(stand, customer, lines=(ledger_line(stand),))
        await stand.erp.post_document(bill)
        before = await balances(stand)
        await stand.erp.post_document(credit)
        await void(stand, "credit_memo", credit.key)
        found = await listed(stand)
        assert found[credit.key].status == "voided"
        assert found[bill.key].status == "open"
        assert await balances(stand) == before

    async def test_what_is_not_there_is_not_voided(self, stand: ErpStand) -> None:
        assert await void(stand, "invoice", "C-1/invoice/2026-01-01") is None
        assert await void(stand, "credit_memo", "C-1/credit-memo/x") is None
        assert await stand.erp.reverse_journal(origin(), "C-1/none", dt.date(2026, 2, 1), "none") is None
        assert stand.posted() == 0

    async def test_a_reversed_journal_has_no_net_effect(self, stand: ErpStand) -> None:
        entry = journal(stand)
        await stand.erp.post_journal(entry)
        first = await stand.erp.reverse_journal(origin("reverse"), entry.key, dt.date(2026, 2, 1), "wrong")
        second = await stand.erp.reverse_journal(origin("reverse"), entry.key, dt.date(2026, 2, 1), "wrong")
        assert first is not None
        assert second is not None
        assert first.id == second.id
        assert (await listed(stand))[entry.key].status == "reversed"
        assert await balances(stand) == {}

    async def test_a_posting_is_taken_off_by_its_own_id_once(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer)
        posted = await stand.erp.post_document(document)
        day = dt.date(2026, 2, 1)
        first = await stand.erp.reverse_posting(origin("reverse"), "invoice", posted.id, day, "wrong")
        count = stand.posted()
        second = await stand.erp.reverse_posting(origin("reverse"), "invoice", posted.id, day, "wrong")
        assert (first.id, stand.posted()) == (second.id, count)
        assert (await listed(stand))[document.key].status == "voided"
        assert await balances(stand) == {}

    async def test_a_journal_is_taken_off_by_its_own_id(self, stand: ErpStand) -> None:
        entry = await stand.erp.post_journal(journal(stand))
        day = dt.date(2026, 2, 1)
        await stand.erp.reverse_posting(origin("reverse"), "journal_entry", entry.id, day, "wrong")
        assert (await listed(stand))[journal(stand).key].status == "reversed"
        assert await balances(stand) == {}

    async def test_a_posting_that_is_not_there_is_not_taken_off(self, stand: ErpStand) -> None:
        with pytest.raises(NotFound):
            await stand.erp.reverse_posting(origin(), "invoice", "999999", dt.date(2026, 2, 1), "none")

    async def test_a_closed_period_takes_nothing_more(self, stand: ErpStand) -> None:
        day = dt.date(2026, 1, 15)
        first = await stand.erp.close_period(origin("close"), stand.legal_entity, day)
        again = await stand.erp.close_period(origin("close"), stand.legal_entity, day)
        assert first == again
        assert (first.closed, first.start <= day <= first.end) == (True, True)
        assert (await stand.erp.posting_period(stand.legal_entity, day)).start > first.end

    # Journals

    async def test_a_journal_is_posted_once_and_balances(self, stand: ErpStand) -> None:
        first = await stand.erp.post_journal(journal(stand))
        second = await stand.erp.post_journal(journal(stand))
        assert is_same(first, second)
        [posted] = await stand.erp.documents(stand.legal_entity)
        assert (posted.kind, posted.status, posted.total) == ("journal_entry", "posted", Decimal("1019.18"))
        assert sum((line.amount for line in posted.lines), Decimal(0)) == 0

    async def test_a_contracts_own_documents_and_entries_are_listed(
        self, stand: ErpStand, customer: str
    ) -> None:
        await stand.erp.post_document(invoice(stand, customer))
        for key in ("revenue/C-1001/2026-01", "revenue/C-10010/2026-01", "revenue/C_1001/2026-01"):
            await stand.erp.post_journal(journal(stand, key=key))
        found = await stand.erp.contract_documents(stand.legal_entity, "C-1001")
        assert [each.key for each in found] == [invoice(stand, customer).key, "revenue/C-1001/2026-01"]
        [other] = await stand.erp.contract_documents(stand.legal_entity, "C_1001")
        assert other.key == "revenue/C_1001/2026-01"

    async def test_a_journal_that_does_not_balance_is_refused(self, stand: ErpStand) -> None:
        entry = journal(stand)
        first, second = entry.lines
        lame = second.model_copy(update={"credit": Decimal("1019.17")})
        with pytest.raises(Rejected):
            await stand.erp.post_journal(entry.model_copy(update={"lines": (first, lame)}))
        assert stand.posted() == 0

    async def test_a_journal_key_that_is_taken_by_other_amounts_is_never_overwritten(
        self, stand: ErpStand
    ) -> None:
        await stand.erp.post_journal(journal(stand))
        with pytest.raises((AlreadyExists, Conflict)):
            await stand.erp.post_journal(journal(stand, amount=Decimal("1019.17")))


class ErpLedger(ErpFixtures):
    """The general ledger, from the platform's own listing."""

    async def test_each_entry_of_the_ledger_balances(self, stand: ErpStand, customer: str) -> None:
        document = invoice(stand, customer, lines=(ledger_line(stand), usage_line(stand)))
        await stand.erp.post_document(document)
        await stand.erp.post_journal(journal(stand))
        await void(stand, "invoice", document.key)
        sums: dict[str, Decimal] = {}
        for line in await stand.erp.general_ledger(stand.legal_entity):
            assert line.legal_entity == stand.legal_entity
            assert (line.debit == 0) != (line.credit == 0)
            sums[line.entry] = sums.get(line.entry, Decimal(0)) + line.debit - line.credit
        assert len(sums) == stand.posted()
        assert set(sums.values()) == {Decimal(0)}

    async def test_the_ledger_has_each_account_of_a_document(self, stand: ErpStand, customer: str) -> None:
        await stand.erp.post_document(invoice(stand, customer, lines=(ledger_line(stand), usage_line(stand))))
        found = await stand.erp.general_ledger(stand.legal_entity)
        assert {line.account: line.debit - line.credit for line in found} == {
            stand.accounts["accounts_receivable"]: Decimal("13075.01"),
            stand.accounts["deferred_revenue"]: Decimal("-12000.00"),
            stand.accounts["unbilled_receivable"]: Decimal("-10.01"),
            stand.accounts["tax_payable"]: Decimal("-1065.00"),
        }

    async def test_another_entitys_ledger_is_empty(self, stand: ErpStand) -> None:
        await stand.erp.post_journal(journal(stand))
        assert await stand.erp.general_ledger("XX99") == ()


class ErpContract(ErpMasterData, ErpPostings, ErpLedger, ErpOutcomes):
    """All of it. Subclass and define the fixture `stand`."""
