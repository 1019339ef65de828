"""Logs as JSON lines on stderr: what happened, where, how long; never a body, a token or a secret path."""

import logging
import sys
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.metrics import GatewayMetrics

_log = structlog.get_logger("gateway.request")


def configure(level: str = "INFO") -> None:
    """For a process that is a gateway; a library never does this."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class RequestLog:
    """One line and one count per request, by the route's template: a path may hold ids or a secret."""

    def __init__(self, app: ASGIApp, metrics: GatewayMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            route = scope["app"].state.paths.get(scope.get("endpoint"), "none")
            self._metrics.requests.labels(route, status).inc()
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            _log.debug(
                "request", method=scope["method"], route=route, status=status, milliseconds=milliseconds
            )
