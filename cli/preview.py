"""`q2c preview`: what a scenario file must come to, without a server."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import INVALID, leave
from cli.output import Output

if TYPE_CHECKING:  # imported when the command runs: --help and completion need none of it
    from canonical.scenario import Scenario
    from rules.preview import Preview
    from rules.validation import Format

app = typer.Typer()

_STDIN = "-"


@app.command()
def preview(
    file: Annotated[
        str, typer.Argument(help="The scenario, JSON or YAML (- reads JSON or YAML from stdin).")
    ],
    contract: Annotated[
        str | None,
        typer.Option("--contract", metavar="ID", help="What the file's change would do to this contract."),
    ] = None,
    change: Annotated[
        str | None,
        typer.Option("--change", metavar="ID", help="Which of the file's changes, with --contract."),
    ] = None,
    output: Output = "table",
) -> None:
    """What a scenario file must come to: documents, revenue schedule, journal entries, balances.

    No server is needed, and nothing is written anywhere. With --contract the gateway is asked what one of the
    file's changes would do to a contract that lives, before anybody approves it, with what is approved
    already and not carried out yet: each in its turn, by effective date. The file must be that contract's.

    Example: q2c preview contract.json -o json
    """
    if contract is not None:
        from cli.change_preview import preview_change

        preview_change(file, contract, change, output)
        return
    if change is not None:
        leave(INVALID, "--change: goes with --contract")
    from rules.preview import preview as compute
    from rules.validation import InvalidScenario

    try:
        found = compute(read(file))
    except InvalidScenario as error:
        leave(INVALID, *problems(file, error.problems))
    if output == "json":
        typer.echo(found.model_dump_json(indent=1))
    else:
        _print_tables(found)


def read(file: str) -> "Scenario":
    """The scenario of a file, by its ending: `.yaml` and `.yml` are YAML, others JSON (of stdin: what it
    looks like).

    Leaves the command with exit code 2 where the file can't be read; raises InvalidScenario.
    """
    from rules.validation import read_scenario

    text = _text(file)
    return read_scenario(text, _format(file, text))


def problems(file: str, found: list[tuple[str, str]]) -> list[str]:
    """The lines that say what is wrong with a file, and where to read how it should be."""
    lines = [f"{file}: {path}: {message}" if path else f"{file}: {message}" for path, message in found]
    return [*lines, "Every key is described in docs/reference/scenario.md."]


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        leave(INVALID, f"{file}: there is no such file")
    except OSError as error:
        leave(INVALID, f"{file}: can't be read: {error.strerror}")
    except UnicodeDecodeError:
        leave(INVALID, f"{file}: is not text in UTF-8")


def _format(file: str, text: str) -> "Format":
    if file != _STDIN:
        return "yaml" if Path(file).suffix.lower() in (".yaml", ".yml") else "json"
    return "json" if text.lstrip().startswith(("{", "[")) else "yaml"


def _print_tables(found: "Preview") -> None:
    from cli.preview_tables import tables

    tables(found, sys.stdout)
