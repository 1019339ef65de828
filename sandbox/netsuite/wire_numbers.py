"""JSON in and out with numbers that keep their digits."""

import json
from decimal import Decimal
from typing import Any

_encoded = json.JSONEncoder(ensure_ascii=False).encode
"""One encoder for all: `json.dumps` with an option makes another for each call."""


def loads(body: bytes) -> Any:
    """ValueError if it is not JSON."""
    return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refused)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def dumps(value: Any) -> bytes:
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_encoded(k)}:{_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return _encoded(value)


def plain(value: Decimal) -> str:
    """A number as the vendor writes doubles: no exponent, no needless zeros ("1065", "4520.55")."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
