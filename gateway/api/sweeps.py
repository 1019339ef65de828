"""Looking for lost events at once; by itself it is done on a schedule."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field

from canonical.base import Noun
from gateway.access import OperatorRole, Viewer
from gateway.api.audit import record
from gateway.deps import TheOperations, TheStores
from gateway.sweep_operations import SweepRun

router = APIRouter(tags=["events"])


_FIRST, _LAST = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2000, 2200))
"""Between them all events are that a platform can list; days beyond them, no calendar can reckon with."""


class SweepWish(Noun):
    """`platform` null: all that list their events. `since` null: from where the last sweep has come to."""

    platform: str | None = Field(default=None, min_length=1, max_length=64)
    since: Annotated[AwareDatetime, Field(ge=_FIRST, lt=_LAST)] | None = None


@router.post("/events/sweeps", status_code=202)
async def sweep_events(
    wish: SweepWish, actor: OperatorRole, stores: TheStores, operations: TheOperations
) -> tuple[SweepRun, ...]:
    """Starts a sweep of each platform, or joins the one under way; it goes on without the caller."""
    since = wish.since.astimezone(dt.UTC) if wish.since is not None else None
    runs = await operations.start_sweeps(wish.platform, since, actor)
    for run in runs:
        await record(stores, actor, "event.sweep", "platform", run.platform)
    return runs


@router.get("/events/sweeps/{platform}/runs/{run}")
async def show_sweep(
    platform: Annotated[str, Path(min_length=1, max_length=64)],
    run: Annotated[str, Path(min_length=1, max_length=100)],
    actor: Viewer,
    operations: TheOperations,
) -> SweepRun:
    """How a sweep stands, and what it has found."""
    return await operations.sweep_run(platform, run)
