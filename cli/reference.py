"""The reference pages of commands and settings, written from the commands and settings themselves.

`python -m cli.reference` writes both; a test holds the pages in the repository to them.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from typer.core import TyperArgument
from typer.main import get_command

from assembly.sections import Operator, Platform
from assembly.settings import Settings
from cli.main import Commands, app

PAGES = Path(__file__).parent.parent / "docs" / "reference"

_COMMANDS = """\
# The command line

Written by `python -m cli.reference` from the commands themselves.

Results go to stdout, progress and errors to stderr. `-o json` prints results for programs, `--help`
an example of each command, `q2c --install-completion` completes them in your shell. Colours are off
when piped.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed, or not found |
| 2 | wrong usage or invalid input; stderr says which field and what is wrong |
| 3 | refused by policy: waits for a second approver, over the limit, period closed |
| 4 | a server that it needs is not reachable |

`Q2C_TOKEN` says who a command acts for. Where it is not set and the local stack runs, the stack's
own operators act: its `finance` operator decides exceptions and asks for overrides, the least role
that may do it does the rest. Nobody approves an override that way: approval takes the token of
somebody else.
"""

_SETTINGS = """\
# Configuration

Written by `python -m cli.reference` from the settings themselves.

Settings come from variables, over one file, over the local stack that runs, over defaults:

1. `Q2C_…` variables, nested by `__`: `Q2C_GATEWAY__PORT=8081`. Lists and tables are JSON.
2. `q2c.toml` in the working directory, or the file that `Q2C_CONFIG` names. `q2c.toml.example`
   shows it. Its paths count from its own directory.
3. What `q2c up` runs in `home` right now: addresses, credentials of the simulators, operators.
4. The defaults: Temporal's development server, SQLite, simulators.

Secrets (marked so below) are given by their variable, or by the file that holds them:
`<name>_file`, in the file or as a variable. A secret in clear in `q2c.toml` is refused. None is
ever printed. A setting that is invalid or unknown ends a command with exit code 2 and is named, its
value is not.

`Q2C_HOME` is `home`, `Q2C_CONFIG` the file, `Q2C_TOKEN` the operator that a command acts for.

Temporal's own client settings come from its standard environment configuration: `TEMPORAL_ADDRESS`,
`TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`, and the profiles of `temporal.toml`
(`TEMPORAL_PROFILE`, `TEMPORAL_CONFIG_FILE`). `q2c up` does not use them: it runs a server of its
own.

`docker-compose.yml` runs the system on servers of its own, with secrets from `.env` (`.env.example`
shows it). It is checked against the rules of the Compose specification; it has not been run where
these pages were written.
"""


def commands_page() -> str:
    """Markdown of every command: usage, what it does, example, options."""
    root: Any = get_command(app)
    parts = [_COMMANDS]
    for name in Commands.table:
        parts += _command_parts(name, root.get_command(None, name))
    return "\n".join(parts)


def _command_parts(words: str, command: Any) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        yield f"## q2c {words}\n\n{command.help}\n"
        for name, each in inner.items():
            yield from _command_parts(f"{words} {name}", each)
        return
    text, *examples = str(command.help).split("Example: ")
    yield f"{'###' if ' ' in words else '##'} q2c {words}\n\n{_unwrapped(text)}\n"
    shown = "\n".join(" ".join(example.split()) for example in examples)
    yield f"```\n{shown}\n```\n"
    rows = [_parameter_row(parameter) for parameter in command.params]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"


def _parameter_row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    argument = isinstance(parameter, TyperArgument)
    if argument:
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    needed = " Required." if parameter.required and not argument else ""
    annotation = parameter.type_descriptor.annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    listed = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return f"| {names} | {_cell(parameter.help or '')}{listed}{needed} |"


def settings_page() -> str:
    """Markdown of every setting: name, variable, default, what it means."""
    parts = [_SETTINGS, "## Top level\n", _table(Settings, "", [])]
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            parts += _section_parts(name, kind)
    parts += [
        "## [platforms.NAME]\n",
        f"{inspect.getdoc(Platform)}\n",
        _table(Platform, "platforms.NAME.", []),
    ]
    return "\n".join(parts)


def _section_parts(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## [{name}]\n\n{inspect.getdoc(model)}\n"
    deeper: list[tuple[str, type[BaseModel]]] = []
    yield _table(model, f"{name}.", deeper)
    for inner_name, inner in deeper:
        yield from _section_parts(f"{name}.{inner_name}", inner)
    if name == "gateway":
        yield f"## [[gateway.operators]]\n\n{inspect.getdoc(Operator)}\n"
        yield _table(Operator, "gateway.operators.", [])


def _table(model: type[BaseModel], at: str, deeper: list[tuple[str, type[BaseModel]]]) -> str:
    told = _attribute_docs(model)
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            deeper.append((name, kind))
            continue
        meaning = field.description or told.get(name, "")
        secret = " Secret." if _is_secret(kind) else ""
        rows.append(f"| `{at}{name}` | {_default(field)} | {_cell(meaning)}{secret} |")
    return "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, frozenset):
        value = sorted(value)
    return f"`{list(value) if isinstance(value, tuple) else value}`"


def _is_secret(annotation: Any) -> bool:
    if annotation is SecretStr:
        return True
    return get_origin(annotation) in (Union, type(str | None), dict) and SecretStr in get_args(annotation)


def _attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """Docstrings below attributes, for settings that are described so."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        told = after.value if isinstance(after, ast.Expr) else None
        if isinstance(before, ast.AnnAssign) and isinstance(told, ast.Constant):
            found[ast.unparse(before.target)] = str(told.value)
    return found


def _unwrapped(text: str) -> str:
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]
    return "\n\n".join(paragraphs)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def write() -> None:
    """Both pages, into the repository."""
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / "cli.md").write_text(commands_page(), encoding="utf-8")
    (PAGES / "configuration.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    write()
