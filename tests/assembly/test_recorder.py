"""What is written around every activity: the objects that it made, and no others."""

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
