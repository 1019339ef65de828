"""The way to the database: SQLite by default, PostgreSQL by its URL.

    Database("sqlite+aiosqlite:////path/q2c.db")
    Database("postgresql+asyncpg://user@host/q2c")

SQLite runs with WAL, `synchronous=FULL` (a commit survives a power cut), foreign keys and a busy timeout.
A write takes SQLite's write lock at its beginning, so it never fails in the middle for having read first.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import URL, Connection, Table, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from store.at_once import connected_at_once


class StoreUnavailable(Exception):
    """The database can't be reached or is locked; nothing of the transaction was kept, as far as is known."""


STORE_ERRORS = (StoreUnavailable, SQLAlchemyError)
"""Whatever a store can raise, for those who go on without it."""


class Database:
    """One pool of connections. `open` before use, `close` at the end."""

    def __init__(
        self, url: str, *, busy_timeout_seconds: float = 5.0, pool_size: int = 10, at_once: bool = False
    ) -> None:
        """`at_once`: SQLite whose file is in memory and this object's alone (`store.at_once`).

        Raises ValueError for a URL of another database, or of SQLite in memory (which can't be shared).
        """
        self.url: URL = make_url(url)
        self.is_sqlite = self.url.drivername == "sqlite+aiosqlite"
        if not self.is_sqlite and self.url.drivername != "postgresql+asyncpg":
            raise ValueError("database_url: must begin with sqlite+aiosqlite:// or postgresql+asyncpg://")
        if self.is_sqlite and self.url.database in (None, "", ":memory:"):
            raise ValueError("database_url: SQLite needs a file")
        if self.is_sqlite:
            self._engine = _sqlite_engine(self.url, busy_timeout_seconds, pool_size, at_once)
        else:
            self._engine = _postgres_engine(self.url, pool_size)
        self._write_engine = self._engine.execution_options(q2c_write=True)
        self._one_writer = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        """For migrations and tests."""
        return self._engine

    async def open(self) -> None:
        """Connects once. Raises StoreUnavailable where the database does not answer."""
        await self.check()

    async def check(self) -> None:
        """Asks the database for an answer. Raises StoreUnavailable."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one committed state; what it writes is rolled back."""
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                yield session
        except (DBAPIError, PoolTimeout, OSError) as error:
            raise _translated(error) from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction, committed at the end of the block, rolled back where it raises.

        Raises StoreUnavailable where the database is gone, locked or full.
        """
        try:
            async with AsyncExitStack() as stack:
                if self.is_sqlite:
                    await stack.enter_async_context(self._one_writer)
                session = await stack.enter_async_context(
                    AsyncSession(self._write_engine, expire_on_commit=False)
                )
                async with session.begin():
                    yield session
        except (DBAPIError, PoolTimeout, OSError) as error:
            raise _translated(error) from error

    async def insert_new(
        self, session: AsyncSession, table: Table, rows: Sequence[dict[str, Any]], unique: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Inserts the rows whose `unique` columns are new; returns these columns of the rows inserted."""
        if not rows:
            return []
        insert = sqlite.insert if self.is_sqlite else postgresql.insert
        statement = insert(table).on_conflict_do_nothing(index_elements=list(unique))
        returned = await session.execute(
            statement.returning(*(table.c[name] for name in unique)), [dict(row) for row in rows]
        )
        return [tuple(row) for row in returned]


def _translated(error: Exception) -> Exception:
    """Lost connections, locks and full disks become StoreUnavailable; wrong data and statements stay."""
    if isinstance(error, DBAPIError):
        lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        if not lost:
            return error
    return StoreUnavailable(f"the database is not available ({type(error).__name__})")


_HIDDEN = {"hide_parameters": True}
"""An error's text must not carry what was to be stored into a log."""


def _postgres_engine(url: URL, pool_size: int) -> AsyncEngine:
    return create_async_engine(url, pool_size=pool_size, pool_pre_ping=True, pool_timeout=5, **_HIDDEN)


def _sqlite_engine(url: URL, busy_timeout_seconds: float, pool_size: int, at_once: bool) -> AsyncEngine:
    creator = {"async_creator_fn": connected_at_once} if at_once else {}
    engine = create_async_engine(url, connect_args=creator, pool_size=pool_size, pool_timeout=5, **_HIDDEN)
    milliseconds = int(busy_timeout_seconds * 1000)

    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={milliseconds}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("q2c_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine
