"""`q2c override`: finance overrides, asked for by one person and decided by another."""

from typing import Annotated, Literal
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.inputs import Reason, said
from cli.output import Output, print_object, print_rows

app = typer.Typer(
    no_args_is_help=True,
    help="Finance overrides: request, approve, reject, list.\n\n"
    "Example: q2c override list --status requested",
)

OverrideId = Annotated[str, typer.Argument(metavar="ID", help="The override's id.", callback=said)]


@app.command()
def request(
    exception: Annotated[
        str, typer.Argument(metavar="EXCEPTION", help="The exception it is about.", callback=said)
    ],
    action: Annotated[
        Literal["retry", "fix", "skip", "compensate", "accept"], typer.Option(help="What shall be done.")
    ],
    reason: Reason,
    output: Output = "table",
) -> None:
    """Ask a second person for an action that one may not decide alone.

    Example: q2c override request EX-4QZ7K2M3PA --action skip --reason "written off by agreement"
    """
    body = {"exception": exception, "action": action, "reason": reason}
    print_object(tell("/overrides", body, role="finance"), output)


@app.command()
def approve(override: OverrideId, reason: Reason, output: Output = "table") -> None:
    """Approve an override: somebody else than who asked, within the limit of their role; Q2C_TOKEN says who.

    Example: Q2C_TOKEN=… q2c override approve OV-7 --reason "seen the agreement"
    """
    path = f"/overrides/{quote(override, safe='')}/approve"
    print_object(tell(path, {"reason": reason}, role="finance"), output)


@app.command()
def reject(override: OverrideId, reason: Reason, output: Output = "table") -> None:
    """Reject an override; Q2C_TOKEN says who.

    Example: Q2C_TOKEN=… q2c override reject OV-7 --reason "no agreement found"
    """
    path = f"/overrides/{quote(override, safe='')}/reject"
    print_object(tell(path, {"reason": reason}, role="finance"), output)


@app.command("list")
def list_overrides(
    status: Annotated[
        Literal["requested", "approved", "rejected", "closed"] | None,
        typer.Option(help="Only those in this status; closed: the exception was resolved otherwise."),
    ] = None,
    contract: Annotated[str | None, typer.Option(help="Only those of this contract.")] = None,
    output: Output = "table",
) -> None:
    """List overrides, oldest first.

    Example: q2c override list --status requested
    """
    rows = ask("/overrides", params={"status": status, "contract": contract})
    columns = ("id", "exception_id", "contract", "action", "amount", "currency", "requested_by", "status")
    print_rows(rows, output, (*columns, "decided_by", "outcome"))
