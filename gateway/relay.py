"""The relay: hands events that wait in the log on to the workflows, in order of receipt within a stream.

Nothing is lost: an event leaves the log's waiting only by the word of the handoff, and a gateway that dies
leaves its claims to the next one when their lease runs out. Several relays may run side by side.
"""

import asyncio
import contextlib
import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from gateway.metrics import GatewayMetrics
from store.database import STORE_ERRORS
from store.event_log import Clock, EventLog, EventState, LoggedEvent, Settlement, utc_now
from store.group_commit import GroupCommit

_log = structlog.get_logger("gateway.relay")


class HandoffUnavailable(Exception):
    """Temporal is not reachable: the event was not at fault, and the whole relay waits."""


@dataclass(frozen=True)
class Outcome:
    """What became of one event. Made by the class methods below."""

    kind: Literal["handed_on", "applied", "ignored", "retry", "dead"]
    reason: str | None = None
    workflow_id: str | None = None

    @classmethod
    def handed_on(cls, workflow_id: str) -> "Outcome":
        """A workflow has it, and will say what became of it (`Records.finish_event`)."""
        return cls("handed_on", workflow_id=workflow_id)

    @classmethod
    def applied(cls, workflow_id: str | None = None) -> "Outcome":
        return cls("applied", workflow_id=workflow_id)

    @classmethod
    def ignored(cls, reason: str, workflow_id: str | None = None) -> "Outcome":
        return cls("ignored", reason, workflow_id)

    @classmethod
    def retry(cls, reason: str) -> "Outcome":
        """Not now, for a reason of this event's own; its stream waits with it."""
        return cls("retry", reason)

    @classmethod
    def dead(cls, reason: str) -> "Outcome":
        """Can't be handed on as it is; a person can replay it."""
        return cls("dead", reason)


class Handoff(Protocol):
    """Hands one event on, with the event's id as the update id, so that a repetition changes nothing."""

    async def hand_on(self, event: LoggedEvent) -> Outcome:
        """Raises HandoffUnavailable where Temporal can't be reached, and nothing else."""
        ...


@dataclass(frozen=True)
class RelaySettings:
    """Times in seconds. A handoff must end before its lease does."""

    max_in_flight: int = 64
    lease_seconds: float = 30.0
    handoff_timeout_seconds: float = 20.0
    poll_seconds: float = 1.0
    """How often to look without being woken: for events that another gateway took in or left behind."""
    retry_first_seconds: float = 0.2
    retry_most_seconds: float = 30.0
    most_faults: int = 100
    """After so many attempts (most of an hour) an event whose handoff raises what it must not is dead."""


