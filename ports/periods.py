"""What we need from our own store to reconcile and close a period: listings, runs, breaks, closes."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.reconciliation import Break, Entry, Reconciliation, Side

BreakStatus = Literal["open", "explained", "repaired", "resolved"]


class ReconciliationRun(Noun):
    """What a run found by `as_of`; `digest` is the hash of all sides and breaks."""

    run: str
    entity: str
    period: str
    at: dt.datetime
    as_of: dt.date
    requested_by: str
    digest: str
    results: tuple[Reconciliation, ...]


class RecordedRun(Noun):
    """The newest run over an entity and period; `sides` by currency, then by name."""

    run: str
    entity: str
    period: str
    at: dt.datetime
    as_of: dt.date
    requested_by: str
    digest: str
    sides: dict[str, dict[Side, Dec]]


class RecordedBreak(Noun):
    """A break as the store knows it. `explained`: accepted by a second person, so that it blocks no more;
    `repaired`: put right, to be seen by the next run; `resolved`: a run has not found it again.
    """

    entity: str
    period: str
    currency: str
    status: BreakStatus
    note: str | None
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    resolved_at: dt.datetime | None
    found: Break

    @property
    def blocks(self) -> bool:
        return self.status == "open" and self.found.blocks_close


class CloseRecord(Noun):
    """The evidence of a close: who, when, why, on which run, and the breaks that were explained."""

    entity: str
    period: str
    closed_at: dt.datetime
    closed_by: str
    reason: str
    run: str
    digest: str
    sides: dict[str, dict[Side, Dec]]
    explained: tuple[str, ...]
    closed_in_erp: bool
    note: str


class PeriodRecords(Protocol):
    """Every call can be repeated with the same effect."""

    async def contract_entities(self) -> dict[str, str]:
        """The legal entity of every contract that we know, by the contract's id."""
        ...

    async def keep_listing(self, run: str, look: int, side: Side, entries: Sequence[Entry]) -> None:
        """Keeps a side's listing until the run is recorded; replaces what was kept before."""
        ...

    async def listing(self, run: str, look: int) -> tuple[tuple[Side, ...], tuple[Entry, ...]]:
        """The sides that were kept, and all their entries."""
        ...

    async def record_reconciliation(self, run: ReconciliationRun) -> None:
        """Keeps the run and its breaks, resolves those that are gone, drops the listings."""
        ...

    async def breaks(
        self, entity: str, period: str, statuses: Sequence[BreakStatus] = ()
    ) -> tuple[RecordedBreak, ...]:
        """In order of currency, document and id; without `statuses`, all of them."""
        ...

    async def mark_break(self, id: str, status: BreakStatus, note: str) -> None: ...

    async def newest_run(self, entity: str, period: str) -> RecordedRun | None: ...

    async def record_close(self, close: CloseRecord) -> None:
        """Keeps the close with its audit entry; the first one of an entity and period counts. That the ERP's
        period was closed too may be said later.
        """
        ...

    async def close_of(self, entity: str, period: str) -> CloseRecord | None: ...
