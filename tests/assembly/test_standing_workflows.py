"""Of few workflows each is asked whether it runs; of many, those that no list shows as running."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from assembly.standing_workflows import FEW, not_running


class Temporal:
    """Knows some workflows; `listed` are those that its list shows as running, which may lag behind."""

    def __init__(self, known: dict[str, WorkflowExecutionStatus], listed: set[str]) -> None:
        self.known, self.listed = known, listed
        self.queries: list[str] = []
        self.asked: list[str] = []

    async def list_workflows(self, query: str) -> AsyncIterator[SimpleNamespace]:
        self.queries.append(query)
        for name in sorted(self.listed):
            if f"'{name}'" in query:
                yield SimpleNamespace(id=name)

    def get_workflow_handle(self, name: str) -> SimpleNamespace:
        async def describe() -> SimpleNamespace:
            self.asked.append(name)
            if name not in self.known:
                raise RPCError("not there", RPCStatusCode.NOT_FOUND, b"")
            return SimpleNamespace(status=self.known[name])

        return SimpleNamespace(describe=describe)


RUNNING, TERMINATED = WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.TERMINATED


async def test_of_few_each_is_asked() -> None:
    temporal = Temporal({"a": RUNNING, "b": TERMINATED}, {"a", "b"})
    assert await not_running(cast(Client, temporal), ["a", "b", "c"]) == ("b", "c")
    assert temporal.queries == []


async def test_of_many_only_those_that_are_not_listed_are_asked() -> None:
    names = [f"n{number}" for number in range(3 * FEW)]
    known = dict.fromkeys(names, RUNNING) | {"n7": TERMINATED, "o'x": RUNNING}
    temporal = Temporal(known, {*names} - {"n7", "n9"})
    assert await not_running(cast(Client, temporal), [*names, "gone", "o'x"]) == ("n7", "gone")
    assert sorted(temporal.asked) == ["gone", "n7", "n9", "o'x"]
    assert len(temporal.queries) == 2
    assert "o'x" not in "".join(temporal.queries)


async def test_a_server_that_does_not_answer_is_no_workflow_that_has_ended() -> None:
    class Away(Temporal):
        def get_workflow_handle(self, name: str) -> SimpleNamespace:
            async def describe() -> SimpleNamespace:
                raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

            return SimpleNamespace(describe=describe)

    with pytest.raises(RPCError):
        await not_running(cast(Client, Away({}, set())), ["a"])
