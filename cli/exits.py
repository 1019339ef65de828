"""How a command ends: 0 done, 1 failed or not found, 2 wrong usage or invalid input, 3 refused by policy,
4 a server it needs is not reachable."""

from typing import NoReturn

import typer

DONE, FAILED, INVALID, REFUSED, UNREACHABLE = range(5)


def leave(code: int, *lines: str) -> NoReturn:
    """Says why on stderr and ends the command."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(code)
