"""Checks exchanges against the vendor's own API description: paths, query, bodies both ways.

The description is found by `Q2C_SPECS`, else beside the repository; without it these checks are skipped.
"""

import json
import os
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from sandbox.kit.faults import DRIFT_OUTCOMES
from sandbox.kit.platform import Platform

_ROOT = Path(__file__).resolve().parents[3]
_FILE = "avalara/avatax-v2-openapi.q2c.json"

PATHS_NOT_DESCRIBED = {
    "/api/v2/companies/{companyId}/nexus": "left out of the trimmed description",
    "/api/v2/companies/{companyId}/certificates": "left out of the trimmed description",
}
STATUS_WAIVERS = {
    201: "creating answers 201 in fact (the vendor's own client tests it), the description says 200",
}
REQUIRED_WAIVERS = {
    "CompanyModel": (("id", "accountId"), "given by AvaTax, not by who creates the company"),
    "CustomerModel": (("companyId",), "given by the path"),
}


def directory() -> Path:
    return Path(os.environ.get("Q2C_SPECS") or _ROOT.parent / "shared" / "specs")


@cache
def description() -> dict[str, Any]:
    path = directory() / _FILE
    if not path.exists():
        pytest.skip(f"the vendor's API description is not at {path} (set Q2C_SPECS)")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


@cache
def _schemas() -> dict[str, Any]:
    """The components, unknown properties refused, null allowed, waivers applied."""
    schemas: dict[str, Any] = json.loads(json.dumps(description()["components"]["schemas"]))
    for name, schema in schemas.items():
        fields, _ = REQUIRED_WAIVERS.get(name, ((), ""))
        if "properties" in schema:
            schema["additionalProperties"] = False
        if "required" in schema:
            schema["required"] = [each for each in schema["required"] if each not in fields]
    return schemas


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": {"schemas": _schemas()}})


def _error_schema() -> dict[str, Any]:
    """The envelope is known from the vendor's developer site; its details are described."""
    details = {"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}, "minItems": 1}
    text = {"type": "string"}
    error = {
        "type": "object",
        "properties": {"code": text, "message": text, "target": text, "details": details},
        "required": ["code", "message", "target", "details"],
        "additionalProperties": False,
    }
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}


@dataclass
class SpecCheck:
    """Checks each exchange; `operations` are those that were seen."""

    operations: set[str] = field(default_factory=set)

    def check(self, request: httpx.Request, response: httpx.Response, *, drifted: bool = False) -> None:
        """`drifted`: the answer was changed on purpose, so that only the request is checked."""
        template, operation = _operation(request.method, request.url.path)
        if operation is None:
            assert template in PATHS_NOT_DESCRIBED, f"{request.method} {request.url.path} is not described"
            return
        self.operations.add(operation["operationId"])
        _check_query(request, operation)
        if response.status_code >= 400:
            _check(json.loads(response.content), _error_schema(), "error")
            return
        if request.content:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            _check(_exact(request.content), schema, f"{operation['operationId']} request")
        if not drifted:
            self._check_answer(response, operation)

    def _check_answer(self, response: httpx.Response, operation: dict[str, Any]) -> None:
        described = operation["responses"].get(str(response.status_code))
        if described is None:
            assert response.status_code in STATUS_WAIVERS, response.status_code
            described = operation["responses"]["200"]
        schema = described["content"]["application/json"]["schema"]
        _check(_exact(response.content), schema, f"{operation['operationId']} answer")


def _operation(method: str, path: str) -> tuple[str | None, dict[str, Any] | None]:
    for template in [*description()["paths"], *PATHS_NOT_DESCRIBED]:
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path):
            found = description()["paths"].get(template, {}).get(method.lower())
            if found is not None or template in PATHS_NOT_DESCRIBED:
                return template, found
    return None, None


def _check_query(request: httpx.Request, operation: dict[str, Any]) -> None:
    known = {parameter["name"]: parameter for parameter in operation.get("parameters", [])}
    for name, value in request.url.params.items():
        assert name in known, f"{operation['operationId']}: {name} is no parameter"
        values = known[name]["schema"].get("enum")
        assert values is None or value in values, f"{operation['operationId']}: {name}={value}"


def _check(value: Any, schema: dict[str, Any], what: str) -> None:
    errors = sorted(_validator(schema).iter_errors(value), key=lambda error: len(error.absolute_path))
    assert not errors, f"{what}: {errors[0].json_path}: {errors[0].message[:300]}"


def _exact(content: bytes) -> Any:
    return json.loads(content, parse_float=Decimal)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Passes requests on to the platform's simulator, and checks all that are answered."""

    def __init__(self, inner: httpx.AsyncBaseTransport, platform: Platform, spec: SpecCheck) -> None:
        self.inner, self.spec, self._platform = inner, spec, platform

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        drifted = any(self._platform.faults.active(outcome) for outcome in DRIFT_OUTCOMES)
        response = await self.inner.handle_async_request(request)
        if isinstance(response.stream, httpx.ByteStream):
            await response.aread()
            self.spec.check(request, response, drifted=drifted)
        return response
