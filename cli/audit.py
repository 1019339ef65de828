"""`q2c audit`: who did what, and whether the record is whole."""

from typing import Annotated

import typer

from cli.client import ask
from cli.exits import FAILED, INVALID, leave
from cli.output import Output, print_object, print_rows

app = typer.Typer(
    no_args_is_help=True, help="Who did what, and whether the record is whole.\n\nExample: q2c audit verify"
)


@app.command("list")
def list_entries(
    contract: Annotated[str | None, typer.Option(help="Only those about this contract.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 100,
    output: Output = "table",
) -> None:
    """List audit entries, oldest first.

    Example: q2c audit list --contract C-1001
    """
    rows = ask("/audit", role="finance", params={"contract": contract, "limit": limit})
    columns = ("sequence", "at", "actor", "role", "action", "object_kind", "object_id", "reason")
    print_rows(rows, output, columns)


@app.command()
def verify(
    anchor: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:HASH", help="The `head` of an earlier answer: finds a cut tail, too."),
    ] = None,
    output: Output = "table",
) -> None:
    """Walk the chain of hashes: finds any change, reorder or cut. Exits 1 if it does not hold.

    Example: q2c audit verify
    """
    found = ask("/audit/verify", role="finance", params=_anchor(anchor))
    print_object(found, output)
    if found["intact"] is not True:
        raise typer.Exit(FAILED)


def _anchor(text: str | None) -> dict[str, str | int | None]:
    if text is None:
        return {}
    number, colon, digest = text.partition(":")
    if not colon or not number.isdigit() or not digest:
        leave(INVALID, f"--anchor: {text!r} is not NUMBER:HASH")
    return {"anchor_sequence": int(number), "anchor_hash": digest}
