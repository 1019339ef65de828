"""What we need from a payment platform, which is the authority for money received."""

import datetime as dt
from typing import Protocol

from canonical.base import Dec, Noun
from canonical.origin import Origin, Reference
from canonical.payment import CashMovement, Dispute, Payment, Payout, Refund


class RefundOrder(Noun):
    """Give back a part of a payment. `key` names the refund: asked again, the same one is answered."""

    origin: Origin
    key: str
    payment_id: str
    amount: Dec
    currency: str
    reason: str
    unapplied: bool = False
    """It gives back what was not applied: said on the refund, so that its posting leaves invoices alone."""


class Payments(Protocol):
    """Reads are by the platform's ids. Errors: `ports.errors`; NotFound where there is no such object."""

    async def read_payment(self, payment_id: str) -> Payment: ...

    async def read_refund(self, refund_id: str) -> Refund: ...

    async def read_dispute(self, dispute_id: str) -> Dispute: ...

    async def read_payout(self, payout_id: str) -> Payout:
        """With every entry of the balance that it pays out."""
        ...

    async def refund_payment(self, order: RefundOrder) -> Reference:
        """Gives money back once for each key. Rejected: more than is left of the payment."""
        ...

    async def movements(self, since: dt.date | None = None) -> tuple[CashMovement, ...]:
        """All money that has moved, from the platform's own listings, oldest first; with `since`, what moved
        on that day or later. What is pending or has failed is left out: it is no cash."""
        ...

    async def payouts(self, since: dt.date | None = None) -> tuple[Payout, ...]:
        """All payouts, oldest first; their entries are left out."""
        ...
