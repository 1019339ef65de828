"""Requests and answers held against Stripe's own published description of its API.

The description is found by `Q2C_SPECS`, else beside the repository; without it these checks are skipped. It
is OpenAPI 3.0, whose `nullable` is read as "or null"; objects are closed (an answer's field that the
description does not have is a finding) but for the waivers below.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.kit.application import Application
from sandbox.kit.faults import DRIFT_OUTCOMES
from sandbox.kit.transport import SandboxTransport

Schema = dict[str, Any]

WAIVED_FIELDS = {
    ("list", "total_count"): "lists inside of objects have it; the description leaves it out",
    ("product", "type"): "answered although the description has dropped it",
    ("charge", "refunds"): "included by expansion only",
}
"""Fields of answers that the description does not have, and why they are there."""

_URI = "urn:stripe"


def _file() -> Path:
    specs = os.environ.get("Q2C_SPECS") or Path(__file__).parents[3].parent / "shared" / "specs"
    return Path(specs) / "stripe" / "spec3.q2c.json"


def available() -> bool:
    return _file().is_file()


def _or_null(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(node, list):
        return [_or_null(one) for one in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _or_null(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [rest, {"type": "null"}]} if node.get("nullable") is True else rest


class Description:
    def __init__(self, document: dict[str, Any]) -> None:
        self.paths: dict[str, dict[str, Any]] = document["paths"]
        self.schemas: dict[str, Schema] = _or_null(document["components"]["schemas"])
        resource = DRAFT202012.create_resource({"components": {"schemas": self.schemas}})
        self._registry = Registry().with_resource(_URI, resource)
        self._patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in sorted(self.paths, key=lambda path: path.count("{"))
        ]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, template in self._patterns:
            if pattern.fullmatch(path) and method.lower() in self.paths[template]:
                found: dict[str, Any] = self.paths[template][method.lower()]
                return found
        return None

    @cache  # noqa: B019 - one description lives as long as the tests
    def _validator(self, text: str) -> Draft202012Validator:
        schema = json.loads(text.replace("#/components", f"{_URI}#/components"))
        return Draft202012Validator(schema, registry=self._registry)

    def answer_findings(self, operation: dict[str, Any], status: int, body: Any) -> list[str]:
        response = operation["responses"].get(str(status)) or operation["responses"]["default"]
        schema = _or_null(response["content"]["application/json"]["schema"])
        findings = self._findings(schema, body)
        if status == 200:
            findings += self.unknown_fields(body)
        return findings

    def object_findings(self, body: dict[str, Any]) -> list[str]:
        """An object by itself, as events carry it."""
        name = str(body.get("object"))
        return self._findings({"$ref": f"#/components/schemas/{name}"}, body) + self.unknown_fields(body)

    def _findings(self, schema: Schema, body: Any) -> list[str]:
        validator = self._validator(json.dumps(schema, sort_keys=True))
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)]

    def unknown_fields(self, value: Any, at: str = "$") -> list[str]:
        """Fields of API objects that their schema does not name."""
        if isinstance(value, list):
            return [one for i, each in enumerate(value) for one in self.unknown_fields(each, f"{at}[{i}]")]
        if not isinstance(value, dict):
            return []
        found = []
        name = value.get("object")
        schema = self.schemas.get(str(name))
        if value.get("deleted") is True:
            schema = self.schemas.get(f"deleted_{name}")
        known = set(schema["properties"]) if schema else {"data", "has_more", "object", "url", "next_page"}
        if isinstance(name, str) and (schema or name in ("list", "search_result")):
            strange = [key for key in value if key not in known and (name, key) not in WAIVED_FIELDS]
            found = [f"{at}: unknown field {key}" for key in strange]
        for key, each in value.items():
            found += self.unknown_fields(each, f"{at}.{key}")
        return found

    def request_findings(self, operation: dict[str, Any], query: str, body: str) -> list[str]:
        """Parameters that the operation does not have, lacks, or has of another type."""
        declared = {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}
        properties = {name: one["schema"] for name, one in declared.items()}
        needed = [name for name, one in declared.items() if one.get("required")]
        content = operation.get("requestBody", {}).get("content", {})
        form = (content.get("application/x-www-form-urlencoded") or {}).get("schema", {})
        schema = {
            "type": "object",
            "properties": {**properties, **form.get("properties", {})},
            "required": [*needed, *form.get("required", [])],
        }
        return _form_findings(schema, _nested("&".join(part for part in (query, body) if part)), "")


def _nested(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        parts = re.split(r"[\[\]]+", name)
        path = parts[:-1] if name.endswith("]") and not name.endswith("[]") else parts
        path = [part for part in path if part] + (["0"] if name.endswith("[]") else [])
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = value
    return tree


def _form_findings(schema: Schema, value: Any, at: str) -> list[str]:
    if "anyOf" in schema:
        tried = [_form_findings(one, value, at) for one in schema["anyOf"]]
        return [] if any(not one for one in tried) else min(tried, key=len)
    kind = schema.get("type")
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r} is none of {schema['enum'][:9]}"]
    if kind == "object":
        return _hash_findings(schema, value, at)
    if kind == "array":
        if value == "":
            return []  # unsets
        if not isinstance(value, dict):
            return [f"{at}: no list"]
        return [
            one for i, each in value.items() for one in _form_findings(schema["items"], each, f"{at}[{i}]")
        ]
    shapes = {"integer": r"-?\d+", "boolean": "true|false", "number": r"-?\d+(\.\d+)?"}
    if isinstance(value, dict):
        return [f"{at}: a hash where {kind} is expected"]
    if len(value) > schema.get("maxLength", 10**9):
        return [f"{at}: longer than {schema['maxLength']}"]
    return [] if re.fullmatch(shapes.get(str(kind), "(?s).*"), value) else [f"{at}: {value!r} is no {kind}"]


def _hash_findings(schema: Schema, value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: no hash"]
    properties = schema.get("properties")
    if properties is None:
        return []
    found = [f"{at}[{name}]: missing" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name not in properties:
            found.append(f"{at}[{name}]: unknown parameter")
        else:
            found += _form_findings(properties[name], one, f"{at}[{name}]")
    return found


@cache
def description() -> Description:
    return Description(json.loads(_file().read_text()))


class CheckedTransport(httpx.AsyncBaseTransport):
    """Passes requests on and holds them and their answers against the description, where there is one.

    Requests that are refused are not checked: tests send wrong ones on purpose.
    """

    def __init__(self, app: Application) -> None:
        self.app, self._inner = app, SandboxTransport(app)
        self.findings: list[str] = []
        self.checked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()  # what is cut by a fault is raised here
        if available() and request.url.path.startswith("/v1/") and not self._drifted():
            self._check(request, response)
        return response

    def _drifted(self) -> bool:
        """Whether the answer was changed on purpose."""
        latest = self.app.requests.latest()
        return bool(latest) and latest[-1].fault in DRIFT_OUTCOMES

    def _check(self, request: httpx.Request, response: httpx.Response) -> None:
        body = response.json()
        operation = description().operation(request.method, request.url.path)
        where = f"{request.method} {request.url.path} {response.status_code}"
        if operation is None:
            if response.status_code != 404:
                self.findings.append(f"{where}: not in the description")
            return
        self.checked += 1
        found = description().answer_findings(operation, response.status_code, body)
        if response.status_code == 200:
            query, sent = request.url.query.decode(), request.content.decode()
            found += description().request_findings(operation, query, sent)
        self.findings += [f"{where}: {one}" for one in found]
