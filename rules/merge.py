"""A merge: the contracts merged are cancelled with credit, and one new contract starts with the lines of all.

Source: FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from canonical.change import Cancellation, ContractChange, Merge
from canonical.contract import Contract, Line
from rules.changes import steps
from rules.layout import lay_out
from rules.timeline import LineLife, Timeline


@dataclass(frozen=True)
class Part:
    """A contract of its own with the changes that are its; `uplifts` are those its lines bring along."""

    contract: Contract
    changes: tuple[ContractChange, ...]
    uplifts: Mapping[str, Fraction] = field(default_factory=dict)


def parts(contract: Contract, changes: Sequence[ContractChange], as_of: dt.date) -> list[Part]:
    """The contract alone; or, once it is merged, the merged ones up to that day and the new one from then on.

    Changes of the merge's date are the new contract's.
    """
    merges = sorted(
        (change for change in changes if isinstance(change, Merge) and change.effective_date <= as_of),
        key=lambda change: change.effective_date,
    )
    found: list[Part] = []
    current = Part(contract, tuple(change for change in changes if not isinstance(change, Merge)))
    for merge in merges:
        ended = _ended(current, merge)
        others = [Part(other, (_end_of(merge),)) for other in merge.contracts]
        found += [ended, *others]
        current = _merged(current, others, merge)
    return [*found, current]


def _end_of(merge: Merge) -> Cancellation:
    return Cancellation(
        id=merge.id, type="cancellation", effective_date=merge.effective_date, credit="prorated"
    )


def _ended(part: Part, merge: Merge) -> Part:
    before = tuple(change for change in part.changes if change.effective_date < merge.effective_date)
    return Part(part.contract, (*before, _end_of(merge)), part.uplifts)


def _merged(current: Part, others: Sequence[Part], merge: Merge) -> Part:
    """The new contract: the first one's customer, billing and term, the lines of all as they stand on the day."""
    day = merge.effective_date
    lines: list[Line] = []
    uplifts: dict[str, Fraction] = {}
    for part in (_ended(current, merge), *others):
        until = [change for change in part.changes if change.effective_date < day]
        timeline = lay_out(part.contract, steps(part.contract, until), day, part.uplifts)
        for life in timeline.lines.values():
            if life.terms.charge != "one_time" and life.lives_on(day):
                lines.append(_line(life, day))
                uplifts[life.id] = life.state_on(day).uplift
    contract = current.contract.model_copy(
        update={
            "id": f"{current.contract.id}/{merge.id}",
            "account": _customer(current, day),
            "start_date": day,
            "lines": tuple(lines),
        }
    )
    later = tuple(change for change in current.changes if change.effective_date >= day)
    return Part(contract, later, uplifts)


def _line(life: LineLife, day: dt.date) -> Line:
    state = life.state_on(day)
    return Line(
        **{
            name: getattr(life.terms, name)
            for name in type(life.terms).model_fields
            if name not in {"id", "ramp"}
        },
        id=life.id,
        ramp=life.terms.ramp if life.follows_ramp else None,
    ).model_copy(
        update={
            "pricing": state.pricing,
            "quantity": state.quantity,
            "discount_percent": state.discount_percent,
        }
    )


def _customer(part: Part, day: dt.date) -> object:
    timeline: Timeline = lay_out(
        part.contract,
        steps(part.contract, [change for change in part.changes if change.effective_date < day]),
        day,
        part.uplifts,
    )
    return timeline.customer_on(day).account
