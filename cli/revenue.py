"""`q2c revenue`: a month's revenue posted, contract by contract, and how that stands."""

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.exits import FAILED, leave
from cli.inputs import Month, OneEntity, day
from cli.inputs import entity as known_entity
from cli.output import Format, Output, print_json, print_rows, print_table, say
from cli.waterfall import waterfall

app = typer.Typer(no_args_is_help=True, help="A month's revenue: run, show, waterfall.")

_COUNTS = ("contracts", "posted", "unchanged", "not_in_force", "exceptions")
_PATIENCE_SECONDS = 1800.0

app.command()(waterfall)


@app.command()
def run(
    period: Month,
    entity: OneEntity = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="Documents and changes up to this day count; today if left out. For simulators whose clock "
            "runs ahead.",
            callback=day,
        ),
    ] = None,
    output: Output = "table",
) -> None:
    """Post what each contract has earned by the month's end and is not posted yet, one entry a contract.

    Can be started again at any time: what is posted stays. Exit code 1 where contracts wait for a decision.

    Example: q2c revenue run --period 2026-01 --entity US01
    """
    body = {"period": period, "entity": entity, "as_of": as_of}
    runs = tell("/revenue/runs", body, role="finance")
    for each in runs:
        say(f"revenue of {each['entity']} {each['period']}: {each['run_url'] or each['workflow_id']}")
    done = [_ended(each) for each in runs]
    _print(done, output)
    if any(each["tally"]["exceptions"] for each in done):
        say("q2c exception list says what waits for a decision")
        raise typer.Exit(FAILED)


@app.command()
def show(
    period: Month,
    entity: Annotated[str, typer.Option("--entity", help="The legal entity.", callback=known_entity)],
    output: Output = "table",
) -> None:
    """Show how the newest run over a month stands: counts, sums by account role, exceptions.

    Example: q2c revenue show --period 2026-01 --entity US01
    """
    _print([ask(f"/revenue/runs/{quote(entity, safe='')}/{quote(period, safe='')}")], output)


def _ended(run: dict[str, Any]) -> dict[str, Any]:
    """The run once it is over; ends the command where it has failed."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    path = f"/revenue/runs/{quote(run['entity'], safe='')}/{run['period']}"
    while True:
        found: dict[str, Any] = ask(path)
        if found["status"] == "failed":
            leave(FAILED, f"{run['workflow_id']} has failed: {found['run_url'] or 'see Temporal'}")
        if found["status"] == "done":
            return found
        if time.monotonic() > deadline:
            leave(FAILED, f"{run['workflow_id']} still runs; `q2c platform list` says what it waits for")
        time.sleep(0.5)


def _print(runs: list[dict[str, Any]], output: Format) -> None:
    if output == "json":
        print_json(runs)
        return
    columns = ("entity", "period", "status", *(f"tally.{name}" for name in _COUNTS))
    print_rows(runs, output, columns)
    sums = [
        [each["entity"], currency, role, amount]
        for each in runs
        for currency, amounts in each["tally"]["sums"].items()
        for role, amount in amounts.items()
    ]
    if sums:
        typer.echo("\nposted (a debit above zero)")
        print_table(("entity", "currency", "role", "amount"), sums)
    for each in runs:
        if each["tally"]["failed"]:
            typer.echo(f"\n{each['entity']} waits for a decision on: {', '.join(each['tally']['failed'])}")
