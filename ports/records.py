"""What we need from our own store: lineage, the exception queue, usage, published events."""

import datetime as dt
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.metering import MeteredMonth
from canonical.origin import Origin, Reference
from canonical.rates import SourcedRate
from canonical.revenue import EntityContracts, EntityQuestion
from ports.bank import BankRecords
from ports.periods import PeriodRecords
from ports.sweeps import SweepRecords

ResolveAction = Literal["retry", "fix", "skip", "compensate", "accept"]


class LineageEntry(Noun):
    """One platform object and where it came from. Recording the same object and step again is harmless."""

    origin: Origin
    reference: Reference
    currency: str | None = None
    workflow_id: str
    run_id: str
    activity: str
    attempt: int


class ExceptionItem(Noun):
    """Something that a person must decide. `key` names it: workflow, step and how often the step has failed;
    opening the same key again gives the same item.

    `actions` are what the workflow takes; `summary` is in finance's words, without personal data.
    """

    key: str
    workflow_id: str
    contract: str
    change: str | None
    step: str
    platform: str | None
    code: str
    summary: str
    field: str | None = None
    amount: Dec | None
    currency: str | None
    owner: str
    opened_at: dt.datetime
    due_at: dt.datetime
    actions: tuple[ResolveAction, ...]
    correlation_id: str
    legal_entity: str | None = None


class Resolution(Noun):
    """How an exception ended. `outcome` is what came of the action."""

    exception_id: str
    action: ResolveAction
    actor: str
    reason: str
    outcome: str
    at: dt.datetime


class SelfApproval(Exception):
    """A decision on an override by the person who has asked for it: it is not recorded."""


OverrideStatus = Literal["requested", "approved", "rejected", "closed"]
"""`closed`: its exception was resolved before anybody had decided."""


class OverrideRecord(Noun):
    """A finance override as the workflow decided on it; `digest` is the hash of what was approved, `outcome`
    what has ended a request that nobody decided on.
    """

    id: str
    exception_id: str
    contract: str
    action: ResolveAction
    amount: Dec | None
    currency: str | None
    reason: str
    requested_by: str
    requested_at: dt.datetime
    status: OverrideStatus
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    digest: str
    outcome: str | None = None


class PublishedEvent(Noun):
    """An event that others may read: CloudEvents `type` and `subject`, data of ids and amounts only."""

    id: str
    type: str
    subject: str
    time: dt.datetime
    data: dict[str, str]


class ContractRecord(Noun):
    """What lists show of a contract. Of two, the one with the later `updated_at` counts."""

    id: str
    account: str
    legal_entity: str
    currency: str
    status: str
    version: int
    workflow_id: str
    updated_at: dt.datetime


class EventFate(Noun):
    """What became of an inbound event that a workflow was handed: applied, or ignored with a reason."""

    platform: str
    event_id: str
    fate: Literal["applied", "ignored"]
    reason: str | None = None


class Records(PeriodRecords, SweepRecords, BankRecords, Protocol):
    """Every call can be repeated with the same effect."""

    async def record_lineage(
        self, entries: tuple[LineageEntry, ...], events: tuple[PublishedEvent, ...] = ()
    ) -> None:
        """Both or neither: the steps, and what others are told of them."""
        ...

    async def lineage(self, contract: str) -> tuple[LineageEntry, ...]: ...

    async def open_exception(self, item: ExceptionItem) -> str:
        """Opens the item, audits it, and returns its id (short, stable for the key)."""
        ...

    async def note_exception(self, exception_id: str, at: dt.datetime, note: str, actor: str) -> None:
        """Adds a line to the exception's story: an escalation, a refused signal."""
        ...

    async def escalate_exception(self, exception_id: str, owner: str, due_at: dt.datetime) -> None: ...

    async def resolve_exception(self, resolution: Resolution) -> None: ...

    async def decision_on(self, workflow_id: str, step: str) -> ResolveAction | None:
        """How the step's newest exception was resolved; None where there was none, or it is open."""
        ...

    async def record_override(self, override: OverrideRecord) -> None: ...

    async def usage(self, contract: str) -> tuple[MeteredMonth, ...]:
        """All usage of the contract by line and day, each event id once."""
        ...

    async def rates_between(
        self, base: str, currencies: tuple[str, ...], first: dt.date, last: dt.date
    ) -> tuple[SourcedRate, ...]:
        """The rates of the currencies for one of `base` on the days from `first` to `last`."""
        ...

    async def hand_on_usage(self, contract: str, to: str, since: dt.date) -> int:
        """Reports a contract's usage of a day or later to another one too; how many events are new there."""
        ...

    async def publish(self, events: tuple[PublishedEvent, ...]) -> None: ...

    async def record_contract(self, contract: ContractRecord) -> None:
        """Brings the list of contracts up to date."""
        ...

    async def record_status(
        self, contract: str, status: str, version: int, at: dt.datetime, account: str | None = None
    ) -> None:
        """Brings one contract's status and customer up to date, where it is listed."""
        ...

    async def finish_event(self, fate: EventFate) -> None:
        """Says what became of an event that was handed on; an event that has ended stays as it is."""
        ...

    async def entity_contracts(self, question: EntityQuestion) -> EntityContracts:
        """A page of the entity's contracts by id, and whose revenue of the period has an open exception."""
        ...
