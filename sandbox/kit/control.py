"""The control API under `/_sandbox/`: faults, clock, state and webhooks of one platform, for those who hold
the control token (header `X-Sandbox-Token`)."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.kit.faults import Fault

if TYPE_CHECKING:
    from sandbox.kit.application import Application

CONTROL_PREFIX = "/_sandbox/"
TOKEN_HEADER = "X-Sandbox-Token"
_SETTABLE = ("outcome", "route", "times", "after", "seconds", "field")
_WEBHOOK_TIMEOUT_SECONDS = 10.0

Endpoint = Callable[[Request], Awaitable[Response]]


def control_routes(app: "Application") -> list[Route]:
    control = _Control(app)
    guarded: list[tuple[str, str, Endpoint]] = [
        ("POST", "faults", control.add_fault),
        ("GET", "faults", control.list_faults),
        ("DELETE", "faults", control.clear_faults),
        ("POST", "reset", control.reset),
        ("POST", "load", control.load),
        ("GET", "state", control.state),
        ("GET", "credentials", control.credentials),
        ("GET", "clock", control.clock),
        ("POST", "clock", control.set_clock),
        ("GET", "outbox", control.outbox),
        ("POST", "webhooks/flush", control.flush),
        ("GET", "requests", control.requests),
    ]
    token = app.platform.config.control_token
    routes = [
        Route(CONTROL_PREFIX + path, _guarded(endpoint, token), methods=[method])
        for method, path, endpoint in guarded
    ]
    return [*routes, Route(CONTROL_PREFIX + "healthz", control.healthz, methods=["GET"])]


def _guarded(endpoint: Endpoint, token: str) -> Endpoint:
    async def check(request: Request) -> Response:
        shown = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(shown.encode(), token.encode()):
            return JSONResponse({"error": f"{TOKEN_HEADER} is missing or wrong"}, 401)
        try:
            return await endpoint(request)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 422)

    return check


class _Control:
    def __init__(self, app: "Application") -> None:
        self._app = app
        self._platform = app.platform

    async def healthz(self, _request: Request) -> Response:
        return JSONResponse({"platform": self._platform.name, "ready": True})

    async def add_fault(self, request: Request) -> Response:
        """One fault, or {"seed", "rate", "outcomes"} for the seeded mode."""
        document = await _object(request)
        if "seed" in document:
            outcomes = document.get("outcomes")
            self._platform.faults.seed(int(document["seed"]), float(document["rate"]), outcomes)
            return JSONResponse(self._platform.faults.describe(), 201)
        unknown = sorted(document.keys() - set(_SETTABLE))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        return JSONResponse(asdict(self._platform.faults.add(Fault(**document))), 201)

    async def list_faults(self, _request: Request) -> Response:
        return JSONResponse(self._platform.faults.describe())

    async def clear_faults(self, _request: Request) -> Response:
        self._platform.faults.clear()
        self._platform.state.drop_shadow()
        return Response(status_code=204)

    async def reset(self, _request: Request) -> Response:
        await self._app.reset()
        return Response(status_code=204)

    async def load(self, request: Request) -> Response:
        return JSONResponse(await self._platform.load(await _object(request)), 201)

    async def state(self, _request: Request) -> Response:
        return JSONResponse(self._platform.dump())

    async def credentials(self, _request: Request) -> Response:
        return JSONResponse(self._platform.credentials())

    async def clock(self, _request: Request) -> Response:
        return JSONResponse({"now": self._platform.clock.now().isoformat()})

    async def set_clock(self, request: Request) -> Response:
        moment = _moment(str((await _object(request))["to"]), self._platform.clock.today())
        if moment is not None:
            await self._platform.advance_clock(moment)
        return await self.clock(request)

    async def outbox(self, _request: Request) -> Response:
        return JSONResponse({"webhooks": self._platform.outbox.entries()})

    async def flush(self, _request: Request) -> Response:
        """Try all that waits, due or not."""
        async with httpx.AsyncClient(timeout=_WEBHOOK_TIMEOUT_SECONDS) as client:
            delivered = await self._platform.outbox.flush(client, force=True)
        return JSONResponse({"delivered": delivered, "waiting": self._platform.outbox.waiting()})

    async def requests(self, _request: Request) -> Response:
        latest = [asdict(request) for request in self._app.requests.latest()]
        return JSONResponse({"count": self._app.requests.count, "requests": latest})


async def _object(request: Request) -> dict[str, Any]:
    document = await request.json()
    if not isinstance(document, dict):
        raise TypeError("the body must be a JSON object")
    return document


def _moment(text: str, today: date) -> datetime | None:
    """An ISO date (its midnight UTC; None if that is today) or datetime (UTC if it names no zone)."""
    if "T" not in text and " " not in text:
        day = date.fromisoformat(text)
        return None if day == today else datetime.combine(day, time(), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
