"""What the operations API asks of the workflows that look for lost events."""

import datetime as dt
from typing import TYPE_CHECKING, Protocol

from canonical.base import Noun
from canonical.sweep import Swept
from gateway.period_operations import RunStatus

if TYPE_CHECKING:
    from gateway.operations import Actor


class SweepRun(Noun):
    """A sweep of one platform: under way, or over with its `result`. `run_id` names it in Temporal."""

    platform: str
    workflow_id: str
    run_id: str
    run_url: str | None = None
    status: RunStatus = "running"
    result: Swept | None = None


class SweepOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_sweeps(
        self, platform: str | None, since: dt.datetime | None, actor: "Actor"
    ) -> tuple[SweepRun, ...]:
        """Starts a sweep of each platform that lists its events, or joins the one that is under way.

        `since` counts for those that are started. InvalidRequest: the platform lists none.
        """
        ...

    async def sweep_run(self, platform: str, run_id: str) -> SweepRun: ...
