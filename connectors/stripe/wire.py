"""Stripe's answers, as far as they are read. What is not named here is let pass; statuses that are not known
are errors."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Made(Wire):
    """An object of which one is made; `created` in Unix seconds."""

    id: str
    created: int


Metadata = Annotated[dict[str, str], BeforeValidator(lambda value: {} if value is None else value)]
Strict = Annotated[int, Field(strict=True)]


class Event(Wire):
    """An event with all that is in it: what it says is read by the same eyes as its webhook's body."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["event"]


class Page(Wire):
    """A list, whatever is in it."""

    object: Literal["list"]
    has_more: bool


class Address(Wire):
    line1: str | None
    line2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None


class Customer(Made):
    name: str | None
    email: str | None
    address: Address | None
    balance: int
    metadata: Metadata
    deleted: bool = False


class TaxId(Wire):
    id: str
    type: str
    value: str


class Product(Wire):
    id: str
    name: str
    active: bool


class Price(Made):
    active: bool
    lookup_key: str | None
    currency: str
    product: str
    unit_amount_decimal: Decimal | None
    interval: str | None = Field(default=None, validation_alias=AliasPath("recurring", "interval"))
    interval_count: int | None = Field(
        default=None, validation_alias=AliasPath("recurring", "interval_count")
    )


class TaxRate(Made):
    active: bool
    inclusive: bool
    percentage: Decimal
    metadata: Metadata


class SubscriptionItem(Wire):
    id: str
    price: Price
    quantity: int | None = None
    metadata: Metadata
    tax_rates: list[TaxRate] | None
    current_period_start: Strict
    current_period_end: Strict


class Subscription(Made):
    customer: str
    status: Literal[
        "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"
    ]
    schedule: str | None
    cancel_at: int | None
    days_until_due: int | None
    collection_method: str
    metadata: Metadata
    items: list[SubscriptionItem] = Field(validation_alias=AliasPath("items", "data"))
    more_items: bool = Field(validation_alias=AliasPath("items", "has_more"))

    @property
    def ended(self) -> bool:
        return self.status in ("canceled", "incomplete_expired")


class SchedulePhase(Wire):
    start_date: int
    end_date: int


class Schedule(Made):
    customer: str
    status: Literal["active", "canceled", "completed", "not_started", "released"]
    subscription: str | None
    current_phase: SchedulePhase | None
    end_behavior: str
    metadata: Metadata
    phases: list[SchedulePhase]

    @property
    def open(self) -> bool:
        return self.status in ("active", "not_started")


class Tax(Wire):
    amount: Strict
    tax_behavior: Literal["exclusive", "inclusive"]
    tax_rate: str | None = Field(default=None, validation_alias=AliasPath("tax_rate_details", "tax_rate"))


class Period(Wire):
    start: Strict
    end: Strict


class Line(Wire):
    id: str
    amount: Strict
    metadata: Metadata
    period: Period
    taxes: list[Tax] | None
    parent_type: str | None = Field(default=None, validation_alias=AliasPath("parent", "type"))

    @property
    def of_subscription(self) -> bool:
        return self.parent_type == "subscription_item_details"


class SubscriptionDetails(Wire):
    subscription: str
    metadata: Metadata = {}


def _details(parent: Any) -> Any:
    return parent.get("subscription_details") if isinstance(parent, dict) else None


InvoiceStatus = Literal["draft", "open", "paid", "uncollectible", "void"]


class Invoice(Made):
    number: str | None
    status: InvoiceStatus
    billing_reason: str | None
    currency: str
    customer: str
    effective_at: int | None
    due_date: int | None
    period_end: int
    subtotal: Strict
    total: Strict
    total_taxes: list[Tax] | None
    amount_remaining: Strict
    metadata: Metadata
    hosted_invoice_url: str | None
    subscription: Annotated[SubscriptionDetails | None, BeforeValidator(_details)] = Field(
        default=None, validation_alias="parent"
    )
    lines: list[Line] = Field(validation_alias=AliasPath("lines", "data"))
    more_lines: bool = Field(validation_alias=AliasPath("lines", "has_more"))


class CreditLine(Wire):
    id: str
    amount: Strict
    metadata: Metadata = {}
    taxes: list[Tax] | None
    invoice_line_item: str | None = None


class CreditNote(Made):
    number: str
    status: Literal["issued", "void"]
    currency: str
    customer: str
    invoice: str
    effective_at: int | None
    subtotal: Strict
    total: Strict
    total_taxes: list[Tax] | None
    metadata: Metadata
    pdf: str | None
    lines: list[CreditLine] = Field(validation_alias=AliasPath("lines", "data"))
    more_lines: bool = Field(validation_alias=AliasPath("lines", "has_more"))


class PaymentError(Wire):
    code: str | None = None
    decline_code: str | None = None


class PaymentIntent(Made):
    amount: Strict
    amount_received: Strict
    currency: str
    customer: str | None
    status: Literal[
        "canceled",
        "processing",
        "requires_action",
        "requires_capture",
        "requires_confirmation",
        "requires_payment_method",
        "succeeded",
    ]
    latest_charge: str | None
    last_payment_error: PaymentError | None
    metadata: Metadata


class Charge(Made):
    amount_captured: Strict
    currency: str
    captured: bool
    status: Literal["failed", "pending", "succeeded"]
    payment_intent: str | None
    customer: str | None
    metadata: Metadata
    method: str | None = Field(default=None, validation_alias=AliasPath("payment_method_details", "type"))


class InvoicePayment(Made):
    amount_paid: int | None
    invoice: str
    status: Literal["canceled", "open", "paid"]
    payment_intent: str | None = Field(default=None, validation_alias=AliasPath("payment", "payment_intent"))


class Refund(Made):
    amount: Strict
    currency: str
    status: Literal["canceled", "failed", "pending", "requires_action", "succeeded"] | None
    payment_intent: str | None
    charge: str | None
    metadata: Metadata


class BalanceTransaction(Made):
    amount: Strict
    fee: Strict
    net: Strict
    currency: str
    type: str
    source: str | None


class EvidenceDetails(Wire):
    due_by: int | None


class Dispute(Made):
    amount: Strict
    currency: str
    status: Literal[
        "lost",
        "needs_response",
        "prevented",
        "under_review",
        "warning_closed",
        "warning_needs_response",
        "warning_under_review",
        "won",
    ]
    charge: str
    payment_intent: str | None
    balance_transactions: list[BalanceTransaction]
    evidence_details: EvidenceDetails
    metadata: Metadata


class Payout(Made):
    amount: Strict
    currency: str
    arrival_date: int
    status: Literal["canceled", "failed", "in_transit", "paid", "pending"]
