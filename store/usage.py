"""Usage as reported: each id counts once in its contract, whoever reports it and how often.

Events are kept one by one, for whoever asks what a bill is made of; beside them the sums by line and day,
which is what contracts are told. Both are written in one transaction.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from canonical.metering import MeteredMonth, ReportedUsage
from canonical.money import plus
from canonical.scenario import Usage
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import UsageDay, UsageEvent, table_of

_AT_ONCE = 400
"""How many keys one statement asks for: SQLite and asyncpg both bound a statement's parameters."""

_A_PAGE = 5_000
"""How many events are handed on in one transaction."""

EventId = tuple[str, str]
"""Contract and usage id."""
_Day = tuple[str, str, dt.date]
_Content = tuple[str, dt.date, Decimal]
"""What must be the same where an id comes again: line, date, quantity."""
_Key = TypeVar("_Key")


class UsageReceipt(BaseModel):
    """What became of reported usage: `conflicting` are ids known with other content, which stays."""

    model_config = ConfigDict(frozen=True)

    recorded: int
    duplicates: int
    conflicting: tuple[str, ...]


class BatchReceipt(BaseModel):
    """The same of events of many contracts; `conflicting` by contract and id."""

    model_config = ConfigDict(frozen=True)

    recorded: int
    duplicates: int
    conflicting: tuple[EventId, ...]


class _Event(NamedTuple):
    contract: str
    id: str | None
    line: str
    date: dt.date
    quantity: Decimal

    @property
    def key(self) -> EventId:
        return self.contract, self.id or ""

    @property
    def content(self) -> _Content:
        return self.line, self.date, self.quantity

    def row(self, now: dt.datetime) -> dict[str, object]:
        return {
            "contract": self.contract,
            "usage_id": self.id,
            "line": self.line,
            "date": self.date,
            "quantity": self.quantity,
            "recorded_at": now,
        }


