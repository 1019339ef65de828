"""Money that came in at a bank, as its statement has it, and what may be done with it.

Amounts are in the receipt's currency and positive; days are the bank's.
"""

from typing import Literal

from canonical.base import Day, Dec, Noun

SuggestionReason = Literal[
    "exact",
    "within_tolerance",
    "part_payment",
    "over_payment",
    "sum_of_invoices",
    "amount",
    "remitter",
    "written_off",
    "decided",
]
ReceiptStatus = Literal["received", "waiting", "applied", "left", "booked"]
"""`waiting`: for a person; `left`: a person has decided that it is not to be posted; `booked`: it is no
receipt, and nothing is applied."""


class BankReceipt(Noun):
    """An entry of a bank's statement: a credit, or (`flow`) money that goes out.

    `ref` names it at the bank for good (the bank's own reference of the entry), `references` are what the
    remitter gave as structured references, `text` is free.
    """

    bank: str
    ref: str
    entity: str
    amount: Dec
    currency: str
    flow: Literal["in", "out"] = "in"
    value_date: Day
    account: str | None = None
    remitter: str | None = None
    references: tuple[str, ...] = ()
    text: str = ""
    transaction_ids: tuple[str, ...] = ()
    """Identifications of the payment by remitter and banks, which its reversal has too."""
    source: str = ""
    """Statement and entry, or file and line: where it was read."""


class InvoiceShare(Noun):
    """How much of a receipt is for an invoice. `key` is our business key of it."""

    key: str
    number: str | None
    amount: Dec


class Suggestion(Noun):
    """What a receipt may be for: shares of one customer's invoices, the rest of it unapplied."""

    reason: SuggestionReason
    customer_id: str
    shares: tuple[InvoiceShare, ...]
    unapplied: Dec
    words: str


class CashMatch(Noun):
    """`exact`: certain enough to be applied by itself. `suggestions` are for a person, the best first."""

    exact: Suggestion | None = None
    suggestions: tuple[Suggestion, ...] = ()


class LeftOut(Noun):
    """An entry of a statement that is no receipt, and why. A `returned_receipt` takes an
    earlier receipt back: a person must see to it. `returned_debit` gives back what we had paid."""

    place: str
    ref: str
    kind: Literal["debit", "returned_debit", "returned_receipt", "not_booked"]
    amount: Dec
    currency: str


class BankStatement(Noun):
    """What a bank's file holds: receipts in the order of the file, each `ref` once."""

    receipts: tuple[BankReceipt, ...]
    left_out: tuple[LeftOut, ...]
    returned: tuple[BankReceipt, ...] = ()
    """Receipts that the bank has taken back, by the reversals' own references and days."""
    lines: tuple[BankReceipt, ...] = ()
    """All that is booked and no receipt, each under a reference of its own: a reversal may have that of what
    it reverses."""
    repeated: int = 0
    """Entries that the file has more than once."""


class ReturnMatch(Noun):
    """Which receipt of the bank a reversal takes back, by reference: `certain`, or the likeliest first.
    `part` is the one that it names and that is over more."""

    certain: str | None = None
    part: str | None = None
    suggestions: tuple[str, ...] = ()


class Tolerance(Noun):
    """Up to how far from what is open a payment is still meant for it: both bounds hold."""

    percent: Dec
    amount: Dec
