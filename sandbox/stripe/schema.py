"""The types of parameters, in a small language, and the reading of what was sent against them.

    customer!:str  items:[{price:str quantity:int}]  metadata:map<str>|""  end_date:time|enum(now)

`!` required; `str<40` at most 40 characters; `""` the empty string, which unsets; `cur` an ISO currency;
`dec` a decimal in text; `time` Unix seconds; `any` whatever; `$name` a type of the table of types.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.stripe.errors import malformed, required
from sandbox.stripe.money import CURRENCIES

_TOKEN = re.compile(r'\$\w+|enum\([^)]*\)|str<\d+|map<|""|[{}\[\]|>!:]|[\w.]+')
_PAGING = "limit:int starting_after:str ending_before:str"
_LONGEST = 5000


@dataclass(frozen=True)
class Scalar:
    name: str  # str int time bool num dec cur any empty
    limit: int = _LONGEST


@dataclass(frozen=True)
class Enum:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    item: "Type"


@dataclass(frozen=True)
class Mapped:
    value: "Type"


@dataclass(frozen=True)
class Hash:
    fields: "Fields"


@dataclass(frozen=True)
class Either:
    types: tuple["Type", ...]


Type = Scalar | Enum | Listed | Mapped | Hash | Either


@dataclass(frozen=True)
class Field:
    type: Type
    required: bool


Fields = dict[str, Field]


class _Parser:
    def __init__(self, text: str, types: dict[str, str]) -> None:
        self._tokens = _TOKEN.findall(text)
        self._at = 0
        self._types = types

    def fields(self, end: str | None) -> Fields:
        found: Fields = {}
        while self._peek() != end:
            name = self._take()
            if name == "$paging":
                found |= _Parser(_PAGING, self._types).fields(None)
                continue
            needed = self._peek() == "!"
            if needed:
                self._take()
            self._take()  # the colon
            found[name] = Field(self.type(), needed)
        return found

    def type(self) -> Type:
        types = [self._single()]
        while self._peek() == "|":
            self._take()
            types.append(self._single())
        return types[0] if len(types) == 1 else Either(tuple(types))

    def _single(self) -> Type:
        token = self._take()
        if token.startswith("$"):
            return _Parser(self._types[token], self._types).type()
        if token.startswith("enum("):
            values = (value.strip() for value in token[5:-1].split(","))
            return Enum(tuple("" if value == '""' else value for value in values))
        if token.startswith("str<"):
            return Scalar("str", int(token[4:]))
        if token in ("{", "[", "map<"):
            return self._nested(token)
        return Scalar("empty" if token == '""' else token)

    def _nested(self, opening: str) -> Type:
        made: Type
        if opening == "{":
            made = Hash(self.fields("}"))
        else:
            made = Listed(self.type()) if opening == "[" else Mapped(self.type())
        self._take()  # the closing
        return made

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self) -> str:
        self._at += 1
        taken: str = self._tokens[self._at - 1]
        return taken


def parsed_tables(types_text: str, tables: list[str]) -> dict[str, Fields]:
    """Operation → its parameters, `expand` among them."""
    types = dict(_blocks(types_text, re.compile(r"(\$\w+) =(.*)")))
    operations = [block for table in tables for block in _blocks(table, re.compile(r"([A-Z]+ /\S+)(.*)"))]
    expand = {"expand": Field(Listed(Scalar("str")), False)}
    return {name: _Parser(text, types).fields(None) | expand for name, text in operations}


def _blocks(text: str, head: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """(name, text) of each block: a head line and the indented lines under it."""
    name, lines = "", [""]
    for line in text.strip("\n").splitlines():
        match = head.fullmatch(line)
        if match is None:
            lines.append(line)
            continue
        if name:
            yield name, " ".join(lines)
        name, lines = match[1], [match[2]]
    yield name, " ".join(lines)


def read(fields: Fields, sent: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """What was sent, in Python's types; raises Stripe's errors, unknown parameters first."""
    unknown = [_named(prefix, key) for key in sent if key not in fields]
    if unknown:
        word = "parameter" if len(unknown) == 1 else "parameters"
        raise malformed(f"Received unknown {word}: {', '.join(unknown)}", unknown[0], "parameter_unknown")
    for key, field in fields.items():
        if field.required and key not in sent:
            raise _unrecorded_missing(_named(prefix, key))
    return {
        key: _value(fields[key].type, value, _named(prefix, key), fields[key]) for key, value in sent.items()
    }


def _unrecorded_missing(param: str) -> Exception:
    error = required(param)
    error.recorded = False
    return error


def _named(prefix: str, key: str) -> str:
    return f"{prefix}[{key}]" if prefix else key


def _value(type: Type, sent: Any, param: str, field: Field | None = None) -> Any:
    if isinstance(type, Either):
        return _either(type, sent, param)
    if isinstance(type, Hash | Mapped | Listed):
        return _structure(type, sent, param)
    if isinstance(sent, dict):
        if isinstance(type, Scalar) and type.name == "any":
            return sent
        raise malformed("Invalid string: expected a value, got a hash", param, "parameter_invalid_string")
    if isinstance(type, Enum):
        return _enum(type, sent, param)
    if sent == "" and type.name not in ("any", "empty", "str"):
        raise _empty(param)
    if sent == "" and field is not None and field.required:
        raise _empty(param)
    return _SCALARS[type.name](sent, param, type)


def _either(type: Either, sent: Any, param: str) -> Any:
    """The first alternative of the sent value's shape; the last one's error speaks for all."""
    alternatives = list(type.types)
    if sent == "" and Scalar("empty") in alternatives:
        return ""
    alternatives = [one for one in alternatives if one != Scalar("empty")]
    structured = [one for one in alternatives if isinstance(one, Hash | Mapped | Listed)]
    plain = [one for one in alternatives if one not in structured]
    if isinstance(sent, dict) and structured:
        return _value(structured[0], sent, param)
    for one in (plain or structured)[:-1]:
        if isinstance(one, Enum) and sent in one.values:
            return sent
        if isinstance(one, Scalar) and one.name in ("int", "time") and re.fullmatch(r"-?\d+", sent):
            return int(sent)
    return _value((plain or structured)[-1], sent, param)


def _structure(type: Hash | Mapped | Listed, sent: Any, param: str) -> Any:
    if sent == "" and not isinstance(type, Hash):
        return ""
    if not isinstance(sent, dict):
        word = "array" if isinstance(type, Listed) else "object"
        raise malformed(f"Invalid {word}", param, f"parameter_invalid_{word}")
    if isinstance(type, Hash):
        return read(type.fields, sent, param)
    if isinstance(type, Mapped):
        return {key: _value(type.value, value, _named(param, key)) for key, value in sent.items()}
    if not all(key.isdigit() for key in sent):
        raise malformed("Invalid array", param, "parameter_invalid_array")
    ordered = sorted(sent, key=int)
    return [_value(type.item, sent[key], _named(param, key)) for key in ordered]


def _enum(type: Enum, sent: str, param: str) -> str:
    if sent in type.values:
        return sent
    if sent == "":
        raise _empty(param)
    known = [value for value in type.values if value]
    words = known[0]
    if len(known) > 1:
        words = f"{', '.join(known[:-1])}{',' if len(known) > 2 else ''} or {known[-1]}"
    raise malformed(f"Invalid {param}: must be one of {words}", param, "parameter_invalid_enum")


def _empty(param: str) -> Exception:
    message = (
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a"
        " parameter;"
        f" however '{param}' cannot be unset. You should remove '{param}' from your request or supply a"
        " non-empty value."
    )
    return malformed(message, param, "parameter_invalid_empty")


def _text(sent: str, param: str, type: Scalar) -> str:
    if len(sent) > type.limit:
        message = f"Invalid string: {sent[:40]}…; must be at most {type.limit} characters"
        raise malformed(message, param, "parameter_invalid_string")
    return sent


def _integer(sent: str, param: str, _type: Scalar) -> int:
    if not re.fullmatch(r"-?\d{1,18}", sent):
        raise malformed(f"Invalid integer: {sent}", param, "parameter_invalid_integer")
    return int(sent)


def _boolean(sent: str, param: str, _type: Scalar) -> bool:
    if sent not in ("true", "false"):
        raise malformed(f"Invalid boolean: {sent}", param, "parameter_invalid_boolean")
    return sent == "true"


def _number(sent: str, param: str, _type: Scalar) -> float:
    return float(_decimal(sent, param, _type))


def _decimal(sent: str, param: str, _type: Scalar) -> str:
    try:
        value = Decimal(sent)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise malformed(f"Invalid decimal: {sent}", param, "parameter_invalid_decimal")
    return format(value, "f")


def _currency(sent: str, param: str, _type: Scalar) -> str:
    if sent.lower() not in CURRENCIES:
        message = f"Invalid currency: {sent.lower()}. Stripe currently supports these currencies: "
        raise malformed(message + ", ".join(sorted(CURRENCIES)), param, None)
    return sent.lower()


def _nothing(_sent: str, param: str, _type: Scalar) -> str:
    raise malformed(f"Invalid {param}", param, "parameter_invalid_string")


_SCALARS: dict[str, Callable[[str, str, Scalar], Any]] = {
    "str": _text,
    "int": _integer,
    "time": _integer,
    "bool": _boolean,
    "num": _number,
    "dec": _decimal,
    "cur": _currency,
    "any": lambda sent, _param, _type: sent,
    "empty": _nothing,
}
