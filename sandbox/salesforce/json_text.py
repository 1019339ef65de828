"""JSON whose numbers lose no decimal: parsed to and written from `Decimal`, in this folder only."""

import json
from decimal import Decimal
from typing import Any

_encoded = json.JSONEncoder(ensure_ascii=False).encode
"""One encoder for all: `json.dumps` with an option makes another for each call."""


def parse(text: str | bytes) -> Any:
    """ValueError if it is no JSON; NaN and infinities are none."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refused)


def write(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        members = (f"{_encoded(key)}:{write(each)}" for key, each in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(write(each) for each in value) + "]"
    return _encoded(value)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
