"""The vendor's standard objects as the jsforce project has them from the vendor's `describe`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

_SPECS = Path(os.environ.get("Q2C_SPECS") or Path(__file__).parents[3].parent / "shared" / "specs")
_FILE = _SPECS / "salesforce" / "standard_objects.json"

KINDS = {
    "id": "string",
    "string": "string",
    "textarea": "string",
    "picklist": "string",
    "reference": "string",
    "email": "string",
    "phone": "string",
    "url": "string",
    "boolean": "boolean",
    "int": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "date": "datetime-or-date",
    "datetime": "datetime-or-date",
    "address": "address",
}

NOT_DESCRIBED = {
    "CurrencyIsoCode": "there only in orgs with several currencies; the description's has one",
    "Contract.Pricebook2Id": "there only where contracts have price books",
    "Order.QuoteId": "there only where quotes are enabled",
    "Order.OpportunityId": "added by the vendor after the description's version",
}
"""Standard fields that the description lacks, and why the simulator has them all the same."""


def standard_objects() -> dict[str, dict[str, Any]]:
    """Object → field → type and nillability; skips the test where the descriptions are not at hand."""
    if not _FILE.exists():
        pytest.skip(f"no vendor description at {_FILE} (set Q2C_SPECS)")
    objects: dict[str, dict[str, Any]] = json.loads(_FILE.read_text())["objects"]
    return objects


def mistakes(name: str, record: dict[str, Any], objects: dict[str, dict[str, Any]]) -> list[str]:
    """Where a record, as the API gives it, is not what the description says; custom fields are the org's."""
    described = objects.get(name)
    found = []
    for field, value in record.items():
        if described is None or field == "attributes" or field.endswith(("__c", "__r")) or _nested(value):
            continue
        if value is None and f"{field}Id" in described:
            continue  # a parent that is not there
        if field not in described:
            if field not in NOT_DESCRIBED and f"{name}.{field}" not in NOT_DESCRIBED:
                found.append(f"{name}.{field} is not described")
        elif not _fits(value, described[field]):
            found.append(f"{name}.{field}: {value!r} is no {described[field]}")
    return found


def nested_records(record: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The record itself and all parents and children in it, with the names of their objects."""
    found = [(record["attributes"]["type"], record)]
    for name, value in record.items():
        if name == "attributes" or not isinstance(value, dict):
            continue
        inner = value.get("records", [value] if "attributes" in value else [])
        for each in inner:
            found += nested_records(each)
    return found


def _nested(value: Any) -> bool:
    return isinstance(value, dict) and ("records" in value or "attributes" in value)


def _fits(value: Any, described: dict[str, Any]) -> bool:
    if value is None:
        return bool(described["nillable"])
    match described["type"]:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "datetime-or-date":
            return isinstance(value, str) and value[4:5] == "-"
        case "address":
            return isinstance(value, dict)
    return False
