"""May a period be closed? Pure: the newest reconciliation's word, the day, what governance says."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Literal

from canonical.base import Noun
from canonical.reconciliation import Break
from rules.period_entries import last_day

_OF_THE_MONTH_END = ("missing", "amount", "rounding")
"""Breaks of recognized revenue that are as they are because the run has not been there, or not since."""
_NAMED = 5
"""How many contracts a reason names."""


class Gate(Noun):
    """What the close of a period is held against. `breaks` are those found and not explained."""

    entity: str
    period: str
    as_of: dt.date
    breaks: tuple[Break, ...]
    before_period_end: bool
    open_entities: tuple[str, ...] = ()
    """Other legal entities of the same books that have not closed the period yet."""
    unrevalued: str | None = None
    """Why receivables in other currencies could not be revalued at the month's end, if they could not."""


def refusals(gate: Gate) -> tuple[str, ...]:
    """Why the period may not be closed, in words; empty where it may."""
    due = [found for found in gate.breaks if _is_of_the_month_end(found)]
    return (
        *_not_over(gate),
        *(
            (f"receivables in other currencies are not revalued: {gate.unrevalued}",)
            if gate.unrevalued
            else ()
        ),
        *_revenue_not_posted(gate, due),
        *(_held_up(found) for found in gate.breaks if found not in due),
    )


def revenue_stands(gate: Gate) -> Literal["posted", "due", "not_over"]:
    """Whether the month's revenue is posted, as the newest reconciliation has seen it."""
    if gate.as_of <= last_day(gate.period):
        return "not_over"
    return "due" if any(_is_of_the_month_end(found) for found in gate.breaks) else "posted"


def _is_of_the_month_end(found: Break) -> bool:
    return found.side == "recognized" and found.type in _OF_THE_MONTH_END


def is_month_end_due(found: Break) -> bool:
    """The month-end run puts it right, and asks for what it can't post: one person would be asked twice."""
    return found.side == "recognized" and found.type == "missing"


def _not_over(gate: Gate) -> Sequence[str]:
    end = last_day(gate.period)
    if gate.before_period_end or gate.as_of > end:
        return ()
    return (f"{gate.period} is not over: its last day is {end}, today is {gate.as_of}",)


def _revenue_not_posted(gate: Gate, due: Sequence[Break]) -> Iterator[str]:
    """One reason, however many contracts there are."""
    if not due:
        return
    missing = sorted(found.contract or found.document for found in due if is_month_end_due(found))
    stale = sorted(f"{found.contract} ({found.id})" for found in due if not is_month_end_due(found))
    states = [f"missing for {_named(missing)}"] if missing else []
    states += [f"not up to date for {_named(stale)}"] if stale else []
    yield (
        f"revenue of {gate.period} is not posted: the month-end run is {', '.join(states)}; "
        f"`q2c revenue run --period {gate.period} --entity {gate.entity}` posts it, as the close does first; "
        "`q2c exception list` says what it could not post"
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _held_up(found: Break) -> str:
    objects = [each for each in found.documents if each != found.document]
    document = f"{found.document} ({', '.join(objects)})" if objects else found.document
    return (
        f"{found.id}: {found.type.replace('_', ' ')} of {found.effect:f}, {document}: {found.cause}; "
        f"{found.owner} is asked; proposal: {found.proposal}"
    )
