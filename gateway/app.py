"""The gateway's application: routes, guards, and the relay beside them."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from gateway import api, codec, console, health, problems, webhooks
from gateway.access import Access, Sessions, routes_under, undeclared
from gateway.codec import CodecCors
from gateway.deps import GatewayDeps, Stores
from gateway.headers import SecurityHeaders
from gateway.intake import EventIntake
from gateway.limits import BodyGuard, SourceLimit
from gateway.logs import RequestLog
from gateway.metrics import GatewayMetrics
from gateway.relay import Relay
from gateway.webhooks import WebhookDesk


def create_app(deps: GatewayDeps) -> FastAPI:
    """The application; its lifespan opens the store and runs the relay (if `deps.handoff` is given).

    Raises RuntimeError where an API route declares no role.
    """
    stores = Stores(deps.database, deps.clock)
    metrics = GatewayMetrics()
    relay = Relay(stores.events, deps.handoff, metrics, clock=deps.clock) if deps.handoff else None
    intake = _intake(deps, stores, metrics, relay)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = app.state.relaying = asyncio.create_task(relay.run()) if relay else None
        try:
            yield
        finally:
            await intake.drain()
            if relay and task:
                relay.stop()
                await task
            await deps.database.close()

    app = FastAPI(
        title="q2c gateway",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.deps, app.state.stores, app.state.metrics, app.state.relay = deps, stores, metrics, relay
    app.state.relaying = None
    app.state.access = Access(stores.operators, _sessions(deps))
    app.state.webhooks = WebhookDesk(deps, intake, metrics)
    _add_routes(app)
    _add_guards(app, deps, metrics)
    return app


def _intake(deps: GatewayDeps, stores: Stores, metrics: GatewayMetrics, relay: Relay | None) -> EventIntake:
    return EventIntake(
        stores.events,
        metrics,
        wake=relay.wake if relay else lambda: None,
        max_batch=deps.settings.max_batch,
        max_waiting=deps.settings.max_waiting,
        timeout_seconds=deps.settings.store_timeout_seconds,
    )


def _sessions(deps: GatewayDeps) -> Sessions:
    key = deps.settings.session_key
    return Sessions(key.get_secret_value().encode() if key else None, hours=deps.settings.session_hours)


def _add_routes(app: FastAPI) -> None:
    included, app.state.paths = _routes()
    app.router.routes.extend(included)
    problems.install(app)
    _describe(app)


@functools.cache
def _routes() -> tuple[Sequence[BaseRoute], Mapping[Any, str | None]]:
    """All routes, and the path of each by its endpoint; made once in a process, since FastAPI reads every
    signature for them. They hold nothing of one application: what differs is in its `state`.
    """
    first = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for router in (webhooks.router, health.router, api.router, codec.router, console.router):
        first.include_router(router)
    routes = routes_under(first, "/")
    ours = [route for route in routes if (route.path or "").startswith(api.PREFIX)]
    if not ours:
        raise RuntimeError("the API has no routes: the check of their roles would say nothing")
    if missing := undeclared(ours):
        raise RuntimeError(f"routes without a role: {', '.join(missing)}")
    return tuple(first.routes), {route.endpoint: route.path for route in routes}


def _describe(app: FastAPI) -> None:
    """The OpenAPI document says what is answered: invalid input is 400 here, not FastAPI's 422."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        document = describe()
        for path, operations in document["paths"].items():
            if not path.startswith("/webhooks/"):
                for operation in operations.values():
                    operation["responses"].pop("422", None)
        return document

    app.openapi = described  # type: ignore[method-assign]


def _add_guards(app: FastAPI, deps: GatewayDeps, metrics: GatewayMetrics) -> None:
    """The last added is the first asked."""
    app.add_middleware(BodyGuard, settings=deps.settings, metrics=metrics)
    app.add_middleware(SourceLimit, settings=deps.settings, metrics=metrics)
    if deps.settings.temporal_ui_url is not None:
        app.add_middleware(CodecCors, origin=deps.settings.temporal_ui_url)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, metrics=metrics)
