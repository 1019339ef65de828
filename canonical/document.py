"""Invoices, credit memos and journal entries as the rules expect them, and as the platforms hold them.

A document's `key` is its business key: made from contract, kind and date, so that every platform can be asked
whether it has the document before it is written again.
"""

from typing import Literal

from canonical.base import Day, Dec, Noun

LineKind = Literal["recurring", "proration", "one_time", "usage"]


class DocumentLine(Noun):
    """One line, in the document's currency; `[period_start, period_end)` is its service period.

    `timing` says against which account it earns: billed in `advance` (deferred revenue) or in `arrears`
    (unbilled receivable). `tax_rate_percent` is the rate by which `tax` was computed. On a credit memo
    `credits` is the index (from 0) of the line of the credited invoice. `accepted_on` is when a `[d, d)`
    line earns, if not on d; `fee` marks a termination fee. Amounts are positive on both kinds of document.
    """

    line: str
    kind: LineKind
    amount: Dec
    tax: Dec
    period_start: Day
    period_end: Day
    product: str
    charge: Literal["recurring", "one_time", "usage"]
    timing: Literal["advance", "arrears"]
    tax_rate_percent: Dec
    quantity: Dec
    fee: bool = False
    accepted_on: Day | None = None
    credits: int | None = None


class Invoice(Noun):
    """An expected invoice. `id` is its number in the preview (INV-1); `key` the business key.

    `account` is the customer that owes it. `posting_date` is its own date, or the first day of the first open
    period where its own is closed.
    """

    id: str
    key: str
    contract: str
    account: str
    currency: str
    date: Day
    posting_date: Day
    due_date: Day
    lines: tuple[DocumentLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec


class CreditMemo(Noun):
    """An expected credit memo against one invoice. `tax_date` is the date of the credited invoice."""

    id: str
    key: str
    contract: str
    account: str
    currency: str
    date: Day
    posting_date: Day
    invoice: str
    invoice_key: str
    tax_date: Day
    lines: tuple[DocumentLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec


class UnassignedLine(Noun):
    """A line of an invoice that a person has accepted though it is on no line of the contract, and that lasts
    beyond the day of a change which credits the invoice's lines. `unused` of it is credited by nobody.
    """

    change: str
    invoice_key: str
    line: DocumentLine
    unused: Dec

    def __str__(self) -> str:
        period = f"{self.line.period_start} to {self.line.period_end}"
        return f"{self.invoice_key}: {self.line.amount} for {period}, {self.unused} of it unused"


AccountRole = Literal[
    "accounts_receivable",
    "deferred_revenue",
    "unbilled_receivable",
    "contract_asset",
    "revenue",
    "usage_revenue",
    "termination_fees",
    "tax_payable",
    "cash",
    "customer_credits",
    "bad_debt",
    "dispute_fees",
    "fx_realised",
    "fx_unrealised",
]


class JournalLine(Noun):
    account: AccountRole
    debit: Dec
    credit: Dec


class JournalEntry(Noun):
    """A balanced entry in account roles; governance maps a role to an account per ERP and legal entity."""

    date: Day
    event: str
    document: str
    currency: str
    lines: tuple[JournalLine, ...]
