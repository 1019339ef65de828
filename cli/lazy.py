"""Commands that are imported when they are called, so that each starts fast, whatever the others need."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import click
import typer
from typer.core import TyperGroup
from typer.main import get_command


@dataclass(frozen=True)
class Lazy:
    """`module` has `app`, a Typer with one command or a group of them."""

    module: str
    help: str


class LazyGroup(TyperGroup):
    """The commands of `table`, in its order."""

    table: ClassVar[Mapping[str, Lazy]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        app: typer.Typer = importlib.import_module(self.table[cmd_name].module).app
        app.rich_markup_mode = None
        command = get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and helps from the table: nothing is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.table.items()])
