"""What a person decides about money that is in the ledger, or is given up."""

import datetime as dt
import hashlib
from typing import Literal

from pydantic import Field

from canonical.base import Day, Dec, Noun

DecisionKind = Literal["application", "refund", "write_off", "return"]
"""`return`: a receipt that the bank has taken back."""
DecisionStatus = Literal["weighed", "waiting", "approved", "blocked", "done", "refused", "rejected"]
"""`waiting`: for a second person; `blocked`: an exception is open; `refused`: it can't be as it was asked
for; `rejected`: the second person said no, or it was withdrawn."""


class CashOrder(Noun):
    """A decision. An application and a refund are of the unapplied rest of `source`, an entry of cash by its
    key; an application and a write-off are for `invoices` by key, each with its amount, or None for as much
    as there is. `amount` is a refund's, None for all that is left, or a return's, None for the whole of its
    source; `entry` is the bank's reference of the reversal by which a part is taken back.

    The same order on one day is the same decision.
    """

    tenant: str
    kind: DecisionKind
    contract: str
    source: str | None = None
    invoices: dict[str, Dec | None] = Field(default_factory=dict)
    amount: Dec | None = None
    entry: str | None = None
    date: Day
    reason: str
    requested_by: str
    role: str
    correlation_id: str

    @property
    def id(self) -> str:
        """Made from what is decided on, whoever asks."""
        named = [
            f"{key}={'' if amount is None else amount.normalize()}" for key, amount in self.invoices.items()
        ]
        amount = "" if self.amount is None else str(self.amount.normalize())
        entry = () if self.entry is None else (self.entry,)
        parts = (self.kind, self.source or "", *sorted(named), amount, self.date.isoformat(), *entry)
        text = "\x1f".join(parts)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


class CashDecision(Noun):
    """How a decision stands. `document` is the ERP's id (a gateway refund's until it is posted: none)."""

    id: str
    kind: DecisionKind
    status: DecisionStatus
    contract: str
    workflow_id: str
    amount: Dec | None = None
    currency: str | None = None
    invoices: dict[str, Dec | None] = Field(default_factory=dict)
    override: str | None = None
    exception: str | None = None
    document: str | None = None
    message: str = ""
    field: str | None = None


class UnappliedMoney(Noun):
    """Money in the ledger that is not applied (in full): `key` is that of the entry by which it came in."""

    key: str
    customer_id: str | None
    date: dt.date
    currency: str
    amount: Dec
    unapplied: Dec


class UnappliedListing(Noun):
    """The oldest first; `left_out` are more than fit."""

    entity: str
    money: tuple[UnappliedMoney, ...]
    left_out: int = 0


class UnappliedQuestion(Noun):
    entity: str
