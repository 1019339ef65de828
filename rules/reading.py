"""From a scenario file's text to a `Scenario`: JSON or YAML, with every error naming its field.

A JSON or YAML number in a decimal's place, an unknown key, or a key that is there twice is an error. This
checks the shape alone; what the figures mean is checked by `rules.validation.validate`. Source:
INTERFACES.md.
"""

import json
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from canonical.change import Cancellation, Merge, Transfer
from canonical.scenario import Scenario
from rules.problems import InvalidScenario, Problem, field_path

Format = Literal["json", "yaml"]

_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that is known here",
    "string_type": "must be text in quotes",
    "tuple_type": "must be a list",
    "model_type": "must be an object with keys",
    "model_attributes_type": "must be an object with keys",
    "dict_type": "must be an object with keys",
    "too_short": "must have at least one entry",
    "string_too_short": "must not be empty",
    "union_tag_not_found": "is missing: amendment, renewal, cancellation, transfer or merge",
    "union_tag_invalid": "must be amendment, renewal, cancellation, transfer or merge",
}


def read_scenario(text: str, format: Format) -> Scenario:
    """The scenario that the text says. Raises InvalidScenario with all findings about its shape.

    In the file a renewal's `term_months: null` is evergreen; left out, it is not said.
    """
    data = _json(text) if format == "json" else _yaml(text)
    if not isinstance(data, dict):
        raise InvalidScenario([("", "the file must be one object with the keys contract, as_of, …")])
    _say_evergreen(data)
    _say_first_prices(data)
    _refuse_what_only_the_system_says(data)
    _refuse_empty_figures(data)
    try:
        return Scenario.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidScenario(problems_of(error, data)) from None
    except RecursionError:
        raise InvalidScenario([("", "the file is nested too deeply")]) from None


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidScenario([("", f"not JSON: {error.msg} ({place})")]) from None
    except InvalidScenario:
        raise
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise InvalidScenario([("", "not JSON: a number in it is too long to be read")]) from None
    except RecursionError:
        raise InvalidScenario([("", "the file is nested too deeply")]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. The standard reader keeps the last of two equal keys, and so loses a figure."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidScenario([(key, "is there twice in one object")])
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise InvalidScenario([("", f"not JSON: {name} is no number")])


class _Loader(yaml.SafeLoader):
    """YAML's plain values only, with every key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise InvalidScenario([(str(key), f"keys are text; line {key_node.start_mark.line + 1}")])
            if key in seen:
                raise InvalidScenario(
                    [(key, f"is there twice in one object, line {key_node.start_mark.line + 1}")]
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        raise InvalidScenario([("", f"not YAML: {error.problem}{place}")]) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, InvalidScenario):
            raise
        raise InvalidScenario([("", f"not YAML: {error}")]) from None
    except RecursionError:
        raise InvalidScenario([("", "the file is nested too deeply")]) from None


_OF_THE_SYSTEM = {
    "transfer": Transfer.model_fields.keys() & {"tax_rates"},
    "merge": Merge.model_fields.keys() & {"tax_rates", "joined"},
    "cancellation": Cancellation.model_fields.keys() & {"merged_into"},
}
"""What the running system learns about a change, and no file says."""


def _refuse_what_only_the_system_says(data: dict[str, Any]) -> None:
    changes = enumerate(_list(data.get("changes")))
    found: list[Problem] = [
        (f"changes[{index}].{name}", _MESSAGES["extra_forbidden"])
        for index, change in changes
        if isinstance(change, dict)
        for name in sorted(_OF_THE_SYSTEM.get(str(change.get("type")), ()) & change.keys())
    ]
    if found:
        raise InvalidScenario(found)


_FIGURES = {"quantity", "discount_percent", "tax_rate_percent", "uplift_percent", "fee", "ssp"}
"""Decimals that may be left out. A blank one is no default: `quantity:` in YAML would count as 1."""


def _refuse_empty_figures(data: dict[str, Any]) -> None:
    """Each list and object is looked into once: YAML's anchors put one into many places, or into itself."""
    found: list[Problem] = []
    seen: set[int] = set()
    left: deque[tuple[tuple[int | str, ...], Any]] = deque([((), data)])
    while left:
        path, value = left.popleft()
        if value is None and path[-1] in _FIGURES:
            found.append((field_path(path), "is empty: give a decimal, or leave the key out"))
        if isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            inside = value.items() if isinstance(value, dict) else enumerate(value)
            left.extend(((*path, part), item) for part, item in inside)
    if found:
        raise InvalidScenario(found)


def _say_evergreen(data: dict[str, Any]) -> None:
    """A null that is written means evergreen; the nouns' None means "not said". Told apart here."""
    changes = data.get("changes")
    listed = changes if isinstance(changes, list) else []
    renewals = [change for change in listed if isinstance(change, dict) and change.get("type") == "renewal"]
    merged = [c for change in listed if isinstance(change, dict) for c in _list(change.get("contracts"))]
    for contract in (data.get("contract"), *merged):
        if isinstance(contract, dict) and isinstance(contract.get("renewal"), dict):
            renewals.append(contract["renewal"])
    for renewal in renewals:
        if "term_months" in renewal and renewal["term_months"] is None:
            renewal["term_months"] = "evergreen"


def _say_first_prices(data: dict[str, Any]) -> None:
    """A line whose ramp has a step in force on its start needs no other price: that step's is its own."""
    changes = [change for change in _list(data.get("changes")) if isinstance(change, dict)]
    contracts = [data.get("contract"), *(c for change in changes for c in _list(change.get("contracts")))]
    lines = [
        (c.get("start_date"), line)
        for c in contracts
        if isinstance(c, dict)
        for line in _list(c.get("lines"))
    ]
    for change in changes:
        entries = [entry for entry in _list(change.get("lines")) if isinstance(entry, dict)]
        lines += [(change.get("effective_date"), entry.get("add")) for entry in entries]
    for start, line in lines:
        if isinstance(line, dict) and "pricing" not in line:
            steps = [
                s for s in _list(line.get("ramp")) if isinstance(s, dict) and _begun(s.get("from"), start)
            ]
            if steps:
                line["pricing"] = max(steps, key=lambda step: str(step["from"])).get("pricing")


def _begun(since: Any, start: Any) -> bool:
    """Both as the file has them: text, or YAML's dates; ISO text sorts as days do."""
    return since is not None and start is not None and str(since) <= str(start)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def problems_of(error: ValidationError, data: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the data, by the field that its writer knows: (path, message)."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        kind, location = one["type"], one["loc"]
        path = _location(location, data, missing=kind == "missing")
        if kind == "too_short" and one["ctx"]["actual_length"] == 0 and _at(path, data):
            continue  # its items are wrong, and they are named: it is not empty
        if kind.startswith("union_tag"):
            path = [*path, "type"]
        found.setdefault(field_path(path), _message(kind, one["msg"]))
    return list(found.items())


def _at(path: Sequence[int | str], data: Any) -> Any:
    for part in path:
        data = data[part]
    return data


def _location(location: tuple[int | str, ...], data: Any, missing: bool) -> list[int | str]:
    """The place of an error in the file: without the names of the alternatives that were tried on the way."""
    kept: list[int | str] = []
    for part in location:
        inside = _inside(data, part)
        if inside is not None:
            data = inside[0]
        elif not (missing and part == location[-1]):
            continue
        kept.append(part)
    return kept


def _inside(data: Any, part: int | str) -> tuple[Any] | None:
    """What the data has there, in a tuple; None where it has no such place."""
    if isinstance(part, int):
        return (data[part],) if isinstance(data, list) and part < len(data) else None
    return (data[part],) if isinstance(data, dict) and part in data else None


def _message(kind: str, message: str) -> str:
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return message[:1].lower() + message[1:]
