"""Alive, ready, and counted: what load balancers and Prometheus ask."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from gateway.deps import TheDeps, TheStores
from gateway.metrics import CONTENT_TYPE, GatewayMetrics
from gateway.operations import TemporalUnreachable
from store.database import StoreUnavailable
from store.migrations import current_revision, newest_revision

router = APIRouter(tags=["health"])
_CHECK_SECONDS = 2.0


class Health(BaseModel):
    status: str


class Check(BaseModel):
    ok: bool
    problem: str | None = None


class Readiness(BaseModel):
    """`status` is "ready" or "not ready"; `checks` say which is not."""

    status: str
    checks: dict[str, Check]


@router.get("/healthz")
async def healthz() -> Health:
    """The process lives; says nothing of what it needs."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"description": "Not ready", "model": Readiness}})
async def readyz(request: Request, deps: TheDeps, stores: TheStores) -> Response:
    """Store and Temporal reachable, migrations current, the relay (where this process has one) at work."""

    async def migrations() -> None:
        found = await current_revision(stores.database)
        if found != newest_revision():
            raise StoreUnavailable(f"at revision {found or 'none'}, {newest_revision()} is needed")

    names = ("store", "migrations", "temporal")
    results = await asyncio.gather(
        _check(stores.database.check), _check(migrations), _check(deps.operations.check)
    )
    checks = dict(zip(names, results, strict=True))
    relaying: asyncio.Task[None] | None = request.app.state.relaying
    if relaying is not None:
        checks["relay"] = Check(ok=not relaying.done(), problem="ended" if relaying.done() else None)
    ready = all(check.ok for check in checks.values())
    body = Readiness(status="ready" if ready else "not ready", checks=checks)
    return JSONResponse(body.model_dump(), status_code=200 if ready else 503)


async def _check(ask: Callable[[], Awaitable[None]]) -> Check:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await ask()
    except TimeoutError:
        return Check(ok=False, problem="no answer in time")
    except (StoreUnavailable, TemporalUnreachable) as error:
        return Check(ok=False, problem=str(error))
    return Check(ok=True)


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, stores: TheStores) -> Response:
    """Prometheus; figures of the store are left as they were where it does not answer."""
    figures: GatewayMetrics = request.app.state.metrics
    try:
        for state, count in (await stores.events.counts()).items():
            figures.events.labels(state).set(count)
        figures.open_exceptions.set(await stores.exceptions.count_open())
    except StoreUnavailable:
        figures.refused.labels("store_unavailable").inc()
    return Response(figures.page(), media_type=CONTENT_TYPE)
