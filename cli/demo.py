"""`q2c demo`: the demo story, on a stack of its own that is stopped again at the end."""

import asyncio
import os
import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from cli.configuration import settings
from cli.exits import FAILED, leave
from cli.output import say

if TYPE_CHECKING:
    from assembly.settings import Settings

app = typer.Typer()

_HOME = "demo"


@app.command()
def demo(
    all_acts: Annotated[
        bool, typer.Option("--all", help="The second act too: a month, from usage and payments to its close.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running until Ctrl-C.")] = False,
) -> None:
    """Tell the demo story: contracts from approval to ledger, and what happens on the way.

    Runs Temporal, the simulators, the gateway and workers of its own, beside a stack that may be running, and
    stops them at the end. Exits 1 where something did not come out as the rules say.

    Example: q2c demo
    """
    import logging

    import structlog

    from assembly.home_lock import AlreadyRuns
    from assembly.leftovers import take_down
    from assembly.ports import NoFreePort
    from assembly.processes import ProcessDied
    from assembly.stack import Stopped

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    home = settings(with_stack=False).home / _HOME
    take_down(home, say)
    shutil.rmtree(home, ignore_errors=True)
    os.environ["Q2C_HOME"] = str(home)
    os.environ["Q2C_EVENTS__SWEEP"] = "false"  # the story loses an event for the reconciliation to find
    try:
        broken = asyncio.run(_play(settings(with_stack=False), keep, all_acts))
    except Stopped:
        leave(FAILED, "stopped before the story was told")
    except (AlreadyRuns, NoFreePort, ProcessDied) as error:
        leave(FAILED, str(error))
    if broken:
        leave(FAILED, *broken)


async def _play(configured: "Settings", keep: bool, all_acts: bool) -> list[str]:
    """The stack, the story on it, and what the story found broken."""
    from assembly.stack import running_stack
    from cli.demo_story import Story

    async with running_stack(configured, say) as stack:
        story = Story(say, all_acts=all_acts)
        broken = await story.tell()
        if keep:
            say("the stack stays until Ctrl-C")
            await stack.watch()
    return broken
