"""What we need from an ERP, which is the authority for postings."""

import datetime as dt
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.document import AccountRole
from canonical.origin import Origin, Reference
from ports.billing import CustomerOrder
from ports.receipts import Receipts


class ErpCheck(Noun):
    """Would the ERP take this? Asked before the first write."""

    legal_entity: str
    currency: str
    products: tuple[str, ...]
    """The ERP's item names (after governance's mapping)."""
    dates: tuple[dt.date, ...]
    accounts: tuple[str, ...]
    books_currency: str | None = None
    """In which the entity keeps its books by our policy; None: the policy does not say."""


class ErpProblem(Noun):
    """What the ERP would refuse: `field` is legal_entity, currency, item, account or date."""

    field: str
    value: str
    code: str
    message: str


class PostingPeriod(Noun):
    id: str
    name: str
    start: dt.date
    end: dt.date
    """The last day."""
    closed: bool


class Dimensions(Noun):
    department: str | None = None
    class_: str | None = None
    location: str | None = None


class LedgerLine(Noun):
    """One line of a receivable document: net `amount`, its `tax`, the account that it is credited to."""

    line: str
    item: str
    role: AccountRole
    account: str
    amount: Dec
    tax: Dec
    tax_rate_percent: Dec
    quantity: Dec
    period_start: dt.date
    period_end: dt.date
    memo: str
    dimensions: Dimensions = Dimensions()


class LedgerDocument(Noun):
    """An invoice or credit memo to post. `document_date` stays the billing platform's; `posting_date` is the
    same or, where that period is closed, the first day of the first open one.
    """

    origin: Origin
    kind: Literal["invoice", "credit_memo"]
    key: str
    contract: str
    number: str
    """The billing platform's document number."""
    customer_id: str
    legal_entity: str
    currency: str
    document_date: dt.date
    posting_date: dt.date
    due_date: dt.date | None
    receivable_account: str
    tax_account: str
    lines: tuple[LedgerLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec
    applies_to_key: str | None = None
    """A credit memo's credited invoice, by its business key."""
    memo: str
    exchange_rate: Dec | None = None
    """An invoice's, into the entity's books. None: one currency, or the ERP's own rate. A credit memo is
    posted at the rate at which its invoice is."""


class LedgerJournalLine(Noun):
    role: AccountRole
    account: str
    debit: Dec
    credit: Dec
    memo: str
    entity_customer_id: str | None = None
    dimensions: Dimensions = Dimensions()


class LedgerJournal(Noun):
    origin: Origin
    key: str
    contract: str
    legal_entity: str
    currency: str
    date: dt.date
    posting_date: dt.date
    memo: str
    lines: tuple[LedgerJournalLine, ...]


class PostedLine(Noun):
    account: str
    amount: Dec
    tax: Dec
    memo: str | None = None


class PostedDocument(Noun):
    """A posted document as the ERP lists it."""

    platform: str
    kind: Literal["invoice", "credit_memo", "journal_entry"]
    id: str
    number: str | None
    key: str | None
    legal_entity: str
    currency: str
    date: dt.date
    period: str
    status: Literal["open", "paid", "voided", "posted", "reversed"]
    lines: tuple[PostedLine, ...]
    tax: Dec
    total: Dec
    period_start: dt.date | None = None
    """The first day of the period that it is posted in; None where the ERP does not say."""
    exchange_rate: Dec | None = None
    """Into the entity's books, as it is posted; None where the ERP does not say."""
    due_date: dt.date | None = None
    """An invoice's; None where the ERP does not say."""


class RecognizedBefore(Noun):
    """What a contract's revenue entries, older than a listing goes, have credited to revenue, debits taken
    off. Those that were reversed count; so do their reversals, which are listed whatever their day.
    """

    contract: str
    currency: str
    amount: Dec


class GeneralLedgerLine(Noun):
    """One line of the ERP's general ledger; `entry` is the transaction that it belongs to. `debit` and
    `credit` are in the entity's own currency, `currency` is the transaction's, and `amount` the line in it, a
    debit above zero.

    `key` is our business key of the transaction, None for one that somebody else made.
    """

    entry: str
    legal_entity: str
    currency: str
    account: str
    debit: Dec
    credit: Dec
    kind: Literal["invoice", "credit_memo", "journal_entry", "payment", "refund", "revaluation"] | None = None
    """None for a transaction of any other kind; `revaluation` is what the ERP itself has realised."""
    key: str | None = None
    number: str | None = None
    date: dt.date | None = None
    period_start: dt.date | None = None
    amount: Dec | None = None


class Erp(Receipts, Protocol):
    """Every write is found again by its business key (`key`). Errors: `ports.errors`."""

    async def check(self, request: ErpCheck) -> tuple[ErpProblem, ...]: ...

    async def ensure_customer(self, order: CustomerOrder) -> Reference: ...

    async def posting_period(self, legal_entity: str, date: dt.date) -> PostingPeriod:
        """The date's period if open, else the first open one after it; `Rejected` where none is."""
        ...

    async def post_document(self, document: LedgerDocument) -> Reference: ...

    async def void_document(
        self, origin: Origin, kind: Literal["invoice", "credit_memo"], key: str, date: dt.date, reason: str
    ) -> Reference | None:
        """Compensation: voids with a reference, nothing is deleted; None where there is no such document."""
        ...

    async def post_journal(self, journal: LedgerJournal) -> Reference: ...

    async def reverse_journal(
        self, origin: Origin, key: str, date: dt.date, reason: str
    ) -> Reference | None: ...

    async def reverse_posting(
        self,
        origin: Origin,
        kind: Literal["invoice", "credit_memo", "journal_entry"],
        id: str,
        date: dt.date,
        reason: str,
    ) -> Reference:
        """Takes the effect of a posted transaction off, found by the ERP's own id, whoever made it: voids or
        reverses with a counter entry, once. `NotFound` where there is no such transaction.
        """
        ...

    async def close_period(self, origin: Origin, legal_entity: str, date: dt.date) -> PostingPeriod:
        """Closes the date's posting period to all postings; one that is closed is returned as it is."""
        ...

    async def documents(
        self, legal_entity: str, *, since: dt.date | None = None
    ) -> tuple[PostedDocument, ...]:
        """All posted documents, from the ERP's own listings. With `since`, documents may be left out that are
        dated before it and posted in a period that ended before it, but none that reverses or voids another.
        """
        ...

    async def recognized_before(
        self, legal_entity: str, day: dt.date, accounts: tuple[str, ...]
    ) -> tuple[RecognizedBefore, ...]:
        """What our revenue entries (`revenue/<contract>/<month>`) that `documents(since=day)` leaves out have
        recognized on the accounts, by contract and currency."""
        ...

    async def contract_documents(self, legal_entity: str, contract: str) -> tuple[PostedDocument, ...]:
        """Those of one contract by their business keys, its revenue's entries too, from the ERP's own
        listing."""
        ...

    async def general_ledger(
        self, legal_entity: str, *, since: dt.date | None = None
    ) -> tuple[GeneralLedgerLine, ...]:
        """Every posted line of the general ledger, from the ERP's own listing. With `since`, lines of
        transactions may be left out that are dated before it and posted in a period that ended before it.
        """
        ...
