"""What a change would do to a live contract: the same rules by which it would be carried out."""

import datetime as dt
from decimal import Decimal

from canonical.change import ContractChange
from canonical.lifecycle import ApprovedItem, ContractState
from canonical.origin import Origin
from canonical.scenario import Scenario
from gateway.operations import (
    ChangePreview,
    ContractOrExceptionNotFound,
    CycleView,
    InvalidRequest,
    StateConflict,
)
from rules.ahead import received, taken_in_on, to_announce
from rules.change_plan import CannotCarryOut, scope
from rules.layout import ChangeRefused
from rules.merge import apart
from rules.subscription_order import subscription_order
from rules.validation import InvalidScenario, check
from rules.zones import day_of


def previewed(state: ContractState, change: ContractChange, now: dt.datetime) -> ChangePreview:
    """The documents that the change would bring by the later of today and its effective date.

    Tax is computed with the rates that the tax engine has quoted so far; a line that the change adds has none
    yet. Raises OperationError where the contract is not known, knows the change, or would refuse it.
    """
    contract = state.contract
    if contract is None:
        raise ContractOrExceptionNotFound(f"contract {state.id} has not been read yet")
    known = {item.id for item in state.carried} | {item.id for item in state.planned}
    if change.id in known:
        raise StateConflict(f"{state.id} knows {change.id} already")
    zone = state.policy.time_zone if state.policy else "UTC"
    today = max(day_of(now, zone), state.business_date or dt.date.min)
    day = max(today, change.effective_date)
    before = state.changes_in_force()
    item = ApprovedItem(
        id=change.id,
        type=change.type,
        version=state.version + 1,
        effective_date=change.effective_date,
        change=apart(change),
        correlation_id="preview",
    )
    try:
        check(Scenario(contract=contract, changes=(*before, change), as_of=day))
        item, day = _as_carried_out(state, item, today)
        found = scope(state, contract, item, day, day)
    except InvalidScenario as error:
        field, message = error.problems[0]
        raise InvalidRequest(message, field=field) from error
    except (ChangeRefused, CannotCarryOut) as error:
        raise InvalidRequest(str(error), field="change") from error
    taken_in = found.change.received_date if found.change is not None else None
    since = max(today, day - dt.timedelta(days=1))
    return ChangePreview(
        contract=state.id,
        change=change.id,
        type=change.type,
        effective_date=change.effective_date,
        currency=contract.currency,
        backdated=taken_in is not None and taken_in != change.received_date,
        invoices=found.invoices,
        credit_memos=found.credit_memos,
        next_cycle_before=_next_cycle(state, before, day, since),
        next_cycle_after=_next_cycle(state, found.changes, day, since if found.cycle_is_today else day),
    )


def _as_carried_out(state: ContractState, item: ApprovedItem, today: dt.date) -> tuple[ApprovedItem, dt.date]:
    """The change as it will be on the day on which it is carried out, and that day.

    What lies ahead is told to the billing platform, which bills with it; what comes after a cycle is drafted
    counts from the next day.
    """
    day = max(today, item.effective_date)
    planned = state.model_copy(update={"planned": (*state.planned, item)})
    if day > today and item.id in {told.id for told in to_announce(planned, today)}:
        return item.model_copy(update={"announced": True}), day
    taken_in = taken_in_on(state, item, day, day)
    return (received(item, taken_in) if taken_in > day else item), taken_in


def _next_cycle(
    state: ContractState, changes: tuple[ContractChange, ...], day: dt.date, since: dt.date
) -> CycleView | None:
    """The first one after `since`, by what is known on the day."""
    if state.contract is None:
        return None
    origin = Origin(tenant=state.tenant, contract=state.id, change="", step="preview", correlation_id="")
    phases = subscription_order(origin, state.contract, changes, "", day, since).phases
    if not phases:
        return None
    net = sum((line.period_amount for line in phases[0].lines), Decimal(0))
    return CycleView(date=phases[0].start, net=net)
