"""Results on stdout, as a table for people or JSON for programs; progress on stderr."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

Format = Literal["table", "json"]
Output = Annotated[Format, typer.Option("--output", "-o", help="How to print the result.")]

_PIPED_WIDTH = 10_000


def say(line: str) -> None:
    """A line of progress."""
    typer.echo(line, err=True)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_rows(rows: Sequence[Mapping[str, Any]], output: Format, columns: Sequence[str]) -> None:
    """A list of objects: all of each as JSON, or the named columns (dots go into nested objects)."""
    if output == "json":
        print_json(rows)
    else:
        print_table(columns, [[_cell(row, column) for column in columns] for row in rows])


def print_object(value: Mapping[str, Any], output: Format) -> None:
    """One object: as JSON, or its leaves one a line."""
    if output == "json":
        print_json(value)
    else:
        print_table(("field", "value"), _leaves(value))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(column.rpartition(".")[2].upper() for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    Console(width=width, highlight=False).print(table, soft_wrap=False)


def _cell(row: Mapping[str, Any], column: str) -> str:
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        pairs = [(f"{name}.{key}" if name else str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        pairs = [(f"{name}.{place}", inner) for place, inner in enumerate(value)]
    else:
        return [(name, _text(value))]
    return [leaf for inner_name, inner in pairs for leaf in _leaves(inner, inner_name)]
