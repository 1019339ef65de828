"""What a change would do to a live contract: the same rules by which it would be carried out."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from canonical.change import ContractChange
from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import ApprovedItem, ContractState
from canonical.origin import Origin
from gateway.operations import (
    ApprovedView,
    ChangePreview,
    ContractOrExceptionNotFound,
    CycleView,
    InvalidRequest,
    StateConflict,
)
from rules.agenda import due_on, is_undone, order
from rules.ahead import to_announce
from rules.change_plan import CannotCarryOut, Scope
from rules.foresight import Foreseen, Foresight, foresee
from rules.pieces import beyond
from rules.subscription_order import subscription_order
from rules.subscription_stays import as_told
from rules.validation import InvalidScenario
from rules.zones import day_of

_Document = TypeVar("_Document", Invoice, CreditMemo)
_A_DAY = dt.timedelta(days=1)


def previewed(state: ContractState, change: ContractChange, now: dt.datetime) -> ChangePreview:
    """What the change would bring: its documents, and by what those of the changes approved already differ.

    Each is carried out in its turn, by effective date and then by version. Tax is computed with the rates
    that the tax engine has quoted so far; a line that the change adds has none yet. Raises OperationError
    where the contract is not known, knows the change, or would refuse it.
    """
    contract = state.contract
    if contract is None:
        raise ContractOrExceptionNotFound(f"contract {state.id} has not been read yet")
    known = {item.id for item in state.carried} | {item.id for item in state.planned}
    known |= {each.change.id for each in state.submissions if each.change is not None}
    if change.id in known:
        raise StateConflict(f"{state.id} knows {change.id} already")
    if is_undone(state):
        raise StateConflict(f"{state.id} is not in force: it was undone, and nothing of it is carried out")
    zone = state.policy.time_zone if state.policy else "UTC"
    today = max(day_of(now, zone), state.business_date or dt.date.min)
    without, foreseen = _foreseen(state, change, today)
    turn, found = _turn(foreseen, state.id, change)
    day, taken_in = turn.day, found.change.received_date if found.change is not None else None
    since = max(today, day - _A_DAY)
    return ChangePreview(
        contract=state.id,
        change=change.id,
        type=change.type,
        effective_date=change.effective_date,
        currency=contract.currency,
        backdated=taken_in is not None and taken_in != change.received_date,
        invoices=_beyond(foreseen, without, Invoice),
        credit_memos=_beyond(foreseen, without, CreditMemo),
        next_cycle_before=_next_cycle(without.before(turn), day, since),
        next_cycle_after=_next_cycle(turn.after, day, since if found.cycle_is_today else day),
        approved=tuple(_approved(item, foreseen) for item in sorted(state.planned, key=order)),
        dropped_invoices=_beyond(without, foreseen, Invoice),
        dropped_credit_memos=_beyond(without, foreseen, CreditMemo),
        unassigned=found.unassigned,
    )


def _foreseen(state: ContractState, change: ContractChange, today: dt.date) -> tuple[Foresight, Foresight]:
    """The contract's days without and with the change, until all that is approved is carried out."""
    item = ApprovedItem(
        id=change.id,
        type=change.type,
        version=state.version + 1,
        effective_date=change.effective_date,
        change=change,
        correlation_id="preview",
    )
    planned = state.model_copy(update={"planned": (*state.planned, item)})
    until = max([today, *(due_on(each) for each in planned.planned)])
    until += _A_DAY  # what comes too late for its day is taken in on the next
    try:
        return foresee(state, today, until), foresee(planned, today, until)
    except CannotCarryOut as error:
        raise InvalidRequest(str(error), field="change") from error


def _turn(foreseen: Foresight, contract: str, change: ContractChange) -> tuple[Foreseen, Scope]:
    """The change as it is carried out. Raises InvalidRequest where it is refused or void, StateConflict where
    its turn does not come.
    """
    turn = foreseen.turn_of(change.id)
    if turn is None:
        raise StateConflict(f"{contract} is not in force: nothing is carried out before its activation")
    if turn.found is not None:
        return turn, turn.found
    if isinstance(turn.refusal, InvalidScenario):
        field, message = turn.refusal.problems[0]
        raise InvalidRequest(message, field=field)
    raise InvalidRequest(_why_not(turn), field="change")


def _why_not(turn: Foreseen) -> str:
    if turn.item.id in turn.before.withdrawn:
        return "the merge that it is of was undone"
    if turn.refusal is None:
        return f"a cancellation takes effect on {turn.item.effective_date}, which makes {turn.item.id} void"
    if isinstance(turn.refusal, InvalidScenario):
        return turn.refusal.problems[0][1]
    return str(turn.refusal)


def _approved(item: ApprovedItem, foreseen: Foresight) -> ApprovedView:
    turn = foreseen.turn_of(item.id)
    problem = None if turn is None or turn.found is not None else _why_not(turn)
    return ApprovedView(id=item.id, type=item.type, effective_date=item.effective_date, problem=problem)


def _beyond(one: Foresight, other: Foresight, kind: type[_Document]) -> tuple[_Document, ...]:
    """The documents of a kind that are issued in one of the two alone."""
    of_kind = [each for each in one.documents() if isinstance(each, kind)]
    others: Sequence[_Document] = [each for each in other.documents() if isinstance(each, kind)]
    return beyond(of_kind, others)


def _next_cycle(state: ContractState, day: dt.date, since: dt.date) -> CycleView | None:
    """The first one after `since`, by what is known on the day."""
    if state.contract is None:
        return None
    planned = tuple(as_told(item.change) for item in to_announce(state, day) if item.change is not None)
    changes = (*state.changes_in_force(), *planned)
    origin = Origin(tenant=state.tenant, contract=state.id, change="", step="preview", correlation_id="")
    phases = subscription_order(origin, state.contract, changes, "", day, since).phases
    if not phases:
        return None
    net = sum((line.period_amount for line in phases[0].lines), Decimal(0))
    return CycleView(date=phases[0].start, net=net)
