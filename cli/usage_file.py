"""Files of usage: CSV or JSON Lines, read row by row; what is wrong with a row goes into a file of rejects.

A file of rejects has the input's own format, with columns of ours (`_row`, `_field`, `_problem`) that are
passed over when it is read: put right, it is imported as it is.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import ValidationError

from canonical.metering import ReportedUsage
from rules.problems import InvalidScenario
from rules.reading import problems_of

FileFormat = Literal["csv", "jsonl"]

COLUMNS = ("contract", "id", "line", "date", "quantity")
OURS = ("_row", "_field", "_problem", "_content")
_FORMATS: Mapping[str, FileFormat] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SURROGATES = range(0xD800, 0xE000)


class UnreadableFile(Exception):
    """Nothing of the file can be read; the message says what is wrong and the way out."""


@dataclass(frozen=True)
class Row:
    """One row; `usage` None where `problem` says what is wrong with `field`. `number` counts lines from 1."""

    number: int
    values: Mapping[str, Any]
    usage: ReportedUsage | None
    field: str = ""
    problem: str = ""


def format_of(path: Path, wanted: FileFormat | None) -> FileFormat:
    """By the option, else by the file's name. Raises UnreadableFile."""
    found = wanted or _FORMATS.get(path.suffix.lower())
    if found is None:
        raise UnreadableFile(f"{path}: is neither .csv nor .jsonl by its name: say which with --format")
    return found


def rows(path: Path, form: FileFormat) -> Iterator[Row]:
    """The rows in the file's order, one at a time. Raises UnreadableFile."""
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _csv_rows(path, file) if form == "csv" else _json_rows(file)
    except OSError as error:
        raise UnreadableFile(f"{path}: can't be read ({error.strerror})") from error


def _csv_rows(path: Path, file: IO[str]) -> Iterator[Row]:
    reader = csv.reader(file, strict=True)
    header = _header(path, reader)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, {"_content": "row"}, None, "row", f"is no CSV: {error}")
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            problem = f"has {len(cells)} columns where the header has {len(header)}"
            yield Row(number, {"_content": ",".join(cells)}, None, "row", problem)
            continue
        yield _checked(number, {n: c for n, c in zip(header, cells, strict=True) if n not in OURS})


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UnreadableFile(f"{path}:1: is no CSV: {error}") from error
    names = [name for name in header if name not in OURS]
    missing = [name for name in COLUMNS if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown or len(set(names)) != len(names):
        words = [f"{name}: is missing" for name in missing]
        words += [f"{name or '(no name)'}: is not a column that is known here" for name in unknown]
        words += ["a column is there twice"] if len(set(names)) != len(names) else []
        raise UnreadableFile(
            f"{path}:1: {'; '.join(words)}. The first row names the columns: {','.join(COLUMNS)}"
        )
    return header


def _json_rows(file: IO[str]) -> Iterator[Row]:
    for number, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, dict):
            yield _checked(number, {name: value for name, value in values.items() if name not in OURS})
        else:
            problem = "is not one JSON object on one line"
            yield Row(number, {"_content": text.rstrip("\r\n")}, None, "row", problem)


def _checked(number: int, values: Mapping[str, Any]) -> Row:
    try:
        for name, value in values.items():
            if isinstance(value, str) and any(ord(letter) in _SURROGATES for letter in value):
                raise InvalidScenario([(name, "is not UTF-8: save the file in that encoding")])
        return Row(number, values, ReportedUsage.model_validate(values))
    except ValidationError as error:
        name, problem = problems_of(error, values)[0]
    except InvalidScenario as error:
        name, problem = error.problems[0]
    return Row(number, values, None, name, problem)


@dataclass
class Rejects:
    """Writes rejected rows; the file is made with the first of them."""

    path: Path
    form: FileFormat
    count: int = 0
    _file: IO[str] | None = field(default=None, repr=False)

    def add(self, row: Row, name: str, problem: str) -> None:
        self.count += 1
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            if self.form == "csv":
                csv.writer(self._file).writerow((*COLUMNS, *OURS))
        ours = {"_row": row.number, "_field": name, "_problem": problem}
        if self.form == "csv":
            line = {**row.values, **ours}
            csv.writer(self._file).writerow([line.get(column, "") for column in (*COLUMNS, *OURS)])
        else:
            self._file.write(json.dumps({**row.values, **ours}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
