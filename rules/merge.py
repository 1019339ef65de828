"""A merge: the contracts merged are cancelled with credit, and one new contract starts with the lines of all.

Source: FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from canonical.change import (
    Amendment,
    Cancellation,
    ContractChange,
    JoinedContract,
    Merge,
)
from canonical.contract import Contract, Line, LineTerms
from canonical.scenario import Scenario, Usage
from rules.changes import Step, known_on, steps
from rules.layout import fitting, lay_out, lay_out_fitting
from rules.timeline import Customer, LineLife, Timeline


@dataclass(frozen=True)
class Part:
    """A contract of its own with the changes that are its; `uplifts` are those its lines bring along,
    `customer` whom it has from the beginning where that one's tax is not the lines' own. `known` is the day
    from which documents know of it, where the merge that made it is backdated.
    """

    contract: Contract
    changes: tuple[ContractChange, ...]
    uplifts: Mapping[str, Fraction] = field(default_factory=dict)
    customer: Customer | None = None
    known: dt.date | None = None

    def lay_out(self, in_order: Iterable[Step], horizon: dt.date) -> Timeline:
        """The contract with these steps. Raises ChangeRefused, BeyondCalendar."""
        return lay_out(self.contract, in_order, horizon, self.uplifts, self.customer)

    def before(self, day: dt.date) -> tuple[ContractChange, ...]:
        return tuple(change for change in self.changes if change.effective_date < day)

    def timeline(self, day: dt.date) -> Timeline:
        """The contract as the changes before the day leave it."""
        return self.lay_out(steps(self.contract, self.before(day)), day)

    def timeline_of_all(self, day: dt.date) -> Timeline:
        """The contract with all its changes, automatic renewals up to the day included."""
        return self.lay_out(steps(self.contract, self.changes), day)

    def known_by(self, day: dt.date) -> tuple[ContractChange, ...]:
        """The changes that count by what is known on the day. One that builds on a change which comes later
        (a new quantity of a line whose addition is backdated) waits for it.
        """
        known = tuple(change for change in self.changes if known_on(change) <= day)
        if all(change.received_date is None for change in self.changes):
            return known
        fit = fitting(self.contract, steps(self.contract, known), self.uplifts, self.customer)
        return tuple(change for change in known if change.id in fit)

    def timeline_known_by(self, day: dt.date) -> Timeline:
        """The contract by what is known on the day, automatic renewals up to it included."""
        known = [step for step in steps(self.contract, self.changes) if step.received <= day]
        return lay_out_fitting(self.contract, known, day, self.uplifts)


def parts(contract: Contract, changes: Sequence[ContractChange], as_of: dt.date) -> list[Part]:
    """The contract alone; or, once it is merged, the merged ones up to that day and the new one from then on.

    Changes of the merge's date are the new contract's. Merged contracts that live in workflows of their own
    are not among the parts.
    """
    merges = {change.id: change for change in changes if isinstance(change, Merge)}
    found: list[Part] = []
    current = Part(contract, tuple(change for change in changes if not isinstance(change, Merge)))
    for merge in sorted(merges.values(), key=lambda merge: merge.effective_date):
        if known_on(merge) <= as_of:
            found.append(_ended(current, merge))
            if not merge.joined:
                found += [Part(other, (end_of(merge),)) for other in merge.contracts]
            current = merged_part(current, merge)
        else:  # what comes on its day or later is the new contract's, which is still to come
            current = replace(current, changes=current.before(merge.effective_date))
    return [*found, current]


def leading_parts(contract: Contract, changes: Sequence[ContractChange], found: Sequence[Part]) -> list[Part]:
    """Of the parts, the contract itself and those that its merges have made of it, in order of time."""
    merges = {change.id: change for change in changes if isinstance(change, Merge)}
    ids = [contract.id]
    for merge in sorted(merges.values(), key=lambda merge: merge.effective_date):
        ids.append(f"{ids[-1]}/{merge.id}")
    return [part for part in found if part.contract.id in ids]


def standing(contract: Contract, changes: Sequence[ContractChange], day: dt.date) -> Part:
    """The contract that is in force: itself, or the newest that has come of its merges by the day."""
    return parts(contract, changes, day)[-1]


def joining(merge: Merge) -> tuple[Part, ...]:
    """The contracts that are merged into another, as they are until then."""
    if not merge.joined:
        return tuple(Part(other, ()) for other in merge.contracts)
    day = merge.effective_date
    return tuple(standing(each.contract, each.changes, day) for each in merge.joined)


def merged_part(current: Part, merge: Merge) -> Part:
    """The new contract: the first one's customer, billing and term, the lines of all as they stand."""
    day = merge.effective_date
    timelines = [part.timeline(day) for part in (current, *joining(merge))]
    lives = [life for timeline in timelines for life in timeline.lines.values()]
    brought = [life for life in lives if life.terms.charge != "one_time" and life.lives_on(day)]
    contract = current.contract.model_copy(
        update={
            "id": f"{current.contract.id}/{merge.id}",
            "account": timelines[0].customer_on(day).account,
            "start_date": day,
            "lines": tuple(_line(life, day) for life in brought),
        }
    )
    later = tuple(change for change in current.changes if change.effective_date >= day)
    uplifts = {life.id: life.state_on(day).uplift for life in brought}
    before = timelines[0].customer_on(day)
    rates = merge.tax_rates or before.tax_rates
    return Part(contract, later, uplifts, replace(before, since=day, tax_rates=rates), known_on(merge))


