"""The relay hands everything on, in order within a stream, and loses nothing whatever goes away."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Protocol

import pytest

from gateway.metrics import GatewayMetrics
from gateway.relay import HandoffUnavailable, Outcome, Relay, RelaySettings
from store.accounting import account
from store.database import Database, StoreUnavailable
from store.event_log import EventLog, LoggedEvent, Settlement
from tests.store.values import StoppedClock, exception_item, new_event

FAST = RelaySettings(
    poll_seconds=0.02,
    retry_first_seconds=0.001,
    retry_most_seconds=0.005,
    most_faults=10,
)
HASTY = replace(FAST, handoff_timeout_seconds=0.5)
"""Where no answer in time is meant: else a machine that stands still for a moment would be one."""
Answer = Callable[[LoggedEvent], Awaitable[Outcome]]


class FakeHandoff:
    """Answers as told; remembers in which order it was asked, and how many were with it at once."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.asked: list[LoggedEvent] = []
        self.at_once: dict[str, int] = defaultdict(int)
        self.most_at_once = 0
        self.answer = answer or _applied
        self._changed = asyncio.Condition()

    async def hand_on(self, event: LoggedEvent) -> Outcome:
        self.asked.append(event)
        self.at_once[event.stream] += 1
        self.most_at_once = max(self.most_at_once, sum(self.at_once.values()))
        assert self.at_once[event.stream] == 1, "two events of one stream at once"
        async with self._changed:
            self._changed.notify_all()
        try:
            return await self.answer(event)
        finally:
            self.at_once[event.stream] -= 1

    async def until_asked(self, times: int) -> None:
        async with self._changed, asyncio.timeout(20):
            await self._changed.wait_for(lambda: len(self.asked) >= times)

    def order(self, contract: str) -> list[str]:
        return [event.event_id for event in self.asked if event.contract == contract]


async def _applied(event: LoggedEvent) -> Outcome:
    return Outcome.applied(f"contract/{event.contract}")


@pytest.fixture
def log(database: Database, clock: StoppedClock) -> EventLog:
    return EventLog(database, clock=clock)


class Running:
    """A relay as a task; `stop` lets it finish, `kill` does not."""

    def __init__(
        self, log: EventLog, handoff: FakeHandoff, clock: StoppedClock, settings: RelaySettings
    ) -> None:
        self.relay = Relay(log, handoff, GatewayMetrics(), settings=settings, clock=clock)
        self._task = asyncio.create_task(self.relay.run())

    async def stop(self) -> None:
        self.relay.stop()
        await self._task

    async def until_none_waits(self, log: EventLog) -> None:
        async with asyncio.timeout(20):
            while (await log.counts())["waiting"]:  # noqa: ASYNC110 - each turn asks the database
                await asyncio.sleep(0)
        await self.stop()


class Run(Protocol):
    def __call__(self, handoff: FakeHandoff, settings: RelaySettings = FAST, /) -> Running: ...


@pytest.fixture
async def run(log: EventLog, clock: StoppedClock) -> AsyncIterator[Run]:
    running: list[Running] = []

    def start(handoff: FakeHandoff, settings: RelaySettings = FAST, /) -> Running:
        running.append(Running(log, handoff, clock, settings))
        return running[-1]

    yield start
    for each in running:
        await each.stop()


async def test_events_of_a_contract_are_handed_on_in_order_of_receipt(log: EventLog, run: Run) -> None:
    await log.append([new_event(f"{c}-{n}", c) for n in range(10) for c in ("C-1", "C-2", "C-3")])
    handoff = FakeHandoff()
    await run(handoff).until_none_waits(log)
    for contract in ("C-1", "C-2", "C-3"):
        assert handoff.order(contract) == [f"{contract}-{n}" for n in range(10)]


