"""What load balancers, Prometheus and a restart see."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gateway.app import create_app
from gateway.operations import TemporalUnreachable
from gateway.relay import HandoffUnavailable, Outcome
from gateway.settings import GatewaySettings
from store.accounting import account
from store.database import Database
from store.event_log import EventLog, LoggedEvent
from tests.gateway.fakes import FakeOperations, Gateway, deps, signed
from tests.store.values import StoppedClock


async def test_gateway_is_ready_when_store_and_temporal_answer(gateway: Gateway) -> None:
    assert (await gateway.client.get("/healthz")).json() == {"status": "ok"}
    answer = await gateway.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert set(answer.json()["checks"]) == {"store", "migrations", "temporal"}


async def _not_ready(gateway: Gateway) -> set[str]:
    answer = await gateway.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    return {name for name, check in answer.json()["checks"].items() if not check["ok"]}


async def test_readiness_says_that_temporal_is_away(gateway: Gateway, operations: FakeOperations) -> None:
    operations.fails_with = TemporalUnreachable("no connection")
    assert await _not_ready(gateway) == {"temporal"}
    assert (await gateway.client.get("/healthz")).status_code == 200


async def test_readiness_says_that_migrations_are_missing(gateway: Gateway) -> None:
    async with gateway.stores.database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert await _not_ready(gateway) == {"migrations"}


async def test_readiness_says_that_the_store_is_away(operations: FakeOperations, clock: StoppedClock) -> None:
    away = Database("postgresql+asyncpg://q2c@127.0.0.1:1/none")
    app = create_app(deps(away, operations, clock, GatewaySettings()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        assert await _not_ready(Gateway(app, client, clock)) == {"store", "migrations"}
        body = Gateway(app, client, clock).event_body()
        answer = await client.post("/webhooks/stripe", content=body, headers=signed(body, clock.now))
        assert answer.status_code == 503
        assert (await client.get("/api/v1/whoami", headers={"Authorization": "Bearer x"})).status_code == 503
    await away.close()


async def test_metrics_count_and_name_nobody(gateway: Gateway) -> None:
    await gateway.deliver(gateway.event_body("evt-1", contract_id="C-secret"))
    await gateway.deliver(gateway.event_body("evt-1", contract_id="C-secret"))
    await gateway.deliver(b"{}", headers={})
    page = (await gateway.client.get("/metrics")).text
    assert 'q2c_webhooks_total{platform="salesforce",status="202"} 2.0' in page
    assert 'q2c_webhooks_total{platform="salesforce",status="401"} 1.0' in page
    assert 'q2c_events{state="waiting"} 1.0' in page
    assert "q2c_events_duplicate_total 1.0" in page
    assert "C-secret" not in page
    assert "evt-1" not in page


async def test_unknown_paths_do_not_grow_the_metrics(gateway: Gateway) -> None:
    for n in range(5):
        await gateway.client.get(f"/secret-path-{n}")
        await gateway.client.post(f"/webhooks/unknown-{n}")
    page = (await gateway.client.get("/metrics")).text
    assert "secret-path" not in page
    assert "unknown-" not in page


class Temporal:
    """A handoff to a Temporal that may be away."""

    def __init__(self) -> None:
        self.away = True
        self.applied: list[str] = []
        self.asked = asyncio.Event()

    async def hand_on(self, event: LoggedEvent) -> Outcome:
        self.asked.set()
        if self.away:
            raise HandoffUnavailable("no connection")
        self.applied.append(event.event_id)
        return Outcome.applied(f"contract/{event.contract}")


@pytest.mark.parametrize("killed", [False, True])
async def test_events_accepted_before_a_restart_are_handed_on_after_it(
    sqlite_url: str, operations: FakeOperations, clock: StoppedClock, killed: bool
) -> None:
    temporal = Temporal()
    before = create_app(deps(Database(sqlite_url), operations, clock, GatewaySettings(), temporal))
    async with _running(before) as client:
        for n in range(12):
            body = Gateway(before, client, clock).event_body(f"evt-{n}", contract_id=f"C-{n % 3}")
            answer = await client.post("/webhooks/stripe", content=body, headers=signed(body, clock.now))
            assert answer.status_code == 202
        await temporal.asked.wait()
    database = Database(sqlite_url)
    if killed:  # then the claims of the dead end with their leases only
        assert len(await EventLog(database, clock=clock).claim("killed", limit=9, lease_seconds=30)) == 3
    clock.advance(60)
    temporal.away = False
    after = create_app(deps(database, operations, clock, GatewaySettings(), temporal))
    async with _running(after):
        await _until_none_waits(EventLog(database))
        counted = await account(database)
    assert (counted.accepted, counted.applied, counted.adds_up) == (12, 12, True)
    for contract in range(3):
        of_contract = [id for id in temporal.applied if int(id[4:]) % 3 == contract]
        assert of_contract == [f"evt-{n}" for n in range(contract, 12, 3)]


@contextlib.asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway") as client,
    ):
        yield client


async def _until_none_waits(log: EventLog) -> None:
    async with asyncio.timeout(20):
        while (await log.counts())["waiting"]:  # noqa: ASYNC110 - each turn asks the database
            await asyncio.sleep(0)
