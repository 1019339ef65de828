"""Scenario files as files: JSON and YAML, keys given twice, what is no scenario, and what comes out."""

import copy
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from tests.rules.test_refusals import SCENARIO, cancel, line, preview


def test_a_key_given_twice_is_refused_by_its_name(tmp_path: Path) -> None:
    text = json.dumps(SCENARIO).replace('"term_months": 12,', '"term_months": 12, "term_months": 24,', 1)
    result = preview(tmp_path / "scenario.json", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "term_months" in result.stderr


def test_a_key_given_twice_is_refused_in_yaml_too(tmp_path: Path) -> None:
    result = preview(tmp_path / "scenario.yaml", yaml.safe_dump(SCENARIO) + "as_of: '2026-06-30'\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "as_of" in result.stderr


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_yaml_says_the_same_as_json(ending: str, tmp_path: Path) -> None:
    of_json = preview(tmp_path / "scenario.json", SCENARIO)
    of_yaml = preview(tmp_path / f"scenario.{ending}", yaml.safe_dump(SCENARIO))
    assert (of_yaml.exit_code, of_yaml.stdout) == (0, of_json.stdout)


def test_days_of_yaml_may_stand_without_quotes(tmp_path: Path) -> None:
    text = yaml.safe_dump(SCENARIO).replace("'2026-01-15'", "2026-01-15")
    assert "start_date: 2026-01-15" in text
    assert preview(tmp_path / "scenario.yaml", text).stdout == preview(tmp_path / "s.json", SCENARIO).stdout


@pytest.mark.parametrize("spelling", ["5", "5.0", "0x5", "1e1", "yes", ".inf", "2026-01-15"])
def test_in_yaml_too_a_decimal_is_a_string(spelling: str, tmp_path: Path) -> None:
    data = copy.deepcopy(SCENARIO)
    line(data, "L1")["quantity"] = "QUANTITY"
    text = yaml.safe_dump(data).replace("QUANTITY", spelling)
    result = preview(tmp_path / "scenario.yaml", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "contract.lines[0].quantity" in result.stderr


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "12", '"text"', "{", '{"as_of": NaN}', "[" * 100_000, '{"a": 1} {"b": 2}']
)
def test_what_is_no_scenario_is_refused(text: str, tmp_path: Path) -> None:
    result = preview(tmp_path / "scenario.json", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


@pytest.mark.parametrize(
    "text", ["", "- 1", "!!python/object/apply:os.getcwd []", "a: [", "a: 1\n---\nb: 2\n", "\t", "[" * 10_000]
)
def test_what_is_no_scenario_in_yaml_is_refused(text: str, tmp_path: Path) -> None:
    result = preview(tmp_path / "scenario.yaml", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_a_file_that_is_not_there_and_one_that_is_no_text_are_invalid_input(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.json", "bytes.json", "."):
        result = CliRunner().invoke(app, ["preview", str(tmp_path / name), "-o", "json"])
        assert (result.exit_code, result.stdout) == (2, "")
        assert name in result.stderr or str(tmp_path) in result.stderr


def test_what_may_be_left_out_is_as_if_it_were_written(tmp_path: Path) -> None:
    data = copy.deepcopy(SCENARIO)
    for key in ("usage", "payments"):
        data.pop(key)
    cancel(data, "2026-05-01")
    data["contract"].pop("renewal")
    written = copy.deepcopy(data)
    written.update(usage=[], payments=[])
    written["contract"]["billing"]["payment_terms_days"] = 30
    written["changes"][1]["credit"] = "prorated"
    for one in written["contract"]["lines"]:
        one.setdefault("charge", "recurring")
        one.setdefault("discount_percent", "0")
        if one["id"] != "U1":
            one.setdefault("quantity", "1")
        if "tax_rates" not in one:
            one["tax_rate_percent"] = "0"
    left_out = preview(tmp_path / "scenario.json", data)
    assert left_out.exit_code == 0
    assert left_out.stdout == preview(tmp_path / "written.json", written).stdout


def test_the_keys_are_those_of_the_examples_and_in_their_order(tmp_path: Path) -> None:
    examples = Path(__file__).parent / "examples"
    published = json.loads((examples / "annual-seats-with-overage.expected.json").read_text())
    data = copy.deepcopy(SCENARIO)
    cancel(data, "2026-05-01")
    found = json.loads(preview(tmp_path / "scenario.json", data).stdout)
    assert list(found) == list(published)
    assert list(found["totals"]) == list(published["totals"])
    for kind in ("invoices", "credit_memos", "journal_entries"):
        keys, line_keys = list(published[kind][0]), list(published[kind][0]["lines"][0])
        assert found[kind]
        for document in found[kind]:
            assert list(document) == keys
            assert all(list(one) == line_keys for one in document["lines"])
