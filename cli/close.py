"""`q2c close`: what holds up the close of a period, and the close itself."""

from typing import Any
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.exits import FAILED, REFUSED
from cli.inputs import Month, OneEntity, Reason
from cli.output import Format, Output, print_json, say
from cli.reconcile import reconciled, wait_for

_STATES = {
    "not_over": "the month is not over",
    "one_currency": "books in each contract's currency",
    "closed_in_erp": "closed in the ERP, nothing is revalued in it any more",
    "unknown": "not known",
}

app = typer.Typer(
    no_args_is_help=True,
    help="The close of a period: what holds it up, and the close itself.\n\n"
    "Example: q2c close check --period 2026-01",
)


@app.command()
def check(period: Month, entity: OneEntity = None, output: Output = "table") -> None:
    """Reconcile the period, and say whether it may be closed and what holds it up: breaks, revenue that is
    not posted, receivables in other currencies that are not revalued.

    Exit code 1 where something does.

    Example: q2c close check --period 2026-01 --entity US01
    """
    reconciled(period, entity)
    found = ask("/closes", params={"period": period, "entity": entity})
    _show(found, output)
    if any(not each["close_allowed"] and each["status"] == "open" for each in found):
        raise typer.Exit(FAILED)


@app.command()
def close(
    period: Month,
    reason: Reason,
    entity: OneEntity = None,
    output: Output = "table",
) -> None:
    """Close the period: reconciled anew, refused (exit code 3) while a break holds it up.

    A break that has its reasons is explained and approved by a second person first: `q2c reconcile explain`.

    Example: q2c close close --period 2026-01 --entity US01 --reason "month end"
    """
    runs = tell("/closes", {"period": period, "entity": entity, "reason": reason}, role="finance")
    for run in runs:
        say(f"closing {run['entity']} {run['period']}")
    wait_for(runs, "/closes")
    found = [ask(f"/closes/{quote(r['entity'], safe='')}/{r['period']}/runs/{r['run_id']}") for r in runs]
    results = [each["result"] for each in found]
    _show(results, output)
    if any(each["status"] == "refused" for each in results):
        for each in results:
            for words in each["reasons"]:
                say(f"{each['entity']} {each['period']}: {words}")
        raise typer.Exit(REFUSED)


def _show(found: list[dict[str, Any]], output: Format) -> None:
    """One result as the object that it is, several as a list."""
    if output == "json":
        print_json(found[0] if len(found) == 1 else found)
        return
    for each in found:
        typer.echo(f"{each['entity']} {each['period']}: {_word(each)}")
        if each.get("revenue"):
            typer.echo(f"  revenue: {_said(each['revenue'])}; revaluation: {_said(each['revaluation'])}")
        for words in each["reasons"]:
            typer.echo(f"  {words}")


def _said(state: str) -> str:
    return _STATES.get(state, state)


def _word(each: dict[str, Any]) -> str:
    """The state in a few words; `closed` holds the record where one is only asked about."""
    record = each.get("closed") or each
    if each["status"] in ("closed", "already_closed"):
        before = "was closed already" if each["status"] == "already_closed" else "is closed"
        return f"{before}, by {record['closed_by']} at {record['closed_at']}; {record['note']}"
    return "may be closed" if each.get("close_allowed") else "may not be closed"
