"""`q2c reconcile`: the sides of a period beside each other, what differs, and what is done about it."""

import time
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.exits import FAILED, INVALID, leave
from cli.inputs import OneEntity, Reason, month, said
from cli.output import Format, Output, print_json, print_object, print_rows, print_table, say

app = typer.Typer(invoke_without_command=True)

BreakId = Annotated[
    str, typer.Argument(metavar="BREAK", help="The break's id, such as BR-4QZ7K2M3PA.", callback=said)
]
_BREAK_COLUMNS = ("id", "type", "document", "effect", "cause", "owner", "blocks_close", "status", "proposal")
_PATIENCE_SECONDS = 900.0


@app.callback()
def reconcile(
    context: typer.Context,
    period: Annotated[
        str | None, typer.Option("--period", help="The month, such as 2026-01.", callback=month)
    ] = None,
    entity: OneEntity = None,
    output: Output = "table",
) -> None:
    """Set bookings, billings, receivables, cash, ledger and revenue beside each other, and name each break.

    The platforms' own listings are read. Exit code 1 where breaks are found.

    Example: q2c reconcile --period 2026-01 --entity US01
    """
    if context.invoked_subcommand is not None:
        return
    if period is None:
        leave(INVALID, "--period: is needed, such as --period 2026-01")
    found = reconciled(period, entity)
    show(found, output)
    if any(each["breaks"] for each in found):
        raise typer.Exit(FAILED)


def reconciled(period: str, entity: str | None) -> list[dict[str, Any]]:
    """Runs the reconciliation, waits for its end, and returns its results."""
    runs = tell("/reconciliations", {"period": period, "entity": entity}, role="operator")
    for run in runs:
        say(f"reconciling {run['entity']} {run['period']}")
    wait_for(runs, "/reconciliations")
    ids = {run["run_id"] for run in runs}
    found = ask("/reconciliations", params={"period": period, "entity": entity})
    return [each for each in found if each["run"] in ids]


def wait_for(runs: Iterable[dict[str, Any]], path: str) -> None:
    """Until all are done; ends the command where one fails, or takes too long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for run in runs:
        name = f"{quote(run['entity'], safe='')}/{run['period']}/runs/{run['run_id']}"
        while (status := ask(f"{path}/{name}")["status"]) == "running":
            if time.monotonic() > deadline:
                leave(FAILED, f"{run['workflow_id']} still runs; `q2c exception list` says what it waits for")
            time.sleep(0.5)
        if status != "done":
            leave(FAILED, f"{run['workflow_id']} has failed: {run['run_url'] or run['run_id']}")


def show(found: list[dict[str, Any]], output: Format) -> None:
    """One result as the object that it is, several as a list."""
    shaped = [{name: value for name, value in each.items() if name != "run"} for each in found]
    if output == "json":
        print_json(shaped[0] if len(shaped) == 1 else shaped)
        return
    if not shaped:
        typer.echo("nothing in the period")
    for each in shaped:
        typer.echo(f"{each['entity']} {each['period']} {each['currency']}: {_allowed(each, shaped)}")
        print_table(("side", "total"), [[name, str(total)] for name, total in each["sides"].items()])
        if each["breaks"]:
            typer.echo("\nbreaks")
            print_rows(each["breaks"], output, _BREAK_COLUMNS)
        typer.echo("")


def _allowed(one: dict[str, Any], all_: list[dict[str, Any]]) -> str:
    """A period is closed in all of its entity's currencies at once."""
    if not one["close_allowed"]:
        return "may not be closed"
    others = [
        each["currency"] for each in all_ if each["entity"] == one["entity"] and not each["close_allowed"]
    ]
    if not others:
        return "may be closed"
    return f"nothing holds it up here, but it may not be closed for {', '.join(others)}"


@app.command("list")
def list_breaks(
    period: Annotated[
        str | None, typer.Option("--period", help="Only those of this month.", callback=month)
    ] = None,
    entity: OneEntity = None,
    status: Annotated[
        Literal["open", "explained", "repaired", "resolved"] | None, typer.Option(help="Only in this status.")
    ] = None,
    output: Output = "table",
) -> None:
    """List the breaks that runs have found, those seen first first.

    Example: q2c reconcile list --status open
    """
    rows = ask("/breaks", params={"period": period, "entity": entity, "status": status})
    print_rows(rows, output, _BREAK_COLUMNS)


@app.command("show")
def show_break(id: BreakId, output: Output = "table") -> None:
    """Show a break: its documents, cause, effect, owner and proposed repair.

    Example: q2c reconcile show BR-4QZ7K2M3PA
    """
    print_object(ask(f"/breaks/{quote(id, safe='')}"), output)


@app.command()
def repair(id: BreakId, reason: Reason, output: Output = "table") -> None:
    """Ask a second person for a break's proposed repair; once they approve it, it is carried out.

    The answer names the override: `q2c override approve OVERRIDE --reason …`, by somebody else.

    Example: q2c reconcile repair BR-4QZ7K2M3PA --reason "the webhook was lost"
    """
    print_object(tell(f"/breaks/{quote(id, safe='')}/repair", {"reason": reason}, role="finance"), output)


@app.command()
def explain(id: BreakId, reason: Reason, output: Output = "table") -> None:
    """Ask a second person to accept a break as it is; once they approve it, it holds up no close.

    The answer names the override: `q2c override approve OVERRIDE --reason …`, by somebody else.

    Example: q2c reconcile explain BR-4QZ7K2M3PA --reason "agreed with the customer, credited next month"
    """
    print_object(tell(f"/breaks/{quote(id, safe='')}/explain", {"reason": reason}, role="finance"), output)
