"""The operations API under `/api/v1`: what the command line uses. Every route declares its role."""

from fastapi import APIRouter

from gateway.api import (
    audit,
    cash,
    closes,
    contracts,
    events,
    exceptions,
    overrides,
    platforms,
    rates,
    reconciliations,
    revaluations,
    revenue,
    sweeps,
    translations,
    usage,
)
from gateway.problems import ErrorBody

PREFIX = "/api/v1"
STATUSES = (400, 401, 403, 404, 409, 413, 429, 503)

router = APIRouter(prefix=PREFIX, responses={status: {"model": ErrorBody} for status in STATUSES})
for part in (
    usage,  # before contracts, whose last path takes in what goes on after an id
    contracts,
    exceptions,
    overrides,
    sweeps,
    events,
    platforms,
    reconciliations,
    revenue,
    revaluations,
    translations,
    closes,
    rates,
    cash,
    audit,
):
    router.include_router(part.router)
router.include_router(usage.batches)
