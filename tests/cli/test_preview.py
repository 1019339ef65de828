"""`q2c preview`: JSON as relied on, tables for people, exit codes, what is on stdout and what on stderr."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.preview import app
from tests.rules.scenarios import contract, raw, seats

EXAMPLES = Path(__file__).parents[1] / "rules" / "examples"
ANNUAL = EXAMPLES / "annual-seats-with-overage.json"

runner = CliRunner()


def _write(path: Path, data: Any) -> str:
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return str(path)


def test_json_is_that_of_the_published_example() -> None:
    result = runner.invoke(app, [str(ANNUAL), "-o", "json"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == json.loads(
        (EXAMPLES / "annual-seats-with-overage.expected.json").read_text()
    )


def test_the_table_shows_documents_schedule_journal_and_balances() -> None:
    result = runner.invoke(app, [str(ANNUAL)])
    assert result.exit_code == 0
    for text in (
        "Invoices (USD)",
        "Credit memos (USD)",
        "Revenue schedule",
        "Journal entries",
        "Balances",
        "16,471.91",
    ):
        assert text in result.stdout
    assert "\x1b[" not in result.stdout


def test_yaml_is_read_by_its_ending(tmp_path: Path) -> None:
    import yaml

    path = _write(tmp_path / "contract.yml", yaml.safe_dump(raw(contract(seats()))))
    assert runner.invoke(app, [path]).exit_code == 0


@pytest.mark.parametrize("text", [json.dumps(raw(contract(seats()))), "as_of: 2026-01-01\n"])
def test_stdin_is_a_file_too(text: str) -> None:
    result = runner.invoke(app, ["-", "-o", "json"], input=text)
    assert result.exit_code == (0 if text.startswith("{") else 2)


def test_bad_input_is_two_with_the_field_what_is_wrong_and_the_way_out_on_stderr(tmp_path: Path) -> None:
    path = _write(tmp_path / "bad.json", raw(contract(seats(discount_percent="101"))))
    result = runner.invoke(app, [path, "-o", "json"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{path}: contract.lines[0].discount_percent: must not be above 100, and is 101" in result.stderr
    assert "docs/reference/scenario.md" in result.stderr


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_can_not_be_read_is_two(tmp_path: Path, name: str) -> None:
    result = runner.invoke(app, [str(tmp_path / name)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert name in result.stderr or str(tmp_path) in result.stderr


def test_a_file_that_is_not_utf_8_is_two(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes(b'{"a": "\xff"}')
    assert runner.invoke(app, [str(path)]).exit_code == 2


def test_wrong_usage_is_two() -> None:
    assert runner.invoke(app, []).exit_code == 2
    assert runner.invoke(app, [str(ANNUAL), "-o", "xml"]).exit_code == 2


def test_it_runs_by_itself_in_a_process_of_its_own_and_imports_no_server_code() -> None:
    code = (
        "import sys; sys.argv = ['q2c', 'preview', sys.argv[1], '-o', 'json']\n"
        "from cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = {'temporalio', 'httpx', 'sqlmodel', 'fastapi', 'rich'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ANNUAL)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr.strip()) == (0, "[]")
    assert json.loads(done.stdout)["currency"] == "USD"
