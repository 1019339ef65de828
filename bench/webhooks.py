"""How many signed approvals a second the gateway accepts: a real socket, SQLite, stored before the 202."""

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from assembly.ports import HOST, Claims
from assembly.probes import loopback_client, until_ready
from assembly.processes import Program, start

_PATH = "/webhooks/salesforce/approvals"
_ACCEPTED = b"HTTP/1.1 202"
_CONNECTIONS = 64


@dataclass(frozen=True)
class Acceptance:
    """`per_second` of each round."""

    connections: int
    events: int
    per_second: list[float]


async def measured_acceptance(home: Path, rounds: int, count: int) -> Acceptance:
    claims = Claims()
    port, key = claims.claim(0), os.urandom(24)
    secret = f"whsec_{base64.b64encode(key).decode()}"
    command = [sys.executable, "-m", "bench.acceptor", str(home), str(port), secret]
    child = await start(Program("gateway", command, dict(os.environ)), home / "gateway.log")
    try:
        async with loopback_client() as client:
            await until_ready(child, lambda: _serves(client, port), seconds=45)
        numbers = itertools.count(1)
        await _round(port, key, numbers, count // 4)
        rates = [await _round(port, key, numbers, count) for _ in range(rounds)]
    finally:
        await child.stop()
        claims.release()
    return Acceptance(_CONNECTIONS, rounds * count, rates)


async def _serves(client: httpx.AsyncClient, port: int) -> bool:
    return (await client.get(f"http://{HOST}:{port}/healthz")).is_success


async def _round(port: int, key: bytes, numbers: Iterator[int], count: int) -> float:
    """Accepted per second; the requests are signed beforehand."""
    requests = iter([_request(port, key, next(numbers)) for _ in range(count)])
    started = time.perf_counter()
    await asyncio.gather(*(_sender(port, requests) for _ in range(_CONNECTIONS)))
    return count / (time.perf_counter() - started)


async def _sender(port: int, requests: Iterator[bytes]) -> None:
    """One connection, one request after the other. RuntimeError for any answer but 202."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        for request in requests:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(_ACCEPTED):
                raise RuntimeError(f"the gateway answered {head[:40]!r}")
            await reader.readexactly(_length(head))
    finally:
        writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError("an answer without a length")


def _request(port: int, key: bytes, number: int) -> bytes:
    """An approval signed after Standard Webhooks."""
    event, now = f"evt-{number}", dt.datetime.now(dt.UTC)
    stamp = str(int(now.timestamp()))
    body = json.dumps(
        {
            "event_id": event,
            "event_type": "contract.approved",
            "occurred_at": now.isoformat(),
            "contract_id": f"C-{number}",
            "version": 1,
        }
    ).encode()
    signed = hmac.digest(key, b".".join((event.encode(), stamp.encode(), body)), hashlib.sha256)
    head = (
        f"POST {_PATH} HTTP/1.1\r\nhost: {HOST}:{port}\r\ncontent-type: application/json\r\n"
        f"webhook-id: {event}\r\nwebhook-timestamp: {stamp}\r\n"
        f"webhook-signature: v1,{base64.b64encode(signed).decode()}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
