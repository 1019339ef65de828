"""May a period be closed? Pure: the newest reconciliation's word, the day, what governance says."""

import datetime as dt
from collections.abc import Sequence

from canonical.base import Noun
from canonical.reconciliation import Break
from rules.period_entries import last_day


class Gate(Noun):
    """What the close of a period is held against. `breaks` are those found and not explained."""

    entity: str
    period: str
    as_of: dt.date
    breaks: tuple[Break, ...]
    before_period_end: bool
    open_entities: tuple[str, ...] = ()
    """Other legal entities of the same books that have not closed the period yet."""


def refusals(gate: Gate) -> tuple[str, ...]:
    """Why the period may not be closed, in words; empty where it may."""
    return (*_not_over(gate), *(_held_up(found) for found in gate.breaks))


def _not_over(gate: Gate) -> Sequence[str]:
    end = last_day(gate.period)
    if gate.before_period_end or gate.as_of > end:
        return ()
    return (f"{gate.period} is not over: its last day is {end}, today is {gate.as_of}",)


def _held_up(found: Break) -> str:
    objects = [each for each in found.documents if each != found.document]
    document = f"{found.document} ({', '.join(objects)})" if objects else found.document
    return (
        f"{found.id}: {found.type.replace('_', ' ')} of {found.effect:f}, {document}: {found.cause}; "
        f"{found.owner} is asked; proposal: {found.proposal}"
    )
