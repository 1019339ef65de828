"""`q2c usage`: import usage from files, show what becomes of it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.client import ask, telling
from cli.exits import FAILED, INVALID, leave
from cli.inputs import month as known_month
from cli.inputs import said
from cli.output import Output, print_object, print_rows, say
from cli.usage_file import FileFormat, Rejects, Row, UnreadableFile, format_of, rows

app = typer.Typer(
    no_args_is_help=True,
    help="Usage: import it from a file, show what becomes of it.\n\nExample: q2c usage import usage.csv",
)

_MOST_ROWS = 5_000
_MOST_BYTES = 900_000
"""Of one request: the gateway takes 1 MiB and 10,000 events."""
_SAY_EVERY = 100_000
_NAMED = 20
"""How many rejected rows are named on stderr; the file of rejects has all of them."""
_CONFLICT = (
    "is known in this contract with other content, which stays: "
    "report the difference under an id of its own (below zero takes off)"
)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON Lines, one event a row.")],
    format: Annotated[
        FileFormat | None, typer.Option("--format", help="The file's format, where its name does not say.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where rejected rows go; FILE.rejects.csv or .jsonl by default.")
    ] = None,
    output: Output = "table",
) -> None:
    """Import usage. Good rows are taken in, each id once in its contract; bad ones go into a file of rejects.

    Columns: contract, id, line, date, quantity. Interrupted, it is run again: nothing counts twice. Exit code
    2 where a row was rejected.

    Example: q2c usage import usage-2026-11.csv
    """
    try:
        form = format_of(file, format)
        rejected = Rejects(rejects or file.with_name(f"{file.name}.rejects.{form}"), form)
        taken = _Intake(file, rejected)
        try:
            taken.take(rows(file, form))
        finally:
            rejected.close()
            taken.say_rejected()
    except UnreadableFile as error:
        leave(INVALID, str(error))
    print_object(taken.result(), output)
    if rejected.count:
        raise typer.Exit(INVALID)


@app.command()
def show(
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="The contract's id.", callback=said)],
    month: Annotated[
        str | None, typer.Option(help="Only this month, as YYYY-MM.", callback=known_month)
    ] = None,
    output: Output = "table",
) -> None:
    """Show usage by line and month, and what becomes of it: taken in, late, waiting, not billed.

    Example: q2c usage show C-1001 --month 2026-11
    """
    found = ask(f"/contracts/{quote(contract, safe='')}/usage/months", params={"month": month})
    if not found:
        leave(FAILED, f"{contract}: no usage is reported" + (f" for {month}" if month else ""))
    columns = ("line", "month", "events", "units", "taken_in", "late", "waiting", "not_billed", "note")
    print_rows(found, output, columns)


@dataclass
class _Intake:
    """One file on its way in: one batch is being sent while the next one is read."""

    file: Path
    rejects: Rejects
    read: int = 0
    recorded: int = 0
    duplicates: int = 0
    after_the_end: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    _named: list[str] = field(default_factory=list)

    def take(self, found: Iterator[Row]) -> None:
        with telling("operator") as send, ThreadPoolExecutor(max_workers=1) as sender:
            under_way: tuple[list[Row], Future[Any]] | None = None
            for batch in self._batches(found):
                if under_way is not None:
                    self._sent(under_way[0], under_way[1].result())
                under_way = batch, sender.submit(send, "/usage", {"events": _events(batch)})
            if under_way is not None:
                self._sent(under_way[0], under_way[1].result())

    def _batches(self, found: Iterator[Row]) -> Iterator[list[Row]]:
        """The good rows, as many as a request may have, an id at most once; the others are rejected."""
        batch: list[Row] = []
        ids: set[tuple[str, str]] = set()
        size = 0
        for row in found:
            self.read += 1
            if self.read % _SAY_EVERY == 0:
                say(f"{self.read:,} rows read, {self.recorded:,} recorded, {self.duplicates:,} known already")
            if row.usage is None:
                self._reject(row, row.field, row.problem)
                continue
            id, length = (row.usage.contract, row.usage.id), _bytes_of(row)
            if batch and (id in ids or len(batch) >= _MOST_ROWS or size + length > _MOST_BYTES):
                yield batch
                batch, ids, size = [], set(), 0
            batch.append(row)
            ids.add(id)
            size += length
        if batch:
            yield batch

    def _sent(self, batch: list[Row], answer: Any) -> None:
        self.recorded += answer["recorded"]
        self.duplicates += answer["duplicates"] - len(answer["conflicting"])
        self.after_the_end |= set(answer["after_the_end"])
        self.unknown |= set(answer["unknown"])
        conflicting = {(each["contract"], each["id"]) for each in answer["conflicting"]}
        for row in batch if conflicting else ():
            if row.usage is not None and (row.usage.contract, row.usage.id) in conflicting:
                self._reject(row, "id", _CONFLICT)

    def _reject(self, row: Row, name: str, problem: str) -> None:
        self.rejects.add(row, name, problem)
        if len(self._named) < _NAMED:
            self._named.append(f"{self.file}:{row.number}: {name}: {problem}")

    def say_rejected(self) -> None:
        """On stderr: the first rejected rows, where all of them are, whose usage comes late or early."""
        for line in self._named:
            say(line)
        more = self.rejects.count - len(self._named)
        if more > 0:
            say(f"… and {more} more")
        if self.rejects.count:
            say(
                f"{self.rejects.count} rejected rows are in {self.rejects.path}: put them right and import it"
            )
        for contract in sorted(self.after_the_end):
            say(f"{contract}: is over; `q2c usage show {contract}` says what its last invoice did not take")
        if self.unknown:
            first = ", ".join(sorted(self.unknown)[:_NAMED])
            say(
                f"{len(self.unknown)} contracts are not known (yet), nobody bills their usage so far: {first}"
            )

    def result(self) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "rows": self.read,
            "recorded": self.recorded,
            "duplicates": self.duplicates,
            "rejected": self.rejects.count,
            "rejects": str(self.rejects.path) if self.rejects.count else None,
            "after_the_end": sorted(self.after_the_end),
            "unknown": sorted(self.unknown),
        }


def _events(batch: list[Row]) -> list[dict[str, Any]]:
    return [row.usage.model_dump(mode="json") for row in batch if row.usage is not None]


def _bytes_of(row: Row) -> int:
    """What the row takes in a request's body, at most: names, quotes, and letters as they may be escaped."""
    texts = [str(value) for value in row.values.values()]
    return 80 + sum(len(text) * (2 if text.isascii() and text.isprintable() else 6) for text in texts)
