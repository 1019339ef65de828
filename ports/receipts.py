"""What we need from an ERP to keep money: what is open of a customer, entries of cash, their listing."""

import datetime as dt
from decimal import Decimal
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.origin import Origin, Reference
from canonical.payment import CashApplication


class OpenItem(Noun):
    """A posted invoice as the ERP has it. `open` is below zero where it was paid and credited after that;
    `paid` is what money (not credit memos) has settled of it, `written_off` what write-offs have."""

    key: str
    number: str | None
    date: dt.date
    due_date: dt.date
    total: Dec
    open: Dec
    paid: Dec
    written_off: Dec = Decimal(0)


class UnappliedItem(Noun):
    """Money of the customer's that is not applied yet; `key` that of the entry by which it came in."""

    key: str
    date: dt.date
    amount: Dec


class ReceivablesAccount(Noun):
    """One customer's receivables in the ERP, invoices of ours only, in order of date and number."""

    customer_id: str
    currency: str
    invoices: tuple[OpenItem, ...]
    unapplied: tuple[UnappliedItem, ...]


class OpenReceivable(Noun):
    """An invoice of ours that is open (above zero), and whose it is, in the invoice's currency."""

    key: str
    number: str | None
    customer_id: str
    customer_names: tuple[str, ...]
    due_date: dt.date
    open: Dec


class CashAccounts(Noun):
    """Account numbers by role."""

    cash: str
    accounts_receivable: str
    customer_credits: str
    bad_debt: str
    dispute_fees: str


class CashEntry(Noun):
    """Money to be posted as it was decided. `posting_date` is `date`, or the first open period's first day.

    `source_key` is the entry whose unapplied money an application or a refund uses up first.
    """

    origin: Origin
    key: str
    contract: str
    customer_id: str
    legal_entity: str
    currency: str
    date: dt.date
    posting_date: dt.date
    application: CashApplication
    accounts: CashAccounts
    memo: str
    source_key: str | None = None
    exchange_rate: Dec | None = None
    """Into the entity's books, on the money's day. None: one currency, or no money moves: what is written off
    goes at its invoice's rate, what was unapplied at the one at which it came in."""


class AppliedTo(Noun):
    """A part of a receipt that settles a document; `key` is None for somebody else's document."""

    document_id: str
    key: str | None
    amount: Dec


class PostedReceipt(Noun):
    """A transaction of money as the ERP lists it. One entry of cash can be several of them, whose keys begin
    with its own: what is applied, what is `unapplied` and the `fee` are posted apart.

    `cash` is signed, what it adds to cash. `unapplied` is what of it is still not applied.
    """

    platform: str
    kind: Literal["payment", "unapplied", "application", "refund", "write_off", "recovery", "fee"]
    id: str
    number: str | None
    key: str | None
    legal_entity: str
    customer_id: str | None
    currency: str
    date: dt.date
    period_start: dt.date
    amount: Dec
    cash: Dec
    unapplied: Dec
    applied_to: tuple[AppliedTo, ...]
    exchange_rate: Dec | None = None
    """Into the entity's books, as it is posted; None where the ERP does not say."""


class Receipts(Protocol):
    """Part of every ERP. Writes are found again by their keys. Errors: `ports.errors`."""

    async def receivables(
        self, legal_entity: str, customer_id: str, invoice_key: str | None = None
    ) -> ReceivablesAccount:
        """The customer's; of the one to whom the invoice was billed, where it is posted already."""
        ...

    async def open_receivables(self, legal_entity: str, currency: str) -> tuple[OpenReceivable, ...]:
        """All open invoices of ours, of all the entity's customers, from the ERP's own listing."""
        ...

    async def written_off(self, legal_entity: str, currency: str) -> tuple[OpenReceivable, ...]:
        """The entity's invoices that write-offs have settled in part or whole: `open` is that part."""
        ...

    async def post_cash(self, entry: CashEntry) -> Reference:
        """Posts once. Conflict: less is open by now than the entry says; read again and decide anew. A
        recovery is of one invoice."""
        ...

    async def find_receipts(self, keys: tuple[str, ...]) -> tuple[PostedReceipt, ...]:
        """The transactions of entries with these keys, as far as they are there."""
        ...

    async def receipts(self, legal_entity: str, *, since: dt.date | None = None) -> tuple[PostedReceipt, ...]:
        """All transactions of money, from the ERP's own listing, ours and others'. With `since`, those may be
        left out that are dated before it and posted in a period that ended before it.
        """
        ...
