"""Fixtures: a migrated, empty database of each kind, opened; import them in a folder's conftest."""

import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from store.database import Database
from store.migrations import upgrade
from tests.store.postgres import PostgresServer, PostgresUnavailable

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server per session; skips, with the reason, where it can't run."""
    try:
        server = PostgresServer()
        server.start()
    except PostgresUnavailable as reason:
        pytest.skip(f"no PostgreSQL here: {reason}")
    yield server
    server.stop()


async def create_postgres_database(server: PostgresServer, *, template: str | None = None) -> str:
    """A new database's URL: empty, or a copy of `template`."""
    name = f"q2c_{next(_numbers)}"
    engine = create_async_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        copied = f" TEMPLATE {template}" if template else ""
        await connection.execute(text(f"CREATE DATABASE {name}{copied}"))
    await engine.dispose()
    return server.url(name)


_templates: dict[str, str] = {}


async def _migrated_postgres(server: PostgresServer) -> str:
    key = str(server.folder)
    if key not in _templates:
        url = await create_postgres_database(server)
        await upgrade(url)
        _templates[key] = Database(url).url.database or ""
    return await create_postgres_database(server, template=_templates[key])


async def _migrated_sqlite(folder: Path, shared: Path) -> str:
    template = shared / "template.db"
    if not template.exists():
        await upgrade(f"sqlite+aiosqlite:///{template}")
    shutil.copy(template, folder / "q2c.db")
    return f"sqlite+aiosqlite:///{folder / 'q2c.db'}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture
async def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    return await _migrated_sqlite(tmp_path, sqlite_template)


@pytest.fixture
async def postgres_url(postgres: PostgresServer) -> str:
    return await _migrated_postgres(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.open()
    yield database
    await database.close()
