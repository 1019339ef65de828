"""`q2c worker`: workers for Temporal's task queues, until SIGTERM."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from cli.configuration import settings
from cli.exits import INVALID, leave
from cli.serving import exit_codes

app = typer.Typer()

_SETTLE_SECONDS = 0.3


@app.command()
def worker(
    queue: Annotated[
        list[str] | None, typer.Option("--queue", "-q", help="Only this task queue; can be repeated.")
    ] = None,
) -> None:
    """Run a worker: for all task queues, or the ones named. SIGTERM lets it finish its activities.

    Example: q2c worker --queue q2c-stripe
    """
    from assembly.platforms import configured
    from assembly.stack_state import make_home
    from assembly.workers import known_queues, run_workers
    from gateway.logs import configure

    own = settings()
    configure(own.log.level.upper())
    make_home(own.home)
    queues = tuple(queue or own.workers.queues) or None
    known = known_queues(dict.fromkeys(configured(own)))
    for name in queues or ():
        if name not in known:
            leave(INVALID, f"--queue: {name!r} is none of {', '.join(known)}")
    with exit_codes():
        asyncio.run(until_signal(run_workers(own, queues)))


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Does the work until it ends or a signal cancels it; cancelled work may take its time to end well."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
    except BaseException:
        # Temporal's native threads abort an interpreter that ends while they still end
        await asyncio.sleep(_SETTLE_SECONDS)
        raise
