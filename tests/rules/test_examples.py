"""The published examples, to the byte."""

from pathlib import Path

import pytest

from rules.preview import preview
from rules.validation import read_scenario, validate

EXAMPLES = Path(__file__).parent / "examples"
NAMES = [path.stem for path in EXAMPLES.glob("*.json") if not path.stem.endswith(".expected")]


@pytest.mark.parametrize("name", NAMES)
def test_published_example_comes_out_to_the_byte(name: str) -> None:
    scenario = read_scenario((EXAMPLES / f"{name}.json").read_text("utf-8"), "json")
    validate(scenario)
    expected = (EXAMPLES / f"{name}.expected.json").read_text("utf-8").rstrip("\n")
    assert preview(scenario).model_dump_json(indent=1) == expected
