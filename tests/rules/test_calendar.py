"""Days, months and billing periods."""

import calendar as stdlib
import datetime as dt
from itertools import islice, pairwise

import pytest

from rules.calendar import (
    BeyondCalendar,
    Period,
    add_months,
    billing_periods,
    days,
    days_after,
    first_open_day,
    month_end,
    month_key,
    months_between,
)

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2032, 12, 31)
EVERY_START = [FIRST + dt.timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]


def test_months_clamp_to_the_months_last_day_and_count_from_the_anchor() -> None:
    anchor = dt.date(2026, 1, 31)
    counted = [add_months(anchor, n) for n in range(5)]
    assert [str(day) for day in counted] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
    assert add_months(dt.date(2028, 1, 31), 1) == dt.date(2028, 2, 29)
    assert add_months(dt.date(2028, 2, 29), 12) == dt.date(2029, 2, 28)
    assert add_months(dt.date(2028, 2, 29), 48) == dt.date(2032, 2, 29)


def test_a_term_that_the_frequency_does_not_divide_ends_with_a_shorter_period() -> None:
    found = list(billing_periods(dt.date(2028, 1, 31), 0, 7, 3))
    assert found == [
        Period(dt.date(2028, 1, 31), dt.date(2028, 4, 30), 3),
        Period(dt.date(2028, 4, 30), dt.date(2028, 7, 31), 3),
        Period(dt.date(2028, 7, 31), dt.date(2028, 8, 31), 1),
    ]


def test_a_renewals_periods_count_from_its_first_day_by_dates_of_the_contracts_start() -> None:
    found = list(billing_periods(dt.date(2026, 1, 31), 1, 3, 3))
    assert found == [Period(dt.date(2026, 2, 28), dt.date(2026, 5, 31), 3)]


def test_an_evergreen_term_never_ends() -> None:
    found = list(islice(billing_periods(dt.date(2026, 1, 1), 0, None, 12), 100))
    assert found[-1] == Period(dt.date(2125, 1, 1), dt.date(2126, 1, 1), 12)


def test_nothing_lies_after_the_year_9999() -> None:
    with pytest.raises(BeyondCalendar):
        add_months(dt.date(9999, 12, 1), 1)
    with pytest.raises(BeyondCalendar):
        days_after(dt.date(9999, 12, 31), 1)
    assert list(months_between(dt.date(9999, 11, 5), dt.date(9999, 12, 31))) == [
        dt.date(9999, 11, 1),
        dt.date(9999, 12, 1),
    ]


def test_months_of_accounting() -> None:
    assert month_key(dt.date(2026, 3, 9)) == "2026-03"
    assert month_end(dt.date(2028, 2, 1)) == dt.date(2028, 2, 29)
    assert len(list(months_between(dt.date(2025, 12, 31), dt.date(2026, 2, 1)))) == 3


def test_a_closed_months_documents_are_posted_on_the_first_day_of_the_first_open_one() -> None:
    closed = frozenset({"2026-01", "2026-02"})
    assert first_open_day(dt.date(2026, 1, 15), closed) == dt.date(2026, 3, 1)
    assert first_open_day(dt.date(2026, 3, 15), closed) == dt.date(2026, 3, 15)


def _by_hand(anchor: dt.date, months: int) -> dt.date:
    """Month after month, as one counts on fingers: the independent way."""
    year, month = anchor.year, anchor.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    last = stdlib.monthrange(year, month)[1]
    return dt.date(year, month, anchor.day if anchor.day <= last else last)


@pytest.mark.parametrize("frequency", [1, 3, 6, 12])
@pytest.mark.parametrize("term", [1, 7, 12, 36])
def test_every_start_date_has_periods_without_gap_that_end_with_the_term(term: int, frequency: int) -> None:
    for start in EVERY_START:
        found = list(billing_periods(start, 0, term, frequency))
        assert found[0].start == start
        assert found[-1].end == _by_hand(start, term)
        assert sum(period.months for period in found) == term
        assert all(one.end == after.start for one, after in pairwise(found))
        assert all(period.months == frequency for period in found[:-1])
        assert sum(period.days for period in found) == days(start, found[-1].end)
        assert all(period.start.day in (start.day, month_end(period.start).day) for period in found)
