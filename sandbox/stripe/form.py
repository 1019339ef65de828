"""Form encoding with bracket nesting: `items[0][price]=p` becomes `{"items": {"0": {"price": "p"}}}`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import malformed

_DEPTH_LIMIT = 12
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parsed(text: str) -> dict[str, Any]:
    """The nested parameters of a body or query; lists stay dicts of indexes until a schema reads them."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        match = _NAME.fullmatch(name)
        if match is None:
            raise malformed(f"Invalid parameter name: {name}", name, None)
        path = [match[1], *_PART.findall(match[2])]
        if len(path) > _DEPTH_LIMIT:
            raise malformed(f"Parameter is nested too deeply: {name}", name, None)
        _put(tree, path, value, name)
    return tree


def _put(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    node = tree
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise malformed(f"Parameter is both a value and a hash: {name}", name, None)
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise malformed(f"Parameter is both a value and a hash: {name}", name, None)
    node[last] = value


def flat(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """All leaves by their full names, sorted: what an idempotent repeat must have in common."""
    leaves: list[tuple[str, str]] = []
    for key, value in tree.items():
        name = f"{prefix}[{key}]" if prefix else key
        leaves += flat(value, name) if isinstance(value, dict) else [(name, value)]
    return sorted(leaves)
