"""How a contract's state shows: its status in one word, its changes in order."""

import datetime as dt
from collections.abc import Sequence

from canonical.change import Cancellation, ContractChange
from canonical.contract import Contract
from canonical.document import CreditMemo, Invoice
from canonical.ids import change_workflow_id
from canonical.lifecycle import (
    ApprovedItem,
    ChangeView,
    ContractAnswer,
    ContractState,
    ContractStatus,
    DocumentQuestion,
    PlatformIds,
)
from rules import agenda, metering
from rules.accepted import with_accepted
from rules.subscription_stays import customer_of, for_customer, is_superseded


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
    if agenda.is_undone(state):
        return "compensated"
    return "pending" if state.contract is None else "activating"


def waits_for(state: ContractState, today: dt.date) -> str:
    """What an idle contract waits for, in words; of a change that is put off to the next day, why."""
    day = agenda.next_day(state, today)
    if day is None:
        return "waits for the next change"
    planned = [item for item in state.planned if agenda.due_on(item) == day]
    put_off = [item.id for item in sorted(planned, key=agenda.order) if item.effective_date < day]
    why = (
        f": {', '.join(put_off)} would alter documents issued before, and counts from then" if put_off else ""
    )
    return f"waits for the next change or {day.isoformat()}{why}"


def chapter_of(item: ApprovedItem) -> str:
    """Which story tells the change, by its name in Temporal."""
    if isinstance(item.change, Cancellation) and item.change.merged_into is not None:
        return "Merged"
    return item.type.capitalize()


def party(
    contract: Contract,
    changes: Sequence[ContractChange],
    ids: PlatformIds,
    document: Invoice | CreditMemo | None,
) -> tuple[Contract, PlatformIds]:
    """The contract with the customer whom the document is for, and that customer's ids; with the customer of
    now where there is none.
    """
    current = customer_of(contract, changes)
    account = current.id if document is None else document.account
    return for_customer(contract, changes, account), ids.of(account, current.id)


def answer_to(
    question: DocumentQuestion, state: ContractState, items: dict[str, str], running: str | None
) -> ContractAnswer:
    """The document that the rules expect, and what posting it needs. Not ready while a change is due;
    `running` is the workflow id of the change being carried out.
    """
    if running is not None or state.queue or state.submissions:
        return ContractAnswer(ready=False, reason="a change is under way", running=running)
    if (lacking := metering.lacking(state, question)) is not None:
        return ContractAnswer(ready=False, reason="usage", usage=lacking)
    if agenda.unfinished_before(state, question.date):
        return ContractAnswer(ready=False, reason="business date")
    expected, changes = agenda.expected_document(state, question), state.changes_in_force()
    contract, ids, key = state.contract, state.ids, question.subscription_key
    superseded = False
    if contract is not None:
        superseded = key is not None and is_superseded(contract, changes, key, question.date)
        contract, ids = party(contract, changes, ids, expected)
    return ContractAnswer(
        ready=True,
        contract=contract,
        expected=expected,
        superseded=superseded,
        ids=ids,
        policy=state.policy and state.policy.model_copy(update={"items": items}),
        change=agenda.change_behind(state, question),
        correlation_id=f"contract/{state.id}",
        credits=() if superseded else agenda.usage_credits(state, question),
        accepted=expected and with_accepted(expected, state.accepted),
    )


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
