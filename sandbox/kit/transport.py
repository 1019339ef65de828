"""A simulator in process: an httpx transport in which lost exchanges raise what a real network would raise,
at once and without sleeping."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

from sandbox.kit.wire import EXTENSION, Answer


class SandboxTransport(httpx.AsyncBaseTransport):
    """Serves `app` (of `build_app`) to an `httpx.AsyncClient(transport=…)`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        wire = _InProcess(request)
        answer = Answer()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message.get("headers", []))
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await self._app(_scope(request, wire), _once(body), send)
        if wire.partial is not None:
            partial = wire.partial
            stream = _CutStream(partial.body[: len(partial.body) // 2], request)
            return httpx.Response(partial.status, headers=partial.headers, stream=stream)
        return httpx.Response(answer.status, headers=answer.headers, stream=httpx.ByteStream(answer.body))


class _InProcess:
    """The wire of one request."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self.partial: Answer | None = None

    async def refuse(self) -> None:
        raise httpx.ConnectError("All connection attempts failed", request=self._request)

    async def fall_silent(self) -> None:
        raise httpx.ReadTimeout("", request=self._request)

    async def cut(self, answer: Answer) -> None:
        if not answer.body:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=self._request
            )
        self.partial = answer

    async def delay(self, seconds: float) -> None:
        """Nobody waits in process; a client with less patience than `seconds` sees its timeout."""
        patience: dict[str, Any] = self._request.extensions.get("timeout", {})
        limit_seconds = patience.get("read")
        if limit_seconds is not None and limit_seconds < seconds:
            raise httpx.ReadTimeout("", request=self._request)


class _CutStream(httpx.AsyncByteStream):
    def __init__(self, part: bytes, request: httpx.Request) -> None:
        self._part, self._request = part, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._part
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body", request=self._request
        )


def _scope(request: httpx.Request, wire: _InProcess) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "extensions": {EXTENSION: wire},
    }


def _once(body: bytes) -> Any:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
