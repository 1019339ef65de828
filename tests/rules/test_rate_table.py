"""Rates of a day: the last by it, not too old, across the base, exact; and as a document writes them."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.policy import CurrencyTerms
from canonical.rates import SourcedRate
from rules.exchange import NoExchangeRate
from rules.rate_table import RateTable, as_written

TERMS = CurrencyTerms(functional_currency="USD", rate_source="ECB", rate_base="EUR", max_rate_age_days=4)
FRIDAY, MONDAY = dt.date(2026, 1, 2), dt.date(2026, 1, 5)


def figure(
    day: dt.date, currency: str, rate: str, source: str = "ECB, daily", base: str = "EUR"
) -> SourcedRate:
    return SourcedRate(date=day, currency=currency, rate=Decimal(rate), source=source, base=base)


TABLE = RateTable(
    TERMS,
    [
        figure(MONDAY, "USD", "1.0900"),
        figure(FRIDAY, "USD", "1.0857"),
        figure(FRIDAY, "GBP", "0.8431"),
        figure(FRIDAY, "JPY", "163.06"),
        figure(MONDAY, "USD", "9.9999", source="somebody's"),
        figure(MONDAY, "USD", "8.8888", base="GBP"),
    ],
)


@pytest.mark.parametrize(
    ("currency", "into", "day", "rate"),
    [
        ("EUR", "USD", FRIDAY, Fraction(10857, 10000)),  # as the source has it
        ("EUR", "USD", dt.date(2026, 1, 4), Fraction(10857, 10000)),  # the weekend has Friday's
        ("EUR", "USD", MONDAY, Fraction(10900, 10000)),
        ("USD", "EUR", FRIDAY, Fraction(10000, 10857)),  # the inverse, not rounded
        ("GBP", "USD", FRIDAY, Fraction(10857, 8431)),  # across the euro
        ("GBP", "USD", MONDAY, Fraction(10900, 8431)),  # each figure the last by the day
        ("JPY", "GBP", FRIDAY, Fraction(8431, 1630600)),
        ("USD", "USD", FRIDAY, Fraction(1)),
    ],
)
def test_a_pair_goes_across_the_sources_base(currency: str, into: str, day: dt.date, rate: Fraction) -> None:
    assert TABLE.exact(currency, into, day) == rate


@pytest.mark.parametrize(
    ("currency", "day", "words"),
    [
        ("EUR", dt.date(2026, 1, 1), "EUR/USD counts on 2026-01-01: ECB has none of USD by then"),
        ("EUR", dt.date(2026, 1, 10), "has USD last on 2026-01-05, more than 4 days before"),
        ("GBP", dt.date(2026, 1, 7), "has GBP last on 2026-01-02, more than 4 days before"),
        ("CHF", FRIDAY, "CHF/USD counts on 2026-01-02: ECB has none of CHF"),
    ],
)
def test_no_rate_is_guessed(currency: str, day: dt.date, words: str) -> None:
    with pytest.raises(NoExchangeRate) as refused:
        TABLE.exact(currency, "USD", day)
    assert words in str(refused.value)
    assert "q2c rates import" in str(refused.value)


def test_the_last_day_on_which_a_rate_counts_is_the_policys() -> None:
    assert TABLE.exact("EUR", "USD", MONDAY + dt.timedelta(days=4)) == Fraction(109, 100)
    with pytest.raises(NoExchangeRate):
        TABLE.exact("EUR", "USD", MONDAY + dt.timedelta(days=5))


def test_a_documents_rate_names_its_source_and_the_oldest_figure_in_it() -> None:
    found = TABLE.in_force("GBP", "USD", MONDAY)
    assert (found.rate, found.of, found.source) == (Decimal("1.29284782"), FRIDAY, "ECB, daily")


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (Fraction(10857, 10000), "1.0857"),
        (Fraction(1, 3), "0.33333333"),
        (Fraction(2, 3), "0.66666667"),
        (Fraction(5, 10**9), "0.00000001"),  # half away from zero
    ],
)
def test_a_written_rate_has_eight_decimals(rate: Fraction, written: str) -> None:
    assert as_written(rate) == Decimal(written)


def test_a_rate_below_the_last_decimal_is_none() -> None:
    with pytest.raises(NoExchangeRate):
        as_written(Fraction(4, 10**9))


@given(
    st.decimals("0.0001", "9999", places=4),
    st.decimals("0.0001", "9999", places=4),
    st.sampled_from(["GBP", "EUR"]),
)
def test_there_and_back_is_one(pounds: Decimal, dollars: Decimal, currency: str) -> None:
    table = RateTable(TERMS, [figure(FRIDAY, "GBP", str(pounds)), figure(FRIDAY, "USD", str(dollars))])
    assert table.exact(currency, "USD", FRIDAY) * table.exact("USD", currency, FRIDAY) == 1
