"""How an exchange gets lost between client and platform: one way per kind of server.

Whoever serves the application puts a `Wire` under `sandbox.wire` into the scope's extensions: the process
of `sandbox.__main__` (real sockets) or `SandboxTransport` (in process). Without one, losses are errors.
"""

from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import Scope

EXTENSION = "sandbox.wire"


@dataclass
class Answer:
    """A whole answer, kept back until it is known what becomes of it."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Wire(Protocol):
    async def refuse(self) -> None:
        """Close the connection without an answer."""

    async def fall_silent(self) -> None:
        """Never answer: the client runs into its own timeout."""

    async def cut(self, answer: Answer) -> None:
        """Send a part of the answer and close the connection."""

    async def delay(self, seconds: float) -> None:
        """Let the client wait."""


def wire_of(scope: Scope) -> Wire:
    wire: Wire | None = (scope.get("extensions") or {}).get(EXTENSION)
    if wire is None:
        raise RuntimeError("this fault needs a wire: serve by `python -m sandbox` or use SandboxTransport")
    return wire
