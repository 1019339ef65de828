"""The exception queue: what waits for a person, its story, and how it ended."""

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ports.records import ExceptionItem, Resolution, ResolveAction
from store.audit import AuditEntry, append_audit
from store.database import Database
from store.event_log import Clock, utc_now
from store.overrides import close_requests
from store.tables import ExceptionNote, ExceptionRow, table_of

ExceptionStatus = Literal["open", "resolved"]


class StoryLine(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    at: dt.datetime
    actor: str
    note: str


class RecordedException(BaseModel):
    """An exception as the queue has it; amounts in `currency`."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    key: str
    workflow_id: str
    contract: str
    change: str | None
    step: str
    platform: str | None
    code: str
    summary: str
    field: str | None
    amount: Decimal | None
    currency: str | None
    legal_entity: str | None
    owner: str
    opened_at: dt.datetime
    due_at: dt.datetime
    actions: tuple[str, ...]
    correlation_id: str
    status: ExceptionStatus
    escalations: int
    resolution: dict[str, str] | None
    resolved_at: dt.datetime | None


def exception_id(key: str) -> str:
    """Short enough to type, the same for the same key: "EX-" and 50 bits of its SHA-256 in base 32."""
    digest = hashlib.sha256(key.encode()).digest()
    return "EX-" + base64.b32encode(digest[:7]).decode()[:10]


class ExceptionQueue:
    """Every change is audited in the same transaction."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def waiting(self, workflow_ids: Sequence[str]) -> set[str]:
        """Which of these workflows have an open exception."""
        found: set[str] = set()
        for start in range(0, len(workflow_ids), 500):
            statement = select(col(ExceptionRow.workflow_id)).where(
                col(ExceptionRow.status) == "open",
                col(ExceptionRow.workflow_id).in_(workflow_ids[start : start + 500]),
            )
            async with self._database.read() as session:
                found |= set((await session.execute(statement)).scalars())
        return found

    async def open(self, item: ExceptionItem) -> str:
        """Opens the item, once for its key, and returns its id."""
        id = exception_id(item.key)
        values = dict(item) | {"actions": list(item.actions)}
        async with self._database.write() as session:
            row = values | {
                "id": id,
                "status": "open",
                "escalations": 0,
                "resolution": None,
                "resolved_at": None,
            }
            if await self._database.insert_new(session, table_of(ExceptionRow), [row], ("key",)):
                entry = _audit(id, item.contract, "opened", item.opened_at, "system", item.code)
                await append_audit(session, entry)
            else:
                await self._reopen(session, id, item)
        return id

    async def _reopen(self, session: AsyncSession, id: str, item: ExceptionItem) -> None:
        """The same failure after its resolution (a workflow that was reset meets it again): open anew."""
        row = await _known(session, id)
        if row.resolved_at is None or item.opened_at <= row.resolved_at:
            return
        row.status, row.resolution, row.resolved_at = "open", None, None
        row.opened_at, row.due_at, row.owner = item.opened_at, item.due_at, item.owner
        row.summary, row.actions = item.summary, list(item.actions)
        session.add(ExceptionNote(exception_id=id, at=item.opened_at, actor="system", note="opened again"))
        await append_audit(session, _audit(id, item.contract, "opened", item.opened_at, "system", item.code))

    async def decision_on(self, workflow_id: str, step: str) -> ResolveAction | None:
        """By which action the newest exception of the workflow's step was resolved; None while it is open."""
        statement = (
            select(col(ExceptionRow.resolution))
            .where(col(ExceptionRow.workflow_id) == workflow_id, col(ExceptionRow.step) == step)
            .order_by(col(ExceptionRow.opened_at).desc(), col(ExceptionRow.id))
            .limit(1)
        )
        async with self._database.read() as session:
            found = (await session.execute(statement)).scalar_one_or_none()
        said = None if found is None else found["action"]
        return next((action for action in get_args(ResolveAction) if action == said), None)

    async def note(self, id: str, at: dt.datetime, note: str, actor: str) -> None:
        """Adds a line to the story, once. An id that is not known is an error of the caller (KeyError)."""
        async with self._database.write() as session:
            await _known(session, id)
            row = {"exception_id": id, "at": at, "actor": actor, "note": note}
            unique = ("exception_id", "at", "actor", "note")
            await self._database.insert_new(session, table_of(ExceptionNote), [row], unique)

    async def escalate(self, id: str, owner: str, due_at: dt.datetime) -> None:
        """Nobody has answered in time: gives the item to the next owner with a new deadline."""
        async with self._database.write() as session:
            row = await _known(session, id)
            if row.status == "resolved" or (row.owner, row.due_at) == (owner, due_at):
                return
            row.owner, row.due_at, row.escalations = owner, due_at, row.escalations + 1
            note = f"not answered in time; now with {owner}"
            session.add(ExceptionNote(exception_id=id, at=self._clock(), actor="system", note=note))

    async def assign(self, id: str, owner: str, entry: AuditEntry) -> RecordedException | None:
        """Gives an open item to another owner; None where there is none. `entry` is the act's record."""
        async with self._database.write() as session:
            row = await session.get(ExceptionRow, id, with_for_update=True)
            if row is None or row.status == "resolved":
                return None
            if row.owner != owner:
                row.owner = owner
                note = f"assigned to {owner}: {entry.reason}"
                session.add(ExceptionNote(exception_id=id, at=entry.at, actor=entry.actor, note=note))
                await append_audit(session, entry)
            return RecordedException.model_validate(row)

    async def resolve(self, resolution: Resolution) -> None:
        """Closes the item, and the overrides of it that nobody has decided on; the first resolution counts.
        KeyError for an unknown item.
        """
        async with self._database.write() as session:
            row = await _known(session, resolution.exception_id)
            if row.status == "resolved":
                return
            row.status, row.resolved_at = "resolved", resolution.at
            row.resolution = resolution.model_dump(mode="json", exclude={"exception_id", "at"})
            entry = _audit(
                row.id, row.contract, resolution.action, resolution.at, resolution.actor, resolution.reason
            )
            details = {"outcome": resolution.outcome, "step": row.step, "code": row.code}
            await append_audit(session, entry.model_copy(update={"details": details}))
            await close_requests(session, resolution)

    async def get(self, id: str) -> RecordedException | None:
        async with self._database.read() as session:
            row = await session.get(ExceptionRow, id)
            return None if row is None else RecordedException.model_validate(row)

    async def story(self, id: str) -> list[StoryLine]:
        statement = (
            select(ExceptionNote)
            .where(col(ExceptionNote.exception_id) == id)
            .order_by(col(ExceptionNote.at), col(ExceptionNote.id))
        )
        async with self._database.read() as session:
            return [StoryLine.model_validate(row) for row in (await session.execute(statement)).scalars()]

    async def of_correlation(self, correlation_id: str) -> Sequence[RecordedException]:
        """All that came of one event, open or not."""
        statement = (
            select(ExceptionRow)
            .where(col(ExceptionRow.correlation_id) == correlation_id)
            .order_by(col(ExceptionRow.opened_at), col(ExceptionRow.id))
        )
        async with self._database.read() as session:
            rows = (await session.execute(statement)).scalars()
            return [RecordedException.model_validate(row) for row in rows]

    async def count_open(self) -> int:
        statement = select(func.count()).where(col(ExceptionRow.status) == "open")
        async with self._database.read() as session:
            return (await session.execute(statement)).scalar_one()

    async def list(
        self,
        *,
        status: ExceptionStatus | None = None,
        owner: str | None = None,
        platform: str | None = None,
        contract: str | None = None,
        workflow_id: str | None = None,
        limit: int = 1000,
    ) -> list[RecordedException]:
        """Those due first come first."""
        statement = select(ExceptionRow).order_by(col(ExceptionRow.due_at), col(ExceptionRow.id)).limit(limit)
        wanted = {
            "status": status,
            "owner": owner,
            "platform": platform,
            "contract": contract,
            "workflow_id": workflow_id,
        }
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(table_of(ExceptionRow).c[name] == value)
        async with self._database.read() as session:
            return [
                RecordedException.model_validate(row) for row in (await session.execute(statement)).scalars()
            ]


async def _known(session: AsyncSession, id: str) -> ExceptionRow:
    row = await session.get(ExceptionRow, id, with_for_update=True)
    if row is None:
        raise KeyError(f"there is no exception {id}")
    return row


def _audit(id: str, contract: str, action: str, at: dt.datetime, actor: str, reason: str) -> AuditEntry:
    return AuditEntry(
        key=f"exception/{id}/{'opened' if action == 'opened' else 'resolved'}/{at.isoformat()}",
        at=at,
        actor=actor,
        action=f"exception.{action}",
        object_kind="exception",
        object_id=id,
        contract=contract,
        reason=reason,
    )
