"""Billing periods in Unix seconds, reckoned from an anchor; months clamp to their last day."""

import calendar
from datetime import UTC, datetime

DAY = 86_400
_FIXED = {"day": DAY, "week": 7 * DAY}


def boundary(anchor: int, interval: str, count: int, index: int, day: int | None = None) -> int:
    """The start of the period `index` (which may be negative) after the anchor. `day` is the day of the month
    that is meant where the anchor itself had to be clamped (the 31st, anchored in February)."""
    if interval in _FIXED:
        return anchor + _FIXED[interval] * count * index
    months = (12 if interval == "year" else 1) * count * index
    start = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    wanted = min(day or start.day, last)
    return int(start.replace(year=year, month=month + 1, day=wanted).timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int, day: int | None = None) -> int:
    """The first boundary later than `after`; before the anchor it may be the anchor itself."""
    index = _estimate(anchor, interval, count, after)
    while boundary(anchor, interval, count, index, day) > after:
        index -= 1
    while boundary(anchor, interval, count, index, day) <= after:
        index += 1
    return boundary(anchor, interval, count, index, day)


def _estimate(anchor: int, interval: str, count: int, after: int) -> int:
    length = _FIXED.get(interval) or {"month": 30 * DAY, "year": 365 * DAY}[interval]
    return (after - anchor) // (length * count)


def later(moment: int, interval: str, count: int) -> int:
    """One interval after the moment."""
    return boundary(moment, interval, count, 1)


def shown(moment: int) -> str:
    """`Jan 1, 2026`, as in descriptions."""
    day = datetime.fromtimestamp(moment, UTC)
    return f"{day:%b} {day.day}, {day.year}"
