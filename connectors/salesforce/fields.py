"""The schema of `governance/policy/salesforce_fields.yaml`: which field of the org holds which figure."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from canonical.base import Noun
from governance.loading import read_section
from governance.policy import SHIPPED

Conversion = Literal["text", "date", "datetime", "decimal", "integer", "boolean", "choice"]
_NAME = r"[A-Za-z][A-Za-z0-9_]*"

_PRICING = {"model", "per", "amount", "unit_price"}
FIGURES: dict[str, frozenset[str]] = {
    "account": frozenset(
        {
            "id",
            "name",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "parent",
            "email",
            "tax_registration",
            "exemption_code",
        }
    ),
    "contract": frozenset(
        {
            "id",
            "version",
            "legal_entity",
            "currency",
            "start_date",
            "term_months",
            "evergreen",
            "frequency_months",
            "timing",
            "payment_terms_days",
            "modification",
            "renewal",
            "renewal_term_months",
            "renewal_evergreen",
            "renewal_uplift_percent",
            "renewal_notice_days",
        }
    ),
    "order": frozenset(
        {
            "record_id",
            "change_id",
            "type",
            "approved",
            "version",
            "effective_date",
            "received_date",
            "renewal_term_months",
            "renewal_evergreen",
            "renewal_uplift_percent",
            "credit",
            "fee",
            "quote",
            "opportunity",
        }
    ),
    "listed_order": frozenset({"contract", "changed_at"}),
    "approval": frozenset({"approved", "approved_at", "approved_by"}),
    "line": frozenset(
        {
            "id",
            "action",
            "product",
            "charge",
            "quantity",
            "discount_percent",
            "commitment_quantity",
            "commitment_amount",
            "minimum_amount",
            "ssp",
            "accepted_on",
            "description",
            *_PRICING,
        }
    ),
    "tier": frozenset({"up_to", "unit_price"}),
    "ramp_step": frozenset({"from", *_PRICING}),
    "merged": frozenset({"contract"}),
    "written_contract": frozenset(
        {
            "status",
            "version",
            "billing_customer_id",
            "subscription_id",
            "erp_customer_id",
            "first_invoice_number",
            "first_invoice_total",
            "first_invoice_date",
        }
    ),
    "written_order": frozenset({"status"}),
}
"""The figures that each kind of record must say a field for."""

_NEEDED = {
    "order": {"relationship", "order_by"},
    "approval": {"relationship", "order_by"},
    "line": {"relationship", "order_by"},
    "tier": {"relationship", "order_by"},
    "ramp_step": {"relationship", "order_by"},
    "merged": {"relationship", "order_by"},
    "contract": {"key"},
}
_PARENTS = {"contract": {"account"}, "order": {"transfer_account"}}


class FieldRule(Noun):
    """One figure's field: the path from the record, and how it is read."""

    field: str = Field(pattern=rf"^{_NAME}(\.{_NAME}){{0,5}}$")
    conversion: Conversion = Field(alias="as")
    required: bool = True
    values: dict[str, str | int | bool] | None = None

    @model_validator(mode="after")
    def _choices_have_values(self) -> Self:
        if (self.conversion == "choice") != bool(self.values):
            raise ValueError("`values` belongs to `as: choice`, and to nothing else")
        return self

    def values_for(self, canonical: str | int | bool) -> tuple[str, ...]:
        """The org's words for a canonical value."""
        return tuple(word for word, meant in (self.values or {}).items() if meant == canonical)


class RecordRule(Noun):
    """One kind of record: its object, how it hangs on the record above, and its figures."""

    object: str = Field(pattern=rf"^{_NAME}$")
    key: str | None = Field(default=None, pattern=rf"^{_NAME}$")
    relationship: str | None = Field(default=None, pattern=rf"^{_NAME}$")
    order_by: str | None = Field(default=None, pattern=rf"^{_NAME}$")
    parents: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, FieldRule]


class FieldMap(Noun):
    """The whole mapping of one org."""

    account: RecordRule
    contract: RecordRule
    order: RecordRule
    listed_order: RecordRule
    approval: RecordRule
    line: RecordRule
    tier: RecordRule
    ramp_step: RecordRule
    merged: RecordRule
    written_contract: RecordRule
    written_order: RecordRule

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, figures in FIGURES.items():
            rule: RecordRule = getattr(self, name)
            if missing := sorted(figures - rule.fields.keys()):
                raise ValueError(f"{name}: no field for {', '.join(missing)}")
            if unknown := sorted(rule.fields.keys() - figures):
                raise ValueError(f"{name}: no such figure: {', '.join(unknown)}")
            for needed in sorted(_NEEDED.get(name, set())):
                if getattr(rule, needed) is None:
                    raise ValueError(f"{name}: {needed} is required")
            if rule.parents.keys() != _PARENTS.get(name, set()):
                raise ValueError(f"{name}: parents must be {sorted(_PARENTS.get(name, set()))}")
        return self


def load_fields(path: Path | None = None) -> FieldMap:
    """The mapping of a file, or the one that ships; PolicyError with every mistake in it."""
    return read_section(path or SHIPPED / "salesforce_fields.yaml", FieldMap)
