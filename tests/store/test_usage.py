"""Usage in batches: each id once, sums by day in step with the events, however batches cross."""

import asyncio
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from canonical.metering import ReportedUsage, by_day
from canonical.scenario import Usage
from rules.metering import by_month
from store.database import Database
from store.usage import UsageLog

DAY = dt.date(2026, 11, 1)


def reported(number: int, contract: str = "C-1", quantity: str = "1.5") -> ReportedUsage:
    date = DAY + dt.timedelta(days=number % 30)
    return ReportedUsage(
        contract=contract, id=f"e-{number}", line="U1", date=date, quantity=Decimal(quantity)
    )


def batch(numbers: Iterable[int], contract: str = "C-1") -> list[ReportedUsage]:
    return [reported(number, contract) for number in numbers]


async def test_a_batch_sent_again_changes_nothing(database: Database) -> None:
    log = UsageLog(database)
    first = await log.record_batch(batch(range(1000)))
    told = await log.by_month("C-1")
    again = await log.record_batch(batch(range(1000)))
    assert (first.recorded, first.duplicates) == (1000, 0)
    assert (again.recorded, again.duplicates, again.conflicting) == (0, 1000, ())
    assert await log.by_month("C-1") == told
    assert [(month.events, sum(month.units.values())) for month in told] == [(1000, Decimal(1500))]


async def test_an_id_is_one_contracts_own_and_other_content_is_a_conflict(database: Database) -> None:
    log = UsageLog(database)
    await log.record_batch([reported(1), reported(1, "C-2")])
    receipt = await log.record_batch(
        [reported(1, quantity="2"), reported(1, "C-2"), reported(2), reported(2, quantity="7")]
    )
    assert (receipt.recorded, receipt.duplicates) == (1, 3)
    assert receipt.conflicting == (("C-1", "e-1"), ("C-1", "e-2"))
    (month,) = await log.by_month("C-1")
    assert month.units == {2: Decimal("1.5"), 3: Decimal("1.5")}


async def test_the_same_quantity_in_other_words_is_no_conflict(database: Database) -> None:
    log = UsageLog(database)
    await log.record_batch([reported(1, quantity="1.50")])
    assert (await log.record_batch([reported(1, quantity="1.5")])).conflicting == ()


async def test_batches_that_cross_count_each_event_once(database: Database) -> None:
    """In any order, at once, overlapping, of several contracts: nothing doubles, nothing deadlocks."""
    log = UsageLog(database)
    contracts = [f"C-{number}" for number in range(5)]
    batches = [
        [event for contract in contracts for event in batch(range(start, start + 80), contract)]
        for start in (0, 40, 80, 40, 0)
    ]
    crossed = [sent if place % 2 else sent[::-1] for place, sent in enumerate(batches)]
    receipts = await asyncio.gather(*(log.record_batch(sent) for sent in crossed))
    assert sum(receipt.recorded for receipt in receipts) == 5 * 160
    for contract in contracts:
        events = await log.of_contract(contract)
        assert len(events) == 160
        assert by_month(events) == await log.by_month(contract)


async def test_sums_by_day_are_those_of_the_events(database: Database) -> None:
    log = UsageLog(database)
    large = [
        reported(number, quantity=quantity)
        for number, quantity in enumerate(["9" * 28, "0.000000000000000001", "-3"])
    ]
    await log.record_batch([event.model_copy(update={"date": DAY}) for event in large])
    (day,) = by_day(await log.by_month("C-1"))
    assert str(day.quantity) == str(int("9" * 28) - 3) + ".000000000000000001"


async def test_events_are_listed_in_pages(database: Database) -> None:
    log = UsageLog(database)
    await log.record_batch(batch(range(30)))
    pages = [await log.of_contract("C-1", limit=20, offset=offset) for offset in (0, 20)]
    assert [event.date.day for page in pages for event in page] == list(range(1, 31))


async def test_usage_is_handed_on_to_another_contract_once_and_stays(database: Database) -> None:
    log = UsageLog(database)
    unnamed = Usage(line="U1", date=DAY, quantity=Decimal("7"))
    await log.record_batch(batch(range(40)))
    await log.record("C-1", [unnamed])
    since = DAY + dt.timedelta(days=20)
    before = await log.by_month("C-1")
    assert await log.hand_on("C-1", "C-2", since) == 10
    await log.record_batch([reported(50)])
    assert await log.hand_on("C-1", "C-2", since) == 1
    assert await log.hand_on("C-1", "C-2", DAY) == 31
    assert sum(month.events for month in await log.by_month("C-2")) == 42
    first = await log.of_contract("C-2", limit=3)
    assert {event.id for event in first} == {"C-1/#41", "C-1/e-0", "C-1/e-30"}
    assert [month.events for month in before] == [41]
    assert [month.events for month in await log.by_month("C-1")] == [42]
