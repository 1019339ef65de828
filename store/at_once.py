"""SQLite on the event loop itself, for a store of one process whose file is in memory.

`aiosqlite` gives each connection a thread, so that a disk does not hold up the loop. Where there is no disk
to wait for, handing each call to a thread and back costs many times what the call does.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from queue import SimpleQueue
from typing import Any

import aiosqlite

_Call = tuple[asyncio.Future[Any] | None, Callable[[], Any]]


class _AtOnce(SimpleQueue[_Call]):
    """Carries out what is put in instead of keeping it for a thread."""

    def put_nowait(self, item: _Call) -> None:
        future, call = item
        try:
            result = call()
        except Exception as error:  # whatever it is, it is the caller's, who awaits the future
            if future is None:
                raise
            future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


class AtOnceConnection(aiosqlite.Connection):
    """A connection without a thread; every call blocks the event loop for as long as SQLite takes."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._tx = _AtOnce()

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._connect().__await__()


def connected_at_once(path: str, **options: Any) -> Awaitable[aiosqlite.Connection]:
    """For SQLAlchemy's `async_creator_fn`."""
    return AtOnceConnection(partial(sqlite3.connect, path, **options))
