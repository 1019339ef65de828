"""How an event gets into the log: together with those that arrive at the same moment, in one transaction."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence

from connectors.webhooks import NotAnEvent, PlatformEvent
from gateway.metrics import GatewayMetrics
from store.database import StoreUnavailable
from store.event_log import UNREADABLE, EventLog, NewEvent
from store.group_commit import GroupCommit

MAX_NAME = 500
"""The longest id or type, in bytes, that every database can index."""
_MAX_VERSION = 2**63 - 1
NOTHING = "nothing"
"""The type of a body whose sender is known and which holds no event for us."""


class EventIntake:
    """`accept` returns when the events are durably stored, or raises StoreUnavailable."""

    def __init__(
        self,
        log: EventLog,
        metrics: GatewayMetrics,
        *,
        wake: Callable[[], None],
        max_batch: int,
        max_waiting: int,
        timeout_seconds: float,
    ) -> None:
        self._log = log
        self._metrics = metrics
        self.wake = wake
        self._timeout_seconds = timeout_seconds
        self._commit: GroupCommit[Sequence[NewEvent]] = GroupCommit(
            self._write, max_batch=max_batch, max_waiting=max_waiting
        )

    async def accept(self, events: Sequence[NewEvent]) -> None:
        """Raises StoreUnavailable, or what the database says of data that it can't take."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._commit.submit(events)
        except TimeoutError as error:
            raise StoreUnavailable("the store took too long") from error

    async def drain(self) -> None:
        await self._commit.drain()

    async def _write(self, requests: Sequence[Sequence[NewEvent]]) -> None:
        once = {(event.platform, event.event_id): event for events in reversed(requests) for event in events}
        new = await self._log.append(tuple(reversed(once.values())))
        self._metrics.stored.inc(len(new))
        self._metrics.duplicates.inc(sum(len(events) for events in requests) - len(new))
        if new:
            self.wake()


def check_storable(event: PlatformEvent) -> None:
    """Raises NotAnEvent for what no database can hold: names too long, with NUL, not Unicode; naive times."""
    names = {"id": event.id, "type": event.type, "contract": event.contract, "object_id": event.object_id}
    for field, value in names.items():
        flaw = None if value is None else _flaw(value)
        if flaw is not None:
            raise NotAnEvent(f"{field} {flaw}")
    if event.occurred_at.tzinfo is None or not 1970 <= event.occurred_at.year < 9999:
        raise NotAnEvent("occurred_at has no time zone, or is no time of this world")
    if event.version is not None and not 0 <= event.version <= _MAX_VERSION:
        raise NotAnEvent("version is out of range")


def _flaw(name: str) -> str | None:
    """What is wrong with a name, in words that don't repeat it."""
    if name == "" or "\x00" in name:
        return "is empty or holds a NUL"
    if any("\ud800" <= character <= "\udfff" for character in name):
        return "is not Unicode text"
    if len(name.encode()) > MAX_NAME:
        return f"is longer than {MAX_NAME} bytes"
    return None


def new_event(
    event: PlatformEvent, platform: str, body: bytes, headers: Mapping[str, str], now: dt.datetime
) -> NewEvent:
    return NewEvent(
        platform=platform,
        event_id=event.id,
        type=event.type,
        received_at=now,
        occurred_at=event.occurred_at,
        contract=event.contract,
        object_kind=event.object_kind,
        object_id=event.object_id,
        version=event.version,
        body=body,
        headers=headers,
        correlation_id=event.id,
    )


def letter(
    platform: str,
    body: bytes,
    headers: Mapping[str, str],
    now: dt.datetime,
    *,
    dead_because: str | None,
    named: str | None = None,
) -> NewEvent:
    """A body without an event in it: dead with its reason, or (None) ignored.

    It is named by its body's hash, so that the event which its sender may mend and send again under the
    same id (`named`) is not taken for a duplicate of it.
    """
    digest = hashlib.sha256(body).hexdigest()
    kind = NOTHING if dead_because is None else UNREADABLE
    return NewEvent(
        platform=platform,
        event_id=f"{kind}:{digest}",
        type=kind,
        received_at=now,
        occurred_at=None,
        contract=None,
        object_kind="other",
        object_id=digest if named is None or _flaw(named) else named,
        version=None,
        body=body,
        headers=headers,
        correlation_id=f"{kind}:{digest[:16]}",
        state="ignored" if dead_because is None else "dead",
        reason=dead_because or "the sender says nothing that concerns us",
    )
