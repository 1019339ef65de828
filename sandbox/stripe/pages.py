"""Lists and filters: newest first, at most 100 at a time, by cursor."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.operations import Call

Document = dict[str, Any]


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