def end_of(merge: Merge) -> Cancellation:
    """What a merge is for the contracts merged."""
    return Cancellation(
        id=merge.id,
        type="cancellation",
        effective_date=merge.effective_date,
        received_date=merge.received_date,
        credit="prorated",
    )


def _ended(part: Part, merge: Merge) -> Part:
    return replace(part, changes=(*part.before(merge.effective_date), end_of(merge)))


def _line(life: LineLife, day: dt.date) -> Line:
    """The line as it stands on the day, to begin anew."""
    state = life.state_on(day)
    terms = {name: getattr(life.terms, name) for name in LineTerms.model_fields}
    now = {
        "pricing": state.pricing,
        "quantity": state.quantity if life.terms.charge == "recurring" else None,
        "discount_percent": state.discount_percent,
        "ramp": life.terms.ramp if life.follows_ramp else None,
    }
    return Line(id=life.id, **(terms | now))


def apart(change: ContractChange) -> ContractChange:
    """A merge as a workflow carries it out that has not asked the others yet: they are contracts of their
    own, as far as is known without a change. Other changes as they are.
    """
    if not isinstance(change, Merge) or change.joined:
        return change
    return change.model_copy(update={"joined": tuple(JoinedContract(contract=c) for c in change.contracts)})


def products_joining(merge: Merge) -> set[str]:
    """The products that the merged contracts bring, whether a line of theirs is still in force or not."""
    found = {line.product for part in joining(merge) for line in part.contract.lines}
    for part in joining(merge):
        for change in part.changes:
            if isinstance(change, Amendment):
                found |= {entry.add.product for entry in change.lines if entry.add is not None}
    return found


def metered_by(scenario: Scenario) -> dict[str, tuple[Usage, ...]]:
    """The scenario's usage by the contract that it is reported to: that of a merged contract's lines is its
    own up to the merge, and the leading contract's from then on.
    """
    until = {
        line.id: (other.id, change.effective_date)
        for change in scenario.changes
        if isinstance(change, Merge)
        for other in change.contracts
        for line in other.lines
    }
    found: dict[str, list[Usage]] = {}
    for usage in scenario.usage:
        other, day = until.get(usage.line, (scenario.contract.id, dt.date.max))
        found.setdefault(other if usage.date < day else scenario.contract.id, []).append(usage)
    return {contract: tuple(entries) for contract, entries in found.items()}
