"""What the operations API asks of the workflows that see money through."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.operations import Actor


class CashOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_receipts(self, names: Sequence[tuple[str, str]], actor: "Actor") -> int:
        """Starts the workflow of each receipt (bank, reference) that has none; how many were started."""
        ...
