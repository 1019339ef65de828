"""The database's revisions, oldest first; `upgrade` brings a database to the newest."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store.database import Database, StoreUnavailable

_UPGRADE_LOCK = 0x71326331  # any number that nobody else locks: "q2c1"


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings; `connection` is the one in whose transaction the migration runs."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """The revision that this code needs."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None, "there is no migration"
    return head


async def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None for an empty one. Raises StoreUnavailable."""
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def upgrade(url: str, revision: str = "head", *, patience_seconds: float = 10.0) -> None:
    """Brings the database to the revision, in one transaction; several processes may ask at once.

    A database that is locked or not up yet is tried again for `patience_seconds`. Raises StoreUnavailable
    after that, or Alembic's CommandError where the database is newer than this code.
    """
    deadline = asyncio.get_running_loop().time() + patience_seconds
    database = Database(url)
    try:
        while True:
            try:
                return await _upgrade_once(database, revision)
            except StoreUnavailable:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(0.1)
    finally:
        await database.close()


async def _upgrade_once(database: Database, revision: str) -> None:
    async with database.write() as session:
        connection = await session.connection()
        await connection.run_sync(lambda sync: _upgrade(sync, revision))


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    command.upgrade(configuration(connection), revision)
