"""Keeps every exchange with the simulator, for the check against the vendor's description."""

from dataclasses import dataclass, field

import httpx

EXCHANGES: list["Exchange"] = []
"""Of the whole test session."""


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes
    answer_headers: dict[str, str] = field(default_factory=dict)


class Recorder(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.exchanges: list[Exchange] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        answer = await response.aread()
        exchange = Exchange(
            request.method,
            request.url.path,
            dict(request.url.params),
            dict(request.headers),
            request.content,
            response.status_code,
            answer,
            dict(response.headers),
        )
        self.exchanges.append(exchange)
        EXCHANGES.append(exchange)
        return response
