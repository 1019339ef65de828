"""The sides of a period as they are listed, where they differ, and the close of the period.

A side is one list of what should be the same thing: what the contracts' rules make due (`bookings`), what the
billing platform has issued, what the tax engine has committed, what the ERP holds as receivables and in its
general ledger; what was paid, what the ERP has received, and what of that is accounted for; what the bank's
statements say, and what was paid out to it; what is earned and what the ERP has recognized.
"""

import datetime as dt
from typing import Literal

from pydantic import Field

from canonical.base import Dec, Noun
from canonical.document import AccountRole
from canonical.policy import PolicyExcerpt

Side = Literal[
    "bookings",
    "billings",
    "tax",
    "receivables",
    "ledger",
    "cash",
    "receipts",
    "applied",
    "bank",
    "payouts",
    "revenue",
    "recognized",
    "rates",
]
"""`rates` is no side that is compared: at which exchange rates documents are posted, by which the contracts'
revenue comes into the books."""
SIDES: tuple[Side, ...] = (
    "bookings",
    "billings",
    "tax",
    "receivables",
    "ledger",
    "cash",
    "receipts",
    "applied",
    "bank",
    "payouts",
    "revenue",
    "recognized",
)
EntryKind = Literal["invoice", "credit_memo", "payment", "refund", "journal_entry", "tax_document"]
BreakType = Literal[
    "missing",
    "duplicate",
    "amount",
    "rounding",
    "wrong_period",
    "unmatched_entry",
    "tax",
    "currency",
]
RepairKind = Literal["restart_document", "reverse_entry", "repost_document", "commit_tax", "void_tax"]


class Settled(Noun):
    """A document's key (`platform:id` of one that is not ours), and how much of it is settled."""

    document: str
    amount: Dec


class Entry(Noun):
    """One document, payment or journal as a side lists it.

    `total` and `tax` are signed: what they add to the side (credit memos and refunds are below zero). `key`
    is our business key, null where somebody else made it. `date` is the document's own day, which says to
    which period it belongs; `posted_in` the month in which the ERP has posted it ("2026-01"). `unfinished`
    says why it does not count yet: a draft, a change under way.
    """

    side: Side
    kind: EntryKind
    platform: str
    id: str
    key: str | None
    number: str | None = None
    contract: str | None = None
    customer_id: str | None = None
    currency: str
    date: dt.date
    posted_in: str | None = None
    total: Dec
    tax: Dec
    unfinished: str | None = None
    rate: Dec | None = None
    """Of an entry of `rates` alone."""
    invoices: tuple[str, ...] = ()
    """Of `cash`: the keys of the invoices that the payment names."""
    settles: tuple[Settled, ...] = ()
    """Of `applied`: the documents that the money settles."""
    unapplied: Dec | None = None
    """Of `applied`: how much of the money is still kept as the customer's credit."""


class BreakRule(Noun):
    """Whose breaks of a type are, and whether they hold up the close."""

    owner: str
    blocks_close: bool


class ReconciliationTerms(Noun):
    """What governance says about reconciling one legal entity (`reconciliation.yaml`).

    A difference of up to `rounding_minor_units` is rounding. Foreign journals on `controlled_accounts` are
    breaks. Breaks count once they are seen again after `recheck_after_seconds`: documents may be on their
    way. A line of a bank's statement that is no receipt and in no ledger goes by `bank_debits`; None: such
    lines are not compared.
    """

    rounding_minor_units: int
    recheck_after_seconds: int
    controlled_accounts: tuple[AccountRole, ...]
    close_before_period_end: bool
    breaks: dict[BreakType, BreakRule]
    bank_debits: BreakRule | None = None


class Repair(Noun):
    """What would put a break right: an order to a machine, `kind`, about one object of one platform.

    `object_kind` is that of the document where the object is a tax document. `billing_id` is the billing
    platform's id of the document. `date` is the document's own day, `reverse_on` the day on which its posting
    is taken off: in the period in which that lies.
    """

    kind: RepairKind
    platform: str
    object_kind: EntryKind
    object_id: str
    key: str | None = None
    contract: str | None = None
    billing_id: str | None = None
    date: dt.date
    reverse_on: dt.date


class Break(Noun):
    """Where two sides differ. `effect` is what the side holds too much (below zero: too little), in the
    currency of the reconciliation. `id` is made from the content: the same break keeps it from run to run.
    `repair` is null where only a person can put it right; `proposal` says what is to be done.
    """

    id: str
    type: BreakType
    side: Side
    against: Side
    document: str
    documents: tuple[str, ...]
    contract: str | None
    effect: Dec
    cause: str
    owner: str
    blocks_close: bool
    proposal: str
    repair: Repair | None = None


class Reconciliation(Noun):
    """One legal entity, period and currency: the sides' totals, and where they differ."""

    entity: str
    period: str
    currency: str
    sides: dict[Side, Dec]
    breaks: tuple[Break, ...]


class ReconciliationOrder(Noun):
    """Reconcile this entity and period. `requested_by` is `schedule` for the nightly run."""

    tenant: str
    entity: str
    period: str
    requested_by: str
    correlation_id: str


class ReconciliationSummary(Noun):
    """What came of a run. `run` names it; `digest` is the hash of all sides and breaks."""

    run: str
    entity: str
    period: str
    digest: str
    breaks: int
    blocking: int


class BreakReport(Noun):
    """A break handed to the workflow that sees it through, with the policy that it goes by."""

    tenant: str
    entity: str
    period: str
    currency: str
    found: Break
    policy: PolicyExcerpt
    correlation_id: str


class PeriodListings(Noun):
    """All entries of one entity around a period. `open_in_erp`: the ERP still posts into the period."""

    entity: str
    period: str
    entries: tuple[Entry, ...]
    open_in_erp: bool
    sides: tuple[Side, ...] = Field(min_length=1)
    """The sides that were listed; what was not listed is not compared."""


class DocumentRestart(Noun):
    """Hand a document on again, as its event would: the document's own workflow reads, compares and posts."""

    tenant: str
    kind: Literal["invoice", "credit_memo", "payment", "refund", "dispute"]
    platform: str
    document_id: str
    contract: str | None
    event_id: str
    correlation_id: str


class RepairResult(Noun):
    """How a break ended: `repaired`, `explained`, `gone` by itself, or `left` as it is; why, in words."""

    break_id: str
    outcome: Literal["repaired", "explained", "gone", "left"]
    note: str
