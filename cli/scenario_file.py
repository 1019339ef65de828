"""A scenario file as commands take it: valid, or the command ends with exit code 2, naming each field."""

from typing import TYPE_CHECKING, Any

from cli.exits import INVALID, leave

if TYPE_CHECKING:
    from canonical.scenario import Scenario


def valid_scenario(file: str, *, change: str | None = None) -> "Scenario":
    """The scenario, found valid; with `change`, one that has a change of this id."""
    from cli.preview import problems, read
    from rules.validation import InvalidScenario, validate

    try:
        scenario = read(file)
        validate(scenario)
    except InvalidScenario as error:
        leave(INVALID, *problems(file, error.problems))
    if change is not None and change not in [each.id for each in scenario.changes]:
        leave(INVALID, f"--change: there is no change {change!r} in {file}")
    return scenario


def as_written(scenario: "Scenario") -> dict[str, Any]:
    """The scenario as a file has it: nothing that it does not say, and null for evergreen renewals."""
    document = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True)
    said: dict[str, Any] = _evergreen_as_null(document)
    return said


def _evergreen_as_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: None if key == "term_months" and inner == "evergreen" else _evergreen_as_null(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_evergreen_as_null(inner) for inner in value]
    return value
