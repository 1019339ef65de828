"""The close of a period: what holds it up, and the close itself, which reconciles anew first."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from gateway.access import Finance, Viewer
from gateway.api.exceptions import Reason
from gateway.api.reconciliations import MONTH, Entity, PathEntity, PathPeriod, entities_asked
from gateway.deps import TheOperations, TheStores
from gateway.period_operations import CloseCheck, CloseRun

router = APIRouter(prefix="/closes", tags=["close"])


class CloseRequest(Reason):
    """`entity` null: every legal entity that has a contract."""

    period: str = Field(pattern=MONTH)
    entity: str | None = Field(default=None, min_length=1, max_length=64)


@router.get("")
async def check_closes(
    actor: Viewer,
    stores: TheStores,
    operations: TheOperations,
    period: Annotated[str, Query(pattern=MONTH)],
    entity: Entity | None = None,
) -> list[CloseCheck]:
    """Whether the period may be closed as the newest reconciliation has seen it, and what holds it up."""
    entities = await entities_asked(stores, entity)
    return [await operations.check_close(each, period) for each in entities]


@router.post("", status_code=202)
async def close_period(
    request: CloseRequest, actor: Finance, stores: TheStores, operations: TheOperations
) -> list[CloseRun]:
    """Starts the close of each entity, or joins the one under way."""
    entities = await entities_asked(stores, request.entity)
    return [await operations.start_close(each, request.period, request.reason, actor) for each in entities]


@router.get("/{entity}/{period}/runs/{run}")
async def show_close(
    entity: PathEntity,
    period: PathPeriod,
    run: Annotated[str, Path(min_length=1, max_length=100)],
    actor: Viewer,
    operations: TheOperations,
) -> CloseRun:
    """How a close stands, and its result once it is over."""
    return await operations.close_run(entity, period, run)
