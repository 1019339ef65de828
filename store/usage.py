"""Usage as reported: each id counts once in its contract, whoever reports it and how often."""

import datetime as dt
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from canonical.scenario import Usage
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import UsageEvent, table_of


class UsageReceipt(BaseModel):
    """What became of reported usage: `conflicting` are ids known with other content, which stays."""

    model_config = ConfigDict(frozen=True)

    recorded: int
    duplicates: int
    conflicting: tuple[str, ...]


class UsageLog:
    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(self, contract: str, usage: Sequence[Usage]) -> UsageReceipt:
        """Keeps what is new, all or nothing. Usage without an id counts each time that it is reported."""
        now = self._clock()
        async with self._database.write() as session:
            for each in usage:
                if each.id is None:
                    session.add(_row(contract, each, now))
            named = [each for each in usage if each.id is not None]
            rows = [_row(contract, each, now).model_dump(exclude={"id"}) for each in named]
            new = await self._database.insert_new(
                session, table_of(UsageEvent), rows, ("contract", "usage_id")
            )
            kept = await _kept(session, contract, [each.id for each in named if each.id is not None])
        conflicting = {each.id for each in named if each.id is not None and each != kept[each.id]}
        recorded = len(new) + len(usage) - len(named)
        return UsageReceipt(
            recorded=recorded, duplicates=len(usage) - recorded, conflicting=tuple(sorted(conflicting))
        )

    async def of_contract(self, contract: str) -> tuple[Usage, ...]:
        """By date, then in the order of recording."""
        statement = (
            select(UsageEvent)
            .where(col(UsageEvent.contract) == contract)
            .order_by(col(UsageEvent.date), col(UsageEvent.id))
        )
        async with self._database.read() as session:
            return tuple(_usage(row) for row in (await session.execute(statement)).scalars())


async def _kept(session: AsyncSession, contract: str, ids: list[str]) -> dict[str, Usage]:
    found: dict[str, Usage] = {}
    for start in range(0, len(ids), 500):
        statement = select(UsageEvent).where(
            col(UsageEvent.contract) == contract, col(UsageEvent.usage_id).in_(ids[start : start + 500])
        )
        for row in (await session.execute(statement)).scalars():
            assert row.usage_id is not None
            found[row.usage_id] = _usage(row)
    return found


def _row(contract: str, usage: Usage, now: dt.datetime) -> UsageEvent:
    return UsageEvent(
        contract=contract,
        usage_id=usage.id,
        line=usage.line,
        date=usage.date,
        quantity=usage.quantity,
        recorded_at=now,
    )


def _usage(row: UsageEvent) -> Usage:
    return Usage(line=row.line, date=row.date, quantity=row.quantity, id=row.usage_id)
