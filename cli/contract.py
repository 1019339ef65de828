"""`q2c contract`: started and changed from documents, listed, shown, told, traced."""

from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import typer

from cli.client import ask, tell
from cli.inputs import said
from cli.output import Format, Output, print_json, print_object, print_rows, say
from cli.scenario_file import as_written, valid_scenario
from cli.simulators import Simulators, simulators_run
from cli.trigger import load_except_crms, report_usage

if TYPE_CHECKING:
    from canonical.scenario import Scenario

app = typer.Typer(
    no_args_is_help=True,
    help="Contracts: start, change, list, show, timeline, lineage.\n\nExample: q2c contract show C-1001",
)

File = Annotated[str, typer.Argument(metavar="FILE", help="Scenario file, JSON or YAML.")]
ContractId = Annotated[str, typer.Argument(metavar="ID", help="The contract's id in the CRM.", callback=said)]


Status = Literal[
    "pending", "activating", "active", "changing", "blocked", "cancelled", "compensated", "expired"
]
Bare = Annotated[
    bool,
    typer.Option(
        "--bare", help="Where simulators run: do not make its account, items, entity, rates in them."
    ),
]


@app.command()
def start(file: File, bare: Bare = False, output: Output = "table") -> None:
    """Start a contract from a document instead of the CRM's snapshot (migrations, repairs).

    It is billed for all periods up to today. The document's changes are told by `q2c contract change`.
    Where the local stack's simulators run, what the file presupposes is made in them, as trigger does.

    Example: q2c contract start contract.json
    """
    scenario = valid_scenario(file)
    _prepare(scenario, bare)
    body = scenario.model_dump(mode="json", by_alias=True)
    _print_started(tell("/contracts", body, role="finance"), output)
    if scenario.changes:
        say(f"its changes are not carried out by this: q2c contract change {file}")


@app.command()
def change(
    file: File,
    change_id: Annotated[
        str | None, typer.Option("--change", metavar="ID", help="Only this change; all new ones if left out.")
    ] = None,
    bare: Bare = False,
    output: Output = "table",
) -> None:
    """Tell a contract of the document's changes that it does not know yet.

    Example: q2c contract change contract.json --change CH-1
    """
    scenario = valid_scenario(file, change=change_id)
    _prepare(scenario, bare)
    path = f"/contracts/{quote(scenario.contract.id, safe='')}/changes"
    body = scenario.model_dump(mode="json", by_alias=True)
    _print_started(tell(path, body, role="finance", params={"change": change_id}), output)


@app.command("list")
def list_contracts(
    status: Annotated[Status | None, typer.Option(help="Only those in this status.")] = None,
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


def _prepare(scenario: "Scenario", bare: bool) -> None:
    """Usage is told to the gateway; where simulators run, they get what the file presupposes."""
    if simulators_run():
        load_except_crms(Simulators(), as_written(scenario), bare=bare)
    report_usage(scenario)


def _print_started(started: dict[str, Any], output: Format) -> None:
    if started.get("already_known"):
        say(f"{started['contract']} was known already; nothing is new")
    print_object(started, output)


def _print_part(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        typer.echo(f"\n{title}")
        print_rows(rows, "table", columns)
