"""`q2c event`: the log of what came in and went out."""

from typing import Annotated, Literal

import typer

from cli.client import ask, tell
from cli.inputs import Reason
from cli.output import Output, print_object, print_rows

app = typer.Typer(no_args_is_help=True, help="The log of inbound and outbound events.")

EventNumber = Annotated[int, typer.Argument(metavar="ID", min=1, help="The event's number in the log.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
EVENT_COLUMNS = ("id", "platform", "type", "received_at", "stream", "state", "reason", "attempts")


@app.command("list")
def list_events(
    state: Annotated[
        Literal["waiting", "handed_on", "applied", "ignored", "dead"] | None,
        typer.Option(help="Only those in this state."),
    ] = None,
    platform: Annotated[str | None, typer.Option(help="Only those of this platform.")] = None,
    contract: Annotated[str | None, typer.Option(help="Only those of this contract.")] = None,
    outbound: Annotated[bool, typer.Option("--outbound", help="What we have published instead.")] = False,
    limit: Limit = 100,
    output: Output = "table",
) -> None:
    """List events, newest first.

    Example: q2c event list --state dead
    """
    if outbound:
        subject = None if contract is None else f"contract/{contract}"
        rows = ask("/outbound-events", params={"subject": subject, "limit": limit})
        print_rows(rows, output, ("id", "type", "subject", "time"))
        return
    filters = {"state": state, "platform": platform, "contract": contract, "limit": limit}
    print_rows(ask("/events", params=filters), output, EVENT_COLUMNS)


@app.command()
def show(event: EventNumber, output: Output = "table") -> None:
    """Show an event with what it came with and what came of it.

    Example: q2c event show 42 -o json
    """
    print_object(ask(f"/events/{event}", role="operator"), output)


@app.command()
def replay(
    event: EventNumber, reason: Reason = "replayed from the command line", output: Output = "table"
) -> None:
    """Hand an event on once more; what it has done already is not done twice.

    Example: q2c event replay 42 --reason "the CRM was down"
    """
    rows = tell(f"/events/{event}/replay", {"reason": reason}, role="operator")
    print_rows(rows, output, EVENT_COLUMNS)
