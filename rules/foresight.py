"""A contract's coming days as its workflow will live them: what is planned, carried out in its order. Pure.

Nothing is asked for and nothing is learned on the way: tax rates, usage and what people have accepted stay as
they are known now. A change that would wait for a person is passed over here, and named.
"""

import datetime as dt
from dataclasses import dataclass

from canonical.document import CreditMemo, Invoice
from canonical.ids import change_workflow_id
from canonical.lifecycle import ApprovedItem, CarriedChange, ContractState
from canonical.scenario import Scenario
from rules import agenda
from rules.ahead import falls_due, received, taken_in_on, to_announce
from rules.change_plan import CannotCarryOut, Scope, scope, sets_subscription
from rules.layout import ChangeRefused
from rules.merge import apart
from rules.metering import closed_after
from rules.subscription_order import term_end
from rules.validation import InvalidScenario, check

Refusal = InvalidScenario | ChangeRefused | CannotCarryOut


@dataclass(frozen=True)
class Foreseen:
    """One change as it will be carried out on a day, on the state that those before it have left.

    `found` is None where it will not be: the rules refuse it (`refusal`), or a cancellation of its date makes
    it void, or it was withdrawn, or its contract was undone.
    """

    item: ApprovedItem
    day: dt.date
    before: ContractState
    found: Scope | None
    refusal: Refusal | None = None

    @property
    def after(self) -> ContractState:
        """The state once the change is carried out, or passed over."""
        return _left_by(self)


@dataclass(frozen=True)
class Foresight:
    """All that will be carried out up to a day, in turn, and the state that it leaves."""

    turns: tuple[Foreseen, ...]
    after: ContractState

    def turn_of(self, change: str) -> Foreseen | None:
        return next((turn for turn in self.turns if turn.item.id == change), None)

    def documents(self) -> tuple[Invoice | CreditMemo, ...]:
        """All that is issued on the way, but for the platform's own cycles; in the order of issuing."""
        issued: list[Invoice | CreditMemo] = []
        for turn in self.turns:
            if turn.found is not None:
                issued += [*turn.found.invoices, *turn.found.credit_memos]
        return tuple(issued)

    def before(self, turn: Foreseen) -> ContractState:
        """The state when a turn comes that may be none of these."""
        place = turn.day, agenda.order(turn.item)
        later = (each for each in self.turns if (each.day, agenda.order(each.item)) >= place)
        return next((each.before for each in later), self.after)


def foresee(state: ContractState, today: dt.date, until: dt.date) -> Foresight:
    """The days from `today` to `until` on which something is due by what is known: planned changes, renewals
    at a term's end, documents that fall due by themselves. The platform bills its own cycles in between.

    Raises CannotCarryOut where documents that fall due by themselves would alter those that are issued.
    """
    turns: list[Foreseen] = []
    day: dt.date | None = today
    while day is not None and day <= until:
        renewal = agenda.auto_renewal(state, day)
        state = state if renewal is None else _planned(state, renewal)
        item = _due(state, day)
        if item is None:
            state = _told(state, day)
            day = agenda.next_day(state, day)
            continue
        taken_in = day if _is_passed_over(state, item) else taken_in_on(state, item, day, day)
        if taken_in > day:
            state = _told(_planned(state, received(item, taken_in)), day)
            continue
        turns.append(_carried_out(state, item, day))
        state = turns[-1].after
    return Foresight(tuple(turns), state)


def _due(state: ContractState, day: dt.date) -> ApprovedItem | None:
    item = agenda.due_item(state, day)
    if item is None and agenda.is_active(state):
        return falls_due(state, day, day)
    if item is None or item.change is None:
        return item
    return item.model_copy(update={"change": apart(item.change)})


def _planned(state: ContractState, item: ApprovedItem) -> ContractState:
    """With the item in place of what was planned under its id."""
    others = tuple(each for each in state.planned if each.id != item.id)
    return state.model_copy(update={"planned": (*others, item)})


def _told(state: ContractState, day: dt.date) -> ContractState:
    """Once the platform has been told ahead of what is planned."""
    told = {item.id for item in to_announce(state, day)} if agenda.is_active(state) else set()
    planned = tuple(item.model_copy(update={"announced": item.id in told}) for item in state.planned)
    return state.model_copy(update={"planned": planned})


def _is_passed_over(state: ContractState, item: ApprovedItem) -> bool:
    return agenda.is_void(state, item) or item.id in state.withdrawn


def _carried_out(state: ContractState, item: ApprovedItem, day: dt.date) -> Foreseen:
    if state.contract is None or _is_passed_over(state, item):
        return Foreseen(item, day, state, None)
    changes = (*state.changes_in_force(), *(() if item.change is None else (item.change,)))
    try:
        check(Scenario(contract=state.contract, changes=changes, as_of=day))
        found = scope(state, state.contract, item, day, agenda.until(state, item, day), day)
    except (InvalidScenario, ChangeRefused, CannotCarryOut) as refusal:
        return Foreseen(item, day, state, None, refusal)
    return Foreseen(item, day, state, found)


def _left_by(turn: Foreseen) -> ContractState:
    state, item, found = turn.before, turn.item, turn.found
    carried = CarriedChange(
        id=item.id,
        type=item.type,
        version=item.version,
        effective_date=item.effective_date,
        status="skipped" if found is None else "done",
        change=item.change if found is None else found.change,
        workflow_id=change_workflow_id(state.id, item.type, item.id),
    )
    fields: dict[str, object] = {
        "planned": tuple(each for each in state.planned if each.id != item.id),
        "carried": (*state.carried, carried),
        "owes": found is None,
    }
    after = state.model_copy(update=fields)
    return after if found is None else _issued(after, turn, found)


def _issued(state: ContractState, turn: Foreseen, found: Scope) -> ContractState:
    documents: tuple[Invoice | CreditMemo, ...] = (*found.invoices, *found.credit_memos)
    goes_on = sets_subscription(turn.item) and not found.cycle_is_today
    fields: dict[str, object] = {
        "expected": (*state.expected, *documents),
        "billed_through": found.through,
        "cycle_from": found.since if goes_on else state.cycle_from,
        "term_end": term_end(found.contract, found.changes, turn.day),
    }
    after = state.model_copy(update=fields)
    closed = closed_after(turn.before, after, turn.day)
    return after.model_copy(update={"usage_closed": closed})
