"""`q2c status`: where the local stack is, and how to log on to it."""

from typing import Any

import typer

from cli.configuration import settings
from cli.exits import UNREACHABLE, leave
from cli.output import Output, print_json, print_table

app = typer.Typer()


@app.command()
def status(output: Output = "table") -> None:
    """Say where the local stack is. As JSON also the simulators' credentials and the operators' tokens.

    Exits 4 where no stack runs.

    Example: q2c status -o json
    """
    from assembly.status import is_starting, running_status

    configured = settings()
    found = running_status(configured)
    if found is None and is_starting(configured.home):
        leave(UNREACHABLE, "the stack is being started")
    if found is None:
        leave(UNREACHABLE, f"no stack runs in {configured.home}: `q2c up` starts one")
    if output == "json":
        print_json(found)
    else:
        print_status(found)


def print_status(found: dict[str, Any]) -> None:
    """The addresses as a table, without tokens and credentials."""
    temporal, gateway = found["temporal"], found["gateway"]
    rows = [
        ("temporal", temporal["address"], f"namespace {temporal['namespace']}"),
        ("temporal ui", temporal["ui"], ""),
        ("gateway", gateway["url"], "console, operations API, webhooks"),
    ]
    rows += [(name, platform["url"], "simulator") for name, platform in found["platforms"].items()]
    rows += [(worker["queue"], f"pid {worker['pid']}", "worker") for worker in found["workers"]]
    rows += [(operator["name"], operator["role"], "operator") for operator in gateway["operators"]]
    print_table(("part", "where", "what"), rows)
