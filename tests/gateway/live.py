"""A gateway on a real socket, in the test's own event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from gateway.server import bound_socket, server
from gateway.settings import GatewaySettings


@contextlib.asynccontextmanager
async def listening(app: FastAPI, settings: GatewaySettings) -> AsyncIterator[int]:
    """The port on which the gateway answers until the block ends."""
    bound = bound_socket("127.0.0.1", 0)
    running = server(app, settings)
    task = asyncio.create_task(running.serve(sockets=[bound]))
    while not running.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    try:
        yield bound.getsockname()[1]
    finally:
        running.should_exit = True
        await task
