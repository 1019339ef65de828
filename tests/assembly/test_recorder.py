"""What is written around every activity: the objects that it made, and no others."""

import dataclasses
import datetime as dt
from typing import Any, cast

import pytest
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from assembly.recorder import Recorder
from canonical.base import Noun
from canonical.origin import NOT_NEEDED, Origin, Reference
from ports.records import LineageEntry, PublishedEvent, Records


class Asked(Noun):
    origin: Origin


class Kept:
    def __init__(self) -> None:
        self.entries: list[LineageEntry] = []
        self.statuses: list[tuple[str, str]] = []

    async def record_status(
        self, contract: str, status: str, version: int, at: dt.datetime, account: str | None = None
    ) -> None:
        self.statuses.append((contract, status))

    async def record_lineage(
        self, entries: tuple[LineageEntry, ...], events: tuple[PublishedEvent, ...] = ()
    ) -> None:
        assert not events, "no step that counts"
        self.entries += entries


class Answering(ActivityInboundInterceptor):
    """Carries out nothing and answers the reference."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        return self._reference


@pytest.mark.parametrize(("status", "entries"), [("active", 1), (NOT_NEEDED, 0)])
async def test_only_objects_that_there_are_have_a_lineage(status: str, entries: int) -> None:
    origin = Origin(tenant="t", contract="C-1", change="C-1", step="subscription", correlation_id="evt-1")
    made = Reference(platform="stripe", kind="subscription", id="sub_1", business_key="C-1", status=status)
    kept = Kept()
    recording = Recorder(cast(Records, kept), None).intercept_activity(Answering(made))
    given = ExecuteActivityInput(fn=lambda: None, args=[Asked(origin=origin)], executor=None, headers={})
    assert await ActivityEnvironment().run(recording.execute_activity, given) == made
    assert len(kept.entries) == entries


@pytest.mark.parametrize(
    ("workflow", "kind", "activity", "statuses"),
    [
        ("contract/C/1/amendment/CH-1", "Amendment", "1", [("C/1", "changing")]),
        ("contract/C-2/cancellation/C-1/M", "Merged", "1", [("C-2", "changing")]),
        ("contract/C-1/amendment/CH-1", "Amendment", "2", []),
        ("contract/C-1/activation/C-1", "Activation", "1", []),
        ("contract/C/contract/1", "Contract", "1", []),
        ("invoice/stripe/in_1", "Invoice", "1", []),
    ],
)
async def test_first_call_of_a_change_lists_its_contract_as_changing(
    workflow: str, kind: str, activity: str, statuses: list[tuple[str, str]]
) -> None:
    absent = Reference(platform="stripe", kind="subscription", id="s", business_key="C-1", status=NOT_NEEDED)
    kept, environment = Kept(), ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, workflow_id=workflow, workflow_type=kind, activity_id=activity
    )
    recording = Recorder(cast(Records, kept), None).intercept_activity(Answering(absent))
    given = ExecuteActivityInput(fn=lambda: None, args=[], executor=None, headers={})
    await environment.run(recording.execute_activity, given)
    assert kept.statuses == statuses
