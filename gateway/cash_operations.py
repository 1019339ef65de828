"""What the operations API asks of the workflows that see money through."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from canonical.base import Dec
from canonical.cash import CashDecision, DecisionKind, UnappliedListing

if TYPE_CHECKING:
    from gateway.operations import Actor


class CashOperations(Protocol):
    """Errors: the tree of `gateway.operations`."""

    async def start_receipts(self, names: Sequence[tuple[str, str]], actor: "Actor") -> int:
        """Starts the workflow of each receipt (bank, reference) that has none; how many were started."""
        ...

    async def unapplied_cash(self, entity: str) -> UnappliedListing:
        """What is unapplied in the entity's ledger, asked of the ERP now."""
        ...

    async def decide_cash(
        self,
        kind: DecisionKind,
        contract: str,
        reason: str,
        actor: "Actor",
        *,
        source: str | None = None,
        invoices: dict[str, Dec | None] | None = None,
        amount: Dec | None = None,
        entry: str | None = None,
        date: dt.date | None = None,
    ) -> CashDecision:
        """Has a decision weighed and carried out, or joins the same one of the day (`date`, else today): it
        is done, or waits for a second person. InvalidRequest: it can't be as it was asked for."""
        ...
