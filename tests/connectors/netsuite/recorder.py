"""Keeps every exchange with the simulator; holds each to the vendor's description, where that is at hand."""

import httpx

from tests.connectors.netsuite import vendor_description
from tests.connectors.netsuite.exchange import Exchange


class Recorder(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, *, requests: bool = True) -> None:
        """Without `requests` only answers are held to the description (where tests ask for nonsense)."""
        self._inner, self._requests = inner, requests
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
        if vendor_description.description_file() is not None:
            wrong = vendor_description.violations(exchange, requests=self._requests)
            assert not wrong, f"{exchange.method} {exchange.path} {exchange.status}: {wrong}"
        return response
