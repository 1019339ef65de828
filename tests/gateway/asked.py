"""What each part of the fake operations remembers."""

from typing import Any

from gateway.operations import OperationError


class Asked:
    """Fails as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.fails_with: OperationError | None = None

    def _asked(self, name: str, what: Any) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        self.calls.append((name, what))
