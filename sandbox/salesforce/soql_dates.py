"""SOQL's date literals: days by their relation to today, such as TODAY, THIS_MONTH, LAST_N_DAYS:7.

After the vendor's table of date formats and date literals. Weeks begin on Sunday, fiscal years are the
calendar's, and the user's time zone is UTC, as in this org.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_NEAR = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|(?:FISCAL_)?QUARTER|(?:FISCAL_)?YEAR)")
_FAR = re.compile(r"(?:(LAST|NEXT)_N_(\w+)S|N_(\w+)S_AGO):(\d+)")

Span = tuple[date, date]
"""From a day to before another."""


def span(text: str, today: date) -> Span | None:
    """The days that a literal means; None where the language has no such literal. OverflowError, ValueError
    for days that no calendar has.
    """
    name = text.upper()
    if name in _DAYS:
        return _units("DAY", today, _DAYS[name], 1)
    if name == "LAST_90_DAYS":
        return span("LAST_N_DAYS:90", today)
    if name == "NEXT_90_DAYS":
        return span("NEXT_N_DAYS:90", today)
    if near := _NEAR.fullmatch(name):
        return _units(near[2].removeprefix("FISCAL_"), today, {"LAST": -1, "THIS": 0, "NEXT": 1}[near[1]], 1)
    far = _FAR.fullmatch(name)
    unit = (far[2] or far[3]).removeprefix("FISCAL_") if far else ""
    if far is None or unit not in _STARTS:
        return None
    count = int(far[4])
    if far[1] == "NEXT":
        return _units(unit, today, 1, count)
    if far[1] == "LAST" and unit == "DAY":  # the one that has the current day too
        return _units(unit, today, -count, count + 1)
    return _units(unit, today, -count, count if far[1] == "LAST" else 1)


def _units(unit: str, today: date, first: int, count: int) -> Span:
    """So many days, weeks, … on end, the first of them that many away from today's."""
    start_of = _STARTS[unit]
    return start_of(today, first), start_of(today, first + count)


def _month(day: date, months: int, every: int) -> date:
    """The first day of the month, quarter or year (`every` 1, 3, 12) so many of them away."""
    whole = (day.year * 12 + day.month - 1) // every * every + months * every
    return date(whole // 12, whole % 12 + 1, 1)


_STARTS: dict[str, Callable[[date, int], date]] = {
    "DAY": lambda day, away: day + timedelta(days=away),
    "WEEK": lambda day, away: day + timedelta(days=7 * away - day.isoweekday() % 7),
    "MONTH": lambda day, away: _month(day, away, 1),
    "QUARTER": lambda day, away: _month(day, away, 3),
    "YEAR": lambda day, away: _month(day, away, 12),
}
