"""SOQL: from text to a tree. A subset of the language; what is outside it is refused as malformed."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql_dates import Span, span
from sandbox.salesforce.values import read_stamp, stamp

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<span>[A-Za-z_]+:\d+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<operator><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_RESERVED = {"select", "from", "where", "and", "or", "not", "in", "like", "order", "limit", "offset", "null"}
Operator = Literal["=", "!=", "<", ">", "<=", ">=", "like"]


@dataclass(frozen=True)
class Pattern:
    """The operand of LIKE, as a regular expression."""

    expression: str


@dataclass(frozen=True)
class Literal_:
    """A value as written; `quoted` tells 'true' from true."""

    value: Any
    kind: Literal["string", "date", "datetime", "number", "boolean", "null", "pattern"]


@dataclass(frozen=True)
class Comparison:
    path: tuple[str, ...]
    operator: Operator
    literal: Literal_


@dataclass(frozen=True)
class Membership:
    path: tuple[str, ...]
    negated: bool
    members: "tuple[Literal_, ...] | Query"


@dataclass(frozen=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True)
class Both:
    """All (`and`) or any (`or`) of the conditions."""

    word: Literal["and", "or"]
    conditions: "tuple[Condition, ...]"


Condition = Comparison | Membership | Not | Both


@dataclass(frozen=True)
class Sorting:
    path: tuple[str, ...]
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    fields: tuple[tuple[str, ...], ...]
    children: "tuple[Query, ...]"
    counts: bool
    source: str
    where: Condition | None
    order: tuple[Sorting, ...]
    limit: int | None
    offset: int


def malformed(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", message)


def parsed(text: str, today: date) -> Query:
    """The whole text as one query, with what its date literals mean today; ApiError MALFORMED_QUERY."""
    reader = _Reader(text, today)
    query = reader.query()
    reader.end()
    return query


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    tokens, place = [], 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise malformed(f"unexpected token: '{text[place:].strip()[:20]}'")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens


class _Reader:
    def __init__(self, text: str, today: date) -> None:
        self._tokens, self._today = _tokens(text), today
        self._at = 0

    def query(self) -> Query:
        self._expect("select")
        fields, children, counts = self._selection()
        self._expect("from")
        source = self._name("sObject", reserved_allowed=True)
        where = self._condition() if self._accept("where") else None
        order = self._order()
        limit = self._whole("limit") if self._accept("limit") else None
        offset = self._whole("offset") if self._accept("offset") else 0
        return Query(tuple(fields), tuple(children), counts, source, where, order, limit, offset)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise malformed(f"unexpected token: '{self._tokens[self._at].text}'")

    def _selection(self) -> tuple[list[tuple[str, ...]], list[Query], bool]:
        fields: list[tuple[str, ...]] = []
        children: list[Query] = []
        while True:
            if self._accept("("):
                children.append(self.query())
                self._expect(")")
            else:
                path = self._path()
                if path == ("COUNT",) or path == ("count",):
                    self._expect("(")
                    self._expect(")")
                    return [], [], True
                fields.append(path)
            if not self._accept(","):
                return fields, children, False

    def _order(self) -> tuple[Sorting, ...]:
        if not self._accept("order"):
            return ()
        self._expect("by")
        sortings = [self._sorting()]
        while self._accept(","):
            sortings.append(self._sorting())
        return tuple(sortings)

    def _sorting(self) -> Sorting:
        path = self._path()
        descending = self._accept("desc")
        if not descending:
            self._accept("asc")
        nulls_last = False
        if self._accept("nulls"):
            nulls_last = self._accept("last")
            if not nulls_last:
                self._expect("first")
        return Sorting(path, descending, nulls_last)

    def _condition(self) -> Condition:
        """AND and OR cannot be mixed without parentheses."""
        conditions = [self._negation()]
        word: Literal["and", "or"] | None = None
        while True:
            if word in (None, "and") and self._accept("and"):
                word = "and"
            elif word in (None, "or") and self._accept("or"):
                word = "or"
            else:
                break
            conditions.append(self._negation())
        if word is None:
            return conditions[0]
        return Both(word, tuple(conditions))

    def _negation(self) -> Condition:
        if self._accept("not"):
            return Not(self._negation())
        if self._accept("("):
            condition = self._condition()
            self._expect(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Condition:
        path = self._path()
        if self._accept("not"):
            self._expect("in")
            return Membership(path, True, self._members())
        if self._accept("in"):
            return Membership(path, False, self._members())
        if self._accept("like"):
            text = self._next()
            if text is None or text.kind != "string":
                raise malformed("LIKE takes a string")
            return Comparison(path, "like", Literal_(_pattern(text.text[1:-1]), "pattern"))
        token = self._next()
        operators: dict[str, Operator] = {
            "=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=",
        }  # fmt: skip
        if token is None or token.text not in operators:
            raise malformed(f"unexpected token: '{token.text if token else '<EOF>'}'")
        operator = operators[token.text]
        if (days := self._days()) is not None:
            return _in_days(path, operator, *days)
        return Comparison(path, operator, self._literal())

    def _days(self) -> Span | None:
        """Those of a date literal, if one comes next."""
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind not in ("span", "name"):
            return None
        try:
            days = span(token.text, self._today)
        except (OverflowError, ValueError):
            raise malformed(f"not a valid literal: '{token.text}'") from None
        if days is not None:
            self._at += 1
        return days

    def _members(self) -> "tuple[Literal_, ...] | Query":
        self._expect("(")
        members: tuple[Literal_, ...] | Query
        if self._peek() == "select":
            members = self.query()
        else:
            literals = [self._literal()]
            while self._accept(","):
                literals.append(self._literal())
            members = tuple(literals)
        self._expect(")")
        return members

    def _literal(self) -> Literal_:
        token = self._next()
        if token is None:
            raise malformed("unexpected token: '<EOF>'")
        try:
            return _literal_of(token)
        except ValueError:
            raise malformed(f"not a valid literal: '{token.text}'") from None

    def _path(self) -> tuple[str, ...]:
        return tuple(self._name("field").split("."))

    def _name(self, what: str, *, reserved_allowed: bool = False) -> str:
        token = self._next()
        if token is None or token.kind != "name":
            raise malformed(f"unexpected token: '{token.text if token else '<EOF>'}' ({what} expected)")
        if token.text.lower() in _RESERVED and not reserved_allowed:
            raise malformed(f"unexpected token: '{token.text}'")
        return token.text

    def _whole(self, what: str) -> int:
        token = self._next()
        if token is None or token.kind != "number" or not token.text.isdigit():
            raise malformed(f"{what} takes a whole number")
        return int(token.text)

    def _peek(self) -> str | None:
        return self._tokens[self._at].text.lower() if self._at < len(self._tokens) else None

    def _next(self) -> _Token | None:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else None

    def _accept(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            found = self._tokens[self._at].text if self._at < len(self._tokens) else "<EOF>"
            raise malformed(f"unexpected token: '{found}' ({word.upper()} expected)")


def _in_days(path: tuple[str, ...], operator: Operator, start: date, end: date) -> Condition:
    """A comparison with the days from `start` to before `end`, as comparisons with one day each."""
    first, after = (Literal_(day.isoformat(), "date") for day in (start, end))
    match operator:
        case "<":
            return Comparison(path, "<", first)
        case "<=":
            return Comparison(path, "<", after)
        case ">":
            return Comparison(path, ">=", after)
        case ">=":
            return Comparison(path, ">=", first)
    inside = Both("and", (Comparison(path, ">=", first), Comparison(path, "<", after)))
    return Not(inside) if operator == "!=" else inside


def _literal_of(token: _Token) -> Literal_:
    match token.kind:
        case "string":
            return Literal_(_unescaped(token.text[1:-1]), "string")
        case "date":
            return Literal_(date.fromisoformat(token.text).isoformat(), "date")
        case "datetime":
            return Literal_(stamp(read_stamp(token.text)), "datetime")
        case "number":
            return Literal_(Decimal(token.text), "number")
        case "name" if token.text.lower() in ("true", "false"):
            return Literal_(token.text.lower() == "true", "boolean")
        case "name" if token.text.lower() == "null":
            return Literal_(None, "null")
    raise malformed(f"unexpected token: '{token.text}'")


def _unescaped(inner: str) -> str:
    text, place = "", 0
    while place < len(inner):
        if inner[place] != "\\":
            text, place = text + inner[place], place + 1
            continue
        follower = inner[place + 1]
        if follower == "u" and re.fullmatch(r"[0-9A-Fa-f]{4}", inner[place + 2 : place + 6]):
            text, place = text + chr(int(inner[place + 2 : place + 6], 16)), place + 6
        elif follower in _ESCAPES:
            text, place = text + _ESCAPES[follower], place + 2
        else:
            raise malformed(f"Illegal character sequence '\\{follower}' in string literal")
    return text


def _pattern(inner: str) -> Pattern:
    """LIKE's pattern: % any run, _ any one character, \\% and \\_ themselves."""
    expression, place = "", 0
    while place < len(inner):
        letter = inner[place]
        if letter == "\\" and inner[place + 1] in "%_":
            expression, place = expression + re.escape(inner[place + 1]), place + 2
        elif letter == "\\":
            expression, place = expression + re.escape(_unescaped(inner[place : place + 2])), place + 2
        else:
            part = {"%": ".*", "_": "."}.get(letter)
            expression, place = expression + (part or re.escape(letter)), place + 1
    return Pattern(expression)
