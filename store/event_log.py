"""The log of inbound events: what was accepted, and what became of it.

An event is `waiting` until the relay has handed it on, then `handed_on` (a workflow has it), and at its end
`applied`, `ignored` (with a reason) or `dead` (with a reason; a person can replay it).
"""

import datetime as dt
import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Integer, bindparam, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from store.database import Database
from store.new_events import UNREADABLE, NewEvent
from store.tables import InboundEvent, table_of

EventState = Literal["waiting", "handed_on", "applied", "ignored", "dead"]
Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class LoggedEvent(BaseModel):
    """An event as the log has it, without its body."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    platform: str
    event_id: str
    type: str
    received_at: dt.datetime
    occurred_at: dt.datetime | None
    stream: str
    contract: str | None
    object_kind: str
    object_id: str
    version: int | None
    correlation_id: str
    state: EventState
    reason: str | None
    attempts: int
    next_attempt_at: dt.datetime
    workflow_id: str | None
    applied_at: dt.datetime | None


class Settlement(BaseModel):
    """What became of a claimed event. `waiting` gives it back, to be tried at `next_attempt_at`."""

    model_config = ConfigDict(frozen=True)

    id: int
    lease_owner: str
    state: EventState
    reason: str | None = None
    workflow_id: str | None = None
    next_attempt_at: dt.datetime
    counts_as_attempt: bool = True


class NotReplayable(ValueError):
    """There is no event in it that could be handed on."""


class EventLog:
    """All times are aware, in UTC. Every method raises StoreUnavailable where the database is gone."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def append(self, events: Sequence[NewEvent]) -> set[tuple[str, str]]:
        """Stores the events in one transaction; returns (platform, event id) of those not known before."""
        rows = [_row(event) for event in events]
        async with self._database.write() as session:
            new = await self._database.insert_new(
                session, table_of(InboundEvent), rows, ("platform", "event_id")
            )
        return {(platform, event_id) for platform, event_id in new}

    async def claim(self, owner: str, *, limit: int, lease_seconds: float) -> list[LoggedEvent]:
        """Takes up to `limit` due events for `owner`: of each stream the first that waits, and no other.

        Several gateways may claim at once; an event is with one of them until its lease runs out.
        """
        now = self._clock()
        async with self._database.write() as session:
            claimed = (await session.execute(_due_heads(), {"now": now, "most": limit})).scalars().all()
            for event in claimed:
                event.lease_owner = owner
                event.lease_until = now + dt.timedelta(seconds=lease_seconds)
            return sorted((LoggedEvent.model_validate(event) for event in claimed), key=lambda e: e.id)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Writes what became of claimed events; one that another owner has taken over stays as it is."""
        table = table_of(InboundEvent)
        now = self._clock()
        statement = (
            update(table)
            .where(table.c.id == bindparam("key"), table.c.lease_owner == bindparam("owner"))
            .where(table.c.state == "waiting")
            .values(
                state=bindparam("new_state"),
                reason=bindparam("new_reason"),
                workflow_id=bindparam("new_workflow_id"),
                next_attempt_at=bindparam("new_next_attempt_at"),
                applied_at=bindparam("new_applied_at"),
                attempts=table.c.attempts + bindparam("new_attempts"),
                lease_owner=None,
                lease_until=None,
            )
        )
        async with self._database.write() as session:
            connection = await session.connection()
            await connection.execute(statement, [_parameters(each, now) for each in settlements])

    async def release(self, owner: str) -> None:
        """Gives back all that `owner` has claimed, for the next one to take at once."""
        statement = (
            update(InboundEvent)
            .where(col(InboundEvent.lease_owner) == owner)
            .values(lease_owner=None, lease_until=None)
        )
        async with self._database.write() as session:
            await session.execute(statement)

    async def finish(
        self, platform: str, event_id: str, state: Literal["applied", "ignored"], reason: str | None = None
    ) -> None:
        """A workflow's word on an event that it was handed; an event that has ended stays as it is."""
        statement = (
            update(InboundEvent)
            .where(col(InboundEvent.platform) == platform, col(InboundEvent.event_id) == event_id)
            .where(col(InboundEvent.state).in_(("waiting", "handed_on")))
            .values(state=state, reason=reason, applied_at=self._clock(), lease_owner=None, lease_until=None)
        )
        async with self._database.write() as session:
            await session.execute(statement)

    async def replay(self, id: int) -> LoggedEvent | None:
        """Lets an event wait again, due at once, its attempts counted anew; None where there is none.

        An event that was applied is only a hint once more: what it leads to is decided by the workflow.
        Raises NotReplayable for a dead letter whose body was never understood (`replace_unreadable`).
        """
        async with self._database.write() as session:
            event = await session.get(InboundEvent, id, with_for_update=True)
            if event is None:
                return None
            if event.type == UNREADABLE:
                raise NotReplayable("the body of this dead letter is not an event")
            event.state, event.reason, event.attempts = "waiting", None, 0
            event.next_attempt_at, event.applied_at = self._clock(), None
            return LoggedEvent.model_validate(event)

    async def replace_unreadable(self, id: int, events: Sequence[NewEvent]) -> set[tuple[str, str]]:
        """A dead letter that can be read by now: stores its events, and says so on the letter."""
        async with self._database.write() as session:
            letter = await session.get(InboundEvent, id, with_for_update=True)
            if letter is None or letter.state != "dead" or letter.type != UNREADABLE:
                raise NotReplayable("the event is not a dead letter that could not be read")
            new = await self._database.insert_new(
                session, table_of(InboundEvent), [_row(event) for event in events], ("platform", "event_id")
            )
            names = ", ".join(event.event_id for event in events)
            letter.state, letter.applied_at = "ignored", self._clock()
            letter.reason = f"read again as {names}"
        return {(platform, event_id) for platform, event_id in new}

    async def get(self, id: int) -> LoggedEvent | None:
        async with self._database.read() as session:
            event = await session.get(InboundEvent, id)
            return None if event is None else LoggedEvent.model_validate(event)

    async def find(self, platform: str, event_id: str) -> LoggedEvent | None:
        statement = select(InboundEvent).where(
            col(InboundEvent.platform) == platform, col(InboundEvent.event_id) == event_id
        )
        async with self._database.read() as session:
            event = (await session.execute(statement)).scalar_one_or_none()
            return None if event is None else LoggedEvent.model_validate(event)

    async def payload(self, id: int) -> tuple[bytes, dict[str, str]] | None:
        """The raw body and the kept headers."""
        async with self._database.read() as session:
            event = await session.get(InboundEvent, id)
            return None if event is None else (event.body, event.headers)

    async def list(
        self,
        *,
        state: EventState | None = None,
        platform: str | None = None,
        contract: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> list[LoggedEvent]:
        """Newest first; `before` is the id from which to go on."""
        statement = select(InboundEvent).order_by(col(InboundEvent.id).desc()).limit(limit)
        if state is not None:
            statement = statement.where(col(InboundEvent.state) == state)
        if platform is not None:
            statement = statement.where(col(InboundEvent.platform) == platform)
        if contract is not None:
            statement = statement.where(col(InboundEvent.contract) == contract)
        if before is not None:
            statement = statement.where(col(InboundEvent.id) < before)
        async with self._database.read() as session:
            found = (await session.execute(statement)).scalars()
            return [LoggedEvent.model_validate(event) for event in found]

    async def counts(self) -> dict[str, int]:
        """How many events are in each state; every state is there."""
        states: dict[str, int] = dict.fromkeys(("waiting", "handed_on", "applied", "ignored", "dead"), 0)
        statement = select(col(InboundEvent.state), func.count()).group_by(col(InboundEvent.state))
        async with self._database.read() as session:
            for state, count in await session.execute(statement):
                states[state] = count
        return states


@functools.cache
def _due_heads() -> Any:
    """Of each stream the oldest that waits, where it is due `now` and in nobody's lease; `most` of them."""
    now = bindparam("now", type_=table_of(InboundEvent).c.next_attempt_at.type)
    earlier = aliased(InboundEvent)
    blocked = (
        select(col(earlier.id))
        .where(
            col(earlier.stream) == col(InboundEvent.stream),
            col(earlier.state) == "waiting",
            col(earlier.id) < col(InboundEvent.id),
        )
        .exists()
    )
    return (
        select(InboundEvent)
        .where(col(InboundEvent.state) == "waiting", col(InboundEvent.next_attempt_at) <= now)
        .where(or_(col(InboundEvent.lease_until).is_(None), col(InboundEvent.lease_until) <= now))
        .where(~blocked)
        .order_by(col(InboundEvent.next_attempt_at), col(InboundEvent.id))
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


def _row(event: NewEvent) -> dict[str, Any]:
    return event.model_dump() | {
        "stream": event.stream,
        "attempts": 0,
        "next_attempt_at": event.received_at,
        "applied_at": None,
    }


def _parameters(settlement: Settlement, now: dt.datetime) -> dict[str, Any]:
    ended = settlement.state in ("applied", "ignored", "dead")
    return {
        "key": settlement.id,
        "owner": settlement.lease_owner,
        "new_state": settlement.state,
        "new_reason": settlement.reason,
        "new_workflow_id": settlement.workflow_id,
        "new_next_attempt_at": settlement.next_attempt_at,
        "new_applied_at": now if ended else None,
        "new_attempts": 1 if settlement.counts_as_attempt else 0,
    }
