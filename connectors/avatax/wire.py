"""AvaTax's JSON: what we send (nothing that we do not set), what we read (nothing that we do not need).

Names are the vendor's in camel case; numbers are exact. Source: AvaTax REST v2 API description.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

DocumentType = Literal["SalesOrder", "SalesInvoice", "ReturnOrder", "ReturnInvoice"]


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    return value


Number = Annotated[Decimal, BeforeValidator(_number)]
"""A JSON number: exact, never text, never a float."""


class Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def body(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)


class AddressLocationInfo(Sent):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    country: str
    postal_code: str | None = None


class Addresses(Sent):
    ship_from: AddressLocationInfo | None = None
    ship_to: AddressLocationInfo


class TaxOverride(Sent):
    type: Literal["TaxDate", "TaxAmount"]
    tax_amount: Decimal | None = None
    tax_date: str
    reason: str


class LineItem(Sent):
    number: str
    quantity: Decimal
    amount: Decimal
    item_code: str
    description: str | None = None
    tax_override: TaxOverride | None = None
    ref1: str | None = None
    ref2: str | None = None


class CreateTransaction(Sent):
    code: str
    type: DocumentType
    company_code: str
    date: str
    customer_code: str
    currency_code: str
    addresses: Addresses
    lines: tuple[LineItem, ...]
    commit: bool
    tax_override: TaxOverride | None = None
    exemption_no: str | None = None
    entity_use_code: str | None = None
    business_identification_no: str | None = None
    reference_code: str
    description: str | None = None


class CreateOrAdjust(Sent):
    adjustment_reason: Literal["Other"] = "Other"
    adjustment_description: str
    create_transaction_model: CreateTransaction


class VoidTransaction(Sent):
    code: Literal["DocVoided"] = "DocVoided"


class Received(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class TransactionLineDetail(Received):
    juris_name: str
    jurisdiction_type: str | None = None
    rate: Number
    tax: Number
    taxable_amount: Number


class TransactionLine(Received):
    line_number: str
    item_code: str | None = None
    line_amount: Number
    tax: Number
    tax_date: str | None = None
    tax_override_type: str | None = None
    tax_override_amount: Number | None = None
    details: tuple[TransactionLineDetail, ...]


class Transaction(Received):
    """`status` and `type` are text here: which ones there are for us is the mapping's to say."""

    id: int
    code: str
    status: str
    type: str
    date: str
    customer_code: str
    currency_code: str
    reference_code: str | None = None
    total_tax: Number
    locked: bool
    lines: tuple[TransactionLine, ...]


class TransactionHeader(Received):
    """What is looked at before a document of a list is read as a whole."""

    type: str


class TransactionPage(Received):
    value: tuple[dict[str, Any], ...]
    next_link: str | None = Field(default=None, alias="@nextLink")


class Ping(Received):
    version: str
    authenticated: bool
