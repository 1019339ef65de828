"""What we need from a subscription billing platform, which is the authority for invoices and credit memos."""

import datetime as dt
from typing import Literal, Protocol

from canonical.base import Dec, Noun
from canonical.contract import Account
from canonical.document import DocumentLine, LineKind
from canonical.origin import Origin, Reference


class CustomerOrder(Noun):
    """Find the customer by the account's id, create it if absent, update it where we own it."""

    origin: Origin
    account: Account
    legal_entity: str
    currency: str


class SubscriptionLine(Noun):
    """One line as it bills by itself each cycle. `period_amount` is what a cycle costs, rounded, to the minor
    unit; zero for what is billed in arrears (usage, recurring in arrears), which is added to the draft.

    Where `quantity` × a price that the platform can express gives exactly `period_amount`, the connector
    keeps the quantity; else it bills one unit of `period_amount` and keeps the quantity as metadata.
    """

    line: str
    product: str
    description: str
    charge: Literal["recurring", "usage"]
    quantity: Dec
    period_amount: Dec
    tax_rate_percent: Dec


class SubscriptionPhase(Noun):
    """A run of cycles of equal length and price, `[start, end)`; `end` null goes on until changed.

    `start` of the first phase is the next date on which the platform must bill by itself; everything due
    before is billed by explicit invoices.
    """

    start: dt.date
    end: dt.date | None
    period_months: int
    lines: tuple[SubscriptionLine, ...]


class SubscriptionOrder(Noun):
    """The subscription as it shall be from now on; creating and changing are the same order.

    `start_date` is the contract's (it may lie in the past); `anchor_day` the day of the month from which
    periods are reckoned (31 clamps to the month's end). `phases` empty: nothing more is billed by itself.
    `end_date` is the first day without service, null for auto-renewing and evergreen contracts.
    """

    origin: Origin
    business_key: str
    """The contract's id; after a transfer or a merge, which begin another subscription, with the change's."""
    contract: str | None = None
    """The contract whose subscription it is, where the business key is another."""
    documents: str | None = None
    """How the keys of the invoices begin that it bills by itself, where not with the business key."""
    account: str | None = None
    """How these keys end: the account of a customer to whom the contract was transferred."""
    customer_id: str
    legal_entity: str
    currency: str
    start_date: dt.date
    anchor_day: int
    end_date: dt.date | None
    payment_terms_days: int
    current_lines: tuple[SubscriptionLine, ...]
    """The lines in force now, shown on the subscription until the first phase starts."""
    phases: tuple[SubscriptionPhase, ...]


class SubscriptionCancellation(Noun):
    """Stop billing at once, without proration by the platform: our documents say what is credited."""

    origin: Origin
    business_key: str
    contract: str | None = None
    """The contract whose subscription it is, where the business key is another."""
    effective_date: dt.date


class InvoiceOrder(Noun):
    """An invoice with exactly these lines, made as a draft. `key` is the document's business key."""

    origin: Origin
    key: str
    contract: str
    customer_id: str
    subscription_id: str | None
    currency: str
    date: dt.date
    due_date: dt.date
    lines: tuple[DocumentLine, ...]


class CreditOrder(Noun):
    """A credit memo against lines of one issued invoice. A line's `credits` is the index into `credited`."""

    origin: Origin
    key: str
    contract: str
    currency: str
    date: dt.date
    invoice_key: str
    reason: Literal["amendment", "cancellation", "correction"]
    lines: tuple[DocumentLine, ...]
    credited: tuple[DocumentLine, ...]
    """The lines of the credited invoice, so that the platform's own line is found by line id and period."""


class IssuedLine(Noun):
    """A line as the platform has it. `line` is our line id, None where somebody else made it."""

    id: str
    line: str | None
    kind: LineKind | None
    amount: Dec
    tax: Dec
    period_start: dt.date
    period_end: dt.date


class IssuedDocument(Noun):
    """An invoice or credit memo as the platform has it; amounts in the currency, positive on both."""

    platform: str
    kind: Literal["invoice", "credit_memo"]
    id: str
    number: str | None
    key: str | None
    contract: str | None
    customer_contract: str | None = None
    """A contract of the same customer, where the document names none and was asked for by date."""
    customer_id: str
    subscription_id: str | None
    subscription_key: str | None = None
    """The business key of the subscription of ours that has billed it by itself."""
    status: Literal["draft", "open", "paid", "void", "uncollectible", "issued"]
    origin: Literal["ours", "cycle", "foreign"]
    """ours: made by an order; cycle: billed by the subscription by itself; foreign: by somebody else."""
    currency: str
    date: dt.date
    due_date: dt.date | None
    credited_invoice_id: str | None = None
    lines: tuple[IssuedLine, ...]
    subtotal: Dec
    tax: Dec
    total: Dec
    url: str | None = None


class DraftCompletion(Noun):
    """What a cycle's draft lacks: lines in arrears and usage (added), the tax of its own lines (set).

    The amounts of the platform's own lines are never changed: they are compared.
    """

    origin: Origin
    invoice_id: str
    key: str
    contract: str
    date: dt.date
    due_date: dt.date
    add: tuple[DocumentLine, ...]
    taxes: tuple[DocumentLine, ...]
    """The expected lines that the platform billed by itself, for their tax rates."""


class Billing(Protocol):
    """Every write can be repeated: the same `origin` and key give the same object. Errors: `ports.errors`."""

    async def ensure_customer(self, order: CustomerOrder) -> Reference: ...

    async def set_subscription(self, order: SubscriptionOrder) -> Reference:
        """Creates the subscription with its products and prices, or changes it to the order."""
        ...

    async def cancel_subscription(self, order: SubscriptionCancellation) -> Reference: ...

    async def draft_invoice(self, order: InvoiceOrder) -> Reference: ...

    async def complete_draft(self, order: DraftCompletion) -> IssuedDocument: ...

    async def finalize_invoice(self, origin: Origin, invoice_id: str) -> IssuedDocument:
        """Issues the draft; one that is issued already is returned as it is."""
        ...

    async def discard_invoice(
        self, origin: Origin, key: str, reason: str, *, id: str | None = None
    ) -> Reference | None:
        """Deletes the draft or voids the issued invoice; None where there is none. `id` is the platform's,
        where the key is not enough: a cycle's invoice may have that of one of ours.
        """
        ...

    async def issue_credit_memo(self, order: CreditOrder) -> IssuedDocument: ...

    async def void_credit_memo(self, origin: Origin, key: str, reason: str) -> Reference | None: ...

    async def read_invoice(self, invoice_id: str) -> IssuedDocument: ...

    async def read_credit_memo(self, credit_memo_id: str) -> IssuedDocument: ...

    async def documents(
        self, contract: str | None = None, *, since: dt.date | None = None
    ) -> tuple[IssuedDocument, ...]:
        """All invoices and credit memos, from the platform's own listings (drafts and voids included). With
        `since`, those dated before it may be left out, and no others: whenever they were made.
        """
        ...
