"""`q2c governance`: is the policy valid and complete, and what does it say?"""

import datetime as dt
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from connectors.registry import VENDORS
from connectors.salesforce.fields import load_fields
from governance.checks import DueProblem, due_problems
from governance.policy import CONNECTORS_OWN, SECTIONS, Policy, load_policy, policy_file
from governance.problems import PolicyError, PolicyProblem

app = typer.Typer(
    no_args_is_help=True,
    help="The policy: ownership, routing, accounts, versions, SLAs.\n\nExample: q2c governance check",
)

FAILED, INVALID = 1, 2

Directory = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        envvar="Q2C_GOVERNANCE__DIRECTORY",
        help="A directory whose files take the place of the shipped ones of the same name.",
    ),
]
Output = Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="How to print.")]


@app.command()
def check(
    policy: Directory = None,
    on: Annotated[str | None, typer.Option(help="The day to check for (YYYY-MM-DD); today.")] = None,
    output: Output = "table",
) -> None:
    """Check the policy: names, overlaps, missing accounts, API versions at the end of their life or other
    than the connectors'.

    Exits 1 where a date has come that must not pass, 2 where a file is not valid.

    Example: q2c governance check --policy ./policy --on 2027-01-01
    """
    on_date = _day(on)
    loaded = _loaded(policy, output)
    found = (*due_problems(loaded, on_date), *_other_versions(loaded))
    blocking = any(due.blocking for due in found)
    if output == "json":
        problems = [{**due.problem.model_dump(), "blocking": due.blocking} for due in found]
        print(json.dumps({"valid": not blocking, "problems": problems}, indent=2))
    else:
        for due in found:
            typer.echo(f"{'error' if due.blocking else 'warning'}: {due.problem}", err=True)
        count = len(SECTIONS) + len(CONNECTORS_OWN)
        typer.echo(f"{count} files, {'not in force' if blocking else 'valid and complete'}")
    if blocking:
        raise typer.Exit(FAILED)


@app.command()
def show(
    section: Annotated[str | None, typer.Argument(help="One section only, such as routing.")] = None,
    policy: Directory = None,
    output: Output = "table",
) -> None:
    """Show what the policy says, as loaded.

    Example: q2c governance show routing -o json
    """
    if section is not None and section not in SECTIONS:
        typer.echo(f"section: {section!r} is none of {', '.join(SECTIONS)}", err=True)
        raise typer.Exit(INVALID)
    document = _loaded(policy, output).model_dump(mode="json", by_alias=True)
    if section is not None:
        document = {section: document[section]}
    if output == "json":
        print(json.dumps(document, indent=2))
    else:
        _print_tables(document)


def _day(text: str | None) -> dt.date:
    if text is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        typer.echo(f"--on: {text!r} is no date; write YYYY-MM-DD", err=True)
        raise typer.Exit(INVALID) from error


def _other_versions(policy: Policy) -> list[DueProblem]:
    """Platforms whose connector speaks another API version than the policy says."""
    found = []
    for name, platform in policy.platforms.platforms.items():
        spoken = _spoken_version(name)
        if spoken is not None and spoken.removeprefix("v") != platform.api_version.removeprefix("v"):
            problem = PolicyProblem(
                file="platforms.yaml",
                key=f"platforms.{name}.api_version",
                problem=f"is {platform.api_version}, and the connector speaks {spoken}",
                way_out="say what the connector speaks",
            )
            found.append(DueProblem(problem=problem, blocking=True))
    return found


def _spoken_version(platform: str) -> str | None:
    """The API version that the platform's connector is written for; None where there is no connector."""
    vendor = VENDORS.get(platform)
    if vendor is None or find_spec(vendor.package) is None or find_spec(f"{vendor.package}.settings") is None:
        return None
    settings = getattr(import_module(f"{vendor.package}.settings"), vendor.settings_class)
    field = settings.model_fields.get("api_version")
    return None if field is None else str(field.default)


def _loaded(directory: Path | None, output: str) -> Policy:
    try:
        load_fields(policy_file("salesforce_fields", directory))
        return load_policy(directory)
    except PolicyError as error:
        if output == "json":
            problems = [{**problem.model_dump(), "blocking": True} for problem in error.problems]
            print(json.dumps({"valid": False, "problems": problems}, indent=2))
        for problem in error.problems:
            typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(INVALID) from error


def _print_tables(document: dict[str, Any]) -> None:
    console = Console(soft_wrap=True)
    for name, section in document.items():
        table = Table("key", "value", title=name, title_justify="left")
        for key, value in _flat(section, ""):
            table.add_row(key, value)
        console.print(table)


def _flat(value: Any, key: str) -> list[tuple[str, str]]:
    """The leaves of a document, each with its dotted key."""
    if isinstance(value, dict):
        pairs = [(f"{key}.{name}" if key else str(name), inner) for name, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        pairs = [(f"{key}.{index}", inner) for index, inner in enumerate(value)]
    else:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return [] if value is None else [(key, text)]
    return [leaf for name, inner in pairs for leaf in _flat(inner, name)]
