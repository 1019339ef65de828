"""`q2c revenue waterfall`: month by month what is billed, earned, deferred and still to be earned."""

import datetime as dt
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.client import ask
from cli.exits import INVALID, leave
from cli.inputs import OneEntity, is_month
from cli.output import Output, print_json, print_table, say
from cli.scenario_file import valid_scenario

if TYPE_CHECKING:
    from rules.waterfall import Waterfall, WaterfallRow

_PAGE = 100
_FIGURES = ("billed", "earned", "deferred", "unbilled", "remaining")
_MOST_MONTHS = 120


def waterfall(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE…", help="Scenario files; the running system if left out."),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM", help="The first month.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM", help="The last month.")] = None,
    entity: OneEntity = None,
    by: Annotated[Literal["line", "contract"], typer.Option(help="A row for each.")] = "line",
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw it too, one picture a currency.")
    ] = None,
    output: Output = "table",
) -> None:
    """Show the revenue waterfall: billed, earned, deferred, unbilled and remaining, by month.

    Without files, the contracts of the running system; 12 months from this one if no months are named. On a
    terminal its totals are drawn as bars below the table; --plot draws them as a picture.

    Example: q2c revenue waterfall contract.json --from 2026-01 --to 2026-12 --plot waterfall.svg
    """
    if plot is not None and plot.suffix != ".svg":
        leave(INVALID, f"--plot: {plot} must end in .svg, the one format that is drawn")
    start, end = _months(first, last)
    found = _from_files(files, entity, start, end) if files else _from_system(entity, start, end)
    shown = _by_contract(found, start, end) if by == "contract" else found
    if output == "json":
        print_json(shown.model_dump(mode="json"))
    else:
        _print(shown)
        if _on_terminal():
            _print_bars(found)
            if plot is None:
                say("--plot FILE.svg draws it as a picture")
    if plot is not None:
        _draw(found, plot)


def _months(first: str | None, last: str | None) -> tuple[dt.date, dt.date]:
    from rules.calendar import add_months

    today = dt.datetime.now(dt.UTC).date().replace(day=1)
    start = _month("--from", first) if first else (add_months(_month("--to", last), -11) if last else today)
    end = _month("--to", last) if last else add_months(start, 11)
    if not 0 <= (end.year - start.year) * 12 + end.month - start.month < _MOST_MONTHS:
        leave(INVALID, f"--to: must be {first or start:%Y-%m} or one of the {_MOST_MONTHS} months from it")
    return start, end


def _month(option: str, value: str) -> dt.date:
    if not is_month(value):
        leave(INVALID, f"{option}: {value!r} is not a month like 2026-01")
    return dt.date(int(value[:4]), int(value[5:]), 1)


def _from_files(files: list[str], entity: str | None, first: dt.date, last: dt.date) -> "Waterfall":
    from rules.month_end import Sold
    from rules.waterfall import added_up, waterfall

    rows: list[WaterfallRow] = []
    for file in files:
        scenario = valid_scenario(file)
        if entity in (None, scenario.contract.legal_entity):
            sold = Sold(scenario.contract, scenario.changes, scenario.usage)
            rows += waterfall(sold, scenario.as_of, first, last)
    return added_up(rows, first, last)


def _from_system(entity: str | None, first: dt.date, last: dt.date) -> "Waterfall":
    """Page by page: the gateway asks each contract's workflow."""
    from rules.waterfall import WaterfallRow, added_up

    rows: list[WaterfallRow] = []
    after = ""
    while True:
        params = {"entity": entity, "first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}", "after": after}
        page: dict[str, Any] = ask("/revenue/waterfall", params={**params, "limit": _PAGE})
        rows += [WaterfallRow.model_validate(row) for row in page["rows"]]
        for contract in page["left_out"]:
            say(f"{contract} is not in force, or has not answered: left out")
        if page["next"] is None:
            return added_up(rows, first, last)
        after = page["next"]


def _by_contract(found: "Waterfall", first: dt.date, last: dt.date) -> "Waterfall":
    from rules.waterfall import added_up

    of_contract: dict[str, list[WaterfallRow]] = {}
    for row in found.rows:
        of_contract.setdefault(row.contract, []).append(row)
    rows = []
    for contract, own in of_contract.items():
        totals = added_up(own, first, last).totals
        rows += [row.model_copy(update={"contract": contract}) for row in totals]
    return added_up(rows, first, last)


def _print(found: "Waterfall") -> None:
    """One table a figure would be read by nobody: each row has a line for each of its figures."""
    if not found.rows:
        typer.echo("nothing is billed or earned in these months")
        return
    months = [month.month for month in found.rows[0].months]
    rows = [
        [row.contract or "total", row.line, row.currency, figure]
        + [format(getattr(month, figure), ",f") for month in row.months]
        for row in (*found.rows, *found.totals)
        for figure in _FIGURES
        if any(getattr(month, figure) for month in row.months)
    ]
    print_table(("contract", "line", "currency", "figure", *months), rows)


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _print_bars(found: "Waterfall") -> None:
    from cli.waterfall_text import bars

    width = shutil.get_terminal_size().columns
    for row in found.totals:
        typer.echo("")
        for line in bars(row, width):
            typer.echo(line)


def _draw(found: "Waterfall", path: Path) -> None:
    from cli.waterfall_plot import svg

    several = len(found.totals) > 1
    for row in found.totals:
        file = path.with_stem(f"{path.stem}-{row.currency}") if several else path
        file.write_text(svg(row), encoding="utf-8")
        say(f"drawn: {file}")
