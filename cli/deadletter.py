"""`q2c deadletter`: events that could not be read or handed on."""

import typer

from cli.client import ask, tell
from cli.event import EVENT_COLUMNS, EventNumber, Limit
from cli.inputs import Reason
from cli.output import Output, print_object, print_rows

app = typer.Typer(no_args_is_help=True, help="Events that could not be used.")


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
    print_object(ask(f"/events/{event}", role="operator"), output)


@app.command()
def replay(
    event: EventNumber, reason: Reason = "replayed from the command line", output: Output = "table"
) -> None:
    """Read a dead letter again and hand it on, after what was wrong has been mended.

    Example: q2c deadletter replay 42 --reason "mapping mended"
    """
    rows = tell(f"/events/{event}/replay", {"reason": reason}, role="operator")
    print_rows(rows, output, EVENT_COLUMNS)
