"""The documents against a second, day by day reckoning that shares no code with the rules."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from rules.preview import preview
from rules.validation import read_scenario
from tests.rules.day_by_day import DayByDay
from tests.rules.scenarios import billed, credited
from tests.rules.strategies import scenarios


@given(scenarios())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_documents_are_those_of_a_day_by_day_reckoning(data: dict[str, Any]) -> None:
    found = preview(read_scenario(json.dumps(data), "json"))
    expected_billed, expected_credited = DayByDay(data).run()
    assert sorted(billed(found)) == sorted(expected_billed)
    assert sorted(credited(found)) == sorted(expected_credited)
