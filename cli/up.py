"""`q2c up`: the local stack, in this terminal or detached."""

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.configuration import settings
from cli.exits import FAILED, leave
from cli.output import Format, Output, print_json, say
from cli.status import print_status

if TYPE_CHECKING:
    from assembly.settings import Settings

app = typer.Typer()

_START_SECONDS = 90.0
_POLL_SECONDS = 0.1


@app.command()
def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when it runs; `q2c down` stops it.")
    ] = False,
    output: Output = "table",
) -> None:
    """Start the local stack: Temporal with its Web UI, the simulators, the gateway and the workers.

    Runs until Ctrl-C. Ports that are taken are replaced by free ones. A second `up` says where the stack is.

    Example: q2c up --detach
    """
    configured = settings(with_stack=False)
    try:
        _up(configured, detach, output)
    except OSError as error:  # the home can't be written, a program can't be run
        leave(FAILED, f"{error.filename or configured.home}: {error.strerror or error}")


def _up(configured: "Settings", detach: bool, output: Format) -> None:
    from assembly.home_lock import is_locked

    if is_locked(configured.home):
        say(f"the stack of {configured.home} runs already")
        _until_running(configured, None)
        _announce(output)
    elif detach:
        _start_detached(configured)
        _announce(output)
    else:
        _in_foreground(configured, output)


def _in_foreground(configured: "Settings", output: Format) -> None:
    from assembly.home_lock import AlreadyRuns
    from assembly.ports import NoFreePort
    from assembly.processes import ProcessDied
    from assembly.stack import Stopped

    try:
        asyncio.run(_run(configured, output))
    except Stopped:
        return
    except (AlreadyRuns, NoFreePort, ProcessDied) as error:
        leave(FAILED, str(error))


async def _run(configured: "Settings", output: Format) -> None:
    from assembly.stack import running_stack

    async with running_stack(configured, say) as stack:
        _announce(output)
        say("Ctrl-C stops it")
        await stack.watch()


def _start_detached(configured: "Settings") -> None:
    """Starts a supervisor in a session of its own; returns when it has brought the stack up."""
    from assembly.stack_state import LOGS, make_home

    make_home(configured.home)
    log = configured.home / LOGS / "up.log"
    with log.open("wb") as file:
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", "up"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    _until_running(configured, supervisor)


def _until_running(configured: "Settings", supervisor: subprocess.Popen[bytes] | None) -> None:
    """Waits for the stack; leaves with FAILED if it does not come up."""
    from assembly.processes import tail
    from assembly.stack_state import LOGS
    from assembly.status import running_status

    log = configured.home / LOGS / "up.log"
    deadline = time.monotonic() + _START_SECONDS
    while running_status(configured) is None:
        if supervisor is not None and supervisor.poll() is not None:
            leave(FAILED, "the stack did not come up", tail(log))
        if time.monotonic() > deadline:
            leave(FAILED, f"the stack was not up within {_START_SECONDS:g} s", tail(log))
        time.sleep(_POLL_SECONDS)


def _announce(output: Format) -> None:
    from assembly.status import running_status

    found = running_status(settings())
    if found is None:
        leave(FAILED, "the stack ended meanwhile")
    if output == "json":
        print_json(found)
    else:
        print_status(found)
