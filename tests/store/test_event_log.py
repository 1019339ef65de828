"""The event log keeps each event once, gives each to one relay at a time, and forgets none."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy.exc import DBAPIError

from store.database import Database, StoreUnavailable
from store.event_log import EventLog, NotReplayable, Settlement
from store.new_events import UNREADABLE
from tests.store.postgres import PostgresServer
from tests.store.values import NOON, StoppedClock, new_event


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def log(database: Database, clock: StoppedClock) -> EventLog:
    return EventLog(database, clock=clock)


async def test_event_is_kept_as_it_came(log: EventLog) -> None:
    body = bytes(range(256))
    await log.append([new_event("evt-ü", body=body, headers={"webhook-id": "ü"})])
    event = await log.find("salesforce", "evt-ü")
    assert event is not None
    assert event.received_at == NOON
    assert event.received_at.tzinfo is dt.UTC
    assert await log.payload(event.id) == (body, {"webhook-id": "ü"})


async def test_event_id_is_unique_within_its_platform(log: EventLog) -> None:
    first = await log.append([new_event("evt-1"), new_event("evt-1", platform="stripe")])
    again = await log.append([new_event("evt-1", body=b"other"), new_event("evt-2")])
    assert first == {("salesforce", "evt-1"), ("stripe", "evt-1")}
    assert again == {("salesforce", "evt-2")}
    assert len(await log.list()) == 3


async def test_batch_with_the_same_event_twice_keeps_it_once(log: EventLog) -> None:
    assert len(await log.append([new_event("evt-1"), new_event("evt-1")])) == 1


async def test_batch_is_kept_whole_or_not_at_all(log: EventLog) -> None:
    assert len(await log.append([new_event(f"evt-{n}") for n in range(1200)])) == 1200
    bad = new_event("bad").model_copy(update={"state": "no-such-state"})
    with pytest.raises(DBAPIError):
        await log.append([new_event("good"), bad])
    assert await log.find("salesforce", "good") is None


async def test_claims_are_limited_and_in_order(log: EventLog) -> None:
    await log.append([new_event(f"evt-{n}", f"C-{n}") for n in range(10)])
    claimed = await log.claim("me", limit=3, lease_seconds=30)
    assert [event.event_id for event in claimed] == ["evt-0", "evt-1", "evt-2"]


async def test_events_without_a_contract_keep_order_by_their_object(log: EventLog) -> None:
    for n in range(2):
        await log.append(
            [new_event(f"a-{n}", None, object_id="in_1"), new_event(f"b-{n}", None, object_id="in_2")]
        )
    claimed = await log.claim("me", limit=10, lease_seconds=30)
    assert [event.event_id for event in claimed] == ["a-0", "b-0"]


async def test_gateways_that_claim_at_once_share_the_events(database_url: str, log: EventLog) -> None:
    await log.append([new_event(f"evt-{n}", f"C-{n}") for n in range(60)])
    databases = [Database(database_url) for _ in range(4)]
    logs = [EventLog(each, clock=StoppedClock()) for each in databases]
    claims = await asyncio.gather(
        *(each.claim(f"gateway-{n % 4}", limit=7, lease_seconds=30) for n, each in enumerate(logs * 3))
    )
    for each in databases:
        await each.close()
    ids = [event.event_id for claim in claims for event in claim]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 55


async def test_event_that_is_given_back_is_not_due_before_its_time(
    log: EventLog, clock: StoppedClock
) -> None:
    await log.append([new_event("evt-1")])
    [event] = await log.claim("me", limit=1, lease_seconds=30)
    due = clock.now + dt.timedelta(seconds=10)
    await log.settle([Settlement(id=event.id, lease_owner="me", state="waiting", next_attempt_at=due)])
    assert await log.claim("me", limit=1, lease_seconds=30) == []
    clock.advance(10)
    [again] = await log.claim("me", limit=1, lease_seconds=30)
    assert again.attempts == 1


async def test_workflows_word_ends_an_event_once(log: EventLog) -> None:
    await log.append([new_event("evt-1")])
    [event] = await log.claim("me", limit=1, lease_seconds=30)
    await log.settle(
        [
            Settlement(
                id=event.id,
                lease_owner="me",
                state="handed_on",
                workflow_id="contract/C-1",
                next_attempt_at=NOON,
            )
        ]
    )
    await log.finish("salesforce", "evt-1", "ignored", "not newer")
    await log.finish("salesforce", "evt-1", "applied")
    ended = await log.get(event.id)
    assert ended is not None
    assert (ended.state, ended.reason, ended.workflow_id) == ("ignored", "not newer", "contract/C-1")


async def test_unreadable_letter_is_not_replayed_as_it_is(log: EventLog) -> None:
    await log.append([new_event("x", type=UNREADABLE, state="dead", reason="no event")])
    letter = await log.find("salesforce", "x")
    assert letter is not None
    with pytest.raises(NotReplayable):
        await log.replay(letter.id)
    assert await log.replay(10_000) is None


async def test_lists_are_newest_first_and_go_on(log: EventLog) -> None:
    await log.append([new_event(f"evt-{n}", "C-1" if n % 2 else "C-2") for n in range(6)])
    first = await log.list(limit=2)
    rest = await log.list(limit=10, before=first[-1].id)
    assert [event.event_id for event in first + rest] == [f"evt-{n}" for n in (5, 4, 3, 2, 1, 0)]
    assert len(await log.list(contract="C-1")) == 3
    assert await log.list(state="dead") == []


async def test_naive_times_are_refused(log: EventLog) -> None:
    with pytest.raises(DBAPIError.__mro__[1], match="aware"):
        await log.append([new_event("evt-1", occurred_at=dt.datetime(2026, 1, 1))])  # noqa: DTZ001


async def test_database_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql+asyncpg://q2c@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable):
        await database.open()
    await database.close()


async def test_log_goes_on_after_a_restart_of_the_server(postgres: PostgresServer, postgres_url: str) -> None:
    database = Database(postgres_url)
    log = EventLog(database)
    await log.append([new_event("evt-1")])
    postgres.restart()
    await log.append([new_event("evt-2")])
    assert len(await log.list()) == 2
    await database.close()


async def test_locked_database_is_unavailable_and_not_half_written(sqlite_url: str) -> None:
    patient, hasty = Database(sqlite_url), Database(sqlite_url, busy_timeout_seconds=0.05)
    async with patient.write() as session:
        await session.connection()
        with pytest.raises(StoreUnavailable):
            await EventLog(hasty).append([new_event("evt-1")])
    assert await EventLog(hasty).list() == []
    await patient.close()
    await hasty.close()
