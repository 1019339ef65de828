"""JSON with exact numbers: read into `Decimal`, written from `Decimal` digit by digit.

Documents in the state keep decimals as strings; `numbered` turns those of the vendor's number fields back.
"""

import json
from decimal import Decimal
from typing import Any

_encoded = json.JSONEncoder(ensure_ascii=False).encode
"""One encoder for all: `json.dumps` with an option makes another for each call."""

_WORDS_NUMBER_FIELDS = """
    totalAmount totalExempt totalDiscount totalTax totalTaxable totalTaxCalculated taxOverrideAmount
    exchangeRate discountAmount exemptAmount lineAmount quantity tax taxableAmount taxCalculated
    nonTaxableAmount rate taxable nonTaxable exemption taxableUnits nonTaxableUnits exemptUnits
    exemptPercentage latitude longitude reportingTax reportingTaxCalculated reportingTaxableUnits
    reportingNonTaxableUnits reportingExemptUnits
"""
_NUMBER_FIELDS = frozenset(_WORDS_NUMBER_FIELDS.split())
_TEXT_COORDINATES_IN = "boundaryLevel"  # a transaction's addresses have theirs as text


def read(body: bytes) -> Any:
    """ValueError if it is no JSON."""
    return json.loads(body, parse_float=Decimal, parse_constant=_refused)


def write(value: Any) -> str:
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            return "{" + ",".join(f"{_encoded(key)}:{write(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(write(inner) for inner in value) + "]"
        case _:
            return _encoded(value)


def numbered(value: Any) -> Any:
    """A document of the state as the API shows it: without internal keys, number fields as `Decimal`."""
    if isinstance(value, list):
        return [numbered(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    textual = _TEXT_COORDINATES_IN in value
    return {
        key: Decimal(inner)
        if key in _NUMBER_FIELDS and isinstance(inner, str) and not textual
        else numbered(inner)
        for key, inner in value.items()
        if not key.startswith("_")
    }


def floated(value: Any) -> Any:
    """For listings that only JSON's own writer prints; a float's shortest text has the same digits."""
    if isinstance(value, list):
        return [floated(inner) for inner in value]
    if isinstance(value, dict):
        return {key: floated(inner) for key, inner in value.items()}
    return float(value) if isinstance(value, Decimal) else value


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
