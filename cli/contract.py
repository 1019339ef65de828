"""`q2c contract`: started and changed from documents, listed, shown, told, traced."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.output import Format, Output, print_json, print_object, print_rows, say
from cli.scenario_file import valid_scenario

app = typer.Typer(no_args_is_help=True, help="Contracts: start, change, list, show, timeline, lineage.")

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file, JSON or YAML.")]
ContractId = Annotated[str, typer.Argument(metavar="ID", help="The contract's id in the CRM.")]


@app.command()
def start(file: File, output: Output = "table") -> None:
    """Start a contract from a document instead of the CRM's snapshot (migrations, repairs).

    Example: q2c contract start contract.json
    """
    scenario = valid_scenario(file)
    _print_started(
        tell("/contracts", scenario.model_dump(mode="json", by_alias=True), role="finance"), output
    )


@app.command()
def change(
    file: File,
    change_id: Annotated[
        str | None, typer.Option("--change", metavar="ID", help="Only this change; all new ones if left out.")
    ] = None,
    output: Output = "table",
) -> None:
    """Tell a contract of the document's changes that it does not know yet.

    Example: q2c contract change contract.json --change CH-1
    """
    scenario = valid_scenario(file, change=change_id)
    path = f"/contracts/{quote(scenario.contract.id, safe='')}/changes"
    body = scenario.model_dump(mode="json", by_alias=True)
    _print_started(tell(path, body, role="finance", params={"change": change_id}), output)


@app.command("list")
def list_contracts(
    status: Annotated[str | None, typer.Option(help="Only those in this status, such as blocked.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of this account.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    output: Output = "table",
) -> None:
    """List contracts by id.

    Example: q2c contract list --status blocked
    """
    rows = ask("/contracts", params={"status": status, "account": account, "limit": limit})
    print_rows(rows, output, ("id", "status", "account", "legal_entity", "currency", "version"))


@app.command()
def show(contract: ContractId, output: Output = "table") -> None:
    """Show a contract: its changes, its objects in the platforms, its documents, its exceptions.

    Example: q2c contract show C-1001 -o json
    """
    found = ask(_path(contract))
    if output == "json":
        print_json(found)
        return
    head = ("id", "status", "account", "legal_entity", "currency", "version", "run_url", "exceptions")
    print_object({name: found.get(name) for name in head}, output)
    _print_part("changes", found["changes"], ("id", "type", "status", "effective_date", "run_url"))
    _print_part(
        "documents", found["documents"], ("kind", "number", "date", "total", "posted.platform", "posted.id")
    )
    objects = [
        {"platform": platform, **each}
        for platform, all_of_it in found["platforms"].items()
        for each in all_of_it
    ]
    _print_part("objects", objects, ("platform", "kind", "business_key", "id"))


@app.command()
def timeline(contract: ContractId, output: Output = "table") -> None:
    """Tell what has happened to a contract, in order of time.

    Example: q2c contract timeline C-1001
    """
    print_rows(ask(f"{_path(contract)}/timeline"), output, ("at", "kind", "summary", "actor"))


@app.command()
def lineage(contract: ContractId, output: Output = "table") -> None:
    """Show where each object and number came from: event, change, step, workflow, attempt.

    Example: q2c contract lineage C-1001
    """
    columns = ("platform", "kind", "id", "business_key", "total", "change", "step", "workflow_id", "attempt")
    print_rows(ask(f"{_path(contract)}/lineage"), output, (*columns, "event_id"))


def _path(contract: str) -> str:
    return f"/contracts/{quote(contract, safe='')}"


def _print_started(started: dict[str, Any], output: Format) -> None:
    if started.get("already_known"):
        say(f"{started['contract']} was known already; nothing is new")
    print_object(started, output)


def _print_part(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        typer.echo(f"\n{title}")
        print_rows(rows, "table", columns)
