"""An entity's balances at a month's end in its group's currency."""

from fastapi import APIRouter
from pydantic import Field

from canonical.base import Noun
from canonical.revenue import MONTH
from gateway.access import Finance, Viewer
from gateway.api.reconciliations import entities_asked
from gateway.api.revenue import PathEntity, PathPeriod
from gateway.deps import TheOperations, TheStores
from gateway.translation_operations import TranslationRun

router = APIRouter(prefix="/translations", tags=["translations"])


class TranslationRequest(Noun):
    """`entity` null: every legal entity that has a contract."""

    period: str = Field(pattern=MONTH)
    entity: str | None = Field(default=None, min_length=1, max_length=64)


@router.post("/runs", status_code=202)
async def start_runs(
    request: TranslationRequest, actor: Finance, stores: TheStores, operations: TheOperations
) -> list[TranslationRun]:
    """Starts a report for each entity, or joins the one under way. Nothing is posted."""
    entities = await entities_asked(stores, request.entity)
    return [await operations.start_translation(entity, request.period, actor) for entity in entities]


@router.get("/runs/{entity}/{period}")
async def show_run(
    entity: PathEntity, period: PathPeriod, actor: Viewer, operations: TheOperations
) -> TranslationRun:
    """The newest report: balances by role in both currencies, rates, and the translation difference."""
    return await operations.translation_run(entity, period)
