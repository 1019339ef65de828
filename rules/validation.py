"""placeholder until the checks are in"""

from canonical.scenario import Scenario


def validate(scenario: Scenario) -> None:
    del scenario
