"""A store without threads: the same statements, the same errors."""

import asyncio
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store.database import Database, StoreUnavailable
from store.event_log import EventLog
from tests.store.values import StoppedClock, new_event


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads that this one starts; what other tests' servers do meanwhile is left out."""
    found: list[threading.Thread] = []
    start, here = threading.Thread.start, threading.get_ident()

    def noted(self: threading.Thread) -> None:
        if threading.get_ident() == here:
            found.append(self)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", noted)
    return found


async def test_store_at_once_keeps_what_is_written_and_starts_no_thread(
    sqlite_url: str, started: list[threading.Thread]
) -> None:
    database = Database(sqlite_url, at_once=True)
    log = EventLog(database, clock=StoppedClock())
    await asyncio.gather(*(log.append([new_event(f"evt-{number}")]) for number in range(5)))
    assert (await log.counts())["waiting"] == 5
    assert started == []
    await database.close()
    other = Database(sqlite_url)
    assert (await EventLog(other).counts())["waiting"] == 5
    assert started != [], "another store has some, so that they would have been seen"
    await other.close()


async def test_store_at_once_rolls_back_what_fails_and_tells_of_locks(sqlite_url: str) -> None:
    database = Database(sqlite_url, at_once=True, busy_timeout_seconds=0)
    bad = new_event("bad").model_copy(update={"state": "no-such-state"})
    with pytest.raises(IntegrityError):
        await EventLog(database).append([new_event("good"), bad])
    assert (await EventLog(database).counts())["waiting"] == 0
    other = Database(sqlite_url)
    async with other.write() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(StoreUnavailable):
            await EventLog(database).append([new_event("locked out")])
    await other.close()
    await database.close()
