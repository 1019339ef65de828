"""What a change must be like, and whether it fits what it meets: in its place after all that come before it.

Each check yields (field, message) seen from the scenario. Source: FINANCE.md, "What is refused".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from canonical.change import Amendment, AmendmentLine, Cancellation, ContractChange, Merge, Renewal, Transfer
from canonical.contract import Contract
from rules.book import FEE_LINE
from rules.calendar import BeyondCalendar
from rules.changes import RampTurn, all_steps, known_on
from rules.contract_checks import contract_problems
from rules.layout import ChangeRefused, Layout
from rules.line_checks import line_problems, not_negative, percentage_problems, pricing_problems
from rules.merge import Part, joining, merged_part
from rules.problems import Problem, under
from rules.transfer import check_in_time


def charges_by_line(contract: Contract, changes: Sequence[ContractChange]) -> dict[str, str]:
    """The charge of every line that the contract, the contracts merged with it, or an amendment brings."""
    found = {line.id: line.charge for line in contract.lines}
    for change in changes:
        if isinstance(change, Amendment):
            for entry in change.lines:
                if entry.add is not None:
                    found.setdefault(entry.id, entry.add.charge)
        if isinstance(change, Merge):
            for other in change.contracts:
                found |= {line.id: line.charge for line in other.lines}
    return dict(found)


def ends_always(contract: Contract) -> bool:
    """Whether every term of the contract has an end, as far as the contract itself says."""
    renewal = contract.renewal
    renews_forever = renewal is not None and renewal.auto and renewal.term_months == "evergreen"
    return contract.term_months is not None and not renews_forever


def change_problems(contract: Contract, changes: Sequence[ContractChange]) -> Iterator[Problem]:
    """What is wrong with each change by itself."""
    charges = charges_by_line(contract, changes)
    first_of: dict[str, ContractChange] = {}
    for index, change in enumerate(changes):
        if first_of.setdefault(change.id, change) != change:
            yield f"changes[{index}].id", f"there is another change with the id {change.id!r}"
        yield from under(f"changes[{index}]", _change(change, contract, charges))


def _change(change: ContractChange, contract: Contract, charges: Mapping[str, str]) -> Iterator[Problem]:
    match change:
        case Amendment():
            yield from _amendment(change, contract, charges)
        case Renewal():
            yield from percentage_problems("uplift_percent", change.uplift_percent)
            if change.term_months == "evergreen" and any(
                line.commitment is not None for line in contract.lines
            ):
                yield "term_months", "is evergreen, and a commitment is for a term"
        case Cancellation():
            yield from not_negative("fee", change.fee)
            if change.fee is not None and FEE_LINE in charges:
                yield "fee", f"is billed as the line {FEE_LINE!r}, and the contract has a line of that id"
        case Transfer():
            yield from percentage_problems("tax_rate_percent", change.tax_rate_percent)
        case Merge():
            yield from _merge(change, contract)


def _amendment(change: Amendment, contract: Contract, charges: Mapping[str, str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, entry in enumerate(change.lines):
        path = f"lines[{index}]"
        if entry.id in seen:
            yield f"{path}.id", f"there are two entries for the line {entry.id!r} in one amendment"
        seen.add(entry.id)
        yield from under(path, _entry(entry, charges.get(entry.id, "recurring")))
        if entry.add is not None:
            yield from under(
                f"{path}.add", line_problems(entry.add, change.effective_date, ends_always(contract))
            )


def _entry(entry: AmendmentLine, charge: str) -> Iterator[Problem]:
    figures = [
        name for name in ("quantity", "pricing", "discount_percent") if getattr(entry, name) is not None
    ]
    if entry.add is not None and entry.remove is not None:
        yield "remove", "contradicts add: a line is added or removed"
    for name in figures:
        if entry.add is not None or entry.remove is not None:
            yield name, f"contradicts {'add' if entry.add is not None else 'remove'}: give one of them"
    if not figures and entry.add is None and entry.remove is None:
        yield "id", "nothing is changed: give quantity, pricing, discount_percent, add or remove"
    yield from not_negative("quantity", entry.quantity)
    yield from percentage_problems("discount_percent", entry.discount_percent, most=100)
    if entry.pricing is not None and charge != "one_time":
        yield from under("pricing", pricing_problems(entry.pricing, charge))


def _merge(change: Merge, contract: Contract) -> Iterator[Problem]:
    seen = {line.id for line in contract.lines}
    for index, other in enumerate(change.contracts):
        path = f"contracts[{index}]"
        yield from under(path, contract_problems(other))
        if other.id == contract.id:
            yield f"{path}.id", "is the contract itself"
        for name in ("currency", "legal_entity"):
            if getattr(other, name) != getattr(contract, name):
                ours = getattr(contract, name)
                yield f"{path}.{name}", f"differs from the contract's {ours!r}: they can't be one contract"
        for line_index, line in enumerate(other.lines):
            if line.id in seen:
                yield f"{path}.lines[{line_index}].id", f"there are two lines with the id {line.id!r}"
            seen.add(line.id)


def fit_problems(contract: Contract, changes: Sequence[ContractChange]) -> Iterator[Problem]:
    """Which changes do not fit the contract as those before left it; one that does not is passed over."""
    place_of = {change.id: index for index, change in reversed(list(enumerate(changes)))}
    yield from _fit(Part(contract, tuple(changes)), place_of)


def _fit(part: Part, place_of: Mapping[str, int]) -> Iterator[Problem]:
    layout = Layout(part.contract, part.uplifts)
    fitting: list[ContractChange] = []
    for step in all_steps(part.contract, part.changes):
        change = step.change
        try:
            if isinstance(change, Merge):
                problems = [*_overtaken(change, part), *_merge_fit(change, layout, fitting, part)]
                yield from under(f"changes[{place_of[change.id]}]", problems)
                if not problems:
                    later = [
                        c for c in part.changes if c.effective_date >= change.effective_date and c != change
                    ]
                    merged = merged_part(Part(part.contract, tuple(fitting), part.uplifts), change)
                    yield from _fit(Part(merged.contract, tuple(later), merged.uplifts), place_of)
                    return
                continue
            if isinstance(change, Transfer):
                check_in_time(replace(part, changes=tuple(fitting)).timeline_of_all(step.received), change)
            layout.apply(step)
        except ChangeRefused as reason:
            if isinstance(change, RampTurn):
                raise
            yield f"changes[{place_of[change.id]}].{reason.path}", reason.message
        except BeyondCalendar:
            where = (
                "as_of" if isinstance(change, RampTurn) else f"changes[{place_of[change.id]}].effective_date"
            )
            yield where, "the contract reaches beyond the year 9999"
        else:
            if not isinstance(change, RampTurn):
                fitting.append(change)


def _overtaken(merge: Merge, part: Part) -> Iterator[Problem]:
    """A merge takes along what comes on its day or later; what was carried out before it came, it can't."""
    for other in part.changes:
        if other.effective_date >= merge.effective_date and known_on(other) < known_on(merge):
            words = (
                f"is after {other.id!r}, which takes effect on {other.effective_date}: that is carried out"
            )
            yield "received_date", f"{words} already, and the merge would take it along"


def _merge_fit(
    change: Merge, layout: Layout, fitting: Sequence[ContractChange], part: Part
) -> Iterator[Problem]:
    """Every contract of the merge must be in force on its date."""
    day = change.effective_date
    ending = Part(part.contract, tuple(fitting), part.uplifts)
    for path, other in (
        ("effective_date", ending),
        *((f"contracts[{i}].start_date", other) for i, other in enumerate(joining(change))),
    ):
        if other.timeline(day).term_on(day) is None:
            yield path, f"the contract {other.contract.id!r} is not in force on {day}"
    had = set(layout.lines)
    for index, part_joined in enumerate(joining(change) if change.joined else ()):
        lives = part_joined.timeline(day).lines.values()
        for line_id in sorted({life.id for life in lives if life.lives_on(day)} & had):
            words = (
                f"the contract {part_joined.contract.id!r} brings a line {line_id!r}, which is there already"
            )
            yield f"contracts[{index}].id", words
    for index, merged in enumerate(change.contracts):
        for line_index, line in enumerate(merged.lines):
            if line.id in had and line.id not in {own.id for own in part.contract.lines}:
                yield (
                    f"contracts[{index}].lines[{line_index}].id",
                    f"the contract has a line {line.id!r} already",
                )
