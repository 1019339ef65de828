"""`q2c revaluation`: receivables in other currencies, revalued at a month's end and back on the next day."""

from typing import Annotated, Any

import typer

from cli.client import ask, tell
from cli.exits import FAILED
from cli.inputs import Month, OneEntity, day
from cli.inputs import entity as known_entity
from cli.month_runs import ended, path_of
from cli.output import Format, Output, print_json, print_table, say

app = typer.Typer(
    no_args_is_help=True,
    help="Receivables in other currencies: run, show.\n\nExample: q2c revaluation run --period 2026-01",
)

_COLUMNS = ("entity", "period", "currency", "open", "carried", "rate", "of", "value", "gain", "posted")


@app.command()
def run(
    period: Month,
    entity: OneEntity = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="The day that counts as today, for simulators whose clock runs ahead.",
            callback=day,
        ),
    ] = None,
    output: Output = "table",
) -> None:
    """Revalue what is open in other currencies than the books' at the month's last rate, and take it back on
    the next day.

    Can be started again at any time: what is posted stays, a difference is added. Exit code 1 where a run
    waits for a decision: a rate is missing, say.

    Example: q2c revaluation run --period 2026-01 --entity US01
    """
    body = {"period": period, "entity": entity, "as_of": as_of}
    runs = tell("/revaluations/runs", body, role="finance")
    for each in runs:
        say(f"revaluation of {each['entity']} {each['period']}: {each['run_url'] or each['workflow_id']}")
    done = [ended("revaluations", each, _waits) for each in runs]
    _print(done, output)
    if any(_waits(each) for each in done):
        raise typer.Exit(FAILED)


@app.command()
def show(
    period: Month,
    entity: Annotated[str, typer.Option("--entity", help="The legal entity.", callback=known_entity)],
    output: Output = "table",
) -> None:
    """Show how the newest run over a month stands: by currency what is open, its rate, the gain, what was
    posted.

    Example: q2c revaluation show --period 2026-01 --entity US01
    """
    _print([ask(path_of("revaluations", entity, period))], output)


def _waits(run: dict[str, Any]) -> bool:
    """For a person: a rate is missing, say."""
    outcome: str = run["report"]["outcome"]
    return outcome == "waiting"


def _print(runs: list[dict[str, Any]], output: Format) -> None:
    if output == "json":
        print_json(runs)
        return
    rows = []
    for each in runs:
        report = each["report"]
        words = report["words"] or report["outcome"].replace("_", " ")
        say(f"{each['entity']} {each['period']}: {words}")
        for one in report["positions"]:
            figures = [
                one["open"],
                one["carried"],
                one["rate"]["rate"],
                one["rate"]["of"],
                one["value"],
                one["gain"],
            ]
            posted = report["posted"].get(one["currency"], "")
            rows.append([each["entity"], each["period"], one["currency"], *figures, posted])
    print_table(_COLUMNS, rows)
