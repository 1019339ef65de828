"""The contract as sold: who, which legal entity, which lines at which price, billed and renewed how.

Shapes are those of the scenario file (docs/reference/scenario.md). A contract is a value: a change makes
another one (`rules.amendment`), nothing is edited in place.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from canonical.base import Count, Day, Dec, Flag, Noun, whole_number


class Address(Noun):
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    postal_code: str
    country: str = Field(min_length=2, max_length=2, description="ISO 3166-1 alpha-2")


class Account(Noun):
    """The customer: the legal person that is billed. `parent` is the account above it in the CRM."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    billing_address: Address
    parent: str | None = None
    email: str | None = None
    tax_registration: str | None = None
    exemption_code: str | None = None


class Tier(Noun):
    """`up_to` is inclusive, in units; null is "and all above"."""

    up_to: Dec | None
    unit_price: Dec


class Pricing(Noun):
    """How a quantity becomes a price in the contract's currency; `per` month or year for recurring lines."""

    model: Literal["flat", "per_unit", "graduated", "volume"]
    amount: Dec | None = None
    unit_price: Dec | None = None
    tiers: tuple[Tier, ...] | None = None
    per: Literal["month", "year"] | None = None


class DatedRate(Noun):
    """A tax rate in percent, in force from a date on."""

    from_date: Day = Field(alias="from")
    percent: Dec


class RampStep(Noun):
    """A pricing that replaces the one before it from a date on."""

    from_date: Day = Field(alias="from")
    pricing: Pricing


class Commitment(Noun):
    """Prepaid units per term and their price for the term."""

    quantity: Dec
    amount: Dec


class Minimum(Noun):
    """The least that a billing period costs."""

    amount: Dec


class LineTerms(Noun):
    """A line without its id: what an amendment adds."""

    product: str = Field(min_length=1)
    charge: Literal["recurring", "one_time", "usage"] = "recurring"
    pricing: Pricing
    quantity: Dec | None = None
    discount_percent: Dec | None = None
    tax_rate_percent: Dec | None = None
    tax_rates: tuple[DatedRate, ...] | None = None
    ramp: tuple[RampStep, ...] | None = None
    commitment: Commitment | None = None
    minimum: Minimum | None = None
    ssp: Dec | None = None
    accepted_on: Day | None = None
    description: str | None = None


class Line(LineTerms):
    id: str = Field(min_length=1)


class Billing(Noun):
    frequency_months: Annotated[Literal[1, 3, 6, 12], BeforeValidator(whole_number)]
    timing: Literal["advance", "arrears"]
    payment_terms_days: Count = Field(default=30, ge=0, le=3650)


TermMonths = Annotated[Count, Field(ge=1, le=1200)] | Literal["evergreen"] | None
"""The length of a renewal's term; None is "not said here". In a scenario file null is evergreen."""


class RenewalTerms(Noun):
    """What happens at the term's end unless the CRM says otherwise."""

    auto: Flag = False
    term_months: TermMonths = None
    uplift_percent: Dec | None = None
    notice_days: Count | None = Field(default=None, ge=0)


class Contract(Noun):
    """An approved contract. `term_months` null is evergreen; `start_date` is the first day of service."""

    id: str = Field(min_length=1)
    account: Account
    legal_entity: str = Field(min_length=1)
    currency: str = Field(description="ISO 4217")
    start_date: Day
    term_months: Annotated[Count, Field(ge=1, le=1200)] | None
    billing: Billing
    renewal: RenewalTerms | None = None
    modification: Literal["prospective", "catch_up"] = "prospective"
    """How a change inside a term counts for revenue: from then on, or caught up for what is delivered."""
    lines: tuple[Line, ...] = Field(min_length=1)
