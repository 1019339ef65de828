"""What a client may take of the gateway: on real sockets where it matters."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from gateway.limits import SourceLimit, is_too_deep
from gateway.metrics import GatewayMetrics
from gateway.settings import GatewaySettings
from tests.gateway.fakes import Gateway, signed
from tests.gateway.live import listening

MEBIBYTE = 1024 * 1024
PATH = "/webhooks/salesforce/approvals"


IMPATIENT = pytest.mark.parametrize("patience_seconds", [0.5])
"""For those that are cut off only: a machine that stands still for a moment cuts off nobody else."""


@pytest.fixture
def patience_seconds() -> float:
    return 60.0


@pytest.fixture
def settings(patience_seconds: float) -> GatewaySettings:
    return GatewaySettings(body_timeout_seconds=patience_seconds, header_timeout_seconds=patience_seconds)


@pytest.fixture
async def port(app: FastAPI, settings: GatewaySettings) -> AsyncIterator[int]:
    async with listening(app, settings) as port:
        yield port


async def _raw(port: int, *parts: bytes) -> bytes:
    """All that the server answers to these bytes, until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            await writer.wait_closed()


def _head(*lines: str) -> bytes:
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: gateway", *lines, "", ""]).encode()


async def test_signed_event_is_accepted_over_a_socket(port: int, gateway: Gateway) -> None:
    body = gateway.event_body()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post(PATH, content=body, headers=signed(body, gateway.clock.now))
    assert answer.status_code == 202
    assert "server" not in answer.headers


async def test_large_body_is_refused(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post(PATH, content=b"x" * (MEBIBYTE + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_large_body_is_refused_that_does_not_say_its_length(port: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 64 * 1024

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post(PATH, content=chunks())
    assert "content-length" not in answer.request.headers
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_body_that_says_it_will_be_huge_is_refused_at_once(port: int) -> None:
    answer = await _raw(port, _head("Content-Length: 10000000000"))
    assert answer.startswith(b"HTTP/1.1 413")


@IMPATIENT
async def test_client_that_never_sends_its_body_is_cut_off(port: int) -> None:
    answer = await _raw(port, _head("Content-Length: 100"), b"{")
    assert answer.startswith(b"HTTP/1.1 408")


@IMPATIENT
async def test_client_that_never_ends_its_head_is_cut_off(port: int) -> None:
    assert await _raw(port, b"POST / HTTP/1.1\r\nHost: gateway\r\nX-Slow: ") == b""


@IMPATIENT
async def test_client_that_says_nothing_is_cut_off(port: int) -> None:
    assert await _raw(port) == b""


@IMPATIENT
async def test_second_head_on_a_connection_has_its_time_too(port: int) -> None:
    answer = await _raw(port, b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n", b"GET /heal")
    assert answer.count(b"HTTP/1.1 200") == 1


async def test_what_is_no_http_is_refused(port: int) -> None:
    assert (await _raw(port, b"\x16\x03\x01 not http\r\n\r\n")).startswith(b"HTTP/1.1 400")


async def test_header_that_never_ends_is_refused(port: int) -> None:
    answer = await _raw(port, b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_source_that_asks_too_often_is_told_to_wait(gateway: Gateway) -> None:
    seconds = Seconds()
    settings = GatewaySettings(rate_per_second=1, rate_burst=3)
    limited = SourceLimit(gateway.app, settings, GatewayMetrics(), seconds=seconds)

    async def statuses(source: str, times: int) -> list[int]:
        transport = httpx.ASGITransport(limited, client=(source, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return [(await client.get("/healthz")).status_code for _ in range(times)]

    assert await statuses("10.0.0.1", 5) == [200, 200, 200, 429, 429]
    assert await statuses("10.0.0.2", 1) == [200], "another source has its own allowance"
    seconds.now = 2
    assert await statuses("10.0.0.1", 3) == [200, 200, 429]


async def test_refusal_for_asking_too_often_says_how_long_to_wait(gateway: Gateway) -> None:
    settings = GatewaySettings(rate_per_second=0.1, rate_burst=1)
    transport = httpx.ASGITransport(SourceLimit(gateway.app, settings, GatewayMetrics(), seconds=Seconds()))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        await client.get("/healthz")
        answer = await client.get("/healthz")
    assert answer.headers["retry-after"] == "10"
    assert answer.json()["error"]["code"] == "too_many_requests"


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * 64 + b"]" * 64, False),
        (b"[" * 65 + b"]" * 65, True),
        (b'["' + b"[" * 1000 + b'"]', False),
        (b'["\\"' + b"[" * 1000 + b'"]', False),
        (b"[" + b"[]," * 1000 + b"1]", False),
        (b'{"a":' * 65, True),
        (b"[" * 65, True),
    ],
)
def test_depth_is_counted_outside_strings(body: bytes, deep: bool) -> None:
    assert is_too_deep(body, 64) is deep