class UsageLog:
    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(self, contract: str, usage: Sequence[Usage]) -> UsageReceipt:
        """Keeps what is new of one contract, all or nothing. Usage without an id counts each time."""
        receipt = await self._record([_Event(contract, u.id, u.line, u.date, u.quantity) for u in usage])
        return UsageReceipt(
            recorded=receipt.recorded,
            duplicates=receipt.duplicates,
            conflicting=tuple(usage_id for _, usage_id in receipt.conflicting),
        )

    async def record_batch(self, events: Sequence[ReportedUsage]) -> BatchReceipt:
        """Keeps what is new of any number of contracts, all or nothing."""
        return await self._record([_Event(e.contract, e.id, e.line, e.date, e.quantity) for e in events])

    async def _record(self, events: Sequence[_Event]) -> BatchReceipt:
        """Two batches at once never wait for each other in a circle: both write in the order of the keys."""
        now = self._clock()
        unnamed = [event for event in events if event.id is None]
        first: dict[EventId, _Event] = {}
        repeated: list[_Event] = []
        for event in events:
            if event.id is not None and first.setdefault(event.key, event) is not event:
                repeated.append(event)
        async with self._database.write() as session:
            new = await self._insert(session, first, now)
            if unnamed:
                await session.execute(table_of(UsageEvent).insert(), [event.row(now) for event in unnamed])
            await self._count(session, [*(first[key] for key in new), *unnamed])
            kept = await _kept(session, sorted(first.keys() - new))
        kept |= {key: first[key].content for key in new}
        again = [*(event for key, event in first.items() if key not in new), *repeated]
        conflicting = {event.key for event in again if event.content != kept[event.key]}
        recorded = len(new) + len(unnamed)
        return BatchReceipt(
            recorded=recorded, duplicates=len(events) - recorded, conflicting=tuple(sorted(conflicting))
        )

    async def _insert(
        self, session: AsyncSession, events: Mapping[EventId, _Event], now: dt.datetime
    ) -> set[EventId]:
        """Inserts the events whose ids are new; returns these."""
        rows = [events[key].row(now) for key in sorted(events)]
        unique = ("contract", "usage_id")
        inserted = await self._database.insert_new(session, table_of(UsageEvent), rows, unique)
        return {(contract, usage_id) for contract, usage_id in inserted}

    async def _count(self, session: AsyncSession, events: Iterable[_Event]) -> None:
        """Adds the events to their days' sums."""
        more: dict[_Day, list[Decimal]] = defaultdict(list)
        for event in events:
            more[(event.contract, event.line, event.date)].append(event.quantity)
        table, names = table_of(UsageDay), ("contract", "line", "date")
        days = sorted(more)
        nothing = [dict(zip(names, day, strict=True)) | {"units": Decimal(0), "events": 0} for day in days]
        await self._database.insert_new(session, table, nothing, names)
        sums: list[dict[str, object]] = []
        for some in _in_parts(days):
            key = tuple_(*(table.c[name] for name in names))
            statement = select(table).where(key.in_(some)).order_by(*(table.c[name] for name in names))
            for *day, units, count in await session.execute(statement.with_for_update()):
                figures = more[(day[0], day[1], day[2])]
                sums.append(
                    {f"of_{name}": value for name, value in zip(names, day, strict=True)}
                    | {"units": plus(units, *figures), "events": count + len(figures)}
                )
        if sums:
            same = (table.c[name] == bindparam(f"of_{name}") for name in names)
            await session.execute(update(table).where(*same), sums)

    async def hand_on(self, contract: str, to: str, since: dt.date) -> int:
        """Reports the contract's usage of a day or later to another contract too, each event once, however
        often it is handed on; how many were new there. The events stay where they are.
        """
        recorded, after = 0, 0
        while page := await self._page(contract, since, after):
            after = page[-1].id or after
            events = [
                _Event(to, f"{contract}/{row.usage_id or f'#{row.id}'}", row.line, row.date, row.quantity)
                for row in page
            ]
            recorded += (await self._record(events)).recorded
        return recorded

    async def _page(self, contract: str, since: dt.date, after: int) -> Sequence[UsageEvent]:
        statement = (
            select(UsageEvent)
            .where(col(UsageEvent.contract) == contract, col(UsageEvent.date) >= since)
            .where(col(UsageEvent.id) > after)
            .order_by(col(UsageEvent.id))
            .limit(_A_PAGE)
        )
        async with self._database.read() as session:
            return (await session.execute(statement)).scalars().all()

    async def by_month(self, contract: str) -> tuple[MeteredMonth, ...]:
        """All usage of the contract by line, month and day, however many events there are."""
        table = table_of(UsageDay)
        statement = select(table.c.line, table.c.date, table.c.units, table.c.events)
        statement = statement.where(table.c.contract == contract).order_by(table.c.line, table.c.date)
        months: dict[tuple[str, str], tuple[dict[int, Decimal], list[int]]] = {}
        async with self._database.read() as session:
            for line, date, units, events in await session.execute(statement):
                days, counts = months.setdefault((line, f"{date.year:04}-{date.month:02}"), ({}, []))
                days[date.day] = units
                counts.append(events)
        return tuple(
            MeteredMonth(line=line, month=month, units=days, events=sum(counts))
            for (line, month), (days, counts) in months.items()
        )

    async def of_contract(
        self, contract: str, *, limit: int | None = None, offset: int = 0
    ) -> tuple[Usage, ...]:
        """Single events by date, then in the order of recording."""
        statement = (
            select(UsageEvent)
            .where(col(UsageEvent.contract) == contract)
            .order_by(col(UsageEvent.date), col(UsageEvent.id))
            .limit(limit)
            .offset(offset)
        )
        async with self._database.read() as session:
            return tuple(_usage(row) for row in (await session.execute(statement)).scalars())


async def _kept(session: AsyncSession, ids: Sequence[EventId]) -> dict[EventId, _Content]:
    """What is kept under these ids."""
    table = table_of(UsageEvent)
    columns = (table.c.contract, table.c.usage_id, table.c.line, table.c.date, table.c.quantity)
    found: dict[EventId, _Content] = {}
    for contract, some in _of_one_contract(ids):
        statement = select(*columns).where(table.c.contract == contract, table.c.usage_id.in_(some))
        for _, usage_id, line, date, quantity in await session.execute(statement):
            found[(contract, usage_id)] = (line, date, quantity)
    return found


def _of_one_contract(ids: Sequence[EventId]) -> Iterator[tuple[str, Sequence[str]]]:
    by_contract: dict[str, list[str]] = defaultdict(list)
    for contract, usage_id in ids:
        by_contract[contract].append(usage_id)
    for contract, listed in by_contract.items():
        for some in _in_parts(listed):
            yield contract, some


def _in_parts(keys: Sequence[_Key]) -> Iterator[Sequence[_Key]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))


def _usage(row: UsageEvent) -> Usage:
    return Usage(line=row.line, date=row.date, quantity=row.quantity, id=row.usage_id)
