"""Invoices, credit memos and journal entries as the rules expect them, and as the platforms hold them.

A document's `key` is its business key: made from contract, kind and date, so that every platform can be asked
whether it has the document before it is written again.
"""

import datetime as dt
from typing import Literal

from canonical.base import Dec, Noun

LineKind = Literal["recurring", "proration", "one_time", "usage"]


class DocumentLine(Noun):
    """One line, in the document's currency; `[period_start, period_end)` is its service period.

    `tax_rate_percent` is the rate by which `tax` was computed. On a credit memo `credits` is the index
    (from 0) of the line of the credited invoice.
    """

    line: str
    kind: LineKind
    amount: Dec
    tax: Dec
    period_start: dt.date
    period_end: dt.date
    product: str
    charge: Literal["recurring", "one_time", "usage"]
    timing: Literal["advance", "arrears"]
    tax_rate_percent: Dec
    quantity: Dec
    fee: bool = False
    credits: int | None = None


class Invoice(Noun):
    """An expected invoice. `id` is its number in the preview (INV-1); `key` the business key."""

    id: str
    key: str
    contract: str
    currency: str
    date: dt.date
    due_date: dt.date
    lines: tuple[DocumentLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec


class CreditMemo(Noun):
    """An expected credit memo against one invoice. `tax_date` is the date of the credited invoice."""

    id: str
    key: str
    contract: str
    currency: str
    date: dt.date
    invoice: str
    invoice_key: str
    tax_date: dt.date
    lines: tuple[DocumentLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec


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

    date: dt.date
    event: str
    document: str
    currency: str
    lines: tuple[JournalLine, ...]
