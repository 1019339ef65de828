"""The order in which changes count: when each takes effect, when it becomes known, and what makes it void.

On one date: the renewal, a transfer, the ramp's step, amendments in their order, then the cancellation.
Source: FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from canonical.change import Amendment, Cancellation, ContractChange, Merge, Renewal, Transfer
from canonical.contract import Contract, LineTerms, Pricing, RampStep
from canonical.ids import automatic_renewal_id


@dataclass(frozen=True)
class RampTurn:
    """A ramp's step that comes after its line's start: from then on the line has that price."""

    line: str
    effective_date: dt.date
    pricing: Pricing


@dataclass(frozen=True)
class Step:
    """One change in its place. `index` is its place in the order of the CRM's versions."""

    change: ContractChange | RampTurn
    index: int
    effective: dt.date
    received: dt.date

    @property
    def rank(self) -> int:
        match self.change:
            case Renewal():
                return 0
            case Transfer() | Merge():
                return 1
            case RampTurn():
                return 2
            case Amendment():
                return 3
            case Cancellation():
                return 4

    @property
    def place(self) -> tuple[dt.date, int, int]:
        """Sorts by effective date, then as things count on one date, then by version."""
        return self.effective, self.rank, self.index


def known_on(change: ContractChange) -> dt.date:
    """The day from which documents know of the change: the later of effective and received date."""
    if change.received_date is None:
        return change.effective_date
    return max(change.effective_date, change.received_date)


def is_by_itself(change: ContractChange) -> bool:
    """Whether it is the renewal that a term's end brought by itself, in its contract's own words."""
    if not isinstance(change, Renewal) or change.id != automatic_renewal_id(change.effective_date):
        return False
    return change.term_months is None and change.uplift_percent is None


def steps(contract: Contract, changes: Sequence[ContractChange]) -> tuple[Step, ...]:
    """All changes and ramp steps in the order in which they count, whatever the order they are given in.

    A change that is given twice counts once. An amendment on the day of a cancellation that is known by
    then is void and left out. A renewal that a contract made by itself gives way to an explicit one that came
    after it and counts from its date or before: until that is known, the contract renews by itself all the
    same.
    """
    placed = _placed(changes)
    return _in_order(contract, [step for step in placed if not _is_void(step, placed)])


def all_steps(contract: Contract, changes: Sequence[ContractChange]) -> tuple[Step, ...]:
    """The same with those that are void, which must fit all the same."""
    return _in_order(contract, _placed(changes))


def _in_order(contract: Contract, placed: Sequence[Step]) -> tuple[Step, ...]:
    turns = [
        Step(turn, -1, turn.effective_date, max(turn.effective_date, known))
        for turn, known in _ramp_turns(contract, placed)
    ]
    return tuple(sorted([*placed, *turns], key=lambda step: step.place))


def _placed(changes: Sequence[ContractChange]) -> list[Step]:
    once = _each_once(changes)
    return [Step(change, index, change.effective_date, known_on(change)) for index, change in once]


def _each_once(changes: Sequence[ContractChange]) -> list[tuple[int, ContractChange]]:
    seen: set[str] = set()
    once = []
    explicit = [each for each in changes if isinstance(each, Renewal) and not is_by_itself(each)]
    for index, change in enumerate(changes):
        day = change.effective_date
        if is_by_itself(change) and any(each.effective_date <= day <= known_on(each) for each in explicit):
            continue
        if change.id not in seen:
            seen.add(change.id)
            once.append((index, change))
    return once


def _is_void(step: Step, all_steps: Iterable[Step]) -> bool:
    return isinstance(step.change, Amendment) and any(
        isinstance(other.change, Cancellation)
        and other.effective == step.effective
        and other.received <= step.received
        for other in all_steps
    )


def _ramp_turns(contract: Contract, placed: Iterable[Step]) -> Iterable[tuple[RampTurn, dt.date]]:
    for line in contract.lines:
        for turn in later_turns(line.id, line, contract.start_date):
            yield turn, contract.start_date
    for step in placed:
        if isinstance(step.change, Amendment):
            for entry in step.change.lines:
                if entry.add is not None:
                    for turn in later_turns(entry.id, entry.add, step.effective):
                        yield turn, step.received


def later_turns(line: str, terms: LineTerms, start: dt.date) -> Iterable[RampTurn]:
    return (RampTurn(line, r.from_date, r.pricing) for r in terms.ramp or () if r.from_date > start)


def opening_price(terms: LineTerms, start: dt.date) -> Pricing:
    """The price on the line's first day: that of the last ramp step by then, else the line's own."""
    begun = [step for step in terms.ramp or () if step.from_date <= start]
    latest: RampStep | None = max(begun, key=lambda step: step.from_date, default=None)
    return terms.pricing if latest is None else latest.pricing
