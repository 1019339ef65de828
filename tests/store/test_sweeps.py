"""How far a platform's events have been swept, and what of them the log does not know."""

import datetime as dt

from ports.events import ListedEvent, PlatformEvent
from store.database import Database
from store.event_log import EventLog
from store.sweeps import SweepStore
from tests.store.values import NOON, StoppedClock, new_event


def listed(id: str, *, contract: str | None = None, version: int | None = None) -> ListedEvent:
    event = PlatformEvent(
        id=id,
        platform="salesforce",
        type="contract.approved",
        occurred_at=NOON,
        contract=contract,
        object_kind="contract",
        object_id=contract or id,
        version=version,
    )
    return ListedEvent(event=event, body=id.encode())


async def test_a_cursor_never_goes_back(database: Database) -> None:
    sweeps = SweepStore(database)
    assert await sweeps.reached("stripe") is None
    for moment in (NOON, NOON + dt.timedelta(hours=1), NOON - dt.timedelta(hours=1)):
        await sweeps.reach("stripe", moment)
    assert await sweeps.reached("stripe") == NOON + dt.timedelta(hours=1)
    assert await sweeps.reached("salesforce") is None


async def test_what_the_log_does_not_know_waits_to_be_handed_on(database: Database) -> None:
    sweeps, log = SweepStore(database, clock=StoppedClock()), EventLog(database)
    assert await sweeps.take_in("salesforce", [listed("e1"), listed("e2")]) == 2
    assert await sweeps.take_in("salesforce", [listed("e2"), listed("e3")]) == 1
    assert await sweeps.take_in("salesforce", []) == 0
    events = await log.list(platform="salesforce")
    assert [(event.event_id, event.state) for event in events] == [
        ("e3", "waiting"),
        ("e2", "waiting"),
        ("e1", "waiting"),
    ]


async def test_an_approval_is_known_by_contract_and_version_too(database: Database) -> None:
    sweeps, log = SweepStore(database), EventLog(database)
    webhook = new_event("uuid-of-the-callout", contract="C-1", version=2)
    await log.append([webhook])
    wanted = [listed(f"o/{n}", contract="C-1", version=n) for n in (1, 2, 3)]
    assert await sweeps.take_in("salesforce", wanted) == 2
    known = {event.event_id for event in await log.list(contract="C-1")}
    assert known == {"uuid-of-the-callout", "o/1", "o/3"}


async def test_an_event_that_no_database_can_hold_is_a_dead_letter(database: Database) -> None:
    sweeps, log = SweepStore(database), EventLog(database)
    assert await sweeps.take_in("salesforce", [listed("bad\x00id"), listed("good")]) == 2
    states = {event.type: event.state for event in await log.list()}
    assert states == {"contract.approved": "waiting", "unreadable": "dead"}
