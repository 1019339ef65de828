"""Schema drift: what an answer looks like after the vendor has changed it without a word."""

from typing import Any

WRAPPERS = ("records", "items", "data", "value")
_NO_DATA = ("attributes", "links", "object", "url", "has_more", "_links")


def drifted(
    body: Any, outcome: str, *, field: str | None = None, enum_fields: tuple[str, ...] = ("status", "state")
) -> Any | None:
    """The body after the drift; None if there is nothing in it that could drift. Changes no argument.

    A list's records drift, not the list around them.
    """
    if isinstance(body, list):
        return _all_drifted(body, outcome, field, enum_fields)
    if not isinstance(body, dict):
        return None
    for wrapper in WRAPPERS:
        if isinstance(body.get(wrapper), list):
            records = _all_drifted(body[wrapper], outcome, field, enum_fields)
            return None if records is None else {**body, wrapper: records}
    return _record_drifted(body, outcome, field, enum_fields)


def _all_drifted(
    records: list[Any], outcome: str, field: str | None, enum_fields: tuple[str, ...]
) -> list[Any] | None:
    changed = [
        _record_drifted(record, outcome, field, enum_fields) if isinstance(record, dict) else None
        for record in records
    ]
    if all(after is None for after in changed):
        return None
    return [before if after is None else after for before, after in zip(records, changed, strict=True)]


def _record_drifted(
    record: dict[str, Any], outcome: str, field: str | None, enum_fields: tuple[str, ...]
) -> dict[str, Any] | None:
    if outcome == "field-added":
        return {**record, field or "new_field_of_the_vendor": {"version": 2}}
    candidates = enum_fields if outcome == "enum-added" else tuple(k for k in record if k not in _NO_DATA)
    name = field or next((key for key in candidates if key in record), None)
    if name is None or name not in record:
        return None
    match outcome:
        case "field-removed":
            return {key: value for key, value in record.items() if key != name}
        case "field-renamed":
            return {(f"{name}_v2" if key == name else key): value for key, value in record.items()}
        case "field-retyped":
            return {**record, name: {"value": record[name]}}
        case "enum-added":
            return {**record, name: "new_value_of_the_vendor"}
        case _:
            raise ValueError(f"no drift: {outcome}")
