"""The gateway as a process: uvicorn, with a clock on clients that never finish saying what they want."""

import asyncio
import socket
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.settings import GatewaySettings


class TimedHeads(H11Protocol):
    """Cuts off a connection whose request's head is not complete in time (bodies are `BodyGuard`'s)."""

    header_timeout_seconds = 10.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """The clock runs from the head's first byte (or the connection's start) until it is complete."""
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self.conn.trailing_data[0]:
            self._start()

    def _start(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.header_timeout_seconds, self._cut)

    def _forget(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cut(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def server(
    app: FastAPI,
    settings: GatewaySettings,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    forwarded_allow_ips: str = "127.0.0.1",
) -> uvicorn.Server:
    """For `await server.serve(sockets=…)`; `forwarded_allow_ips` are the proxies that are believed."""
    protocol = type("Protocol", (TimedHeads,), {"header_timeout_seconds": settings.header_timeout_seconds})
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=15,
        h11_max_incomplete_event_size=64 * 1024,
        backlog=2048,
        forwarded_allow_ips=forwarded_allow_ips,
    )
    return uvicorn.Server(config)


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening address taken before the server runs, so that a free port (0) is known at once."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
