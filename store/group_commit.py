"""Many small writes, one transaction: those that arrive together are committed together."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from store.database import StoreUnavailable

Item = TypeVar("Item")


class TooManyWaiting(StoreUnavailable):
    """More items wait to be written than are allowed to; nothing was kept of this one."""


class GroupCommit(Generic[Item]):
    """`submit` returns once the item's transaction is committed, or raises what the write raised.

    A write that fails for its data is repeated one item at a time, so that one item that can't be written
    holds up none of the others. One that fails because the store is gone fails for all of its items.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[None]],
        *,
        max_batch: int = 500,
        max_waiting: int = 10_000,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: deque[tuple[Item, asyncio.Future[None]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def submit(self, item: Item) -> None:
        """Raises TooManyWaiting, StoreUnavailable, or the database's error for this item's data."""
        if len(self._waiting) >= self._max_waiting:
            raise TooManyWaiting(f"{self._max_waiting} writes are waiting")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def drain(self) -> None:
        """Waits until everything submitted so far is written or has failed."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._waiting:
            size = min(self._max_batch, len(self._waiting))
            await self._commit([self._waiting.popleft() for _ in range(size)])

    async def _commit(self, batch: list[tuple[Item, asyncio.Future[None]]]) -> None:
        try:
            await self._write([item for item, _ in batch])
        except StoreUnavailable as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the one who submitted
            if len(batch) == 1:
                _fail(batch, error)
            else:
                for one in batch:
                    await self._commit([one])
        else:
            for _, written in batch:
                if not written.done():
                    written.set_result(None)


def _fail(batch: list[tuple[Item, asyncio.Future[None]]], error: Exception) -> None:
    for _, written in batch:
        if not written.done():
            written.set_exception(error)
