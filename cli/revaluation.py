"""`q2c revaluation`: receivables in other currencies, revalued at a month's end and back on the next day."""

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.exits import FAILED, leave
from cli.inputs import Month, OneEntity, day
from cli.inputs import entity as known_entity
from cli.output import Format, Output, print_json, print_table, say

app = typer.Typer(no_args_is_help=True, help="Receivables in other currencies: run, show.")

_PATIENCE_SECONDS = 1800.0
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
    done = [_ended(each) for each in runs]
    _print(done, output)
    if any(each["report"]["outcome"] == "waiting" for each in done):
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
    _print([ask(_path(entity, period))], output)


def _path(entity: str, period: str) -> str:
    return f"/revaluations/runs/{quote(entity, safe='')}/{quote(period, safe='')}"


def _ended(run: dict[str, Any]) -> dict[str, Any]:
    """The run once it is over, or waits for somebody; ends the command where it has failed."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found: dict[str, Any] = ask(_path(run["entity"], run["period"]))
        if found["status"] == "failed":
            leave(FAILED, f"{run['workflow_id']} has failed: {found['run_url'] or 'see Temporal'}")
        if found["status"] == "done" or found["report"]["outcome"] == "waiting":
            return found
        if time.monotonic() > deadline:
            leave(FAILED, f"{run['workflow_id']} still runs; `q2c platform list` says what it waits for")
        time.sleep(0.5)


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
