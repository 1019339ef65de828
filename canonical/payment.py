"""Money that moves: what a payment platform says of it, and what the books make of it.

Amounts are in the payment's currency, positive unless a field says otherwise; days are the platform's, UTC.
"""

import datetime as dt
from typing import Literal

from canonical.base import Dec, Noun

PaymentMethod = Literal["card", "bank_debit", "bank_transfer", "other"]
PaymentStatus = Literal["pending", "succeeded", "failed", "cancelled"]
RefundStatus = Literal["pending", "succeeded", "failed", "cancelled"]
DisputeStatus = Literal["inquiry", "open", "under_review", "won", "lost"]
PayoutStatus = Literal["pending", "paid", "failed", "cancelled"]
CashKind = Literal[
    "payment", "application", "refund", "chargeback", "chargeback_won", "write_off", "recovery"
]
"""`recovery`: a write-off is taken back, because money has come for it."""


class PaidInvoice(Noun):
    """An invoice that a payment names, and how much of the payment is for it. `key` is our business key, None
    for an invoice of somebody else."""

    invoice_id: str
    key: str | None
    amount: Dec


class Payment(Noun):
    """A payment at a platform. `amount` is what was captured (what is asked for, while it is pending).

    `contract` is what the platform's objects say by the keys that we wrote on them: the payment's own, its
    invoices', else its customer's newest invoice's; None where none of them says.
    """

    platform: str
    id: str
    status: PaymentStatus
    method: PaymentMethod
    amount: Dec
    currency: str
    date: dt.date
    customer_id: str | None
    contract: str | None
    invoices: tuple[PaidInvoice, ...] = ()
    failure: str | None = None
    """The platform's code for why it failed."""


class Refund(Noun):
    """Money given back; `payment_id` is the payment that it gives back."""

    platform: str
    id: str
    status: RefundStatus
    payment_id: str
    amount: Dec
    currency: str
    date: dt.date
    contract: str | None
    invoices: tuple[PaidInvoice, ...] = ()
    """Those of the payment."""
    unapplied: bool = False
    """It was ordered as a refund of unapplied money: no invoice is open again by it."""


class DisputeMovement(Noun):
    """What a dispute did to the balance: `amount` below zero is withdrawn, above zero reinstated."""

    id: str
    amount: Dec
    fee: Dec
    date: dt.date


class Dispute(Noun):
    """A chargeback: the customer's bank takes a payment back. An `inquiry` has moved no money (yet)."""

    platform: str
    id: str
    status: DisputeStatus
    payment_id: str
    amount: Dec
    currency: str
    date: dt.date
    evidence_due_at: dt.datetime | None
    movements: tuple[DisputeMovement, ...]
    contract: str | None
    invoices: tuple[PaidInvoice, ...] = ()


class BalanceEntry(Noun):
    """One entry of the platform's balance: `net` = `amount` - `fee`, signed; `source_id` is the charge,
    refund or dispute that it comes from, `movement_key` the key under which that is in the ledger."""

    id: str
    kind: Literal["payment", "refund", "dispute", "fee", "other"]
    source_id: str | None
    movement_key: str | None
    amount: Dec
    fee: Dec
    net: Dec
    currency: str


class Payout(Noun):
    """What the platform transfers to the bank: the sum of its entries' nets. The entries leave out the payout
    itself."""

    platform: str
    id: str
    status: PayoutStatus
    amount: Dec
    currency: str
    arrival_date: dt.date
    entries: tuple[BalanceEntry, ...]
    contract: str | None = None
    """That of one of the payments that are paid out: by it the ledger is found."""


class CashMovement(Noun):
    """Money that moved at the platform, from its own listings. `amount` is signed: what it adds to our cash
    before fees; `fee` what a dispute cost. `key` is that of the ledger's entry."""

    platform: str
    kind: Literal["payment", "refund", "chargeback", "chargeback_won"]
    id: str
    key: str
    amount: Dec
    fee: Dec
    currency: str
    date: dt.date
    contract: str | None
    invoice_keys: tuple[str, ...] = ()


class InvoiceChange(Noun):
    """How much is open of an invoice changes: below zero is taken off, above zero is open again."""

    invoice_key: str
    change: Dec


class CashApplication(Noun):
    """What is done with money: which invoices, and how the customer's unapplied credit changes.

    `amount` is what moved (of an application: what was unapplied before), positive.
    """

    kind: CashKind
    amount: Dec
    invoices: tuple[InvoiceChange, ...]
    unapplied: Dec
    fee: Dec
