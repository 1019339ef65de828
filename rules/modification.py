"""A line that is modified inside its term, measured again: what it should have earned by now is caught up.

For contracts that say `modification: catch_up` (ASC 606-10-25-13(b), IFRS 15.21(b): what remains is not
distinct from what was delivered). The modified line is one obligation over its term, progress being days. On
the day on which a change is known, what is earned is brought to the new price of the whole term × the days
gone / the days of the term; from then on the new price is earned evenly. A line that is not modified, and
everything of a prospective contract, earns as its documents say.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from canonical.change import Amendment, ContractChange
from rules.calendar import days
from rules.changes import known_on
from rules.revenue import Earning


@dataclass(frozen=True)
class Measure:
    """From a day on the line's price for the whole term is `total`, and its service ends on `end`."""

    day: dt.date
    total: Fraction
    end: dt.date


def first_modification(
    changes: Sequence[ContractChange], line: str, start: dt.date, end: dt.date
) -> dt.date | None:
    """The day on which the line's first amendment inside `[start, end)` is known; one on the first day is
    none, as nothing is earned by then, and adding a line modifies no line."""
    known = [
        known_on(change)
        for change in changes
        if isinstance(change, Amendment) and start < change.effective_date < end
        if any(entry.id == line and entry.add is None for entry in change.lines)
    ]
    return min(known, default=None)


def remeasured(
    line: str, start: dt.date, before: Sequence[Earning], measures: Sequence[Measure]
) -> list[Earning]:
    """What the line earns in a term from `start`: `before` up to the first measure's day, then as measured,
    each measure with its catch-up on its day. The sum is the last measure's total.
    """
    found = [part for one in before if (part := _until(one, measures[0].day)) is not None]
    so_far = sum((one.amount for one in found), Fraction(0))
    for index, measure in enumerate(measures):
        gone = _progress(start, measure.day, measure.end) * measure.total
        found.append(_earned(line, gone - so_far, measure.day, measure.day))
        following = measures[index + 1].day if index + 1 < len(measures) else measure.end
        until = min(following, measure.end)
        so_far = gone
        if measure.day < until:
            share = _progress(start, until, measure.end) * measure.total - gone
            found.append(_earned(line, share, measure.day, until))
            so_far += share
    return [one for one in found if one.amount]


def _progress(start: dt.date, day: dt.date, end: dt.date) -> Fraction:
    """Which part of `[start, end)` lies before the day."""
    if day >= end:
        return Fraction(1)
    return Fraction(days(start, day), days(start, end))


def _until(one: Earning, day: dt.date) -> Earning | None:
    """What of it is earned before the day."""
    if one.start >= day:
        return None
    amount = one.by(day - dt.timedelta(days=1))
    return _earned(one.line, amount, one.start, min(one.end, day))


def _earned(line: str, amount: Fraction, start: dt.date, end: dt.date) -> Earning:
    return Earning(line, amount, start, end, "deferred_revenue")
