"""How a contract's state shows: its status in one word, its changes in order."""

import datetime as dt

from canonical.ids import change_workflow_id
from canonical.lifecycle import ChangeView, ContractState, ContractStatus
from rules import agenda


def status_of(state: ContractState, *, running: str | None, blocked: bool, today: dt.date) -> ContractStatus:
    """`running` is the workflow id of the change being carried out; `blocked`: a person is asked."""
    if blocked:
        return "blocked"
    if running is not None:
        return "changing" if agenda.is_active(state) else "activating"
    if agenda.is_over(state):
        return "cancelled"
    if agenda.is_active(state):
        return "expired" if agenda.is_expired(state, today) else "active"
    if any(item.type == "activation" and item.status == "compensated" for item in state.carried):
        return "compensated"
    return "pending" if state.contract is None else "activating"


def changes_of(state: ContractState, running: str | None) -> tuple[ChangeView, ...]:
    """Those carried out, as they were; then those planned, in the order in which they will be."""
    carried = [
        ChangeView(
            id=item.id,
            type=item.type,
            status=item.status,
            effective_date=item.effective_date,
            version=item.version,
            workflow_id=item.workflow_id,
            run_id=item.run_id,
        )
        for item in state.carried
    ]
    planned = [
        ChangeView(
            id=item.id,
            type=item.type,
            status="running" if change_workflow_id(state.id, item.type, item.id) == running else "planned",
            effective_date=item.effective_date,
            version=item.version,
            workflow_id=change_workflow_id(state.id, item.type, item.id),
            run_id=None,
        )
        for item in sorted(state.planned, key=agenda.order)
    ]
    return (*carried, *planned)
