"""`q2c event`: the log of what came in and went out."""

import time
from typing import Annotated, Any, Literal

import typer

from cli.client import ask, tell
from cli.exits import FAILED, leave
from cli.inputs import Reason, moment
from cli.output import Output, print_object, print_rows, say

app = typer.Typer(
    no_args_is_help=True,
    help="The log of inbound and outbound events.\n\nExample: q2c event list --state dead",
)

EventNumber = Annotated[int, typer.Argument(metavar="ID", min=1, help="The event's number in the log.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
SWEPT_COLUMNS = ("platform", "since", "listed", "known", "handed_on", "reached", "unlisted_before")
_PATIENCE_SECONDS = 900.0
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


@app.command()
def sweep(
    platform: Annotated[str | None, typer.Option(help="Only this platform's events.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT",
            help="From there instead of from the last sweep, such as 2026-01-31T08:00:00Z. Stripe lists the "
            "events of 30 days.",
            callback=moment,
        ),
    ] = None,
    output: Output = "table",
) -> None:
    """Look for lost events now: what a platform lists and the log does not know is handed on.

    By itself it is done every quarter of an hour. What is known already changes nothing, and a webhook that
    comes late after all is a duplicate.

    Example: q2c event sweep --platform stripe -o json
    """
    runs = tell("/events/sweeps", {"platform": platform, "since": since}, role="operator")
    print_rows([_swept(run) for run in runs], output, SWEPT_COLUMNS)


def _swept(run: dict[str, Any]) -> dict[str, Any]:
    """What the sweep found, once it is over; ends the command where it fails, or takes too long."""
    say(f"looking for lost events of {run['platform']}")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while run["status"] == "running":
        if time.monotonic() > deadline:
            leave(FAILED, f"{run['workflow_id']} still runs; q2c platform list says whether it is held up")
        time.sleep(0.2)
        run = ask(f"/events/sweeps/{run['platform']}/runs/{run['run_id']}")
    if run["status"] != "done":
        leave(FAILED, f"{run['workflow_id']} has failed: {run['run_url'] or run['run_id']}")
    found: dict[str, Any] = run["result"]
    if found["unlisted_before"] is not None:
        say(
            f"{run['platform']} lists nothing before {found['unlisted_before']}: what was lost until then is "
            "found by q2c reconcile"
        )
    return found
