"""A worker that polls and does nothing: `stub_worker.py QUEUE [deaf]`; deaf, it ignores SIGTERM."""

import asyncio
import os
import signal
import sys

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker


@activity.defn
async def nothing() -> None: ...


async def main() -> None:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"])
    over = asyncio.Event()
    deaf = "deaf" in sys.argv
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if not deaf:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with Worker(client, task_queue=sys.argv[1], activities=[nothing]):
        await over.wait()


asyncio.run(main())
