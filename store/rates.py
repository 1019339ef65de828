"""Exchange rates by day: each once, with its source; a differing one only as a correction with its reason."""

import datetime as dt

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlmodel import col

from canonical.base import Dec
from canonical.rates import RateSheet, ReferenceRate, SourcedRate
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import RateRow, table_of


class RecordedRate(BaseModel):
    """A rate as the store has it; `reason` where it was corrected."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    date: dt.date
    base: str
    currency: str
    rate: Dec
    source: str
    recorded_by: str
    reason: str | None


class RateReceipt(BaseModel):
    """`conflicting` are rates that differ from those known, as day and currency; with any of them, and
    without a reason, nothing was recorded."""

    model_config = ConfigDict(frozen=True)

    recorded: int
    known: int
    corrected: int
    conflicting: tuple[str, ...] = ()


class RateTable:
    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def record(self, sheet: RateSheet, actor: str, reason: str | None) -> RateReceipt:
        """All of the sheet, or nothing of it."""
        days = sorted({rate.date for rate in sheet.rates})
        async with self._database.write() as session:
            statement = select(RateRow).where(
                col(RateRow.base) == sheet.base,
                col(RateRow.date) >= days[0],
                col(RateRow.date) <= days[-1],
            )
            rows = (await session.execute(statement.with_for_update())).scalars()
            known = {(row.date, row.currency): row for row in rows}
            differing = [
                each for each in sheet.rates if _differs(known.get((each.date, each.currency)), each)
            ]
            if differing and reason is None:
                names = tuple(f"{each.date} {each.currency}" for each in differing)
                return RateReceipt(recorded=0, known=0, corrected=0, conflicting=names)
            for each in differing:
                row = known[each.date, each.currency]
                row.rate, row.source, row.reason = each.rate, sheet.source, reason
                row.recorded_by, row.recorded_at = actor, self._clock()
            new = [each for each in sheet.rates if (each.date, each.currency) not in known]
            values = [self._row(sheet, each, actor) for each in new]
            await self._database.insert_new(session, table_of(RateRow), values, ("base", "currency", "date"))
        return RateReceipt(
            recorded=len(new), known=len(sheet.rates) - len(new) - len(differing), corrected=len(differing)
        )

    def _row(self, sheet: RateSheet, rate: ReferenceRate, actor: str) -> dict[str, object]:
        return {
            "base": sheet.base,
            "currency": rate.currency,
            "date": rate.date,
            "rate": rate.rate,
            "source": sheet.source,
            "recorded_by": actor,
            "recorded_at": self._clock(),
            "reason": None,
        }

    async def in_force(self, day: dt.date, currency: str | None = None) -> tuple[RecordedRate, ...]:
        """The last rate of each currency by the day, in order of base and currency."""
        statement = select(RateRow).where(col(RateRow.date) <= day).order_by(col(RateRow.date))
        if currency is not None:
            statement = statement.where(col(RateRow.currency) == currency)
        newest: dict[tuple[str, str], RecordedRate] = {}
        async with self._database.read() as session:
            for row in (await session.execute(statement)).scalars():
                newest[row.base, row.currency] = RecordedRate.model_validate(row)
        return tuple(newest[key] for key in sorted(newest))

    async def between(
        self, base: str, currencies: tuple[str, ...], first: dt.date, last: dt.date
    ) -> tuple[SourcedRate, ...]:
        """All rates of the currencies on the days from `first` to `last`, in order of day and currency."""
        statement = (
            select(RateRow)
            .where(
                col(RateRow.base) == base,
                col(RateRow.currency).in_(currencies),
                col(RateRow.date) >= first,
                col(RateRow.date) <= last,
            )
            .order_by(col(RateRow.date), col(RateRow.currency))
        )
        async with self._database.read() as session:
            rows = (await session.execute(statement)).scalars()
            return tuple(
                SourcedRate(
                    date=row.date, currency=row.currency, rate=row.rate, base=row.base, source=row.source
                )
                for row in rows
            )


def _differs(known: RateRow | None, rate: ReferenceRate) -> bool:
    return known is not None and known.rate != rate.rate
