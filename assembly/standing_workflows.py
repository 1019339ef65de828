"""Which of many workflows run no more: few are asked one by one, of many only those that no list shows."""

import asyncio
from collections.abc import Iterator, Sequence

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

FEW = 50
"""So many are asked one by one: exact, and one request each."""
_IN_ONE_QUERY = 100
_AT_ONCE = 16
_SPECIAL = frozenset("'\"\\`")


async def not_running(client: Client, workflow_ids: Sequence[str]) -> tuple[str, ...]:
    """Those that have ended, or that Temporal does not know. Raises RPCError.

    Of more than `FEW`, one that has ended a moment ago may still be listed as running, and is then left out.
    """
    listed: set[str] = set()
    if len(workflow_ids) > FEW:
        plain = [each for each in workflow_ids if not _SPECIAL & set(each)]
        for query in _queries(plain):
            listed |= {run.id async for run in client.list_workflows(query)}
    places = asyncio.Semaphore(_AT_ONCE)

    async def has_ended(workflow_id: str) -> bool:
        async with places:
            return not await _is_running(client, workflow_id)

    asked = [each for each in workflow_ids if each not in listed]
    ended = await asyncio.gather(*(has_ended(each) for each in asked))
    return tuple(each for each, is_over in zip(asked, ended, strict=True) if is_over)


def _queries(workflow_ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(workflow_ids), _IN_ONE_QUERY):
        names = ", ".join(f"'{each}'" for each in workflow_ids[start : start + _IN_ONE_QUERY])
        yield f"ExecutionStatus = 'Running' AND WorkflowId IN ({names})"


async def _is_running(client: Client, workflow_id: str) -> bool:
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status == WorkflowExecutionStatus.RUNNING
