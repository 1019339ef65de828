"""The metadata catalog: an OpenAPI 3 description of this account's records."""

from typing import Any

from sandbox.netsuite.fields import RECORDS, Field, RecordType

_JSON_TYPES: dict[str, dict[str, Any]] = {
    "s": {"type": "string"},
    "n": {"type": "number", "format": "double"},
    "i": {"type": "integer", "format": "int64"},
    "b": {"type": "boolean"},
    "d": {"type": "string", "format": "date"},
    "t": {"type": "string", "format": "date-time"},
    "e": {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}},
    "r": {"$ref": "#/components/schemas/nsResource"},
    "m": {"$ref": "#/components/schemas/nsResourceCollection"},
    "a": {"type": "object"},
    "x": {"type": "array", "items": {"$ref": "#/components/schemas/nsLink"}, "readOnly": True},
}


def listed(base_url: str) -> dict[str, Any]:
    items = [
        {"name": name, "links": [{"rel": "canonical", "href": f"{base_url}/metadata-catalog/{name}"}]}
        for name in RECORDS
    ]
    return {"items": items}


def described(base_url: str, names: list[str]) -> dict[str, Any]:
    """OpenAPI 3 of these records; unknown names are left out, as the vendor does."""
    known = [RECORDS[name] for name in names if name in RECORDS]
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for record in known:
        paths |= _paths(record)
        schemas |= {record.name: _schema(record.fields, record.name)}
        for element, table in record.elements.items():
            schemas[f"{record.name}-{element}Element"] = _schema(table, record.name)
            items = {"$ref": f"#/components/schemas/{record.name}-{element}Element"}
            schemas[f"{record.name}-{element}Collection"] = {
                "type": "object",
                "properties": {"items": {"type": "array", "items": items}},
            }
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def json_schema(name: str) -> dict[str, Any]:
    record = RECORDS[name]
    return {"$schema": "http://json-schema.org/draft-06/hyper-schema#", **_schema(record.fields, name)}


def _paths(record: RecordType) -> dict[str, Any]:
    answer = {"responses": {"204": {"description": "No content"}}}
    one = dict.fromkeys(("get", "patch", "put", "delete"), answer)
    return {f"/{record.name}": {"get": answer, "post": answer}, f"/{record.name}/{{id}}": one}


def _schema(table: dict[str, Field], record: str) -> dict[str, Any]:
    properties = {}
    for name, known in table.items():
        if known.type == "l":
            properties[name] = {"$ref": f"#/components/schemas/{record}-{known.targets[0]}Collection"}
        else:
            properties[name] = _JSON_TYPES[known.type] | ({"readOnly": True} if known.read_only else {})
    return {"type": "object", "properties": properties}
