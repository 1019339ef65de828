"""The rules against a second, independent reading of FINANCE.md, on random scenarios and on the examples.

`Q2C_ORACLE_RUNS` says how many scenarios are compared (400 where it is not set); their seeds are 0, 1, 2, ….
"""

import json
import os
from pathlib import Path

import pytest

from rules.preview import preview
from rules.validation import read_scenario
from tests.rules.oracle import expected_preview
from tests.rules.oracle.figures import Json
from tests.rules.oracle.generator import random_scenario
from tests.rules.oracle.modification import caught_up_schedule

RUNS = int(os.environ.get("Q2C_ORACLE_RUNS", "400"))
BATCH = 50
EXAMPLES = Path(__file__).parent / "examples"


def of_the_rules(scenario: Json) -> Json:
    found: Json = json.loads(preview(read_scenario(json.dumps(scenario), "json")).model_dump_json())
    return found


@pytest.mark.parametrize("name", ["annual-seats-with-overage", "quarterly-arrears-leap-day"])
def test_the_oracle_itself_finds_the_examples(name: str) -> None:
    scenario = json.loads((EXAMPLES / f"{name}.json").read_text())
    expected = json.loads((EXAMPLES / f"{name}.expected.json").read_text())
    assert expected_preview(scenario) == expected


@pytest.mark.parametrize("first", range(0, RUNS, BATCH))
def test_rules_and_oracle_agree_on_random_scenarios(first: int) -> None:
    for seed in range(first, min(first + BATCH, RUNS)):
        scenario = random_scenario(seed)
        found, expected = of_the_rules(scenario), expected_preview(scenario)
        assert found == expected, f"seed {seed}: {json.dumps(scenario)}"


@pytest.mark.parametrize("first", range(0, RUNS, BATCH))
def test_rules_and_oracle_agree_on_modifications_that_are_caught_up(first: int) -> None:
    for seed in range(first, min(first + BATCH, RUNS)):
        scenario = random_scenario(seed)
        if scenario["contract"]["term_months"] is None:
            continue  # refused: progress is measured over a term
        scenario["contract"]["modification"] = "catch_up"
        found = preview(read_scenario(json.dumps(scenario), "json"))
        schedule = {
            line: {month: format(amount, "f") for month, amount in months.items()}
            for line, months in found.revenue_schedule.items()
        }
        assert schedule == caught_up_schedule(scenario), f"seed {seed}: {json.dumps(scenario)}"
