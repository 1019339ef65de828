"""Runs of reconciliation, the breaks that they found, and closed periods."""

import datetime as dt
from collections.abc import Sequence
from itertools import chain

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from canonical.reconciliation import Break, Entry, Side
from ports.periods import BreakStatus, CloseRecord, ReconciliationRun, RecordedBreak, RecordedRun
from store.audit import AuditEntry, append_audit
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import (
    BreakRow,
    ContractRow,
    ListingRow,
    PeriodCloseRow,
    ReconciliationRow,
    table_of,
)

_ENTRIES_A_ROW = 500
_LISTINGS_ARE_KEPT = dt.timedelta(days=2)
"""Listings of runs that never came to an end go after this."""


class PeriodStore:
    """`ports.periods.PeriodRecords` on the store. Raises StoreUnavailable where the database is gone."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._periods = database
        self._now = clock

    async def contract_entities(self) -> dict[str, str]:
        statement = select(col(ContractRow.id), col(ContractRow.legal_entity))
        async with self._periods.read() as session:
            return {row[0]: row[1] for row in await session.execute(statement)}

    async def keep_listing(self, run: str, look: int, side: Side, entries: Sequence[Entry]) -> None:
        parts = [*_parts(entries)] or [[]]
        async with self._periods.write() as session:
            rows = table_of(ListingRow)
            same = (rows.c.run == run, rows.c.look == look, rows.c.side == side)
            await session.execute(delete(rows).where(*same))
            for number, part in enumerate(parts):
                said = [entry.model_dump(mode="json") for entry in part]
                place = {"run": run, "look": look, "side": side, "part": number}
                session.add(ListingRow.model_validate(place | {"entries": said, "kept_at": self._now()}))

    async def listing(self, run: str, look: int) -> tuple[tuple[Side, ...], tuple[Entry, ...]]:
        statement = select(ListingRow).where(col(ListingRow.run) == run, col(ListingRow.look) == look)
        statement = statement.order_by(col(ListingRow.side), col(ListingRow.part))
        async with self._periods.read() as session:
            rows = (await session.execute(statement)).scalars().all()
        sides = dict.fromkeys(row.side for row in rows)
        entries = chain.from_iterable(row.entries for row in rows)
        return tuple(sides), tuple(Entry.model_validate(entry) for entry in entries)  # type: ignore[arg-type]

    async def record_reconciliation(self, run: ReconciliationRun) -> None:
        async with self._periods.write() as session:
            sides = {
                result.currency: {name: f"{amount:f}" for name, amount in result.sides.items()}
                for result in run.results
            }
            row = run.model_dump(exclude={"results"}) | {"sides": sides}
            await self._periods.insert_new(session, table_of(ReconciliationRow), [row], ("run",))
            found = {b.id: (result.currency, b) for result in run.results for b in result.breaks}
            for currency, each in found.values():
                await self._see(session, run, currency, each)
            await self._resolve_gone(session, run, set(found))
            listings = table_of(ListingRow)
            old = listings.c.kept_at < run.at - _LISTINGS_ARE_KEPT
            await session.execute(delete(listings).where((listings.c.run == run.run) | old))

    async def _see(self, session: AsyncSession, run: ReconciliationRun, currency: str, found: Break) -> None:
        """A break that was thought to be repaired or gone, and is there, is open again."""
        row = await session.get(BreakRow, found.id, with_for_update=True)
        said = found.model_dump(mode="json")
        if row is None:
            session.add(
                BreakRow(
                    **found.model_dump(include={"id", "type", "document", "contract"}),
                    effect=found.effect,
                    entity=run.entity,
                    period=run.period,
                    currency=currency,
                    owner=found.owner,
                    blocks_close=found.blocks_close,
                    found=said,
                    status="open",
                    first_seen_at=run.at,
                    last_seen_at=run.at,
                    run=run.run,
                )
            )
            return
        row.found, row.owner, row.blocks_close = said, found.owner, found.blocks_close
        row.last_seen_at, row.run = run.at, run.run
        if row.status in ("repaired", "resolved"):
            row.status, row.resolved_at = "open", None

    async def _resolve_gone(self, session: AsyncSession, run: ReconciliationRun, found: set[str]) -> None:
        statement = select(BreakRow).where(
            col(BreakRow.entity) == run.entity,
            col(BreakRow.period) == run.period,
            col(BreakRow.status) != "resolved",
        )
        for row in (await session.execute(statement)).scalars():
            if row.id not in found:
                row.status, row.resolved_at, row.run = "resolved", run.at, run.run

    async def breaks(
        self, entity: str, period: str, statuses: Sequence[BreakStatus] = ()
    ) -> tuple[RecordedBreak, ...]:
        statement = select(BreakRow).where(col(BreakRow.entity) == entity, col(BreakRow.period) == period)
        if statuses:
            statement = statement.where(col(BreakRow.status).in_(statuses))
        statement = statement.order_by(col(BreakRow.currency), col(BreakRow.document), col(BreakRow.id))
        async with self._periods.read() as session:
            return tuple(_recorded(row) for row in (await session.execute(statement)).scalars())

    async def find_break(self, id: str) -> RecordedBreak | None:
        async with self._periods.read() as session:
            row = await session.get(BreakRow, id)
            return None if row is None else _recorded(row)

    async def list_breaks(
        self,
        *,
        entity: str | None = None,
        period: str | None = None,
        status: BreakStatus | None = None,
        limit: int = 1000,
    ) -> list[RecordedBreak]:
        """Those seen first come first."""
        order = (col(BreakRow.first_seen_at), col(BreakRow.id))
        statement = select(BreakRow).order_by(*order).limit(limit)
        for name, value in {"entity": entity, "period": period, "status": status}.items():
            if value is not None:
                statement = statement.where(table_of(BreakRow).c[name] == value)
        async with self._periods.read() as session:
            return [_recorded(row) for row in (await session.execute(statement)).scalars()]

    async def mark_break(self, id: str, status: BreakStatus, note: str) -> None:
        async with self._periods.write() as session:
            row = await session.get(BreakRow, id, with_for_update=True)
            if row is None:
                raise KeyError(f"there is no break {id}")
            if row.status != "resolved":
                row.status, row.note = status, note

    async def newest_run(self, entity: str, period: str) -> RecordedRun | None:
        statement = (
            select(ReconciliationRow)
            .where(col(ReconciliationRow.entity) == entity, col(ReconciliationRow.period) == period)
            .order_by(col(ReconciliationRow.at).desc())
            .limit(1)
        )
        async with self._periods.read() as session:
            row = (await session.execute(statement)).scalars().first()
            return None if row is None else RecordedRun.model_validate(row.model_dump())

    async def runs_of(self, period: str, entity: str | None = None) -> list[RecordedRun]:
        """The newest run of each entity over the period, in order of entity."""
        statement = select(col(ReconciliationRow.entity)).where(col(ReconciliationRow.period) == period)
        if entity is not None:
            statement = statement.where(col(ReconciliationRow.entity) == entity)
        async with self._periods.read() as session:
            entities = sorted(set((await session.execute(statement)).scalars()))
        found = [await self.newest_run(each, period) for each in entities]
        return [run for run in found if run is not None]

    async def record_close(self, close: CloseRecord) -> None:
        row = close.model_dump(exclude={"sides", "explained"})
        row["sides"] = close.model_dump(mode="json")["sides"]
        row["explained"] = list(close.explained)
        async with self._periods.write() as session:
            kept = table_of(PeriodCloseRow)
            if await self._periods.insert_new(session, kept, [row], ("entity", "period")):
                await append_audit(session, _audit(close))
            known = await session.get(PeriodCloseRow, (close.entity, close.period), with_for_update=True)
            if known is not None and close.closed_in_erp and not known.closed_in_erp:
                known.closed_in_erp, known.note = True, close.note

    async def close_of(self, entity: str, period: str) -> CloseRecord | None:
        async with self._periods.read() as session:
            row = await session.get(PeriodCloseRow, (entity, period))
            return None if row is None else CloseRecord.model_validate(row.model_dump())


def _parts(entries: Sequence[Entry]) -> list[list[Entry]]:
    starts = range(0, len(entries), _ENTRIES_A_ROW)
    return [list(entries[start : start + _ENTRIES_A_ROW]) for start in starts]


def _recorded(row: BreakRow) -> RecordedBreak:
    names = {"entity", "period", "currency", "status", "note", "first_seen_at", "last_seen_at", "resolved_at"}
    return RecordedBreak.model_validate(row.model_dump(include=names) | {"found": row.found})


def _audit(close: CloseRecord) -> AuditEntry:
    return AuditEntry(
        key=f"close/{close.entity}/{close.period}",
        at=close.closed_at,
        actor=close.closed_by,
        action="period.close",
        object_kind="period",
        object_id=f"{close.entity}/{close.period}",
        reason=close.reason,
        details={
            "run": close.run,
            "digest": close.digest,
            "explained": ", ".join(close.explained),
            "closed_in_erp": str(close.closed_in_erp).lower(),
        },
    )
