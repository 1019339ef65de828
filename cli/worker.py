"""`q2c worker`: workers for Temporal's task queues, until SIGTERM."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any

import typer

from cli.configuration import settings
from cli.exits import INVALID, UNREACHABLE, leave

app = typer.Typer()


@app.command()
def worker(
    queue: Annotated[
        list[str] | None, typer.Option("--queue", "-q", help="Only this task queue; can be repeated.")
    ] = None,
) -> None:
    """Run a worker: for all task queues, or the ones named. SIGTERM lets it finish its activities.

    Example: q2c worker --queue q2c-stripe
    """
    from assembly.platforms import PlatformMissing
    from assembly.settings import SettingsInvalid
    from assembly.workers import run_workers
    from gateway.logs import configure
    from store.database import StoreUnavailable

    configured = settings()
    configure(configured.log.level.upper())
    queues = tuple(queue or configured.workers.queues) or None
    try:
        asyncio.run(until_signal(run_workers(configured, queues)))
    except SettingsInvalid as error:
        leave(INVALID, *error.problems)
    except PlatformMissing as error:
        leave(INVALID, str(error))
    except StoreUnavailable as error:
        leave(UNREACHABLE, f"the store is not reachable: {error}")
    except RuntimeError as error:  # Temporal's client has no class of its own for it
        leave(UNREACHABLE, f"Temporal is not reachable: {error}")


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Does the work until it ends or a signal cancels it; cancelled work may take its time to end well."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
