"""A platform's pause is in the store: seen by everybody, there until somebody resumes it."""

from store.database import Database
from store.pauses import PauseList
from tests.store.values import NOON, StoppedClock


async def test_pause_is_seen_by_everybody_on_the_store(database: Database) -> None:
    assert await PauseList(database, clock=StoppedClock()).pause("netsuite", "maintenance", "adam")
    found = (await PauseList(database).paused())["netsuite"]
    assert (found.reason, found.paused_by, found.paused_at) == ("maintenance", "adam", NOON)


async def test_second_pause_keeps_the_first_reason(database: Database) -> None:
    pauses = PauseList(database)
    await pauses.pause("netsuite", "maintenance", "adam")
    assert not await pauses.pause("netsuite", "something else", "olivia")
    assert (await pauses.paused())["netsuite"].reason == "maintenance"


async def test_resume_ends_it_and_says_where_there_was_none(database: Database) -> None:
    pauses = PauseList(database)
    await pauses.pause("netsuite", "maintenance", "adam")
    assert await pauses.resume("netsuite")
    assert await pauses.paused() == {}
    assert not await pauses.resume("netsuite")
