"""Our own store's side effects: the exception queue, overrides, published events."""

import datetime as dt

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.base import Noun
from canonical.metering import MeteredMonth
from ports.records import (
    ExceptionItem,
    OverrideRecord,
    PublishedEvent,
    Records,
    Resolution,
    ResolveAction,
    SelfApproval,
)


class ExceptionOpened(Noun):
    id: str


class Escalation(Noun):
    """`item`: the exception itself, for a database that was set back and knows it no more."""

    exception_id: str
    owner: str
    due_at: dt.datetime
    item: ExceptionItem | None = None


class ExceptionNote(Noun):
    exception_id: str
    at: dt.datetime
    note: str
    actor: str
    item: ExceptionItem | None = None
    """As an escalation's."""


class Closing(Resolution):
    item: ExceptionItem | None = None
    """As an escalation's."""


class Publication(Noun):
    events: tuple[PublishedEvent, ...]


class UsageQuestion(Noun):
    """Of which contract; `status` is how it is listed before its usage is read, null: as it is."""

    contract: str
    status: str | None
    version: int


class Listing(Noun):
    """How a contract is listed from now on; `account` is whose it is."""

    contract: str
    status: str
    version: int
    account: str


class UsageReading(Noun):
    usage: tuple[MeteredMonth, ...]


class DecisionQuestion(Noun):
    """How was this step's newest exception resolved?"""

    workflow_id: str
    step: str


class DecisionTaken(Noun):
    action: ResolveAction | None


class UsageHandover(Noun):
    """Usage of `contract` from a day on that is another contract's since."""

    contract: str
    to: str
    since: dt.date


class HandedOn(Noun):
    events: int
    """How many were not known there."""


class RecordsActivities:
    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name="records.open_exception")
    async def open_exception(self, item: ExceptionItem) -> ExceptionOpened:
        return ExceptionOpened(id=await self._records.open_exception(item))

    @activity.defn(name="records.escalate_exception")
    async def escalate_exception(self, escalation: Escalation) -> None:
        await self._have(escalation.item)
        await self._records.escalate_exception(escalation.exception_id, escalation.owner, escalation.due_at)

    @activity.defn(name="records.note_exception")
    async def note_exception(self, note: ExceptionNote) -> None:
        await self._have(note.item)
        await self._records.note_exception(note.exception_id, note.at, note.note, note.actor)

    @activity.defn(name="records.resolve_exception")
    async def resolve_exception(self, closing: Closing) -> None:
        await self._have(closing.item)
        await self._records.resolve_exception(Resolution.model_validate(closing.model_dump(exclude={"item"})))

    async def _have(self, item: ExceptionItem | None) -> None:
        """Opens the exception where it is gone; one that is there, open or not, stays as it is."""
        if item is not None:
            await self._records.open_exception(item)

    @activity.defn(name="records.decision")
    async def decision(self, question: DecisionQuestion) -> DecisionTaken:
        return DecisionTaken(action=await self._records.decision_on(question.workflow_id, question.step))

    @activity.defn(name="records.record_override")
    async def record_override(self, override: OverrideRecord) -> None:
        try:
            await self._records.record_override(override)
        except SelfApproval as error:
            raise ApplicationError(str(error), type="RefusedByPolicy", non_retryable=True) from error

    @activity.defn(name="records.usage")
    async def usage(self, question: UsageQuestion) -> UsageReading:
        """All usage reported of the contract by now. The listing comes first: usage that this reading misses
        comes after it, and whoever takes that in sees the contract as it is listed.
        """
        if question.status is not None:
            now = dt.datetime.now(dt.UTC)
            await self._records.record_status(question.contract, question.status, question.version, now)
        return UsageReading(usage=await self._records.usage(question.contract))

    @activity.defn(name="records.list_contract")
    async def list_contract(self, listing: Listing) -> None:
        now = dt.datetime.now(dt.UTC)
        await self._records.record_status(
            listing.contract, listing.status, listing.version, now, listing.account
        )

    @activity.defn(name="records.hand_on_usage")
    async def hand_on_usage(self, given: UsageHandover) -> HandedOn:
        events = await self._records.hand_on_usage(given.contract, given.to, given.since)
        return HandedOn(events=events)

    @activity.defn(name="records.publish")
    async def publish(self, publication: Publication) -> None:
        await self._records.publish(publication.events)
