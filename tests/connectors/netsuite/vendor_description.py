"""Exchanges against the vendor's own description of its API (`specs/netsuite/record-v1.subset.json`).

The description is data beside the project: `Q2C_SPECS`, else `../shared/specs`.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.connectors.netsuite.exchange import Exchange

_RECORD = "/services/rest/record/v1"

_DIGEST = "not in the subset; its names were taken from the public browser digest 2026.1"
WAIVED_PATHS = {
    "/services/rest/auth/": "the description is of the record service only",
    "/services/rest/query/": "the description is of the record service only",
    "/services/rest/async/": "the description is of the record service only",
    f"{_RECORD}/metadata-catalog": "not in the subset",
    f"{_RECORD}/invoice": _DIGEST,
    f"{_RECORD}/creditMemo": _DIGEST,
    f"{_RECORD}/customerRefund": _DIGEST,
    f"{_RECORD}/customerDeposit": _DIGEST,
    f"{_RECORD}/depositApplication": _DIGEST,
    f"{_RECORD}/accountingPeriod": _DIGEST,
    f"{_RECORD}/customer/1/!transform": "transformations are not in the subset",
    f"{_RECORD}/noSuchRecord": "a test asks for what nobody has",
}
"""Path prefix → why it is not checked."""


def description_file() -> Path | None:
    root = Path(__file__).parents[3]
    specs = Path(os.environ.get("Q2C_SPECS", root.parent / "shared" / "specs"))
    file = specs / "netsuite" / "record-v1.subset.json"
    return file if file.is_file() else None


def violations(exchange: Exchange, *, requests: bool = True) -> list[str]:
    """What of the exchange is not as described; empty for what the description does not cover. Without
    `requests` only the answer is looked at."""
    if any(exchange.path.startswith(prefix) for prefix in WAIVED_PATHS):
        return []
    path = exchange.path.removeprefix(_RECORD)
    described = _operation(exchange.method.lower(), path)
    if described is None:
        return [f"{exchange.method} {exchange.path} is not described"]
    return [*(_request(exchange, described) if requests else []), *_answer(exchange, described)]


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = _description()["components"]["schemas"][name]
    return schema


def _request(exchange: Exchange, described: dict[str, Any]) -> list[str]:
    found = []
    parameters = {(p["in"], p["name"].lower()): p for p in described.get("parameters", [])}
    for name in exchange.query:
        if ("query", name.lower()) not in parameters:
            found.append(f"query parameter {name} is not described")
    for name, value in exchange.headers.items():
        known = parameters.get(("header", name))
        if name.startswith("x-netsuite") and known is None:
            found.append(f"header {name} is not described")
        if known is not None and value not in known["schema"].get("enum", [value]):
            found.append(f"header {name}: {value}")
    if exchange.body:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        found += _mistakes(schema, json.loads(exchange.body))
    return found


def _answer(exchange: Exchange, described: dict[str, Any]) -> list[str]:
    responses = described["responses"]
    response = responses.get(str(exchange.status), responses["default"] if exchange.status >= 400 else None)
    if response is None:
        return [f"status {exchange.status} is not described"]
    content = response.get("content", {}).get("application/json")
    if content is None:
        return [f"a body with status {exchange.status}"] if exchange.answer else []
    return _mistakes(content["schema"], json.loads(exchange.answer))


def _mistakes(schema: dict[str, Any], value: Any) -> list[str]:
    errors = _validator(json.dumps(schema)).iter_errors(value)
    return [f"{'.'.join(str(step) for step in error.path)}: {error.message[:200]}" for error in errors]


@cache
def _validator(schema: str) -> Draft202012Validator:
    root = {**json.loads(schema), "components": _strict(_description()["components"])}
    return Draft202012Validator(root)


def _strict(node: Any) -> Any:
    """Nothing that is not described may be there."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _strict(value) for name, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        made["additionalProperties"] = False
    return made


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in _description()["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if method in operations and re.fullmatch(pattern, path):
            operation: dict[str, Any] = operations[method]
            return operation
    return None


@cache
def _description() -> dict[str, Any]:
    file = description_file()
    if file is None:
        raise LookupError("no vendor descriptions: set Q2C_SPECS")
    description: dict[str, Any] = json.loads(file.read_text())
    return description
