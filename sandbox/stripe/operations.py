"""The operations of the API: which function answers which method and path."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.stripe.parameters import PARAMETERS
from sandbox.stripe.schema import Fields
from sandbox.stripe.world import World

Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request to an operation: the ids of its path and its parameters, read and typed."""

    world: World
    path: str
    ids: dict[str, str]
    params: Document

    def id(self) -> str:
        """The last id of the path."""
        return list(self.ids.values())[-1]

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter; one sent as an empty string (to unset) is `default` too."""
        value = self.params.get(name)
        return default if value is None or value == "" else value

    def sent(self, name: str) -> bool:
        return name in self.params


Endpoint = Callable[[Call], Document]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    pattern: re.Pattern[str]
    parameters: Fields
    endpoint: Endpoint


@dataclass
class Operations:
    """Filled by the decorator `operation` when the modules of the objects are imported."""

    all: list[Operation] = field(default_factory=list)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Paths without ids come before those with, so that `/search` is no id."""
        for one in self.all:
            match = one.pattern.fullmatch(path) if one.method == method else None
            if match:
                return one, match.groupdict()
        return None

    def add(self, name: str, endpoint: Endpoint) -> None:
        method, _, template = name.partition(" ")
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
        self.all.append(Operation(name, method, pattern, PARAMETERS[name], endpoint))
        self.all.sort(key=lambda one: one.name.count("{"))


OPERATIONS = Operations()


def operation(name: str) -> Callable[[Endpoint], Endpoint]:
    def register(endpoint: Endpoint) -> Endpoint:
        OPERATIONS.add(name, endpoint)
        return endpoint

    return register
