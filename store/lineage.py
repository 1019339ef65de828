"""Where each platform object comes from: read both ways, from the contract and from the object."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from canonical.origin import Origin, Reference
from ports.records import LineageEntry
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import Lineage, table_of

_ONCE = ("platform", "kind", "object_id", "contract", "change", "step")


class RecordedLineage(LineageEntry):
    """An entry with the moment at which it was recorded."""

    recorded_at: dt.datetime


class LineageLog:
    """Recording the same object for the same step again changes nothing."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(self, entries: Sequence[LineageEntry]) -> None:
        async with self._database.write() as session:
            await self.add(session, entries)

    async def add(self, session: AsyncSession, entries: Sequence[LineageEntry]) -> None:
        """The same as a part of a transaction."""
        now = self._clock()
        rows = [_row(entry, now) for entry in entries]
        await self._database.insert_new(session, table_of(Lineage), rows, _ONCE)

    async def of_contract(self, contract: str) -> list[RecordedLineage]:
        """In the order of recording."""
        return await self._select(contract=contract)

    async def of_event(self, event_id: str) -> list[RecordedLineage]:
        return await self._select(event_id=event_id)

    async def of_object(self, platform: str, object_id: str) -> list[RecordedLineage]:
        return await self._select(platform=platform, object_id=object_id)

    async def of_key(self, business_key: str) -> list[RecordedLineage]:
        return await self._select(business_key=business_key)

    async def _select(self, **equals: str) -> list[RecordedLineage]:
        columns = table_of(Lineage).c
        statement = select(Lineage).order_by(col(Lineage.id))
        for name, value in equals.items():
            statement = statement.where(columns[name] == value)
        async with self._database.read() as session:
            return [_entry(row) for row in (await session.execute(statement)).scalars()]


def _row(entry: LineageEntry, now: dt.datetime) -> dict[str, Any]:
    origin, reference = entry.origin, entry.reference
    return {
        "tenant": origin.tenant,
        "contract": origin.contract,
        "change": origin.change,
        "step": origin.step,
        "revision": origin.revision,
        "workflow_id": entry.workflow_id,
        "run_id": entry.run_id,
        "activity": entry.activity,
        "attempt": entry.attempt,
        "platform": reference.platform,
        "kind": reference.kind,
        "object_id": reference.id,
        "business_key": reference.business_key,
        "number": reference.number,
        "date": reference.date,
        "total": reference.total,
        "currency": entry.currency,
        "url": reference.url,
        "status": reference.status,
        "event_id": origin.event_id,
        "correlation_id": origin.correlation_id,
        "recorded_at": now,
    }


def _entry(row: Lineage) -> RecordedLineage:
    origin = Origin(
        tenant=row.tenant,
        contract=row.contract,
        change=row.change,
        step=row.step,
        revision=row.revision,
        correlation_id=row.correlation_id,
        event_id=row.event_id,
    )
    reference = Reference.model_validate(
        {
            "platform": row.platform,
            "kind": row.kind,
            "id": row.object_id,
            "business_key": row.business_key,
            "number": row.number,
            "url": row.url,
            "date": row.date,
            "total": row.total,
            "status": row.status,
        }
    )
    return RecordedLineage(
        origin=origin,
        reference=reference,
        currency=row.currency,
        workflow_id=row.workflow_id,
        run_id=row.run_id,
        activity=row.activity,
        attempt=row.attempt,
        recorded_at=row.recorded_at,
    )
