"""`q2c platform`: the platforms, their health and limits."""

from typing import Annotated
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.exits import FAILED, leave
from cli.inputs import Reason, said
from cli.output import Output, print_object, print_rows

app = typer.Typer(
    no_args_is_help=True,
    help="The platforms: health, versions, limits.\n\nExample: q2c platform check salesforce",
)

PlatformName = Annotated[str, typer.Argument(metavar="PLATFORM", help="The platform's name.", callback=said)]
_COLUMNS = (
    "name",
    "capabilities",
    "url",
    "api_version",
    "api_version_ends",
    "paused",
    "pause_reason",
    "waiting",
)


@app.command("list")
def list_platforms(output: Output = "table") -> None:
    """List the platforms: what each is for, its API version and its end of life, work that waits.

    Example: q2c platform list
    """
    print_rows(ask("/platforms"), output, _COLUMNS)


@app.command()
def check(
    platform: Annotated[str | None, typer.Argument(help="Only this one; all if left out.")] = None,
    output: Output = "table",
) -> None:
    """Ask each platform for its health, and whether it takes our credentials. Exits 1 if one is not well.

    Example: q2c platform check salesforce
    """
    rows = [row for row in tell("/platforms/check", role="operator") if platform in (None, row["name"])]
    if not rows:
        leave(FAILED, f"there is no platform {platform}")
    columns = ("name", "healthy", "credentials_valid", "rate_limit_used_percent", "api_version", "problem")
    print_rows(rows, output, columns)
    if any(row["healthy"] is not True or row["credentials_valid"] is False for row in rows):
        raise typer.Exit(FAILED)


@app.command()
def pause(platform: PlatformName, reason: Reason, output: Output = "table") -> None:
    """Let nothing new be sent to a platform; its work waits.

    Example: q2c platform pause netsuite --reason "maintenance window"
    """
    path = f"/platforms/{quote(platform, safe='')}/pause"
    print_object(tell(path, {"reason": reason}, role="admin"), output)


@app.command()
def resume(platform: PlatformName, reason: Reason, output: Output = "table") -> None:
    """Let the work of a paused platform go on.

    Example: q2c platform resume netsuite --reason "maintenance is over"
    """
    path = f"/platforms/{quote(platform, safe='')}/resume"
    print_object(tell(path, {"reason": reason}, role="admin"), output)