async def test_different_contracts_are_handed_on_at_once(log: EventLog, run: Run) -> None:
    all_there = asyncio.Barrier(5)

    async def together(event: LoggedEvent) -> Outcome:
        await all_there.wait()
        return Outcome.applied()

    await log.append([new_event(f"evt-{n}", f"C-{n}") for n in range(5)])
    handoff = FakeHandoff(together)
    await run(handoff).until_none_waits(log)
    assert handoff.most_at_once == 5


async def test_new_event_is_handed_on_without_waiting_for_the_next_poll(
    log: EventLog, clock: StoppedClock
) -> None:
    handoff = FakeHandoff()
    patient = RelaySettings(poll_seconds=600)
    relay = Relay(log, handoff, GatewayMetrics(), settings=patient, clock=clock)
    task = asyncio.create_task(relay.run())
    await log.append([new_event("evt-1")])
    relay.wake()
    await handoff.until_asked(1)
    relay.stop()
    await task
    assert (await log.counts())["applied"] == 1


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (Outcome.applied("contract/C-1"), "applied", None),
        (Outcome.handed_on("contract/C-1"), "handed_on", None),
        (Outcome.ignored("version 1 is not newer than 2"), "ignored", "version 1 is not newer than 2"),
        (Outcome.dead("no contract"), "dead", "no contract"),
    ],
)
async def test_outcome_is_written_on_the_event(
    log: EventLog, run: Run, outcome: Outcome, state: str, reason: str | None
) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        return outcome

    await log.append([new_event("evt-1")])
    await run(FakeHandoff(answer)).until_none_waits(log)
    event = await log.find("salesforce", "evt-1")
    assert event is not None
    assert (event.state, event.reason, event.workflow_id) == (state, reason, outcome.workflow_id)
    assert (event.applied_at is not None) is (state != "handed_on")


