"""What a change of a line's monthly rate inside a billing period costs, by days.

Source: FINANCE.md, "Amendments".
"""

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from rules.calendar import Period, days
from rules.timeline import LineLife


@dataclass(frozen=True)
class Piece:
    """A billing period whose recurring lines are billed, as far as it is served: `[start, stop)`."""

    period: Period
    start: dt.date
    stop: dt.date


@dataclass(frozen=True)
class Stretch:
    """Consecutive days on which a line's monthly rate is `rate` (or changes by it)."""

    start: dt.date
    end: dt.date
    rate: Fraction

    def cost(self, period: Period) -> Fraction:
        """rate × the period's months × days(stretch)/days(period), exact."""
        return self.rate * period.months * Fraction(days(self.start, self.end), period.days)


def stretches(life: LineLife, start: dt.date, end: dt.date) -> list[Stretch]:
    """The line's rate within `[start, end)` as far as it lives, one stretch for each change of it."""
    return _merged(
        Stretch(a, b, life.rate_on(a)) for a, b in _between(life.turns(), start, end) if life.lives_on(a)
    )


def differences(old: LineLife | None, new: LineLife | None, start: dt.date, end: dt.date) -> list[Stretch]:
    """Where and by how much the line's rate in `new` differs from that in `old` within `[start, end)`."""
    turns = [day for life in (old, new) if life is not None for day in life.turns()]
    changed = (Stretch(a, b, _rate(new, a) - _rate(old, a)) for a, b in _between(turns, start, end))
    return _merged(stretch for stretch in changed if stretch.rate != 0)


def _rate(life: LineLife | None, day: dt.date) -> Fraction:
    return Fraction(0) if life is None else life.rate_on(day)


def _between(turns: Iterable[dt.date], start: dt.date, end: dt.date) -> list[tuple[dt.date, dt.date]]:
    if start >= end:
        return []
    inner = sorted({day for day in turns if start < day < end})
    marks = [start, *inner, end]
    return list(itertools.pairwise(marks))


def _merged(found: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours of one rate as one: a change that leaves the rate as it was makes no stretch."""
    merged: list[Stretch] = []
    for stretch in found:
        if merged and merged[-1].end == stretch.start and merged[-1].rate == stretch.rate:
            merged[-1] = Stretch(merged[-1].start, stretch.end, stretch.rate)
        else:
            merged.append(stretch)
    return merged
