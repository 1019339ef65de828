"""Scenario files: JSON and YAML, with every key once and decimals as text."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from canonical.contract import RenewalTerms
from rules.validation import Format, InvalidScenario, read_scenario
from tests.rules.scenarios import amendment, contract, raw, renewal, seats

EXAMPLE = Path(__file__).parent / "examples" / "annual-seats-with-overage.json"


def _problems(text: str, format: Format = "json") -> dict[str, str]:
    with pytest.raises(InvalidScenario) as caught:
        read_scenario(text, format)
    return dict(caught.value.problems)


def test_yaml_says_the_same_as_json() -> None:
    text = EXAMPLE.read_text("utf-8")
    as_yaml = yaml.safe_dump(json.loads(text))
    assert read_scenario(as_yaml, "yaml") == read_scenario(text, "json")


def test_yaml_dates_may_stand_without_quotes() -> None:
    as_yaml = yaml.safe_dump(raw(contract(seats()))).replace("'2026-01-01'", "2026-01-01")
    assert "start_date: 2026-01-01\n" in as_yaml
    assert read_scenario(as_yaml, "yaml") == read_scenario(json.dumps(raw(contract(seats()))), "json")


def test_a_yaml_moment_is_no_day() -> None:
    as_yaml = yaml.safe_dump(raw(contract(seats()))).replace("'2026-01-01'", "2026-01-01 10:00:00")
    assert "contract.start_date" in _problems(as_yaml, "yaml")


def test_a_yaml_number_in_a_decimals_place_is_named() -> None:
    as_yaml = yaml.safe_dump(raw(contract(seats()))).replace("quantity: '10'", "quantity: 10")
    assert list(_problems(as_yaml, "yaml")) == ["contract.lines[0].quantity"]


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ('{"as_of": "2026-01-01", "as_of": "2026-01-02"}', "json"),
        ("as_of: 2026-01-01\nas_of: 2026-01-02\n", "yaml"),
        ('{"contract": {"id": "A", "as_of": 1, "as_of": 2}}', "json"),
    ],
)
def test_a_key_that_is_there_twice_is_named(text: str, format: Format) -> None:
    assert "twice" in _problems(text, format)["as_of"]


@pytest.mark.parametrize("name", ["quantity", "discount_percent", "tax_rate_percent", "ssp"])
def test_a_figure_left_blank_is_refused_and_not_taken_as_left_out(name: str) -> None:
    as_yaml = yaml.safe_dump(raw(contract({**seats(), name: None}))).replace(f"{name}: null", f"{name}:")
    assert list(_problems(as_yaml, "yaml")) == [f"contract.lines[0].{name}"]


def test_a_figure_left_blank_in_a_change_is_refused() -> None:
    changes = [amendment("2026-02-01", {"id": "L1", "quantity": None, "discount_percent": "5"})]
    data = {**raw(contract(seats())), "changes": changes}
    assert list(_problems(json.dumps(data))) == ["changes[0].lines[0].quantity"]


def test_yaml_that_contains_itself_is_looked_through_once() -> None:
    assert "a" in _problems("a: &a [*a]\nas_of: 2026-01-01\n", "yaml")


@pytest.mark.parametrize(
    "text", ["", "{", "[1,", '{"a": NaN}', '{"a": Infinity}', "nonsense", "[" * 100_000, "1" * 5_000]
)
def test_what_is_not_json_says_so(text: str) -> None:
    assert "" in _problems(text)


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "- 1\n- 2", "", "!!python/object/apply:os.system ['true']", "a: 1\n---\nb: 2"]
)
def test_what_is_not_yaml_or_no_object_says_so(text: str) -> None:
    assert "" in _problems(text, "yaml")


@pytest.mark.parametrize("text", ["null", "[]", "1", '"x"'])
def test_a_file_that_is_no_object_says_so(text: str) -> None:
    assert "object" in _problems(text)[""]


def test_the_names_inside_the_program_are_no_keys_of_the_file() -> None:
    sold = contract(seats(tax_rates=[{"from_date": "2026-01-01", "percent": "5"}]))
    assert "contract.lines[0].tax_rates[0].from_date" in _problems(json.dumps(raw(sold)))


def test_errors_inside_a_change_are_named_without_the_kind_of_change() -> None:
    change: dict[str, Any] = {"id": "A", "type": "amendment", "effective_date": "soon", "lines": [{"id": 1}]}
    assert set(_problems(json.dumps(raw(contract(seats()), change)))) == {
        "changes[0].effective_date",
        "changes[0].lines[0].id",
    }


def test_a_null_term_of_a_renewal_is_evergreen_and_one_left_out_is_not_said() -> None:
    sold = contract(seats(), renewal={"auto": False, "term_months": None})
    read = read_scenario(json.dumps(raw(sold, renewal("2027-01-01"))), "json")
    assert read.contract.renewal == RenewalTerms(auto=False, term_months="evergreen")
    change = read.changes[0]
    assert change.type == "renewal"
    assert change.term_months is None


@pytest.mark.parametrize("value", ["12", 12.5, True, [], 0, -1])
def test_a_renewals_term_is_a_whole_number_of_months(value: Any) -> None:
    sold = contract(seats(), renewal={"auto": False, "term_months": value})
    assert list(_problems(json.dumps(raw(sold)))) == ["contract.renewal.term_months"]


def test_a_ramp_with_a_step_in_force_on_the_start_needs_no_other_price() -> None:
    first = {"model": "per_unit", "unit_price": "10", "per": "month"}
    then = {"model": "per_unit", "unit_price": "12", "per": "month"}
    line = {key: value for key, value in seats().items() if key != "pricing"}
    ramp = [{"from": "2026-01-01", "pricing": first}, {"from": "2026-07-01", "pricing": then}]
    read = read_scenario(json.dumps(raw(contract(line | {"ramp": ramp}))), "json")
    assert read.contract.lines[0].pricing.unit_price == 10
    assert "contract.lines[0].pricing" in _problems(json.dumps(raw(contract(line | {"ramp": ramp[1:]}))))
