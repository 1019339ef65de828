"""The `q` parameter of collections: `field OPERATOR value`, joined by AND."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.netsuite.errors import NsError
from sandbox.netsuite.fields import Field, RecordType
from sandbox.netsuite.store import Doc

_CONDITION = re.compile(r'\s*(\w+)\s+([A-Z_]+)\s*(?:"([^"]*)"|(\[[^\]]*\]|[^\s"]+))?\s*')
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "IS": lambda held, wanted: held.lower() == wanted.lower(),
    "IS_NOT": lambda held, wanted: held.lower() != wanted.lower(),
    "CONTAIN": lambda held, wanted: wanted.lower() in held.lower(),
    "START_WITH": lambda held, wanted: held.lower().startswith(wanted.lower()),
    "END_WITH": lambda held, wanted: held.lower().endswith(wanted.lower()),
}
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": lambda held, wanted: bool(held == wanted),
    "GREATER": lambda held, wanted: bool(held > wanted),
    "GREATER_OR_EQUAL": lambda held, wanted: bool(held >= wanted),
    "LESS": lambda held, wanted: bool(held < wanted),
    "LESS_OR_EQUAL": lambda held, wanted: bool(held <= wanted),
    "ON": lambda held, wanted: bool(held == wanted),
    "ON_OR_AFTER": lambda held, wanted: bool(held >= wanted),
    "ON_OR_BEFORE": lambda held, wanted: bool(held <= wanted),
    "AFTER": lambda held, wanted: bool(held > wanted),
    "BEFORE": lambda held, wanted: bool(held < wanted),
}
_FOR_TYPE = {
    "s": tuple(_TEXT),
    "n": ("EQUAL", "GREATER", "GREATER_OR_EQUAL", "LESS", "LESS_OR_EQUAL"),
    "i": ("EQUAL", "GREATER", "GREATER_OR_EQUAL", "LESS", "LESS_OR_EQUAL"),
    "d": ("ON", "ON_OR_AFTER", "ON_OR_BEFORE", "AFTER", "BEFORE"),
    "b": ("IS",),
    "r": ("ANY_OF",),
}


def matching(type_: RecordType, docs: list[Doc], q: str | None) -> list[Doc]:
    if not q:
        return docs
    for part in re.split(r"\s+AND\s+(?=\w+\s+[A-Z_]+\b)", q):
        found = _CONDITION.fullmatch(part)
        if found is None:
            raise _invalid("The search filter can't be read.")
        name, operator, quoted, bare = found.groups()
        known = type_.fields.get(name)
        if known is None:
            raise _invalid(f"Field {name} does not exist on {type_.name}.")
        if operator not in ("EMPTY", "EMPTY_NOT", *_FOR_TYPE.get(known.type, ())):
            raise _invalid(f"Operator {operator} does not suit field {name}.")
        wanted = quoted if quoted is not None else (bare or "")
        docs = [doc for doc in docs if _holds(known, operator, doc.get(name), wanted)]
    return docs


def _holds(known: Field, operator: str, held: Any, wanted: str) -> bool:
    if operator in ("EMPTY", "EMPTY_NOT"):
        return (held is None) == (operator == "EMPTY")
    if known.type == "b":
        return bool(held) == (wanted.lower() == "true")
    if held is None:
        return False
    if known.type == "r":
        return str(held["id"]) in [part.strip() for part in wanted.strip("[]").split(",")]
    if known.type == "s":
        return _TEXT[operator](str(held), wanted)
    if known.type == "d":
        return _ORDERED[operator](str(held), wanted)
    return _ORDERED[operator](Decimal(str(held)), _number(wanted))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise _invalid(f"{text} is not a number.") from error


def _invalid(detail: str) -> NsError:
    return NsError("INVALID_PARAMETER", f"Invalid query parameter: {detail}", query="q")
