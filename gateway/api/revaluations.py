"""Receivables in other currencies, revalued at a month's end by a run for each legal entity."""

from fastapi import APIRouter

from gateway.access import Finance, Viewer
from gateway.api.audit import record
from gateway.api.reconciliations import entities_asked
from gateway.api.revenue import PathEntity, PathPeriod, RevenueRequest, ended_month
from gateway.deps import TheOperations, TheStores
from gateway.revaluation_operations import RevaluationRun

router = APIRouter(prefix="/revaluations", tags=["revaluations"])


@router.post("/runs", status_code=202)
async def start_runs(
    request: RevenueRequest, actor: Finance, stores: TheStores, operations: TheOperations
) -> list[RevaluationRun]:
    """Starts a run for each entity, or joins the one under way."""
    ended_month(request)
    entities = await entities_asked(stores, request.entity)
    runs = []
    for entity in entities:
        runs.append(await operations.start_revaluation(entity, request.period, request.as_of, actor))
        details = {"period": request.period}
        await record(stores, actor, "revaluation.run", "legal_entity", entity, details=details)
    return runs


@router.get("/runs/{entity}/{period}")
async def show_run(
    entity: PathEntity, period: PathPeriod, actor: Viewer, operations: TheOperations
) -> RevaluationRun:
    """How the newest run over the month stands: what is open by currency, at which rate, what was posted."""
    return await operations.revaluation_run(entity, period)
