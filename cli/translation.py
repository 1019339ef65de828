"""`q2c translation`: a legal entity's balances at a month's end in its group's currency."""

from typing import Any

import typer

from cli.client import tell
from cli.exits import FAILED
from cli.inputs import Month, OneEntity
from cli.month_runs import ended
from cli.output import Output, print_json, print_table, say

app = typer.Typer(
    no_args_is_help=True,
    help="Balances in the group's currency: show.\n\nExample: q2c translation show --period 2026-01",
)

_COLUMNS = ("entity", "account", "role", "balance", "translated", "basis")


@app.callback()
def _group() -> None:
    """A group, though it has one command so far."""


@app.command()
def show(
    period: Month,
    entity: OneEntity = None,
    output: Output = "table",
) -> None:
    """Translate each entity's balances from the ERP's general ledger: balance sheet at the month's last rate,
    income and expenses at each month's average, the difference in equity.

    Posts nothing. Exit code 1 where an entity can't be translated: the policy or a rate is missing.

    Example: q2c translation show --period 2026-01 --entity US01
    """
    runs = tell("/translations/runs", {"period": period, "entity": entity}, role="finance")
    reports: list[dict[str, Any]] = [ended("translations", each)["report"] for each in runs]
    if output == "json":
        print_json(reports)
    else:
        _print(reports)
    if any(each["outcome"] != "done" for each in reports):
        raise typer.Exit(FAILED)


def _print(reports: list[dict[str, Any]]) -> None:
    rows = []
    for each in reports:
        name = f"{each['entity']} {each['period']}"
        if each["outcome"] != "done":
            say(f"{name}: {each['words']}")
            continue
        closing = each["closing"]
        pair = f"{each['books_currency']} to {each['group_currency']}"
        say(f"{name}: {pair}, closing {closing['rate']} of {closing['of']}, average {each['average']}")
        if each["left_out"]:
            say(f"{name}: no role's, and left out: {', '.join(each['left_out'])}")
        for row in each["rows"]:
            figures = [row["balance"], row["translated"], row["basis"]]
            rows.append([each["entity"], row["account"], row["role"], *figures])
        rows.append([each["entity"], "", "translation_difference", "", each["difference"], "equity"])
    print_table(_COLUMNS, rows)
