"""Request bodies in, records out: names, types and references as the vendor checks them."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.fields import RECORDS, Field, RecordType
from sandbox.netsuite.store import Doc, Store

RECORD_PATH = "/services/rest/record/v1"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ADDRESS = frozenset(
    {"addr1", "addr2", "addr3", "addressee", "attention", "city", "country", "state", "zip", "addrPhone"}
    | {"override", "addrText", "externalId", "links", "refName", "lastModifiedDate"}
)


class Reader:
    """Reads a body of one request; unknown names are errors or dropped, as its header asks for."""

    def __init__(self, store: Store, *, name_validation: str) -> None:
        self._store, self._strict = store, name_validation == "Error"

    def record(self, type_: RecordType, body: Any) -> Doc:
        if not isinstance(body, dict):
            raise NsError("INVALID_CONTENT", "Invalid content in the request body: an object is expected.")
        return self._fields(type_, type_.fields, body, "")

    def _fields(self, type_: RecordType, table: dict[str, Field], body: Doc, path: str) -> Doc:
        read: Doc = {}
        for name, value in body.items():
            known = table.get(name)
            where = f"{path}{name}"
            if known is None:
                if self._strict:
                    raise NsError(
                        "NONEXISTENT_FIELD", f"Field '{name}' is not a valid field name.", path=where
                    )
            elif not known.read_only:
                read[name] = None if value is None else self._value(type_, known, value, where)
        return read

    def _value(self, type_: RecordType, known: Field, value: Any, where: str) -> Any:
        match known.type:
            case "s" if isinstance(value, str):
                return value
            case "n" if isinstance(value, Decimal):
                return format(value, "f")
            case "i" if isinstance(value, Decimal) and value == value.to_integral_value():
                return int(value)
            case "b" if isinstance(value, bool):
                return value
            case "d" if isinstance(value, str) and _DATE.fullmatch(value) and _is_date(value):
                return value
            case "e" if isinstance(value, dict) and isinstance(value.get("id"), str):
                return {"id": value["id"]}
            case "r" if isinstance(value, dict):
                return self._reference(known, value, where)
            case "m" if isinstance(value, dict):
                return self._references(known, value, where)
            case "l" if isinstance(value, dict) and isinstance(value.get("items"), list):
                return {"items": self._lines(type_, known, value["items"], where)}
            case "a" if isinstance(value, dict):
                return self._address(value, where)
        raise NsError("INVALID_CONTENT", f"Invalid value for field '{known.name}'.", path=where)

    def _lines(self, type_: RecordType, known: Field, items: list[Any], where: str) -> list[Doc]:
        table = type_.elements[known.targets[0]]
        lines = []
        for index, item in enumerate(items):
            at = f"{where}.items[{index}]"
            if not isinstance(item, dict):
                raise NsError("INVALID_CONTENT", "A sublist line must be an object.", path=at)
            lines.append(self._fields(type_, table, item, f"{at}."))
        return lines

    def _reference(self, known: Field, value: Doc, where: str) -> Doc:
        if not isinstance(value.get("id", value.get("externalId")), str):
            raise NsError("INVALID_CONTENT", f"Field '{known.name}' needs an id or externalId.", path=where)
        id_ = self._store.resolve(known.targets, value)
        if id_ is None:
            shown = value.get("id") or value.get("externalId")
            raise user_error(f"Invalid Field Value {shown} for the following field: {known.name}", where)
        return {"id": id_}

    def _references(self, known: Field, value: Doc, where: str) -> Doc:
        items = value.get("items")
        if not isinstance(items, list):
            raise NsError("INVALID_CONTENT", f"Field '{known.name}' needs items.", path=where)
        return {"items": [self._reference(known, item, where) for item in items]}

    def _address(self, value: Doc, where: str) -> Doc:
        unknown = value.keys() - _ADDRESS
        if unknown and self._strict:
            raise NsError(
                "NONEXISTENT_FIELD", f"Field '{min(unknown)}' is not a valid field name.", path=where
            )
        kept = {name: part for name, part in value.items() if name in _ADDRESS}
        country = kept.get("country")
        if country is not None and not (isinstance(country, dict) and len(str(country.get("id"))) == 2):
            raise NsError("INVALID_CONTENT", "Invalid value for field 'country'.", path=f"{where}.country")
        return kept


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def shown(store: Store, base_url: str, type_: RecordType, doc: Doc, *, expand: bool) -> Doc:
    """A record as GET answers it; sublists only as links unless expanded."""
    self_url = f"{base_url}{RECORD_PATH}/{type_.name}/{doc['id']}"
    view: Doc = {"links": [{"rel": "self", "href": self_url}]}
    for name, known in type_.fields.items():
        value = doc.get(name)
        if value is None or name == "links":
            continue
        if known.type in ("l", "m"):
            view[name] = _sublist(store, base_url, type_, known, value, f"{self_url}/{name}", expand=expand)
        else:
            view[name] = _shown_value(store, base_url, known, value)
    return view


def _sublist(
    store: Store, base_url: str, type_: RecordType, known: Field, value: Doc, url: str, *, expand: bool
) -> Doc:
    links = [{"rel": "self", "href": url}]
    if not expand:
        return {"links": links}
    if known.type == "m":
        items = [_shown_value(store, base_url, known, line) for line in value["items"]]
    else:
        table = type_.elements[known.targets[0]]
        items = [_shown_line(store, base_url, table, line) for line in value["items"]]
    count = len(items)
    return {
        "links": links, "count": count, "hasMore": False, "items": items, "offset": 0, "totalResults": count
    }  # fmt: skip


def _shown_line(store: Store, base_url: str, table: dict[str, Field], line: Doc) -> Doc:
    view: Doc = {"links": []}
    for name, value in line.items():
        if value is not None and name in table:
            view[name] = _shown_value(store, base_url, table[name], value)
    return view


def _shown_value(store: Store, base_url: str, known: Field, value: Any) -> Any:
    if known.type == "n":
        return Decimal(value)
    if known.type not in ("r", "m"):
        return value
    for record in known.targets:
        target = store.get(record, value["id"]) if record in RECORDS else None
        if target is not None:
            href = f"{base_url}{RECORD_PATH}/{record}/{value['id']}"
            reference = {
                "links": [{"rel": "self", "href": href}],
                "id": value["id"],
                "refName": name_of(target),
            }
            if target.get("externalId") is not None:
                reference["externalId"] = target["externalId"]
            return reference
    return {"links": [], "id": value["id"]}


def name_of(doc: Doc) -> str:
    for name in ("entityId", "itemId", "tranId", "periodName", "acctName", "name", "displayName"):
        if doc.get(name):
            return str(doc[name])
    return str(doc["id"])
