"""What the files of `governance/policy/` may say: one model per file, each strict about its own keys.

What concerns several files (an owner that does not exist, a platform that is not declared) is checked in
`governance.checks`. Everything here is a frozen value and can be passed to a workflow as data.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from canonical.base import Dec, Noun
from canonical.document import AccountRole
from canonical.reconciliation import BreakType

WILDCARD = "*"

Capability = Literal["crm", "billing", "tax", "erp", "payments"]
Role = Literal["viewer", "operator", "finance", "approver", "admin"]
Action = Literal["retry", "fix", "skip", "accept", "compensate"]
OwnedNoun = Literal[
    "account",
    "contract",
    "change",
    "product",
    "price",
    "subscription",
    "usage",
    "invoice",
    "credit_memo",
    "payment",
    "refund",
    "dispute",
    "tax_document",
    "journal_entry",
    "posting_period",
]
Decision = Literal["contracts", "documents", "taxes", "receipts", "postings"]
RetainedKind = Literal[
    "inbound_event",
    "webhook_id",
    "outbound_event",
    "dead_letter",
    "exception",
    "override",
    "audit_entry",
    "lineage",
    "workflow_history",
]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
EntityPattern = Annotated[str, StringConstraints(min_length=1, max_length=64)]
CurrencyPattern = Annotated[str, StringConstraints(pattern=r"^([A-Z]{3}|\*)$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class PlatformVersion(Noun):
    """A platform that work may be routed to, and the API version that its connector is pinned to.

    `end_of_life` is the last day on which the vendor promises the version to work, null where the vendor
    has announced none.
    """

    capabilities: tuple[Capability, ...] = Field(min_length=1)
    api_version: str = Field(min_length=1)
    end_of_life: dt.date | None
    note: str | None = None


class Platforms(Noun):
    """platforms.yaml"""

    warn_days_before_end_of_life: int = Field(ge=0)
    platforms: Mapping[Slug, PlatformVersion] = Field(min_length=1)


class NounOwnership(Noun):
    """Whose word counts for a noun; `fields` names those of its fields that another one owns."""

    owner: Capability
    fields: Mapping[str, Capability] = {}


class Ownership(Noun):
    """ownership.yaml: master data. A platform that does not own a field is brought in line, never asked."""

    nouns: Mapping[OwnedNoun, NounOwnership]


class Authority(Noun):
    """authority.yaml: whose record is final where two differ."""

    decisions: Mapping[Decision, Capability]


class RouteRule(Noun):
    """The platforms of a legal entity (`*`: every one that has no rule of its own) on the days
    `[from, until)`; either may be null. A migration is two rules that meet."""

    legal_entity: EntityPattern
    from_date: dt.date | None = Field(default=None, alias="from")
    until: dt.date | None = None
    crm: Slug
    billing: Slug
    tax: Slug
    erp: Slug
    payments: Slug | None = None
    """Who takes the customers' payments; null: the billing platform, where it takes them."""
    timezone: str = "UTC"
    """The zone whose calendar days count for the entity."""


class Routing(Noun):
    """routing.yaml"""

    routes: tuple[RouteRule, ...] = Field(min_length=1)


class Chart(Noun):
    """The accounts of an ERP; a legal entity's own chart says only where it differs from `*`."""

    erp: Slug
    legal_entity: EntityPattern
    accounts: Mapping[AccountRole, str]


class Accounts(Noun):
    """accounts.yaml"""

    charts: tuple[Chart, ...]


class ItemMap(Noun):
    """What an ERP calls our products. `unmapped`: a product not listed keeps its name, or is refused."""

    erp: Slug
    unmapped: Literal["same_name", "refuse"] = "same_name"
    items: Mapping[str, str] = {}


class Items(Noun):
    """items.yaml"""

    maps: tuple[ItemMap, ...] = ()


class DimensionRule(Noun):
    """Dimensions of the lines of a legal entity and product; the more exact rule wins, field by field."""

    legal_entity: EntityPattern = WILDCARD
    product: str = WILDCARD
    department: str | None = None
    class_: str | None = Field(default=None, alias="class")
    location: str | None = None


class DimensionRules(Noun):
    """dimensions.yaml"""

    rules: tuple[DimensionRule, ...] = ()


class Owner(Noun):
    """A queue that exceptions lie in; `role` is the least that somebody working on it has."""

    role: Role
    contact: str | None = None


class Owners(Noun):
    """owners.yaml"""

    default: Slug
    owners: Mapping[Slug, Owner]


class ExceptionDefaults(Noun):
    """What holds for an exception that no rule says more about."""

    owner: Slug
    due_hours: int = Field(gt=0)
    escalate_to: Slug
    actions: tuple[Action, ...] = Field(min_length=1)


class ExceptionOverride(Noun):
    """What differs for a code, a platform, or both; a rule for both beats one for the code, and that one
    for the platform, field by field."""

    code: str = WILDCARD
    platform: str = WILDCARD
    owner: Slug | None = None
    due_hours: int | None = Field(default=None, gt=0)
    escalate_to: Slug | None = None
    actions: tuple[Action, ...] | None = Field(default=None, min_length=1)


class Exceptions(Noun):
    """exceptions.yaml. `codes` says in finance's words what each code means."""

    default: ExceptionDefaults
    codes: Mapping[Slug, str]
    rules: tuple[ExceptionOverride, ...] = ()


Limit = Dec | Literal["unlimited"]


class Approvals(Noun):
    """approvals.yaml: up to which amount a role decides, by currency (`*`: every other)."""

    limits: Mapping[Role, Mapping[CurrencyPattern, Limit]]
    second_approver: tuple[Action, ...]
    """Actions that somebody other than the requester must approve, whatever the amount."""


class CashPolicy(Noun):
    """cash.yaml: how far a payment may be from its invoice and still be meant for it as a whole."""

    tolerance_percent: Dec = Field(ge=0, le=100)
    tolerance: Mapping[CurrencyPattern, Dec]


class Retention(Noun):
    """retention.yaml: how many days each kind of record is kept; null: for ever."""

    days: Mapping[RetainedKind, int | None]


class BreakPolicy(Noun):
    """Whose breaks of a type are, and whether one holds up the close of the period."""

    owner: Slug
    blocks_close: bool


class ReconciliationPolicy(Noun):
    """reconciliation.yaml"""

    rounding_minor_units: int = Field(ge=0)
    recheck_after_seconds: int = Field(ge=0, le=3600)
    controlled_accounts: tuple[AccountRole, ...] = Field(min_length=1)
    close_before_period_end: bool
    breaks: Mapping[BreakType, BreakPolicy]
    bank_debits: BreakPolicy | None
    """Null: debits of a bank are no side."""


class RateTerms(Noun):
    """Which rates count: those of the source (their `source` begins so), for one of `base`."""

    source: str = Field(min_length=1, max_length=100)
    base: CurrencyCode
    max_age_days: int = Field(ge=0, le=366)


class EntityCurrency(Noun):
    """In which currency a legal entity keeps its books."""

    legal_entity: str = Field(min_length=1, max_length=64)
    functional_currency: CurrencyCode


class Currencies(Noun):
    """currencies.yaml. An entity that is not named keeps its books in each contract's own currency."""

    group_currency: CurrencyCode | None
    rates: RateTerms
    entities: tuple[EntityCurrency, ...] = ()
