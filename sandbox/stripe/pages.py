"""Lists, filters and searches: newest first, at most 100 at a time, by cursor."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.operations import Call

Document = dict[str, Any]

SEARCH_LAG_SECONDS = 5
"""How long an object that was just made stays invisible to searches (lists show it at once)."""

_CLAUSE = re.compile(
    r"""(-?)([\w.]+)(?:\[["']([^"']+)["']\])?\s*(:|~|>=|<=|>|<)\s*(null|"[^"]*"|'[^']*'|-?\d+)"""
)


def page(call: Call, found: list[Document], url: str | None = None) -> Document:
    """One page of `found`, which is newest first."""
    limit = limited(call)
    after, before = call.get("starting_after"), call.get("ending_before")
    if after and before:
        raise invalid("You can't specify both starting_after and ending_before.", "ending_before")
    if before:
        chosen = found[: _index(found, before, "ending_before")]
        data, more = chosen[-limit:], len(chosen) > limit
    else:
        start = _index(found, after, "starting_after") + 1 if after else 0
        chosen = found[start:]
        data, more = chosen[:limit], len(chosen) > limit
    return {"object": "list", "data": data, "has_more": more, "url": url or call.path}


def limited(call: Call) -> int:
    limit: int = call.get("limit", 10)
    for wrong, word, edge in ((limit < 1, "greater", 1), (limit > 100, "less", 100)):
        if wrong:
            raise invalid(
                f"This value must be {word} than or equal to {edge} (it currently is '{limit}').",
                "limit",
                "parameter_invalid_integer",
            )
    return limit


def _index(found: list[Document], id: str, param: str) -> int:
    for index, obj in enumerate(found):
        if obj["id"] == id:
            return index
    error = missing("object", id, param)
    error.status = 400
    raise error


def matching(
    call: Call, found: Iterable[Document], equal: Iterable[str], ranges: Iterable[str] = ()
) -> list[Document]:
    """Those that have the given values of the fields `equal` and lie in the given `ranges`."""
    tests: list[Callable[[Document], bool]] = []
    for name in equal:
        if call.get(name) is not None:
            tests.append(lambda obj, name=name: obj.get(name) == call.get(name))  # type: ignore[misc]
    for name in ranges:
        if call.get(name) is not None:
            tests.append(lambda obj, name=name: within(obj.get(name), call.get(name)))  # type: ignore[misc]
    return [obj for obj in found if all(test(obj) for test in tests)]


def within(value: int | None, wanted: int | dict[str, int]) -> bool:
    if value is None:
        return False
    if isinstance(wanted, int):
        return value == wanted
    checks = {
        "gt": lambda edge: value > edge,
        "gte": lambda edge: value >= edge,
        "lt": lambda edge: value < edge,
        "lte": lambda edge: value <= edge,
    }
    return all(checks[name](edge) for name, edge in wanted.items())


def search(call: Call, found: list[Document], fields: Iterable[str]) -> Document:
    """Stripe's query language: `field:value`, `~` for parts, comparisons, `-` for not; all AND or all OR."""
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


def _search_test(query: str, fields: set[str], resource: str) -> Callable[[Document], bool]:
    either = re.search(r"\s+OR\s+", query) is not None
    parts = re.split(r"\s+(?:AND|OR)\s+|\s+(?=-?[\w.]+(?:\[|:|~|>|<))", query.strip())
    clauses = [_CLAUSE.fullmatch(part.strip()) for part in parts]
    if not query.strip() or not all(clauses):
        raise invalid(f"We were unable to parse your search query: {query}", "query")
    for clause in clauses:
        if clause and clause[2].split(".")[0] not in fields:
            message = f"Field `{clause[2]}` is an unsupported search field for resource `{resource}`."
            raise invalid(message, "query")
    combine = any if either else all
    return lambda obj: combine(_holds(obj, clause) for clause in clauses if clause)


def _holds(obj: Document, clause: re.Match[str]) -> bool:
    negated, field, key, operator, text = clause.groups()
    value = obj.get(field)
    if key is not None:
        value = (value or {}).get(key)
    wanted = text.strip("\"'")
    if text == "null":
        held = value is None
    elif value is None:
        held = False
    elif operator == ":":
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        held = shown.lower() == wanted.lower()
    elif operator == "~":
        held = wanted.lower() in str(value).lower()
    else:
        held = _compared(int(value), operator, int(wanted))
    return held != bool(negated)


def _compared(value: int, operator: str, wanted: int) -> bool:
    return {">": value > wanted, "<": value < wanted, ">=": value >= wanted, "<=": value <= wanted}[operator]
