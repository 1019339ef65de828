"""Writes that arrive together share a transaction; one that can't be written harms no other."""

import asyncio
from collections.abc import Sequence

from store.database import StoreUnavailable
from store.group_commit import GroupCommit, TooManyWaiting


class Ledger:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gone = False

    @property
    def written(self) -> list[int]:
        return [item for batch in self.batches for item in batch]

    async def write(self, items: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if self.gone:
            raise StoreUnavailable("gone")
        if any(item < 0 for item in items):
            raise ValueError("below zero")
        self.batches.append(list(items))


async def test_those_that_arrive_together_are_written_together() -> None:
    ledger = Ledger()
    commit = GroupCommit(ledger.write, max_batch=50)
    await asyncio.gather(*(commit.submit(n) for n in range(120)))
    assert [len(batch) for batch in ledger.batches] == [50, 50, 20]
    assert ledger.written == list(range(120))


async def test_submit_returns_only_after_the_write() -> None:
    ledger = Ledger()
    await GroupCommit(ledger.write).submit(1)
    assert ledger.batches == [[1]]


async def test_one_that_cannot_be_written_fails_alone() -> None:
    ledger = Ledger()
    commit = GroupCommit(ledger.write)
    results = await asyncio.gather(*(commit.submit(n) for n in (1, -1, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    assert sorted(ledger.written) == [1, 2]


async def test_store_that_is_gone_fails_all_and_is_asked_once() -> None:
    ledger = Ledger()
    ledger.gone = True
    commit = GroupCommit(ledger.write)
    results = await asyncio.gather(*(commit.submit(n) for n in range(3)), return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
    ledger.gone = False
    await commit.submit(9)
    assert ledger.batches == [[9]]


async def test_more_than_may_wait_are_turned_away() -> None:
    ledger = Ledger()
    commit = GroupCommit(ledger.write, max_waiting=2)
    results = await asyncio.gather(*(commit.submit(n) for n in range(5)), return_exceptions=True)
    assert sum(isinstance(result, TooManyWaiting) for result in results) == 3


async def test_one_who_gave_up_waiting_is_written_all_the_same() -> None:
    ledger = Ledger()
    commit = GroupCommit(ledger.write)
    impatient = asyncio.create_task(commit.submit(1))
    await asyncio.sleep(0)
    impatient.cancel()
    await commit.submit(2)
    assert sorted(ledger.written) == [1, 2]
