"""Balances in the group's currency: at the month's last rate, or each month's average; the rest is equity."""

import datetime as dt
from decimal import Decimal

import pytest

from canonical.document import AccountRole
from canonical.policy import CurrencyTerms
from canonical.rates import SourcedRate
from canonical.translation import TranslationReport
from ports.erp import GeneralLedgerLine
from rules.exchange import NoExchangeRate
from rules.rate_table import RateTable
from rules.translation import balances_by_month, translated

ACCOUNTS: dict[AccountRole, str] = {
    "accounts_receivable": "1200",
    "deferred_revenue": "2400",
    "revenue": "4000",
    "dispute_fees": "6200",
}
JANUARY, FEBRUARY = dt.date(2026, 1, 1), dt.date(2026, 2, 1)


def table(*figures: tuple[dt.date, str], max_age: int = 40) -> RateTable:
    """Dollars for one euro."""
    terms = CurrencyTerms(
        functional_currency="USD",
        rate_source="ECB",
        rate_base="EUR",
        max_rate_age_days=max_age,
        group_currency="EUR",
    )
    rates = [
        SourcedRate(date=day, currency="USD", rate=Decimal(rate), base="EUR", source="ECB")
        for day, rate in figures
    ]
    return RateTable(terms, rates)


def line(account: str, amount: str, month: dt.date = JANUARY) -> GeneralLedgerLine:
    value = Decimal(amount)
    return GeneralLedgerLine(
        entry="1",
        legal_entity="US01",
        currency="USD",
        account=account,
        debit=max(value, Decimal(0)),
        credit=max(-value, Decimal(0)),
        period_start=month,
    )


def report(lines: list[GeneralLedgerLine], rates: RateTable, period: str = "2026-01") -> TranslationReport:
    last = dt.date(2026, 1, 31) if period == "2026-01" else dt.date(2026, 2, 28)
    held, _ = balances_by_month(lines, ACCOUNTS, last)
    return translated("US01", period, "USD", "EUR", held, ACCOUNTS, rates)


BILLED = [line("1200", "1200.00"), line("2400", "-1200.00"), line("2400", "100.00"), line("4000", "-100.00")]


def test_income_is_at_the_average_and_the_rest_at_the_closing_rate() -> None:
    """1.25 dollars for a euro on 16 days and 1.00 on 15: on average (16 × 0.8 + 15) ÷ 31 euro a dollar."""
    found = report(BILLED, table((JANUARY, "1.25"), (dt.date(2026, 1, 17), "1.00")))
    assert {row.role: (row.translated, row.basis) for row in found.rows} == {
        "accounts_receivable": (Decimal("1200.00"), "closing"),
        "deferred_revenue": (Decimal("-1100.00"), "closing"),
        "revenue": (Decimal("-89.68"), "average"),
    }
    assert (found.average, found.closing and found.closing.rate) == (Decimal("0.89677419"), Decimal(1))
    assert found.difference == Decimal("-10.32")
    assert sum(row.translated for row in found.rows) + found.difference == 0


def test_each_months_income_keeps_its_own_average() -> None:
    rates = table((JANUARY, "1.25"), (FEBRUARY, "1.00"))
    lines = [*BILLED, line("2400", "100.00", FEBRUARY), line("4000", "-100.00", FEBRUARY)]
    found = {row.role: row.translated for row in report(lines, rates, "2026-02").rows}
    assert found["revenue"] == Decimal("-180.00")  # 100 × 0.8 and 100 × 1


def test_later_months_count_for_nothing_yet() -> None:
    rates = table((JANUARY, "1.25"))
    later = [line("1200", "50.00", FEBRUARY), line("4000", "-50.00", FEBRUARY)]
    assert report([*BILLED, *later], rates) == report(BILLED, rates)


def test_accounts_that_are_no_roles_are_named_and_left_out() -> None:
    held, left_out = balances_by_month([*BILLED, line("6300", "5.00")], ACCOUNTS, dt.date(2026, 1, 31))
    assert left_out == ("6300",)
    assert set(held) == {"accounts_receivable", "deferred_revenue", "revenue"}


def test_books_in_the_groups_own_currency_differ_by_nothing() -> None:
    held, _ = balances_by_month(BILLED, ACCOUNTS, dt.date(2026, 1, 31))
    found = translated("US01", "2026-01", "USD", "USD", held, ACCOUNTS, table())
    assert all(row.balance == row.translated for row in found.rows)
    assert found.difference == 0


def test_a_day_without_a_rate_is_not_left_out_of_the_average() -> None:
    with pytest.raises(NoExchangeRate, match="counts on 2026-01-01"):
        report(BILLED, table((dt.date(2026, 1, 17), "1.00")))
