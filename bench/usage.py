"""A month of usage events: taken in by HTTP and by file, sent again, and rated. Real sockets, SQLite."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx

from assembly.ports import HOST, Claims
from assembly.probes import loopback_client, until_ready
from assembly.processes import Program, start
from assembly.settings import Settings
from bench.stage import resident_kib
from canonical.contract import Contract
from canonical.document import Invoice
from canonical.metering import by_day
from canonical.scenario import Usage
from rules.billing_plan import documents
from rules.reading import read_scenario
from store.database import Database
from store.usage import UsageLog

_TOKEN = "meter-of-the-benchmark"  # noqa: S105 - of a gateway that lives as long as the measurement
_BATCH = 5_000
_FIRST, _BILLED = dt.date(2026, 11, 1), dt.date(2026, 12, 1)
_CONTRACTS = 100
"""Whose events a file has."""
_LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class UsageRates:
    """Events a second by each way, the first time and again; what rating the month takes, in seconds.

    `rated_from_sums` is what a contract's workflow does: reading the sums by day, and all documents.
    `rated_from_events` is the preview with every single event. Memory in KiB, at most (the gateway: after).
    """

    events: int
    http_per_second: float
    http_again_per_second: float
    file_per_second: float
    file_again_per_second: float
    rated_from_sums: float
    rated_from_events: float
    gateway_kib: int
    import_kib: int


async def measured_usage(home: Path, events: int) -> UsageRates:
    """Raises RuntimeError where an event is lost or doubled, or the two ratings differ."""
    claims = Claims()
    port = claims.claim(0)
    command = [sys.executable, "-m", "bench.acceptor", str(home), str(port), _TOKEN]
    child = await start(Program("gateway", command, dict(os.environ)), home / "gateway.log")
    try:
        async with loopback_client() as client:
            await until_ready(child, lambda: _serves(client, port), seconds=45)
        http = [await _sent(port, events, known=known) for known in (False, True)]
        path = _file(home, events)
        imported = [await _imported(home, port, path, events, known=known) for known in (False, True)]
        gateway_kib, import_kib = resident_kib(child.pid), max(kib for _, kib in imported)
    finally:
        await child.stop()
        claims.release()
    from_sums, from_events = await _rated(home, events)
    return UsageRates(
        events=events,
        http_per_second=http[0],
        http_again_per_second=http[1],
        file_per_second=imported[0][0],
        file_again_per_second=imported[1][0],
        rated_from_sums=from_sums,
        rated_from_events=from_events,
        gateway_kib=gateway_kib,
        import_kib=import_kib,
    )


async def _serves(client: httpx.AsyncClient, port: int) -> bool:
    return (await client.get(f"http://{HOST}:{port}/healthz")).is_success


async def _sent(port: int, events: int, *, known: bool) -> float:
    """By HTTP, of one contract, one batch after the other; each body is written before the clock runs."""
    taken, recorded = 0.0, 0
    headers = {"Authorization": f"Bearer {_TOKEN}", "content-type": "application/json"}
    async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as client:
        for first in range(0, events, _BATCH):
            numbers = range(first, min(first + _BATCH, events))
            body = json.dumps({"events": [_event(number, "C-HTTP") for number in numbers]}).encode()
            started = time.perf_counter()
            answer = await client.post(f"http://{HOST}:{port}/api/v1/usage", content=body)
            taken += time.perf_counter() - started
            recorded += answer.raise_for_status().json()["recorded"]
    _hold(recorded, 0 if known else events)
    return events / taken


def _file(home: Path, events: int) -> Path:
    path = home / "usage.csv"
    with path.open("w") as file:
        file.write("contract,id,line,date,quantity\n")
        for number in range(events):
            file.write(",".join(_event(number, f"C-{number % _CONTRACTS}").values()) + "\n")
    return path


async def _imported(home: Path, port: int, path: Path, events: int, *, known: bool) -> tuple[float, int]:
    """By `q2c usage import` as a process, from its start to its end; and its memory at most, in KiB."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("Q2C_")}
    environment |= {
        "Q2C_HOME": str(home),
        "Q2C_GATEWAY__URL": f"http://{HOST}:{port}",
        "Q2C_TOKEN": _TOKEN,
    }
    command = (sys.executable, "-m", "cli", "usage", "import", str(path), "-o", "json")
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    running, most_kib = asyncio.ensure_future(process.communicate()), 0
    while not running.done():
        with contextlib.suppress(subprocess.CalledProcessError):  # it has just ended
            most_kib = max(most_kib, resident_kib(process.pid))
        await asyncio.wait({running}, timeout=_LOOK_EVERY_SECONDS)
    taken = time.perf_counter() - started
    _hold(json.loads(running.result()[0])["recorded"], 0 if known else events)
    return events / taken, most_kib


def _event(number: int, contract: str) -> dict[str, str]:
    return {
        "contract": contract,
        "id": f"evt-{number}",
        "line": "U1",
        "date": f"2026-11-{number % 30 + 1:02}",
        "quantity": f"{number % 50}.25",
    }


def _hold(recorded: int, wanted: int) -> None:
    if recorded != wanted:
        raise RuntimeError(f"{recorded} events were recorded where {wanted} are new")


async def _rated(home: Path, events: int) -> tuple[float, float]:
    """Seconds to the month's invoice from the store's sums, and from the single events."""
    contract = _contract()
    database = Database(Settings(home=home).database_url)
    try:
        started = time.perf_counter()
        months = await UsageLog(database).by_month("C-HTTP")
        from_sums = _invoiced(contract, by_day(months))
        sums_seconds = time.perf_counter() - started
    finally:
        await database.close()
    single = [_usage(number) for number in range(events)]
    started = time.perf_counter()
    from_events = _invoiced(contract, single)
    events_seconds = time.perf_counter() - started
    if from_sums != from_events:
        raise RuntimeError("the sums by day come to another invoice than the events")
    return sums_seconds, events_seconds


def _invoiced(contract: Contract, usage: Sequence[Usage]) -> Iterable[Invoice]:
    return documents(contract, (), usage, _BILLED).invoices


def _usage(number: int) -> Usage:
    return Usage(
        line="U1",
        date=_FIRST + dt.timedelta(days=number % 30),
        quantity=Decimal(f"{number % 50}.25"),
        id=f"evt-{number}",
    )


def _contract() -> Contract:
    tiers = [{"up_to": "1000000", "unit_price": "0.01"}, {"up_to": None, "unit_price": "0.004"}]
    address = {"line1": "350 5th Ave", "city": "New York", "postal_code": "10118", "country": "US"}
    line = {
        "id": "U1",
        "product": "CALLS",
        "charge": "usage",
        "pricing": {"model": "graduated", "tiers": tiers},
    }
    contract = {
        "id": "C-HTTP",
        "account": {"id": "A-1", "name": "Customer", "billing_address": address},
        "legal_entity": "US01",
        "currency": "USD",
        "start_date": _FIRST.isoformat(),
        "term_months": 12,
        "billing": {"frequency_months": 1, "timing": "arrears"},
        "lines": [line],
    }
    scenario = {"contract": contract, "as_of": _BILLED.isoformat()}
    return read_scenario(json.dumps(scenario), "json").contract
