from collections.abc import AsyncIterator
from typing import get_args

import httpx
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.settings import GatewaySettings
from store.database import Database
from store.operators import OperatorList, Role
from tests.gateway.fakes import FakeOperations, Gateway, deps
from tests.store.databases import (
    database,
    database_url,
    postgres,
    postgres_url,
    sqlite_database,
    sqlite_template,
    sqlite_url,
)
from tests.store.values import StoppedClock

__all__ = [
    "database",
    "database_url",
    "postgres",
    "postgres_url",
    "sqlite_database",
    "sqlite_template",
    "sqlite_url",
]


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def operations() -> FakeOperations:
    return FakeOperations()


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(temporal_ui_url="http://127.0.0.1:8233")


@pytest.fixture
async def app(
    sqlite_database: Database, operations: FakeOperations, clock: StoppedClock, settings: GatewaySettings
) -> FastAPI:
    for role in get_args(Role):
        await OperatorList(sqlite_database).put(f"{role}-person", role, f"token-of-{role}")
    return create_app(deps(sqlite_database, operations, clock, settings))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


@pytest.fixture
def gateway(app: FastAPI, client: httpx.AsyncClient, clock: StoppedClock) -> Gateway:
    return Gateway(app, client, clock)
