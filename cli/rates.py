"""`q2c rates`: exchange rates taken in from a central bank's file, and shown."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from cli.client import ask, tell
from cli.exits import INVALID, leave
from cli.inputs import currency as known_currency
from cli.inputs import day
from cli.output import Output, print_object, print_rows

app = typer.Typer(
    no_args_is_help=True, help="Exchange rates: import, show.\n\nExample: q2c rates import eurofxref-hist.csv"
)

_AT_ONCE = 4000
_COLUMNS = ("date", "base", "currency", "rate", "source", "reason")


@app.command("import")
def import_rates(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ECB's XML or CSV, not zipped.")],
    source: Annotated[
        str | None, typer.Option(help="Whose rates they are; the ECB and the file's name if left out.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Rates that differ from those known are corrections, and why.")
    ] = None,
    output: Output = "table",
) -> None:
    """Take in the euro reference rates of a file: each day and currency once, with the source.

    A rate that differs from the known one is refused unless it is a correction with a reason. A file with a
    rate of a day to come is refused as a whole.

    Example: q2c rates import eurofxref-hist.csv
    """
    from rules.rate_file import RateFileInvalid, read_rates

    try:
        text, today = file.read_text(encoding="utf-8-sig"), dt.datetime.now(dt.UTC).date()
        sheet = read_rates(text, source or f"ECB, {file.name}", today)
    except (OSError, UnicodeDecodeError) as error:
        leave(INVALID, f"{file}: can't be read ({type(error).__name__})")
    except RateFileInvalid as error:
        leave(INVALID, f"{file}: {error}")
    counts = {"recorded": 0, "known": 0, "corrected": 0}
    for start in range(0, len(sheet.rates), _AT_ONCE):
        part = sheet.model_copy(update={"rates": sheet.rates[start : start + _AT_ONCE]})
        receipt = tell("/rates", {**part.model_dump(mode="json"), "reason": reason}, role="finance")
        counts = {name: count + receipt[name] for name, count in counts.items()}
    print_object(counts, output)


@app.command()
def show(
    date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The day; today if left out.", callback=day)
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Only this currency.", callback=known_currency)] = None,
    output: Output = "table",
) -> None:
    """Show the last rate of each currency by a day, with its own day and its source.

    Example: q2c rates show --date 2026-01-31 --currency USD
    """
    print_rows(ask("/rates", params={"date": date, "currency": currency}), output, _COLUMNS)
