"""The requester at the workflow itself, past the gateway's own check: refused, however the name is spelt."""

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from store.exceptions import ExceptionQueue
from store.overrides import OverrideList
from tests.world import World
from workflows._messages import OverrideDecision


async def refused_by_the_workflow(made: World, override: str, requester: str) -> None:
    """Neither approved nor rejected by who has asked for it, whatever role is claimed."""
    record = await OverrideList(made.database).get(override)
    assert record is not None
    assert record.requested_by == requester
    item = await ExceptionQueue(made.database).get(record.exception_id)
    assert item is not None
    handle = made.client.get_workflow_handle(item.workflow_id)
    for name in (requester, f" {requester.upper()}\t"):
        decision = OverrideDecision(override=override, approve=True, reason="mine", actor=name, role="admin")
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update("decide_override", decision)
        cause = refused.value.cause
        assert isinstance(cause, ApplicationError)
        assert (cause.type, cause.message.split(":")[0]) == (
            "RefusedByPolicy",
            "the approver is never the requester",
        )
