"""Workers that take nothing of a platform's queue while it is paused.

The pause is in the store, so that it holds for every worker, and for one that starts later. A paused
platform's worker is shut down: calls in flight may end, whatever comes waits in Temporal's queue, uncounted
as an attempt, until the worker is back.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import structlog
from temporalio.worker import Worker

from store.database import Database, StoreUnavailable
from store.pauses import PauseList

_log = structlog.get_logger("worker")

_LOOK_SECONDS = 1.0
"""How soon a pause is seen."""


class PauseWatch:
    """Which platforms are paused, looked up again and again. While the store is away, what was last known."""

    def __init__(self, pauses: PauseList, *, look_seconds: float = _LOOK_SECONDS) -> None:
        self._pauses = pauses
        self._look_seconds = look_seconds
        self._paused: frozenset[str] = frozenset()
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Looks once before the block, so that nothing is taken first, and then until its end."""
        await self._look()
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, platform: str, *, paused: bool) -> None:
        """Returns as soon as the platform is (or is not) paused."""
        async with self._changed:
            await self._changed.wait_for(lambda: (platform in self._paused) is paused)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await self._look()
            except StoreUnavailable as error:
                _log.warning("can't see which platforms are paused", problem=str(error))

    async def _look(self) -> None:
        found = frozenset(await self._pauses.paused())
        async with self._changed:
            if found != self._paused:
                self._paused = found
                self._changed.notify_all()


async def run_unless_paused(make: Callable[[], Worker], platform: str, watch: PauseWatch) -> None:
    """Runs the platform's worker until cancelled, with a rest for each pause. Raises what the worker does."""
    while True:
        await watch.until(platform, paused=False)
        worker = make()
        async with _running(worker) as running:
            pause = asyncio.create_task(watch.until(platform, paused=True))
            try:
                await asyncio.wait({running, pause}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
            if running.done():
                return running.result()
        _log.info("paused: nothing new is sent", platform=platform)
        await watch.until(platform, paused=False)
        _log.info("resumed", platform=platform)


@contextlib.asynccontextmanager
async def _running(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    """The worker at work; at the block's end it takes nothing more, and what is in flight may end."""
    running = asyncio.create_task(worker.run())
    try:
        yield running
    finally:
        if not running.done():
            await worker.shutdown()
            await running


async def paused_platforms(database_url: str) -> frozenset[str]:
    """Those that a store says are paused; none where there is no store yet, or an older one."""
    database = Database(database_url)
    try:
        return frozenset(await PauseList(database).paused())
    except StoreUnavailable:
        return frozenset()
    finally:
        await database.close()
