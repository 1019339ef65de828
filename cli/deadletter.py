"""`q2c deadletter`: events that could not be read or handed on."""

from typing import Any

import typer

from cli.client import ask, tell
from cli.event import EVENT_COLUMNS, EventNumber, Limit
from cli.exits import FAILED, leave
from cli.inputs import Reason
from cli.output import Output, print_object, print_rows

app = typer.Typer(no_args_is_help=True, help="Events that could not be used.\n\nExample: q2c deadletter list")


@app.command("list")
def list_dead_letters(limit: Limit = 100, output: Output = "table") -> None:
    """List dead letters with the reason of each, newest first.

    Example: q2c deadletter list
    """
    print_rows(ask("/deadletters", params={"limit": limit}), output, EVENT_COLUMNS)


@app.command()
def show(event: EventNumber, output: Output = "table") -> None:
    """Show a dead letter with its body.

    Example: q2c deadletter show 42
    """
    print_object(_dead(event), output)


@app.command()
def replay(
    event: EventNumber, reason: Reason = "replayed from the command line", output: Output = "table"
) -> None:
    """Read a dead letter again and hand it on, after what was wrong has been mended.

    Example: q2c deadletter replay 42 --reason "mapping mended"
    """
    _dead(event)
    rows = tell(f"/events/{event}/replay", {"reason": reason}, role="operator")
    print_rows(rows, output, EVENT_COLUMNS)


def _dead(event: int) -> dict[str, Any]:
    """The dead letter; leaves the command with 1 where the event is none."""
    found: dict[str, Any] = ask(f"/events/{event}", role="operator")
    state = found["event"]["state"]
    if state != "dead":
        leave(FAILED, f"event {event} is no dead letter, it is {state}: see `q2c event show {event}`")
    return found
