"""`q2c governance`: exit codes, what is on stdout and what on stderr."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.governance import app
from governance.policy import CONNECTORS_OWN, SECTIONS
from tests.governance.conftest import Change

runner = CliRunner()


def test_check_of_the_shipped_policy_is_zero() -> None:
    result = runner.invoke(app, ["check", "--on", "2026-06-01"])
    files = len(SECTIONS) + len(CONNECTORS_OWN)
    assert (result.exit_code, result.stdout) == (0, f"{files} files, valid and complete\n")


def test_check_warns_before_a_version_ends_and_fails_after_it() -> None:
    near = runner.invoke(app, ["check", "--on", "2029-10-01", "-o", "json"])
    over = runner.invoke(app, ["check", "--on", "2029-11-01", "-o", "json"])
    assert (near.exit_code, json.loads(near.stdout)["valid"]) == (0, True)
    assert (over.exit_code, json.loads(over.stdout)["valid"]) == (1, False)
    assert json.loads(over.stdout)["problems"][0]["file"] == "platforms.yaml"


def test_check_of_an_invalid_policy_is_two_and_names_the_key_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "authority.yaml").write_text("decisions: {postings: boss}\n")
    result = runner.invoke(app, ["check", "--policy", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "authority.yaml: decisions.postings" in result.stderr


@pytest.mark.parametrize("arguments", [["check", "--on", "tomorrow"], ["show", "rooting"]])
def test_wrong_usage_is_two(arguments: list[str]) -> None:
    result = runner.invoke(app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_version_that_no_connector_speaks_fails_the_check(changed: Change) -> None:
    directory = changed("platforms", lambda d: d["platforms"]["avatax"].update(api_version="v3"))
    result = runner.invoke(app, ["check", "--policy", str(directory), "--on", "2026-06-01"])
    assert result.exit_code == 1
    assert "platforms.avatax.api_version: is v3, and the connector speaks v2" in result.stderr


def test_field_mapping_of_the_crm_is_checked_too(tmp_path: Path) -> None:
    (tmp_path / "salesforce_fields.yaml").write_text("anything: true\n")
    result = runner.invoke(app, ["check", "--policy", str(tmp_path)])
    assert result.exit_code == 2
    assert "salesforce_fields.yaml" in result.stderr


def test_show_prints_all_or_one_section() -> None:
    everything = json.loads(runner.invoke(app, ["show", "-o", "json"]).stdout)
    routing = json.loads(runner.invoke(app, ["show", "routing", "-o", "json"]).stdout)
    assert list(everything) == list(SECTIONS)
    assert routing == {"routing": everything["routing"]}
    assert routing["routing"]["routes"][0]["billing"] == "stripe"


def test_show_as_a_table_has_dotted_keys() -> None:
    result = runner.invoke(app, ["show", "approvals"])
    assert result.exit_code == 0
    assert "limits.finance.*" in result.stdout
