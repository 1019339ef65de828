"""Billable actions, counted from histories (Temporal Cloud's definition of an action).

| event | actions |
|---|---|
| workflow started (by a client, a parent, or continued as new) | 1 |
| child workflow initiated | 1 more, so that a child costs 2 |
| activity scheduled (its retries are not in the history and are not counted) | 1 |
| local activities of one workflow task, together | 1 |
| other markers (versions, side effects) | 1 each |
| timer started | 1 |
| signal received, or sent to another workflow | 1; none for the one by which the workflow was started |
| update accepted | 1 |
| search attributes upserted, memo changed | 1 |

This is what the server's own metric `action` counts (`tests/workflows/test_actions.py` compares them).
Queries cost one each and leave no event, so they are not in here.
"""

from collections import Counter
from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory

_COSTS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: "child",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activity",
    EventType.EVENT_TYPE_TIMER_STARTED: "timer",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signal",
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: "signal sent",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "update",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "upsert",
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: "upsert",
}
_WITH_THE_START = 2
"""The event right after the start: a signal there is the one of signal-with-start."""
_LOCAL_ACTIVITY = "core_local_activity"


def actions(events: Iterable[HistoryEvent]) -> Counter[str]:
    """The actions of one run by kind; their sum is `.total()`."""
    found: Counter[str] = Counter()
    local_tasks: set[int] = set()
    for event in events:
        kind = _COSTS.get(event.event_type)
        if kind is not None:
            found[kind] += not (kind == "signal" and event.event_id == _WITH_THE_START)
        elif event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == _LOCAL_ACTIVITY:
                local_tasks.add(marker.workflow_task_completed_event_id)
            else:
                found["marker"] += 1
    if local_tasks:
        found["local activities"] = len(local_tasks)
    return found


async def histories(client: Client, query: str = "") -> list[tuple[str, WorkflowHistory]]:
    """(workflow id, history) of each run that the query finds, oldest first."""
    runs = [run async for run in client.list_workflows(query)]
    runs.sort(key=lambda run: run.start_time)
    return [
        (run.id, await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()) for run in runs
    ]


async def actions_of(client: Client, query: str = "") -> dict[str, Counter[str]]:
    """The actions of each workflow that the query finds, over all its runs."""
    found: dict[str, Counter[str]] = {}
    for workflow_id, history in await histories(client, query):
        found.setdefault(workflow_id, Counter()).update(actions(history.events))
    return found
