"""Commands that are imported when they are called, so that each starts fast, whatever the others need."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command

if TYPE_CHECKING:  # Typer's own copy of Click has no public name
    from typer._click.core import Command, Context
    from typer._click.formatting import HelpFormatter


@dataclass(frozen=True)
class Lazy:
    """`module` has `app`, a Typer with one command or a group of them."""

    module: str
    help: str


class LazyGroup(TyperGroup):
    """The commands of `table`, in its order."""

    table: ClassVar[Mapping[str, Lazy]] = {}

    def list_commands(self, ctx: "Context") -> list[str]:
        return list(self.table)

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        if cmd_name not in self.table:
            return None
        app: typer.Typer = importlib.import_module(self.table[cmd_name].module).app
        app.rich_markup_mode = None
        app._add_completion = False  # the whole completes itself; its parts need no options for it
        command = get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Names and helps from the table: nothing is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.table.items()])
