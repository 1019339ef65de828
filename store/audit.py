"""The audit chain: who did what, when and why; each entry carries the hash of the one before.

The database refuses to change an entry (triggers). `verify` finds what was changed, reordered, taken out or
cut off regardless; against one who rewrites the whole chain it needs an anchor kept elsewhere
(`head()` of an earlier day).
"""

import datetime as dt
import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import AuditHead, AuditRow

GENESIS = "0" * 64
_BATCH = 1000


class AuditEntry(BaseModel):
    """What is to be recorded. `key` names it: the same key again changes nothing."""

    model_config = ConfigDict(frozen=True)

    key: str
    at: dt.datetime
    actor: str
    role: str | None = None
    action: str
    object_kind: str
    object_id: str
    contract: str | None = None
    reason: str | None = None
    details: dict[str, str] = Field(default_factory=dict)
    correlation_id: str | None = None


class AuditRecord(AuditEntry):
    """An entry in its place in the chain."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    sequence: int
    previous_hash: str
    hash: str


class AuditAnchor(BaseModel):
    """How long the chain was and how it ended."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    hash: str


class AuditProblem(BaseModel):
    """`sequence` is the entry at which the chain is broken; `problem` says how."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    problem: str


class AuditVerification(BaseModel):
    model_config = ConfigDict(frozen=True)

    entries: int
    head: AuditAnchor
    problems: tuple[AuditProblem, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def intact(self) -> bool:
        return not self.problems


async def append_audit(session: AsyncSession, entry: AuditEntry) -> None:
    """Appends the entry in the caller's transaction, so that an act and its record are kept as one."""
    head = await session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
    if head is None:
        raise RuntimeError("audit_head has no row: the database is not migrated, or was tampered with")
    known = select(col(AuditRow.sequence)).where(col(AuditRow.key) == entry.key)
    if (await session.execute(known)).first() is not None:
        return
    row = AuditRow(
        **entry.model_dump(),
        sequence=head.sequence + 1,
        previous_hash=head.hash,
        hash=entry_hash(entry, head.sequence + 1, head.hash),
    )
    head.sequence, head.hash = row.sequence, row.hash
    session.add(row)
    await session.flush()


def entry_hash(entry: AuditEntry, sequence: int, previous_hash: str) -> str:
    """SHA-256 over all fields, the place in the chain and the hash before."""
    content: dict[str, Any] = {name: getattr(entry, name) for name in AuditEntry.model_fields}
    content["at"] = entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    content |= {"sequence": sequence, "previous_hash": previous_hash}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class AuditLog:
    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self.clock = clock

    async def append(self, entry: AuditEntry) -> None:
        async with self._database.write() as session:
            await append_audit(session, entry)

    async def list(
        self, *, contract: str | None = None, object_id: str | None = None, limit: int = 1000
    ) -> list[AuditRecord]:
        """The newest `limit` entries, oldest first."""
        statement = select(AuditRow).order_by(col(AuditRow.sequence).desc()).limit(limit)
        if contract is not None:
            statement = statement.where(col(AuditRow.contract) == contract)
        if object_id is not None:
            statement = statement.where(col(AuditRow.object_id) == object_id)
        async with self._database.read() as session:
            rows = (await session.execute(statement)).scalars().all()
        return [AuditRecord.model_validate(row) for row in reversed(rows)]

    async def head(self) -> AuditAnchor:
        """To be kept elsewhere and given to a later `verify`."""
        async with self._database.read() as session:
            head = await session.get(AuditHead, 1)
        return AuditAnchor(sequence=0, hash="") if head is None else _anchor(head)

    async def verify(self, anchor: AuditAnchor | None = None) -> AuditVerification:
        """Walks the whole chain and says where it is broken; changes nothing."""
        problems: list[AuditProblem] = []
        last, expected, entries = GENESIS, 0, 0
        async with self._database.read() as session:
            newest = (await session.execute(select(func.max(col(AuditRow.sequence))))).scalar_one_or_none()
            head = await session.get(AuditHead, 1)
            for start in range(0, (newest or 0) + 1, _BATCH):
                for row in await _batch(session, start):
                    entries += 1
                    problems += _broken(row, expected + 1, last)
                    expected, last = row.sequence, row.hash
                    if anchor is not None and row.sequence == anchor.sequence and row.hash != anchor.hash:
                        problems.append(
                            AuditProblem(sequence=row.sequence, problem="differs from the anchor")
                        )
        if head is None or (head.sequence, head.hash) != (expected, last):
            problems.append(AuditProblem(sequence=expected, problem="the chain's end is not where it was"))
        if anchor is not None and anchor.sequence > expected:
            problems.append(AuditProblem(sequence=expected, problem="shorter than the anchor says"))
        end = AuditAnchor(sequence=expected, hash=last)
        return AuditVerification(entries=entries, head=end, problems=tuple(problems))


def _anchor(head: AuditHead) -> AuditAnchor:
    return AuditAnchor(sequence=head.sequence, hash=head.hash)


async def _batch(session: AsyncSession, start: int) -> list[AuditRecord]:
    statement = (
        select(AuditRow)
        .where(col(AuditRow.sequence) >= start, col(AuditRow.sequence) < start + _BATCH)
        .order_by(col(AuditRow.sequence))
    )
    return [AuditRecord.model_validate(row) for row in (await session.execute(statement)).scalars()]


def _broken(row: AuditRecord, expected: int, last: str) -> list[AuditProblem]:
    problems = []
    if row.sequence != expected:
        problems.append(AuditProblem(sequence=expected, problem="missing"))
    if row.previous_hash != last:
        problems.append(AuditProblem(sequence=row.sequence, problem="does not follow the entry before"))
    if row.hash != entry_hash(row, row.sequence, row.previous_hash):
        problems.append(AuditProblem(sequence=row.sequence, problem="changed"))
    return problems
