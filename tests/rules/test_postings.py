"""Journal entries: order, dates, closed periods."""

import pytest

from canonical.document import AccountRole
from rules.postings import Posting, Unbalanced, entry
from tests.rules.scenarios import amendment, cancellation, contract, metered, run, seats


def test_entries_stand_by_date_then_invoice_credit_memo_payment_revenue() -> None:
    sold = contract(seats(), every=1, start="2026-01-31")
    found = run(
        sold,
        amendment("2026-02-28", {"id": "L1", "quantity": "5"}, name="on the first day"),
        cancellation("2026-03-30"),
        payments=[{"id": "P", "date": "2026-02-28", "amount": "10.00"}],
        as_of="2026-03-31",
    )
    assert [(str(e.date), e.event, e.document) for e in found.journal_entries] == [
        ("2026-01-31", "invoice", "INV-1"),
        ("2026-01-31", "revenue", "2026-01"),
        ("2026-02-28", "invoice", "INV-2"),
        ("2026-02-28", "payment", "P"),
        ("2026-02-28", "revenue", "2026-02"),
        ("2026-03-30", "credit_memo", "CM-1"),
        ("2026-03-31", "revenue", "2026-03"),
    ]


def test_an_entry_that_does_not_balance_is_a_defect() -> None:
    import datetime as dt

    movement: dict[AccountRole, int] = {"cash": 1, "revenue": -2}
    with pytest.raises(Unbalanced):
        entry(Posting(dt.date(2026, 1, 1), "payment", "P", movement), "USD")


def test_nothing_is_posted_into_a_closed_period() -> None:
    found = run(
        contract(seats(), every=1, months=3),
        amendment("2026-01-10", {"id": "L1", "quantity": "12"}),
        payments=[{"id": "P", "date": "2026-02-03", "amount": "10.00"}],
        periods={"closed": ["2026-01", "2026-02"]},
    )
    assert [(str(e.date), e.event, e.document) for e in found.journal_entries] == [
        ("2026-03-01", "invoice", "INV-1"),
        ("2026-03-01", "invoice", "INV-2"),
        ("2026-03-01", "invoice", "INV-3"),
        ("2026-03-01", "invoice", "INV-4"),
        ("2026-03-01", "payment", "P"),
        ("2026-03-31", "revenue", "2026-03"),
    ]
    # documents and schedule keep their own dates
    assert [str(i.date) for i in found.invoices] == ["2026-01-01", "2026-01-10", "2026-02-01", "2026-03-01"]
    assert list(found.revenue_schedule["L1"]) == ["2026-01", "2026-02", "2026-03"]
    assert found.totals.recognized == found.totals.billed_net


def test_a_backdated_credit_is_posted_when_it_is_taken_in() -> None:
    found = run(
        contract(seats(), every=1),
        cancellation("2026-02-15", received_date="2026-04-10"),
        periods={"closed": ["2026-01", "2026-02", "2026-03"]},
        as_of="2026-12-31",
    )
    assert [(str(e.date), e.document) for e in found.journal_entries if e.event == "credit_memo"] == [
        ("2026-04-10", "CM-1"), ("2026-04-10", "CM-2"), ("2026-04-10", "CM-3"),
    ]  # fmt: skip


@pytest.mark.parametrize("timing", ["advance", "arrears"])
@pytest.mark.parametrize("as_of", ["2026-01-31", "2026-02-14", "2026-05-31", "2026-08-15", "2027-12-31"])
def test_billed_net_is_recognised_plus_deferred_less_unbilled_on_any_day(timing: str, as_of: str) -> None:
    found = run(
        contract(seats(tax_rate_percent="8.875"), metered(), every=3, timing=timing),
        amendment("2026-02-10", {"id": "L1", "quantity": "13"}),
        amendment("2026-05-20", {"id": "L1", "quantity": "4"}),
        cancellation("2026-08-15"),
        usage=[{"line": "U1", "date": "2026-02-01", "quantity": "33.33"}],
        as_of=as_of,
    )
    totals = found.totals
    assert totals.billed_net == totals.recognized + totals.deferred - totals.unbilled
    assert totals.billed_net + totals.tax == totals.receivable + totals.cash - totals.customer_credits
