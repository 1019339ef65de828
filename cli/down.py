"""`q2c down`: stop the local stack."""

import typer

from cli.configuration import settings
from cli.output import say

app = typer.Typer()


@app.command()
def down() -> None:
    """Stop the local stack and wait until all of it has gone, also what a killed `up` left running.

    Example: q2c down
    """
    from assembly.leftovers import take_down

    home = settings().home
    say("stopped" if take_down(home, say) else f"no stack runs in {home}")
