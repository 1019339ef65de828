"""What holds for every command: help with an example, a fast start, colours off when piped."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.main import Commands, app
from tests.cli.running import Command

PREFIXES = ("Example: q2c ", "Example: Q2C_TOKEN=… q2c ")
WITHOUT_RESULT = ("worker", "gateway", "down", "demo", "sandbox reset")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its words, the groups left out."""
    root: Any = get_command(app)
    for name in Commands.table:
        command = root.get_command(None, name)
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {inner_name}", each) for inner_name, each in inner.items())


ALL = dict(commands())
GROUPS = sorted({words.split()[0] for words in ALL if " " in words})


@pytest.mark.parametrize("words", [*GROUPS, *ALL])
def test_help_has_an_example_of_the_command_itself(q2c: Command, words: str) -> None:
    outcome = q2c(*words.split(), "--help")
    assert outcome.exit_code == 0
    example = outcome.stdout[outcome.stdout.index("Example: ") :]
    assert f"q2c {words}" in " ".join(example.split())


@pytest.mark.parametrize("words", [words for words in ALL if words not in WITHOUT_RESULT])
def test_every_command_with_a_result_prints_it_as_table_or_json(words: str) -> None:
    options = [option for parameter in ALL[words].params for option in parameter.opts]
    assert {"-o", "--output"} <= set(options), options


def test_help_of_the_whole_imports_no_command() -> None:
    code = (
        "import sys; from cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = [name for name in ('pydantic', 'httpx', 'temporalio', 'yaml', 'rich.console')"
        " if name in sys.modules]\n"
        "print(heavy, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"
    assert "preview" in ran.stdout


def test_an_unknown_command_is_wrong_usage(q2c: Command) -> None:
    outcome = q2c("fly")
    assert outcome.exit_code == 2
    assert "No such command 'fly'" in outcome.stderr


def test_an_unknown_output_is_wrong_usage(q2c: Command) -> None:
    assert q2c("contract", "list", "-o", "xml").exit_code == 2


def test_invalid_settings_are_wrong_input_and_named(q2c: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Q2C_GATEWAY__PORT", "eighty")
    outcome = q2c("status")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("gateway.port: ")
    assert "eighty" not in outcome.stderr


def test_completion_knows_the_commands() -> None:
    environment = {"_Q2C_COMPLETE": "complete_bash", "COMP_WORDS": "q2c gov", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "cli"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["governance"]


def test_tables_have_no_colours_when_piped(q2c: Command) -> None:
    outcome = q2c("governance", "show", "routing")
    assert outcome.exit_code == 0
    assert "\x1b[" not in outcome.stdout


def test_a_home_that_can_not_be_one_is_wrong_input(
    q2c: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("Q2C_HOME", str(tmp_path / "file" / "home"))
    outcome = q2c("up")
    assert outcome.exit_code == 2
    assert outcome.stderr.startswith("home: ")