async def test_log_is_not_asked_again_until_something_may_have_changed(
    log: EventLog, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: list[str] = []
    claim, answered = log.claim, asyncio.Event()

    async def counted(owner: str, *, limit: int, lease_seconds: float) -> list[LoggedEvent]:
        claims.append(owner)
        return await claim(owner, limit=limit, lease_seconds=lease_seconds)

    async def slowly(event: LoggedEvent) -> Outcome:
        await answered.wait()
        return await _applied(event)

    monkeypatch.setattr(log, "claim", counted)
    await log.append([new_event("evt-1")])
    handoff = FakeHandoff(slowly)
    relay = Relay(log, handoff, GatewayMetrics(), settings=RelaySettings(poll_seconds=60), clock=clock)
    task = asyncio.create_task(relay.run())
    await handoff.until_asked(1)
    for _ in range(10):
        await log.counts()
    assert len(claims) == 1
    answered.set()
    relay.stop()
    await task


async def test_nothing_is_lost_while_temporal_is_away(log: EventLog, run: Run) -> None:
    away = True

    async def answer(event: LoggedEvent) -> Outcome:
        if away:
            raise HandoffUnavailable("no connection")
        return Outcome.applied()

    await log.append([new_event(f"{c}-{n}", c) for n in range(5) for c in ("C-1", "C-2", "C-3")])
    handoff = FakeHandoff(answer)
    running = run(handoff)
    await handoff.until_asked(6)
    was_paused = running.relay.paused
    assert was_paused
    assert (await log.counts())["waiting"] == 15
    away = False
    handoff.asked.clear()
    await running.until_none_waits(log)
    assert not running.relay.paused
    assert (await log.counts())["applied"] == 15
    assert handoff.order("C-2") == [f"C-2-{n}" for n in range(5)]


async def test_only_one_event_probes_while_temporal_is_away(log: EventLog, run: Run) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        raise HandoffUnavailable("no connection")

    await log.append([new_event(f"evt-{n}", f"C-{n}") for n in range(30)])
    handoff = FakeHandoff(answer)
    running = run(handoff)
    await handoff.until_asked(30)
    handoff.most_at_once = 0
    await handoff.until_asked(36)
    await running.stop()
    assert handoff.most_at_once == 1


async def test_being_away_does_not_count_against_an_event(log: EventLog, run: Run) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        if len(handoff.asked) < 20:
            raise HandoffUnavailable("no connection")
        return Outcome.applied()

    await log.append([new_event("evt-1")])
    handoff = FakeHandoff(answer)
    await run(handoff).until_none_waits(log)
    event = await log.find("salesforce", "evt-1")
    assert event is not None
    assert event.attempts == 1


async def test_event_that_must_wait_holds_up_its_own_stream_only(
    log: EventLog, run: Run, clock: StoppedClock
) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        return Outcome.retry("too many updates") if event.event_id == "C-1-0" else Outcome.applied()

    await log.append([new_event(f"{c}-{n}", c) for n in range(3) for c in ("C-1", "C-2")])
    handoff = FakeHandoff(answer)
    running = run(handoff)
    await handoff.until_asked(4)
    await running.stop()
    assert handoff.order("C-2") == ["C-2-0", "C-2-1", "C-2-2"]
    assert handoff.order("C-1") == ["C-1-0"]
    clock.advance(60)
    handoff.answer = _applied
    handoff.asked.clear()
    await run(handoff).until_none_waits(log)
    assert handoff.order("C-1") == ["C-1-0", "C-1-1", "C-1-2"]


async def test_fault_of_one_event_becomes_a_dead_letter_and_holds_up_no_other(
    log: EventLog, run: Run, clock: StoppedClock
) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        if event.contract == "C-bad":
            raise ZeroDivisionError
        return Outcome.applied()

    clock.step_seconds = 1
    await log.append([new_event("bad", "C-bad"), new_event("good", "C-good")])
    await run(FakeHandoff(answer)).until_none_waits(log)
    bad, good = await log.find("salesforce", "bad"), await log.find("salesforce", "good")
    assert bad is not None
    assert good is not None
    assert (bad.state, bad.reason, bad.attempts) == ("dead", "unexpected ZeroDivisionError", FAST.most_faults)
    assert good.state == "applied"


@pytest.mark.parametrize("client_speaks", [False, True])
async def test_event_without_an_answer_in_time_waits_alone_and_never_dies(
    log: EventLog, run: Run, clock: StoppedClock, client_speaks: bool
) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        if event.contract == "C-stuck":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                if client_speaks:  # as Temporal's client does with an update that is given up
                    raise ConnectionError("update timed out") from error
                raise
        return Outcome.applied()

    await log.append([new_event("stuck", "C-stuck"), *(new_event(f"evt-{n}") for n in range(9))])
    handoff = FakeHandoff(answer)
    running = run(handoff, HASTY)
    await handoff.until_asked(10)
    assert not running.relay.paused
    async with asyncio.timeout(20):
        while (stuck := await log.find("salesforce", "stuck")) is None or not stuck.attempts:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await running.stop()
    assert (stuck.state, stuck.reason) == ("waiting", "no answer in time")
    assert (await log.counts())["applied"] == 9


async def test_replayed_dead_letter_is_handed_on_once_more(log: EventLog, run: Run) -> None:
    async def answer(event: LoggedEvent) -> Outcome:
        return Outcome.dead("no such platform")

    await log.append([new_event("evt-1")])
    await run(FakeHandoff(answer)).until_none_waits(log)
    event = await log.find("salesforce", "evt-1")
    assert event is not None
    await log.replay(event.id)
    handoff = FakeHandoff()
    await run(handoff).until_none_waits(log)
    assert handoff.order("C-1") == ["evt-1"]
    assert (await log.counts())["applied"] == 1


async def test_several_gateways_hand_each_event_on_once(log: EventLog, run: Run) -> None:
    await log.append([new_event(f"{c}-{n}", f"C-{c}") for n in range(8) for c in range(6)])
    handoff = FakeHandoff()
    running = [run(handoff) for _ in range(3)]
    await running[0].until_none_waits(log)
    for each in running:
        await each.stop()
    assert sorted(event.event_id for event in handoff.asked) == sorted(
        f"{c}-{n}" for n in range(8) for c in range(6)
    )
    for c in range(6):
        assert handoff.order(f"C-{c}") == [f"{c}-{n}" for n in range(8)]


async def test_claims_of_a_dead_gateway_are_taken_over_when_their_lease_ends(
    log: EventLog, run: Run, clock: StoppedClock
) -> None:
    await log.append([new_event("evt-1"), new_event("evt-2")])
    [claimed] = await log.claim("dead-gateway", limit=10, lease_seconds=30)
    assert claimed.event_id == "evt-1"
    assert await log.claim("another", limit=10, lease_seconds=30) == []
    clock.advance(31)
    handoff = FakeHandoff()
    await run(handoff).until_none_waits(log)
    assert handoff.order("C-1") == ["evt-1", "evt-2"]


async def test_late_word_of_a_gateway_that_lost_its_claim_changes_nothing(
    log: EventLog, clock: StoppedClock
) -> None:
    await log.append([new_event("evt-1")])
    [event] = await log.claim("slow", limit=1, lease_seconds=30)
    clock.advance(31)
    await log.claim("quick", limit=1, lease_seconds=30)
    late = Settlement(id=event.id, lease_owner="slow", state="dead", reason="?", next_attempt_at=clock.now)
    await log.settle([late])
    assert (await log.counts())["waiting"] == 1


async def test_gateway_that_is_stopped_gives_back_what_it_has_claimed(
    log: EventLog, clock: StoppedClock
) -> None:
    async def forever(event: LoggedEvent) -> Outcome:
        await asyncio.Event().wait()
        return Outcome.applied()

    await log.append([new_event("evt-1")])
    handoff = FakeHandoff(forever)
    relay = Relay(log, handoff, GatewayMetrics(), clock=clock)
    task = asyncio.create_task(relay.run())
    await handoff.until_asked(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [event] = await log.claim("next", limit=1, lease_seconds=30)
    assert event.event_id == "evt-1"


async def test_store_that_is_away_for_a_while_stops_no_relay(
    log: EventLog, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, failures = log.claim, 3

    async def failing(owner: str, *, limit: int, lease_seconds: float) -> list[LoggedEvent]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StoreUnavailable("gone")
        return await claim(owner, limit=limit, lease_seconds=lease_seconds)

    monkeypatch.setattr(log, "claim", failing)
    await log.append([new_event("evt-1")])
    await run(FakeHandoff()).until_none_waits(log)


async def test_every_accepted_event_is_in_exactly_one_state(
    log: EventLog, run: Run, database: Database
) -> None:
    outcomes = {
        "applied": Outcome.applied(),
        "ignored": Outcome.ignored("old"),
        "workflow": Outcome.handed_on("contract/x"),
        "exception": Outcome.handed_on("contract/y"),
        "dead": Outcome.dead("unknown"),
    }

    async def answer(event: LoggedEvent) -> Outcome:
        return outcomes[event.event_id.partition("-")[0]]

    from store.exceptions import ExceptionQueue

    await log.append([new_event(f"{kind}-{n}", f"{kind}-{n}") for kind in outcomes for n in range(4)])
    for n in range(4):
        item = exception_item(f"key-{n}", correlation_id=f"exception-{n}")
        await ExceptionQueue(database).open(item)
    await run(FakeHandoff(answer)).until_none_waits(log)
    await log.append([new_event(f"late-{n}") for n in range(4)])
    counted = await account(database)
    assert counted.adds_up
    assert counted.model_dump() == {
        "accepted": 24,
        "waiting": 4,
        "applied": 4,
        "ignored": 4,
        "workflow": 4,
        "exception": 4,
        "dead": 4,
    }
