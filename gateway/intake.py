"""How an event gets into the log: together with those that arrive at the same moment, in one transaction."""

import asyncio
from collections.abc import Callable, Sequence

from connectors.webhooks import NotAnEvent, PlatformEvent
from gateway.metrics import GatewayMetrics
from store.database import StoreUnavailable
from store.event_log import EventLog
from store.group_commit import GroupCommit
from store.new_events import NewEvent, flaw_of


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
    """Raises NotAnEvent for what no database can hold."""
    flaw = flaw_of(event)
    if flaw is not None:
        raise NotAnEvent(flaw)
