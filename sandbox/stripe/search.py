"""Stripe's query language: `field:value`, `~` for parts, comparisons, `-` for not; all AND or all OR.

A value in quotes may hold anything, words like AND too; quotes and backslashes in it follow a backslash
(docs.stripe.com/search#search-query-language).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call
from sandbox.stripe.pages import Document, limited

SEARCH_LAG_SECONDS = 5
"""How long an object that was just made stays invisible to searches (lists show it at once)."""

_TEXT = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CLAUSE = re.compile(rf"(-?)([\w.]+)(?:\[({_TEXT})\])?\s*(:|~|>=|<=|>|<)\s*(null\b|{_TEXT}|-?\d+)", re.DOTALL)
_BETWEEN = re.compile(r"\s+(?:(AND|OR)\s+)?", re.IGNORECASE)

Test = Callable[[Document], bool]


def searched(call: Call, found: list[Document], fields: Iterable[str]) -> Document:
    """One page of what a search finds; `fields`, `created` and `metadata` are those that it can ask for."""
    query: str = call.params["query"]
    visible = call.world.clock_time() - SEARCH_LAG_SECONDS
    chosen = _search_test(query, set(fields) | {"created", "metadata"}, call.path.split("/")[2])
    data = [obj for obj in found if obj.get("_written_at", 0) <= visible and chosen(obj)]
    limit = limited(call)
    start = _page_start(call.get("page"))
    more = len(data) > start + limit
    return {
        "object": "search_result",
        "data": data[start : start + limit],
        "has_more": more,
        "next_page": f"page_{start + limit}" if more else None,
        "url": call.path,
    }


def _page_start(text: str | None) -> int:
    if not text:
        return 0
    match = re.fullmatch(r"page_(\d+)", text)
    if match is None:
        raise invalid(f"Invalid page token: {text}", "page")
    return int(match[1])


def _search_test(query: str, fields: set[str], resource: str) -> Test:
    clauses, words = _clauses(query.strip())
    if not clauses or len(words) > 1:
        raise invalid(f"We were unable to parse your search query: {query}", "query")
    for clause in clauses:
        if clause[2].split(".")[0] not in fields:
            message = f"Field `{clause[2]}` is an unsupported search field for resource `{resource}`."
            raise invalid(message, "query")
    combine = any if words == {"OR"} else all
    return lambda obj: combine(_holds(obj, clause) for clause in clauses)


def _clauses(query: str) -> tuple[list[re.Match[str]], set[str]]:
    """The clauses, and the words between them (nothing said is AND); no clause where it can't be parsed."""
    clauses: list[re.Match[str]] = []
    words: set[str] = set()
    position = 0
    while clause := _CLAUSE.match(query, position):
        clauses.append(clause)
        if clause.end() == len(query):
            return clauses, words
        between = _BETWEEN.match(query, clause.end())
        if between is None:
            break
        words.add((between[1] or "AND").upper())
        position = between.end()
    return [], words


def _unquoted(text: str) -> str:
    """A value as it is meant: without its quotes, what follows a backslash as it stands."""
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text[0] in "\"'" else text


def _holds(obj: Document, clause: re.Match[str]) -> bool:
    negated, field, key, operator, text = clause.groups()
    value: Any = obj.get(field)
    if key is not None:
        value = (value or {}).get(_unquoted(key))
    wanted = _unquoted(text)
    if text == "null":
        held = value is None
    elif value is None:
        held = False
    elif operator == ":":
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        held = shown.lower() == wanted.lower()
    elif operator == "~":
        held = wanted.lower() in str(value).lower()
    elif isinstance(value, int) and re.fullmatch(r"-?\d+", wanted):
        held = _compared(value, operator, int(wanted))
    else:
        raise invalid(f"Field `{field}` does not support the operator `{operator}`.", "query")
    return held != bool(negated)


def _compared(value: int, operator: str, wanted: int) -> bool:
    return {">": value > wanted, "<": value < wanted, ">=": value >= wanted, "<=": value <= wanted}[operator]
