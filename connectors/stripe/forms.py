"""Form encoding with bracket nesting, as Stripe's v1 API takes it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.http import Form

UNSET = ""
"""Sent for a field, it removes what was there."""


def form(value: Mapping[str, Any]) -> Form:
    """Nested values as flat fields: None is left out, booleans are words, an empty list removes."""
    flat: dict[str, str] = {}
    for key, one in value.items():
        _put(flat, key, one)
    return flat


def _put(flat: dict[str, str], name: str, value: Any) -> None:
    match value:
        case None:
            return
        case bool():
            flat[name] = "true" if value else "false"
        case str() | int():
            flat[name] = str(value)
        case Mapping():
            for key, one in value.items():
                _put(flat, f"{name}[{key}]", one)
        case Sequence():
            if not value:
                flat[name] = UNSET
            for index, one in enumerate(value):
                _put(flat, f"{name}[{index}]", one)
        case _:
            raise TypeError(f"{name}: {type(value).__name__} can't be sent")


def midnight(day: dt.date) -> int:
    """The first second of a day, UTC, as Stripe's timestamps have it."""
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())


def day_of(timestamp: int) -> dt.date:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC).date()
