"""What we need from a tax engine: rates before the sale, one committed document per invoice, its void."""

import datetime as dt
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.contract import Account
from canonical.origin import Origin


class TaxLine(Noun):
    """`number` is unique in the document; `amount` is net, positive also on a credit memo."""

    number: str
    product: str
    amount: Dec
    quantity: Dec
    description: str | None = None
    tax_amount: Dec | None = None
    """Tax that is not computed: what a credit memo gives back, at the credited line's rate; what an invoice
    bills that a person has accepted as it was issued."""


class TaxDocument(Noun):
    """`code` is the document's business key. `tax_date` is the credited invoice's date on a credit memo."""

    origin: Origin
    code: str
    kind: Literal["invoice", "credit_memo"]
    legal_entity: str
    account: Account
    currency: str
    date: dt.date
    tax_date: dt.date
    reference: str | None = None
    lines: tuple[TaxLine, ...]


class TaxResultLine(Noun):
    number: str
    tax: Dec
    rate_percent: Dec
    """The sum of the rates of all jurisdictions."""
    jurisdictions: tuple[str, ...]


class TaxResult(Noun):
    code: str
    id: str
    status: Literal["temporary", "saved", "committed", "cancelled"]
    total_tax: Dec
    """Positive on invoices and credit memos alike, as are the lines' taxes."""
    lines: tuple[TaxResultLine, ...]
    kind: Literal["invoice", "credit_memo"] | None = None
    currency: str | None = None
    date: dt.date | None = None


class Tax(Protocol):
    """Errors: `ports.errors`; an address that the engine can't place is `Rejected` with its field."""

    async def quote(self, documents: tuple[TaxDocument, ...]) -> tuple[TaxResult, ...]:
        """Rates and amounts; nothing is recorded."""
        ...

    async def commit(self, document: TaxDocument) -> TaxResult:
        """Records the document as final, once; one that is committed with the same lines is returned."""
        ...

    async def adjust(self, document: TaxDocument) -> TaxResult:
        """Puts the document in the place of the one that is recorded under its code, once; one that is
        recorded with the same lines is returned, and where none is, it is recorded."""
        ...

    async def void(self, origin: Origin, code: str, kind: str, legal_entity: str) -> TaxResult | None:
        """Compensation; None where there is no such document."""
        ...

    async def documents(self, legal_entity: str, *, since: dt.date | None = None) -> tuple[TaxResult, ...]:
        """All recorded documents, from the engine's own listing; with `since`, those dated on that day or
        later."""
        ...
