"""Models and migrations agree, and the database itself guards what must not be changed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from store.audit import AuditEntry, AuditLog
from store.database import Database
from store.migrations import configuration, current_revision, newest_revision, upgrade
from store.tables import Base
from tests.store.values import NOON


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_migrated_tables_are_the_models_tables(database: Database) -> None:
    async with database.read() as session:
        connection = await session.connection()
        assert await connection.run_sync(_differences) == []


async def test_a_model_that_no_migration_knows_is_a_difference(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("ALTER TABLE contract DROP COLUMN currency"))
    async with database.read() as session:
        connection = await session.connection()
        assert len(await connection.run_sync(_differences)) == 1


async def test_migrated_database_is_at_the_newest_revision(database: Database) -> None:
    assert await current_revision(database) == newest_revision()


async def test_upgrade_can_be_asked_again(database_url: str) -> None:
    await upgrade(database_url)
    await upgrade(database_url)


async def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    assert await current_revision(database) is None
    await database.close()


async def test_several_processes_may_upgrade_at_once(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    await asyncio.gather(*(upgrade(url) for _ in range(4)))
    database = Database(url)
    assert await current_revision(database) == newest_revision()
    await database.close()


async def test_downgrade_leaves_no_table(database: Database) -> None:
    async with database.write() as session:
        connection = await session.connection()
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "base"))
    assert await current_revision(database) is None


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'mallory'", "DELETE FROM audit_entry"])
async def test_database_refuses_to_change_the_audit(database: Database, statement: str) -> None:
    entry = AuditEntry(key="k", at=NOON, actor="ann", action="a", object_kind="o", object_id="1")
    await AuditLog(database).append(entry)
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as session:
            await session.execute(text(statement))


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite:///x.db", "mysql://x/y"])
def test_a_url_of_another_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="database_url"):
        Database(url)
