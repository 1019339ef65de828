"""`q2c revenue`: a month's revenue posted, contract by contract, and how that stands."""

from typing import Annotated, Any

import typer

from cli.client import ask, tell
from cli.exits import FAILED
from cli.inputs import Month, OneEntity, day
from cli.inputs import entity as known_entity
from cli.month_runs import ended, path_of
from cli.output import Format, Output, print_json, print_rows, print_table, say
from cli.waterfall import waterfall

app = typer.Typer(
    no_args_is_help=True,
    help="A month's revenue: run, show, waterfall.\n\nExample: q2c revenue run --period 2026-01",
)

_COUNTS = ("contracts", "posted", "unchanged", "not_in_force", "exceptions")

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
    done = [ended("revenue", each) for each in runs]
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
    _print([ask(path_of("revenue", entity, period))], output)


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
