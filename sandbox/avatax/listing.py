"""Lists as all of the API has them: `$filter`, `$orderBy`, `$top`, `$skip`, `@nextLink`.

Source: "Filtering in AvaTax REST v2" of the vendor's developer site.
Not simulated: `$filter` on nested fields.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.avatax.errors import ApiError

_LARGEST_PAGE = 1000
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|<=|>=|<>|!=|[()=<>,]|[^\s()=<>!,']+)")
_OPERATORS = {
    "eq": "eq",
    "=": "eq",
    "ne": "ne",
    "<>": "ne",
    "!=": "ne",
    "gt": "gt",
    ">": "gt",
    "ge": "ge",
    "gte": "ge",
    ">=": "ge",
    "lt": "lt",
    "<": "lt",
    "le": "le",
    "lte": "le",
    "<=": "le",
}

Document = dict[str, Any]
Test = Callable[[Document], bool]


def page(documents: list[Document], query: Mapping[str, str], url: str) -> Document:
    """One page of the documents that the query asks for, with the link to the next."""
    found = documents
    if text := query.get("$filter"):
        test = _Filter(text).test()
        found = [document for document in found if test(document)]
    found = _ordered(found, query.get("$orderBy") or "id ASC")
    top = _count(query, "$top") or _LARGEST_PAGE
    if top > _LARGEST_PAGE:
        raise ApiError("FetchLimit", f"At most {_LARGEST_PAGE} records can be fetched.", refers_to="$top")
    skip = _count(query, "$skip")
    answer: Document = {"@recordsetCount": len(found), "value": found[skip : skip + top]}
    if skip + top < len(found):
        following = {**query, "$top": str(top), "$skip": str(skip + top)}
        answer["@nextLink"] = f"{url}?{urlencode(following, quote_via=quote)}"
    return answer


def names_field(query: Mapping[str, str], field: str) -> bool:
    """Whether the filter has a criterion for the field."""
    tokens = _TOKEN.findall(query.get("$filter", ""))
    return any(token.lower() == field.lower() for token in tokens)


def _count(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not text.isdigit():
        raise ApiError("InvalidQueryValue", f"{name} must be a number.", refers_to=name)
    return int(text)


def _ordered(documents: list[Document], order: str) -> list[Document]:
    for part in reversed(order.split(",")):
        field, _, direction = part.strip().partition(" ")
        if documents and field not in documents[0]:
            raise ApiError("InvalidQueryField", f"The field {field} was not found.", refers_to="$orderBy")
        descending = direction.strip().upper() == "DESC"
        documents = sorted(documents, key=lambda d: _comparable(d.get(field)), reverse=descending)
    return documents


class _Filter:
    """A recursive descent: or-terms of and-terms of comparisons."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._place = 0

    def test(self) -> Test:
        test = self._alternatives()
        if self._place < len(self._tokens):
            raise ApiError("SyntaxError", "The filter has a syntax error.", refers_to="$filter")
        return test

    def _alternatives(self) -> Test:
        tests = [self._conjunction()]
        while self._take("or"):
            tests.append(self._conjunction())
        return lambda document: any(test(document) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._term()]
        while self._take("and"):
            tests.append(self._term())
        return lambda document: all(test(document) for test in tests)

    def _term(self) -> Test:
        if self._take("("):
            inner = self._alternatives()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        field, word = self._next(), self._next().lower()
        if word in _OPERATORS:
            return _compared(field, _OPERATORS[word], self._next())
        if word == "between":
            low = self._next()
            self._expect("and")
            lower, upper = _compared(field, "ge", low), _compared(field, "lt", self._next())
            return lambda document: lower(document) and upper(document)
        if word == "in":
            return self._membership(field)
        if word == "like":
            return _like(field, _plain(self._next()))
        if word == "is":
            negated = self._take("not")
            self._expect("null")
            return lambda document: (_value(document, field) is None) != negated
        raise ApiError("SyntaxError", f"{word} is no operator.", refers_to="$filter")

    def _membership(self, field: str) -> Test:
        self._expect("(")
        tests = [_compared(field, "eq", self._next())]
        while self._take(","):
            tests.append(_compared(field, "eq", self._next()))
        self._expect(")")
        return lambda document: any(test(document) for test in tests)

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise ApiError("SyntaxError", "The filter has a syntax error.", refers_to="$filter")
        self._place += 1
        return str(self._tokens[self._place - 1])

    def _take(self, word: str) -> bool:
        taken = self._place < len(self._tokens) and self._tokens[self._place].lower() == word
        self._place += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise ApiError("SyntaxError", f"The filter needs {word!r}.", refers_to="$filter")


def _compared(field: str, operator: str, literal: str) -> Test:
    wanted = _comparable(_plain(literal))

    def test(document: Document) -> bool:
        value = _value(document, field)
        if value is None:
            return operator == "ne"
        own = _comparable(value)
        if type(own) is not type(wanted):
            raise ApiError("InvalidQueryValue", f"{literal} is no value of {field}.", refers_to="$filter")
        comparisons = {
            "eq": own == wanted,
            "ne": own != wanted,
            "gt": own > wanted,
            "ge": own >= wanted,
            "lt": own < wanted,
            "le": own <= wanted,
        }
        return comparisons[operator]

    return test


def _like(field: str, pattern: str) -> Test:
    expression = re.compile(
        ".*".join(re.escape(part) for part in pattern.split("%")), re.IGNORECASE | re.DOTALL
    )
    return lambda document: expression.fullmatch(str(_value(document, field) or "")) is not None


def _value(document: Document, field: str) -> Any:
    for name, value in document.items():
        if name.lower() == field.lower():
            if isinstance(value, list | dict):
                raise ApiError("InvalidQueryField", f"{field} can't be queried.", refers_to="$filter")
            return value
    raise ApiError("InvalidQueryField", f"The field {field} was not found.", refers_to="$filter")


def _plain(token: str) -> str:
    return token[1:-1].replace("''", "'") if token.startswith("'") else token


def _comparable(value: Any) -> tuple[Decimal, str]:
    """Numbers before texts; texts and truth values without regard to case."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value), ""
    text = str(value).lower()
    try:
        return Decimal(text), ""
    except InvalidOperation:
        return Decimal("Infinity"), text
