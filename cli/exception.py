"""`q2c exception`: the exception queue, and what to do about each."""

from typing import Annotated, Literal
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.exits import INVALID, leave
from cli.inputs import Reason, said
from cli.output import Format, Output, print_json, print_object, print_rows

app = typer.Typer(
    no_args_is_help=True,
    help="The exception queue: list, show, and what to do about each.\n\n"
    "Example: q2c exception list --owner finance-operations",
)

ExceptionId = Annotated[
    str, typer.Argument(metavar="ID", help="The exception's id, such as EX-4QZ7K2M3PA.", callback=said)
]


@app.command("list")
def list_exceptions(
    owner: Annotated[str | None, typer.Option(help="Only those of this owner.")] = None,
    platform: Annotated[str | None, typer.Option(help="Only those that wait on this platform.")] = None,
    contract: Annotated[str | None, typer.Option(help="Only those of this contract.")] = None,
    status: Annotated[
        Literal["open", "resolved", "all"], typer.Option(help="Open, resolved, or all.")
    ] = "open",
    output: Output = "table",
) -> None:
    """List exceptions; those due first come first.

    Example: q2c exception list --owner finance-operations
    """
    filters = {"owner": owner, "platform": platform, "contract": contract, "status": status}
    columns = (
        "id",
        "contract",
        "step",
        "platform",
        "code",
        "summary",
        "owner",
        "amount",
        "currency",
        "due_at",
    )
    print_rows(ask("/exceptions", params=filters), output, (*columns, "status", "actions"))


@app.command()
def show(exception: ExceptionId, output: Output = "table") -> None:
    """Show an exception with its story.

    Example: q2c exception show EX-4QZ7K2M3PA
    """
    found = ask(f"/exceptions/{quote(exception, safe='')}")
    if output == "json":
        print_json(found)
        return
    print_object({name: value for name, value in found.items() if name != "story"}, output)
    typer.echo("\nstory")
    print_rows(found["story"], output, ("at", "actor", "note"))


@app.command()
def assign(
    exception: ExceptionId,
    owner: Annotated[str, typer.Option("--owner", "--to", help="Who shall see to it.")],
    reason: Reason,
    output: Output = "table",
) -> None:
    """Give an exception to another owner.

    Example: q2c exception assign EX-4QZ7K2M3PA --owner tax --reason "a tax question"
    """
    path = f"/exceptions/{quote(exception, safe='')}/assign"
    print_object(tell(path, {"owner": owner, "reason": reason}, role="finance"), output)


@app.command()
def retry(exception: ExceptionId, reason: Reason, output: Output = "table") -> None:
    """Try the step again as it is: what was wrong has been mended elsewhere.

    Example: q2c exception retry EX-4QZ7K2M3PA --reason "period opened again"
    """
    _decide(exception, "retry", {}, reason, output)


@app.command()
def fix(
    exception: ExceptionId,
    reason: Reason,
    corrections: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="A correction; can be repeated.")
    ],
    output: Output = "table",
) -> None:
    """Correct the step's data and try it again.

    Example: q2c exception fix EX-4QZ7K2M3PA --set items.SEAT=SEAT-EU --reason "typo in the CRM"
    """
    _decide(exception, "fix", parsed_corrections(corrections), reason, output)


@app.command()
def skip(exception: ExceptionId, reason: Reason, output: Output = "table") -> None:
    """Go on without the step, where governance allows it.

    Example: q2c exception skip EX-4QZ7K2M3PA --reason "posted by hand as JE-881"
    """
    _decide(exception, "skip", {}, reason, output)


@app.command()
def compensate(exception: ExceptionId, reason: Reason, output: Output = "table") -> None:
    """Undo what the change has done so far.

    Example: q2c exception compensate EX-4QZ7K2M3PA --reason "the order was a mistake"
    """
    _decide(exception, "compensate", {}, reason, output)


@app.command()
def accept(exception: ExceptionId, reason: Reason, output: Output = "table") -> None:
    """Take what the platform has as right, where governance allows it.

    Example: q2c exception accept EX-4QZ7K2M3PA --reason "rounding agreed with the customer"
    """
    _decide(exception, "accept", {}, reason, output)


def parsed_corrections(texts: list[str]) -> dict[str, str]:
    """KEY=VALUE pairs; exit code 2 for anything else, or a key given twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            leave(INVALID, f"--set: {text!r} is not KEY=VALUE")
        if key in pairs:
            leave(INVALID, f"--set: {key} is given twice")
        pairs[key] = value
    return pairs


def _decide(exception: str, action: str, corrections: dict[str, str], reason: str, output: Format) -> None:
    body = {"reason": reason, "set": corrections}
    path = f"/exceptions/{quote(exception, safe='')}/{action}"
    print_object(tell(path, body, role="finance"), output)
