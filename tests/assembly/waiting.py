"""Waiting for what a process does; no longer than it takes."""

import asyncio
from collections.abc import Callable

POLL_SECONDS, LIMIT_SECONDS = 0.01, 60


async def until(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds; TimeoutError if it does not within a minute."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - another process gives no event to wait for
            await asyncio.sleep(POLL_SECONDS)
