"""A simulator as a process: uvicorn over HTTPS, with connections that faults can close."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.kit.wire import EXTENSION, Answer

_LONGEST_SILENCE_SECONDS = 300.0
_GOODBYE_SECONDS = 5.0
_SHUTDOWN_SECONDS = 3


@dataclass(frozen=True)
class Certificate:
    cert_file: Path
    key_file: Path


class _Socket:
    """The wire of one request on a real connection."""

    def __init__(self, transport: asyncio.Transport, receive: Receive, send: Send) -> None:
        self._transport, self._receive, self._send = transport, receive, send

    async def refuse(self) -> None:
        self._transport.abort()
        await self._gone(_GOODBYE_SECONDS)

    async def fall_silent(self) -> None:
        await self._gone(_LONGEST_SILENCE_SECONDS)
        await self.refuse()

    async def cut(self, answer: Answer) -> None:
        if answer.body:
            half = answer.body[: len(answer.body) // 2]
            await self._send(
                {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
            )
            await self._send({"type": "http.response.body", "body": half, "more_body": True})
        self._transport.close()
        await self._gone(_GOODBYE_SECONDS)

    async def delay(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _gone(self, seconds: float) -> None:
        """Wait until the connection is closed, by whom ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    continue


class _ClosableProtocol(H11Protocol):
    """HTTP/1.1 whose requests carry the wire of their connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        application: ASGIApp = self.app

        async def with_wire(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**(scope.get("extensions") or {}), EXTENSION: _Socket(transport, receive, send)}
            await application({**scope, "extensions": extensions}, receive, send)

        self.app = with_wire


class _QuietServer(uvicorn.Server):
    """A server among others of one process: signals are handled once, for all of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; port 0 is any free one."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(128)
    return listening


def server(app: ASGIApp, certificate: Certificate | None) -> uvicorn.Server:
    return _QuietServer(
        uvicorn.Config(
            app,
            http=_ClosableProtocol,
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            ssl_certfile=certificate.cert_file if certificate else None,
            ssl_keyfile=certificate.key_file if certificate else None,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )


async def serve_all(servers: list[tuple[uvicorn.Server, socket.socket]]) -> None:
    """Serve until SIGTERM or SIGINT; then all end gracefully."""

    def stop() -> None:
        for each, _ in servers:
            each.should_exit = True

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    await asyncio.gather(*(each.serve(sockets=[listening]) for each, listening in servers))


@contextmanager
def serving(app: ASGIApp, listening: socket.socket, certificate: Certificate | None = None) -> Iterator[None]:
    """Serve in a thread of this process, for tests by vendors' own (blocking) clients."""
    served = server(app, certificate)
    thread = Thread(target=lambda: asyncio.run(served.serve(sockets=[listening])), daemon=True)
    thread.start()
    try:
        yield
    finally:
        served.should_exit = True
        thread.join(_SHUTDOWN_SECONDS + _GOODBYE_SECONDS)
