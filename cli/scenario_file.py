"""A scenario file as commands read it; what is wrong with it ends them with exit code 2, naming the fields."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.exits import INVALID, leave

if TYPE_CHECKING:
    from canonical.scenario import Scenario

_SIZE_LIMIT_BYTES = 16 * 1024 * 1024


def read_scenario(file: Path, *, change: str | None = None) -> "Scenario":
    """The scenario, found valid; with `change`, one that has a change of this id."""
    from rules.validation import InvalidScenario, read_scenario, validate

    text = _text(file)
    try:
        scenario = read_scenario(text, "json" if file.suffix.lower() == ".json" else "yaml")
        validate(scenario)
    except InvalidScenario as error:
        leave(INVALID, *(f"{path}: {message}" if path else message for path, message in error.problems))
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


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _SIZE_LIMIT_BYTES:
            leave(INVALID, f"FILE: {file} is larger than {_SIZE_LIMIT_BYTES // 1024 // 1024} MiB")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        leave(INVALID, f"FILE: {file} can't be read: {error.strerror}")
    except UnicodeDecodeError:
        leave(INVALID, f"FILE: {file} is not UTF-8 text")
