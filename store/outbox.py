"""The events that we publish, kept as CloudEvents 1.0 envelopes (data of ids and amounts only)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ports.records import PublishedEvent
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import OutboundEvent, table_of


class Outbox:
    """`source` is the CloudEvents source of all of them, a URI reference."""

    def __init__(self, database: Database, *, source: str = "/q2c", clock: Clock = utc_now) -> None:
        self._database = database
        self._source = source
        self._clock = clock

    async def append(self, events: Sequence[PublishedEvent]) -> None:
        """An event id that is known changes nothing."""
        async with self._database.write() as session:
            await self.add(session, events)

    async def add(self, session: AsyncSession, events: Sequence[PublishedEvent]) -> None:
        """The same as a part of a transaction."""
        rows = [
            {
                "event_id": event.id,
                "type": event.type,
                "subject": event.subject,
                "time": event.time,
                "envelope": self.envelope(event),
                "published_at": None,
            }
            for event in events
        ]
        await self._database.insert_new(session, table_of(OutboundEvent), rows, ("event_id",))

    def envelope(self, event: PublishedEvent) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": event.id,
            "source": self._source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time.isoformat(),
            "datacontenttype": "application/json",
            "data": event.data,
        }

    async def unpublished(self, limit: int = 100) -> list[dict[str, Any]]:
        """Envelopes not yet marked as published, oldest first."""
        statement = (
            select(OutboundEvent)
            .where(col(OutboundEvent.published_at).is_(None))
            .order_by(col(OutboundEvent.id))
            .limit(limit)
        )
        async with self._database.read() as session:
            return [row.envelope for row in (await session.execute(statement)).scalars()]

    async def mark_published(self, event_ids: Sequence[str]) -> None:
        statement = (
            update(OutboundEvent)
            .where(col(OutboundEvent.event_id).in_(event_ids), col(OutboundEvent.published_at).is_(None))
            .values(published_at=self._clock())
        )
        async with self._database.write() as session:
            await session.execute(statement)

    async def list(self, *, subject: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Envelopes, newest first."""
        statement = select(OutboundEvent).order_by(col(OutboundEvent.id).desc()).limit(limit)
        if subject is not None:
            statement = statement.where(col(OutboundEvent.subject) == subject)
        async with self._database.read() as session:
            return [row.envelope for row in (await session.execute(statement)).scalars()]
