"""What a client may take of us: bytes, seconds, requests a second, depth of JSON. Plain ASGI."""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.metrics import GatewayMetrics
from gateway.problems import Problem
from gateway.settings import GatewaySettings

_DRAINED_BYTES = 8 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that its sender can read the answer."""
_MAX_SOURCES = 10_000
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class _TooLarge(Exception):
    pass


class BodyGuard:
    """Reads the whole body before the route: 413 over the limit, 408 if it is slow, 400 if too deep."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings, metrics: GatewayMetrics) -> None:
        self._app = app
        self._limit = settings.max_body_bytes
        self._max_depth = settings.max_json_depth
        self._timeout_seconds = settings.body_timeout_seconds
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._timeout_seconds):
                body = await self._read(_declared_length(scope), receive)
        except TimeoutError:
            await self._refuse(408, "too_slow", "the body took too long", scope, receive, send)
        except _TooLarge:
            message = f"the body is larger than {self._limit} bytes"
            await self._refuse(413, "too_large", message, scope, receive, send)
        else:
            if body is not None and self._nests_too_deep(scope, body):
                message = f"the body nests deeper than {self._max_depth} levels"
                await self._refuse(400, "too_deep", message, scope, receive, send)
            elif body is not None:
                await self._app(scope, _replaying(body, receive), send)

    def _nests_too_deep(self, scope: Scope, body: bytes) -> bool:
        """Webhooks look for themselves, after the signature: what is signed and too deep is a dead letter."""
        return not scope["path"].startswith("/webhooks/") and is_too_deep(body, self._max_depth)

    async def _read(self, declared: int | None, receive: Receive) -> bytes | None:
        """The body, or None where the client has gone. Raises _TooLarge."""
        if declared is not None and declared > _DRAINED_BYTES:
            raise _TooLarge
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= self._limit:
                chunks.append(chunk)
            more = message.get("more_body", False)
            if size > self._limit and (not more or size > _DRAINED_BYTES):
                raise _TooLarge
            if not more:
                return b"".join(chunks)

    async def _refuse(
        self, status: int, code: str, message: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._metrics.refused.labels(code).inc()
        response: JSONResponse = Problem(status, code, message, headers={"Connection": "close"}).response()
        await response(scope, receive, send)


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


def _replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once, then what the connection says (that the client has gone)."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


class SourceLimit:
    """A token bucket per source address: 429 with Retry-After for those who ask too often."""

    def __init__(
        self,
        app: ASGIApp,
        settings: GatewaySettings,
        metrics: GatewayMetrics,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._rate = settings.rate_per_second
        self._burst = float(settings.rate_burst)
        self._metrics = metrics
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._allowed(_source(scope)):
            await self._app(scope, receive, send)
            return
        self._metrics.refused.labels("too_many").inc()
        headers = {"Retry-After": str(max(1, round(1 / self._rate)))}
        problem = Problem(429, "too_many_requests", "too many requests; try again later", headers=headers)
        await problem.response()(scope, receive, send)

    def _allowed(self, source: str) -> bool:
        now = self._seconds()
        tokens, then = self._buckets.pop(source, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        allowed = tokens >= 1
        self._buckets[source] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > _MAX_SOURCES:
            self._buckets.popitem(last=False)
        return allowed


def _source(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


def is_too_deep(body: bytes, max_depth: int) -> bool:
    """Whether JSON nests deeper than that; needs no parser, so it holds for bodies made to break one."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return False
    depth = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            return True
    return False
