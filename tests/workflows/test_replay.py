"""Every recorded history replays with today's workflows; one that would not is caught."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from assembly.temporal import data_converter
from assembly.workers import WORKFLOWS, runner
from canonical.lifecycle import ChangeInput, ChangeResult
from workflows._change import ChangeStory
from workflows._chapter import Chapter

FOLDER = Path(__file__).parent.parent / "histories"
HISTORIES = sorted(FOLDER.glob("*.json"))


@workflow.defn(name="Activation", sandboxed=False)
class HastyActivation(Chapter):
    """What somebody might write in a hurry: the subscription before the customers."""

    @workflow.init
    def __init__(self, given: ChangeInput) -> None:
        self.story = ChangeStory(given)
        self.desk = self.story.desk

    @workflow.run
    async def run(self, given: ChangeInput) -> ChangeResult:
        return await self.tell(self.scenes)

    async def scenes(self) -> None:
        await self.story.quote()
        await self.story.customers()
        await self.story.check()


def _history(path: Path) -> WorkflowHistory:
    text = path.read_text()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def _kind(path: Path) -> str:
    first: dict[str, Any] = json.loads(path.read_text())["events"][0]
    name: str = first["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]
    return name


def _replayer(workflows: list[type]) -> Replayer:
    return Replayer(workflows=workflows, data_converter=data_converter(None), workflow_runner=runner())


def _name(each: type) -> str:
    name: str = getattr(each, "__temporal_workflow_definition").name
    return name


def _of(kind: str, workflows: Sequence[type]) -> list[type]:
    """The one workflow of that name: a replayer prepares each that it is given for its sandbox."""
    return [each for each in workflows if _name(each) == kind]


def test_there_is_a_history_of_every_workflow() -> None:
    recorded = {_kind(path) for path in HISTORIES}
    assert recorded == {_name(each) for each in WORKFLOWS}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_recorded_history_replays(path: Path) -> None:
    await _replayer(_of(_kind(path), WORKFLOWS)).replay_workflow(_history(path))


async def test_a_step_in_another_place_is_caught() -> None:
    """Else the test above could not fail."""
    path = next(path for path in HISTORIES if _kind(path) == "Activation")
    with pytest.raises(NondeterminismError):
        await _replayer([HastyActivation]).replay_workflow(_history(path))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_recorded_history_holds_no_place_of_the_machine_that_recorded_it(path: Path) -> None:
    assert re.findall(r'File \\"/[^"]*', path.read_text()) == []


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_recorded_history_holds_no_secret(path: Path) -> None:
    text = path.read_text()
    for secret in ("sk_test_", "whsec_", "BEGIN PRIVATE KEY", "t-fiona"):
        assert secret not in text
