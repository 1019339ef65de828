"""The sweeps' part of the operations, answered as told."""

import datetime as dt

from canonical.sweep import Swept
from gateway.operations import Actor, InvalidRequest
from gateway.sweep_operations import SweepRun
from tests.gateway.asked import Asked

SINCE = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


class FakeSweeps(Asked):
    async def start_sweeps(
        self, platform: str | None, since: dt.datetime | None, actor: Actor
    ) -> tuple[SweepRun, ...]:
        self._asked("sweep", (platform, since, actor.name))
        if platform == "netsuite":
            raise InvalidRequest("netsuite lists no events; these do: stripe", field="platform")
        return (SweepRun(platform="stripe", workflow_id="event-sweep/stripe", run_id="r1"),)

    async def sweep_run(self, platform: str, run_id: str) -> SweepRun:
        self._asked("sweep run", (platform, run_id))
        swept = Swept(
            platform=platform,
            since=SINCE,
            listed=9,
            known=7,
            handed_on=2,
            reached=SINCE,
            unlisted_before=SINCE,
        )
        workflow_id = f"event-sweep/{platform}"
        return SweepRun(
            platform=platform, workflow_id=workflow_id, run_id=run_id, status="done", result=swept
        )
