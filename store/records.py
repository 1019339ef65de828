"""`ports.records.Records` on the store: what workflows and activities write down and read back."""

import datetime as dt
from collections.abc import Sequence

from canonical.ids import contract_revenue_workflow_id
from canonical.metering import MeteredMonth
from canonical.rates import SourcedRate
from canonical.revenue import EntityContracts, EntityQuestion
from ports.bank import ReceiptOutcome, RecordedReceipt
from ports.events import ListedEvent
from ports.records import (
    ContractRecord,
    EventFate,
    ExceptionItem,
    LineageEntry,
    OverrideRecord,
    PublishedEvent,
    Resolution,
    ResolveAction,
)
from store.bank import BankStore
from store.contracts import ContractList
from store.database import Database
from store.event_log import Clock, EventLog, utc_now
from store.exceptions import ExceptionQueue
from store.lineage import LineageLog
from store.outbox import Outbox
from store.overrides import OverrideList
from store.periods import PeriodStore
from store.rates import RateTable
from store.sweeps import SweepStore
from store.usage import UsageLog


class StoreRecords(PeriodStore):
    """Every call can be repeated with the same effect. Raises StoreUnavailable where the database is gone."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        super().__init__(database, clock=clock)
        self._database = database
        self._lineage = LineageLog(database, clock=clock)
        self._exceptions = ExceptionQueue(database, clock=clock)
        self._overrides = OverrideList(database)
        self._usage = UsageLog(database, clock=clock)
        self._outbox = Outbox(database, clock=clock)
        self._contracts = ContractList(database)
        self._events = EventLog(database, clock=clock)
        self._sweeps = SweepStore(database, clock=clock)
        self._bank = BankStore(database, clock=clock)
        self._rates = RateTable(database, clock=clock)

    async def record_lineage(
        self, entries: tuple[LineageEntry, ...], events: tuple[PublishedEvent, ...] = ()
    ) -> None:
        async with self._database.write() as session:
            await self._lineage.add(session, entries)
            await self._outbox.add(session, events)

    async def lineage(self, contract: str) -> tuple[LineageEntry, ...]:
        return tuple(await self._lineage.of_contract(contract))

    async def open_exception(self, item: ExceptionItem) -> str:
        return await self._exceptions.open(item)

    async def note_exception(self, exception_id: str, at: dt.datetime, note: str, actor: str) -> None:
        await self._exceptions.note(exception_id, at, note, actor)

    async def escalate_exception(self, exception_id: str, owner: str, due_at: dt.datetime) -> None:
        await self._exceptions.escalate(exception_id, owner, due_at)

    async def resolve_exception(self, resolution: Resolution) -> None:
        await self._exceptions.resolve(resolution)

    async def rates_between(
        self, base: str, currencies: tuple[str, ...], first: dt.date, last: dt.date
    ) -> tuple[SourcedRate, ...]:
        return await self._rates.between(base, currencies, first, last)

    async def decision_on(self, workflow_id: str, step: str) -> ResolveAction | None:
        return await self._exceptions.decision_on(workflow_id, step)

    async def record_override(self, override: OverrideRecord) -> None:
        await self._overrides.record(override)

    async def usage(self, contract: str) -> tuple[MeteredMonth, ...]:
        return await self._usage.by_month(contract)

    async def hand_on_usage(self, contract: str, to: str, since: dt.date) -> int:
        return await self._usage.hand_on(contract, to, since)

    async def publish(self, events: tuple[PublishedEvent, ...]) -> None:
        await self._outbox.append(events)

    async def record_contract(self, contract: ContractRecord) -> None:
        await self._contracts.record(contract)

    async def record_status(
        self, contract: str, status: str, version: int, at: dt.datetime, account: str | None = None
    ) -> None:
        await self._contracts.update_status(contract, status, version, at, account)

    async def finish_event(self, fate: EventFate) -> None:
        await self._events.finish(fate.platform, fate.event_id, fate.fate, fate.reason)

    async def reached(self, platform: str) -> dt.datetime | None:
        return await self._sweeps.reached(platform)

    async def reach(self, platform: str, moment: dt.datetime) -> None:
        await self._sweeps.reach(platform, moment)

    async def take_in(self, platform: str, listed: Sequence[ListedEvent]) -> int:
        return await self._sweeps.take_in(platform, listed)

    async def bank_receipt(self, bank: str, ref: str) -> RecordedReceipt | None:
        return await self._bank.get(bank, ref)

    async def bank_statement(
        self, entity: str, since: dt.date, until: dt.date
    ) -> tuple[RecordedReceipt, ...]:
        return await self._bank.statement(entity, since, until)

    async def record_receipt_outcome(self, outcome: ReceiptOutcome) -> None:
        await self._bank.record_outcome(outcome)

    async def entity_contracts(self, question: EntityQuestion) -> EntityContracts:
        contracts = await self._contracts.ids(question.entity, question.after, question.limit)
        names = {contract_revenue_workflow_id(question.entity, question.period, id): id for id in contracts}
        waiting = await self._exceptions.waiting(tuple(names))
        return EntityContracts(contracts=contracts, waiting=tuple(sorted(names[name] for name in waiting)))
