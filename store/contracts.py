"""The list of contracts: a read model, which the workflows bring up to date."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, exists, func, literal, or_, select
from sqlmodel import col

from ports.records import ContractRecord
from store.database import Database
from store.tables import ContractRow, ExceptionRow

_AT_ONCE = 400
"""How many ids one statement asks for: databases bound a statement's parameters."""


class ContractList:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, contract: ContractRecord) -> None:
        """Keeps the newer of what is known and what is said, by `updated_at`."""
        async with self._database.write() as session:
            known = await session.get(ContractRow, contract.id, with_for_update=True)
            if known is None:
                session.add(ContractRow(**dict(contract)))
            elif known.updated_at <= contract.updated_at:
                known.sqlmodel_update(dict(contract))

    async def update_status(
        self, id: str, status: str, version: int, at: dt.datetime, account: str | None = None
    ) -> None:
        """A contract that is not listed yet stays so; its next reading lists it."""
        async with self._database.write() as session:
            known = await session.get(ContractRow, id, with_for_update=True)
            if known is not None and known.updated_at <= at:
                known.status, known.version, known.updated_at = status, max(known.version, version), at
                known.account = account or known.account

    async def get(self, id: str) -> ContractRecord | None:
        async with self._database.read() as session:
            row = await session.get(ContractRow, id)
            return None if row is None else ContractRecord.model_validate(row.model_dump())

    async def statuses(self, ids: Sequence[str]) -> dict[str, str]:
        """The status of each of the contracts that is listed."""
        found: dict[str, str] = {}
        async with self._database.read() as session:
            for start in range(0, len(ids), _AT_ONCE):
                wanted = col(ContractRow.id).in_(ids[start : start + _AT_ONCE])
                statement = select(col(ContractRow.id), col(ContractRow.status)).where(wanted)
                for contract, status in await session.execute(statement):
                    found[contract] = status
        return found

    async def list(
        self, *, status: str | None = None, account: str | None = None, limit: int = 100, after: str = ""
    ) -> list[ContractRecord]:
        """By id; `after` is the id from which to go on. One whose workflow, or a chapter of it, has an open
        exception is `blocked`, whatever its workflow has said last.
        """
        shown = case((_is_blocked(), literal("blocked")), else_=col(ContractRow.status))
        statement = select(ContractRow, shown).order_by(col(ContractRow.id)).limit(limit)
        statement = statement.where(col(ContractRow.id) > after)
        if status is not None:
            statement = statement.where(shown == status)
        if account is not None:
            statement = statement.where(col(ContractRow.account) == account)
        async with self._database.read() as session:
            rows = await session.execute(statement)
            return [ContractRecord.model_validate(row.model_dump() | {"status": said}) for row, said in rows]

    async def ids(self, legal_entity: str | None, after: str, limit: int) -> tuple[str, ...]:
        """Ids after `after`, in order; of one legal entity, or of all."""
        statement = select(col(ContractRow.id)).where(col(ContractRow.id) > after)
        if legal_entity is not None:
            statement = statement.where(col(ContractRow.legal_entity) == legal_entity)
        async with self._database.read() as session:
            found = await session.execute(statement.order_by(col(ContractRow.id)).limit(limit))
            return tuple(found.scalars())

    async def entities(self) -> tuple[str, ...]:
        """The legal entities that have contracts, in order."""
        statement = select(col(ContractRow.legal_entity)).distinct().order_by(col(ContractRow.legal_entity))
        async with self._database.read() as session:
            return tuple((await session.execute(statement)).scalars())


def _is_blocked() -> ColumnElement[bool]:
    """Chapters are named after the workflow, with a slash; documents, which hold no contract up, are not."""
    own, chapters = col(ContractRow.workflow_id), col(ContractRow.workflow_id) + "/"
    waiting = col(ExceptionRow.workflow_id)
    return exists().where(
        col(ExceptionRow.contract) == col(ContractRow.id),
        col(ExceptionRow.status) == "open",
        or_(waiting == own, func.substr(waiting, 1, func.length(chapters)) == chapters),
    )
