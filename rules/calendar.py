"""Days, months and billing periods: half-open `[start, end)`, counted from the contract's own start.

Pure calendar arithmetic without a clock and without time zones. Source: FINANCE.md, "Dates".
"""

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass


class BeyondCalendar(ValueError):
    """A date after the year 9999: the calendar can't hold the contract that far."""


@dataclass(frozen=True)
class Period:
    """A billing period `[start, end)` of whole `months`; both ends are those of an uncut period."""

    start: dt.date
    end: dt.date
    months: int

    @property
    def days(self) -> int:
        return days(self.start, self.end)


def days(start: dt.date, end: dt.date) -> int:
    """The calendar days of `[start, end)`."""
    return (end - start).days


def days_after(day: dt.date, count: int) -> dt.date:
    """Raises BeyondCalendar after the year 9999."""
    try:
        return day + dt.timedelta(days=count)
    except OverflowError:
        raise BeyondCalendar(f"{day} and {count} days") from None


def add_months(anchor: dt.date, months: int) -> dt.date:
    """`anchor` + n months, clamped to the month's last day: 31 January + 1 is 28 or 29 February, + 2 is 31
    March.

    Always to be counted from the contract's own start: adding one month twice loses the day. Raises
    BeyondCalendar after the year 9999.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise BeyondCalendar(f"{anchor} and {months} months")
    return dt.date(year, month, min(anchor.day, calendar.monthrange(year, month)[1]))


def billing_periods(
    anchor: dt.date, first_month: int, term_months: int | None, frequency_months: int
) -> Iterator[Period]:
    """The periods of a term that begins `first_month` months after `anchor`; endless where the term is
    evergreen.

    Period k is `[anchor + first_month + k·f, anchor + first_month + (k+1)·f)`; the last one is shorter, of
    whole months, where f does not divide the term.
    """
    done = 0
    while term_months is None or done < term_months:
        length = frequency_months if term_months is None else min(frequency_months, term_months - done)
        start = add_months(anchor, first_month + done)
        yield Period(start, add_months(anchor, first_month + done + length), length)
        done += length


def month_key(day: dt.date) -> str:
    """The calendar month of a day, as accounting names it: "2026-01"."""
    return f"{day.year:04d}-{day.month:02d}"


def month_end(day: dt.date) -> dt.date:
    """The last day of the day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def first_of_next_month(day: dt.date) -> dt.date:
    """Raises BeyondCalendar in December 9999."""
    return add_months(day.replace(day=1), 1)


def months_between(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The first day of each calendar month from that of `first` to that of `last`, both included."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        if (month.year, month.month) == (dt.MAXYEAR, 12):
            return
        month = first_of_next_month(month)


def first_open_day(day: dt.date, closed_periods: frozenset[str]) -> dt.date:
    """The day on which something of that day is posted: its own, or the first one of an open period."""
    while month_key(day) in closed_periods:
        day = first_of_next_month(day)
    return day
