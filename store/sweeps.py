"""How far each platform's events have been swept, and what a sweep has found missing."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from ports.events import ListedEvent
from store.database import Database
from store.event_log import Clock, EventLog, utc_now
from store.new_events import NewEvent, flaw_of, letter, new_event
from store.tables import EventCursor, InboundEvent, table_of


class SweepStore:
    """`ports.sweeps.SweepRecords` on the store."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._log = EventLog(database, clock=clock)

    async def reached(self, platform: str) -> dt.datetime | None:
        async with self._database.read() as session:
            found = await session.get(EventCursor, platform)
            return None if found is None else found.reached

    async def reach(self, platform: str, moment: dt.datetime) -> None:
        now = self._clock()
        row = {"platform": platform, "reached": moment, "swept_at": now}
        async with self._database.write() as session:
            if await self._database.insert_new(session, table_of(EventCursor), [row], ("platform",)):
                return
            cursor = await session.get(EventCursor, platform, with_for_update=True)
            if cursor is not None:
                cursor.reached, cursor.swept_at = max(cursor.reached, moment), now

    async def take_in(self, platform: str, listed: Sequence[ListedEvent]) -> int:
        """What no database can hold of an event makes a dead letter of it, so that it is not lost again."""
        told = await self._told(platform, listed)
        events = [
            self._event(platform, each)
            for each in listed
            if each.event.version is None or (each.event.contract, each.event.version) not in told
        ]
        return len(await self._log.append(events)) if events else 0

    def _event(self, platform: str, listed: ListedEvent) -> NewEvent:
        flaw, now = flaw_of(listed.event), self._clock()
        if flaw is not None:
            return letter(platform, listed.body, {}, now, dead_because=flaw, named=listed.event.id)
        return new_event(listed.event, platform, listed.body, {}, now)

    async def _told(self, platform: str, listed: Sequence[ListedEvent]) -> set[tuple[str | None, int | None]]:
        """The contracts' versions that the log has been told of."""
        contracts = {each.event.contract for each in listed if each.event.version is not None}
        if not contracts:
            return set()
        statement = select(col(InboundEvent.contract), col(InboundEvent.version)).where(
            col(InboundEvent.platform) == platform,
            col(InboundEvent.contract).in_(contracts),
            col(InboundEvent.version).is_not(None),
        )
        async with self._database.read() as session:
            return {(contract, version) for contract, version in await session.execute(statement)}
