"""A month's revenue: posted by a run for each legal entity, which goes on without the caller."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from canonical.base import Day, Noun
from canonical.revenue import MONTH, first_day
from gateway.access import Finance, Viewer
from gateway.api.audit import record
from gateway.api.reconciliations import entities_asked
from gateway.deps import TheOperations, TheStores
from gateway.problems import Problem
from gateway.revenue_operations import RevenueRun, WaterfallPage
from rules.calendar import month_end

router = APIRouter(prefix="/revenue", tags=["revenue"])

PathPeriod = Annotated[str, Path(pattern=MONTH)]
QueryMonth = Annotated[str, Query(pattern=MONTH, description='A month, such as "2026-01".')]
PathEntity = Annotated[str, Path(min_length=1, max_length=64)]


_MOST_MONTHS = 120


class RevenueRequest(Noun):
    """`entity` null: every legal entity that has a contract. `as_of` null: the entity's today."""

    period: str = Field(pattern=MONTH)
    entity: str | None = Field(default=None, min_length=1, max_length=64)
    as_of: Day | None = None


def ended_month(request: RevenueRequest) -> None:
    """Raises Problem for a month that has not ended."""
    last = _last_day(request.period)
    tomorrow = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)  # somewhere it is that already
    if last > (request.as_of or tomorrow):
        message = f"{request.period} has not ended on {request.as_of or 'any calendar'}"
        raise Problem(400, "invalid", message, field="period")


@router.post("/runs", status_code=202)
async def start_runs(
    request: RevenueRequest, actor: Finance, stores: TheStores, operations: TheOperations
) -> list[RevenueRun]:
    """Starts a run for each entity, or joins the one under way."""
    ended_month(request)
    entities = await entities_asked(stores, request.entity)
    runs = []
    for entity in entities:
        runs.append(await operations.start_revenue(entity, request.period, request.as_of, actor))
        details = {"period": request.period}
        await record(stores, actor, "revenue.run", "legal_entity", entity, details=details)
    return runs


@router.get("/runs/{entity}/{period}")
async def show_run(
    entity: PathEntity, period: PathPeriod, actor: Viewer, operations: TheOperations
) -> RevenueRun:
    """How the newest run over the month stands: counts, sums, and who waits for a decision."""
    return await operations.revenue_run(entity, period)


@router.get("/waterfall")
async def show_waterfall(
    actor: Viewer,
    stores: TheStores,
    operations: TheOperations,
    first: QueryMonth,
    last: QueryMonth,
    entity: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> WaterfallPage:
    """Billed, earned, deferred, unbilled and remaining by contract line and month, some contracts at a
    time."""
    start, end = _last_day(first).replace(day=1), _last_day(last)
    if not 0 <= (end.year - start.year) * 12 + end.month - start.month < _MOST_MONTHS:
        message = f"must be {first} or one of the {_MOST_MONTHS} months from it"
        raise Problem(400, "invalid", message, field="last")
    page = await stores.contracts.ids(entity, after, limit)
    found = await operations.waterfalls(page, start, end)
    return WaterfallPage(
        rows=tuple(row for rows in found if rows is not None for row in rows),
        left_out=tuple(id for id, rows in zip(page, found, strict=True) if rows is None),
        next=page[-1] if len(page) == limit else None,
    )


def _last_day(period: str) -> dt.date:
    try:
        return month_end(first_day(period))
    except ValueError:
        message = f"{period} is not a month of the calendar"
        raise Problem(400, "invalid", message, field="period") from None