class Relay:
    """`run` until cancelled or `stop`; `wake` tells it that something new waits."""

    def __init__(
        self,
        log: EventLog,
        handoff: Handoff,
        metrics: GatewayMetrics,
        *,
        settings: RelaySettings | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._log = log
        self._handoff = handoff
        self._metrics = metrics
        self._settings = settings or RelaySettings()
        self._clock = clock
        self.owner = secrets.token_hex(8)
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._failures = 0
        self._resume_at = 0.0
        self._in_flight: set[asyncio.Task[None]] = set()
        self._settle: GroupCommit[Settlement] = GroupCommit(self._write)

    @property
    def paused(self) -> bool:
        """Whether Temporal is taken to be out of reach."""
        return self._failures > 0

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Lets `run` end once what is in flight is settled."""
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Hands events on until stopped; gives back what it has claimed at its end."""
        try:
            while not self._stopping.is_set():
                await self._wait_at_most(self._stopping, self._resume_at - self._now())
                self._woken.clear()
                claimed = await self._claim()
                for event in claimed:
                    task = asyncio.create_task(self._hand_on(event))
                    self._in_flight.add(task)
                    task.add_done_callback(self._in_flight.discard)
                await self._wait_at_most(self._woken, self._settings.poll_seconds)
            await asyncio.gather(*self._in_flight)
        finally:
            await self._give_back()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _wait_at_most(self, event: asyncio.Event, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()

    async def _claim(self) -> list[LoggedEvent]:
        """While Temporal is away, one event at a time: a probe."""
        most = 1 if self.paused else self._settings.max_in_flight
        free = most - len(self._in_flight)
        if free <= 0 or self._stopping.is_set():
            return []
        try:
            return await self._log.claim(self.owner, limit=free, lease_seconds=self._settings.lease_seconds)
        except STORE_ERRORS as error:
            _log.warning("events can't be claimed; they wait", error=type(error).__name__)
            return []

    async def _hand_on(self, event: LoggedEvent) -> None:
        try:
            outcome = await self._ask(event)
        except HandoffUnavailable as error:
            self._pause(error)
            await self._finish(self._untouched(event))
        else:
            self._failures = 0
            self._metrics.relay_paused.set(0)
            await self._finish(self._settlement(event, outcome))
        self._woken.set()

    async def _ask(self, event: LoggedEvent) -> Outcome:
        """The handoff's word; an event without one in time waits alone. Raises HandoffUnavailable."""
        deadline = asyncio.timeout(self._settings.handoff_timeout_seconds)
        try:
            async with deadline:
                return await self._handoff.hand_on(event)
        except HandoffUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of one event must not hold up the others
            if deadline.expired():  # also where a client makes an error of its own of the cancellation
                return Outcome.retry("no answer in time")
            _log.error("handing on failed", number=event.id, error=type(error).__name__, exc_info=error)
            return self._after_fault(event, error)

    def _pause(self, error: Exception) -> None:
        """Temporal is away. Of all that fail at once only the first lengthens the pause."""
        if self._now() < self._resume_at:
            return
        self._failures += 1
        self._metrics.relay_paused.set(1)
        delay = self._delay_seconds(self._failures)
        self._resume_at = self._now() + delay
        _log.warning("Temporal is not reachable; events wait", error=type(error).__name__, seconds=delay)

    def _after_fault(self, event: LoggedEvent, error: Exception) -> Outcome:
        reason = f"unexpected {type(error).__name__}"
        if event.attempts + 1 >= self._settings.most_faults:
            return Outcome.dead(reason)
        return Outcome.retry(reason)

    def _untouched(self, event: LoggedEvent) -> Settlement:
        return Settlement(
            id=event.id,
            lease_owner=self.owner,
            state="waiting",
            reason="Temporal is not reachable",
            next_attempt_at=self._clock(),
            counts_as_attempt=False,
        )

    def _settlement(self, event: LoggedEvent, outcome: Outcome) -> Settlement:
        self._metrics.handed_on.labels(outcome.kind).inc()
        state: EventState = "waiting" if outcome.kind == "retry" else outcome.kind
        due = self._clock()
        if outcome.kind == "retry":
            delay = self._delay_seconds(event.attempts + 1)
            due += dt.timedelta(seconds=delay)
            asyncio.get_running_loop().call_later(delay, self._woken.set)
        return Settlement(
            id=event.id,
            lease_owner=self.owner,
            state=state,
            reason=outcome.reason,
            workflow_id=outcome.workflow_id,
            next_attempt_at=due,
        )

    def _delay_seconds(self, attempts: int) -> float:
        settings = self._settings
        doubled: float = settings.retry_first_seconds * 2.0 ** min(attempts - 1, 30)
        return min(settings.retry_most_seconds, doubled)

    async def _finish(self, settlement: Settlement) -> None:
        """An outcome that can't be written is found again: the lease runs out, and the handoff repeats."""
        try:
            await self._settle.submit(settlement)
        except STORE_ERRORS as error:
            _log.warning(
                "an outcome can't be written; it will be found again",
                number=settlement.id,
                error=type(error).__name__,
            )

    async def _write(self, settlements: Sequence[Settlement]) -> None:
        await self._log.settle(settlements)

    async def _give_back(self) -> None:
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        try:
            await self._settle.drain()
            await self._log.release(self.owner)
        except STORE_ERRORS as error:
            _log.warning("claims can't be given back; their leases end", error=type(error).__name__)
