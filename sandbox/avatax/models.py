"""What the transaction endpoints take: every field of the published description, nothing else."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from sandbox.avatax.errors import ApiError, required

DocumentType = Literal[
    "SalesOrder",
    "SalesInvoice",
    "PurchaseOrder",
    "PurchaseInvoice",
    "ReturnOrder",
    "ReturnInvoice",
    "InventoryTransferOrder",
    "InventoryTransferInvoice",
    "ReverseChargeOrder",
    "ReverseChargeInvoice",
    "CustomsInvoice",
    "CustomsOrder",
    "Any",
]
AdjustmentReason = Literal[
    "NotAdjusted",
    "SourcingIssue",
    "ReconciledWithGeneralLedger",
    "ExemptCertApplied",
    "PriceAdjusted",
    "ProductReturned",
    "ProductExchanged",
    "BadDebt",
    "Other",
    "Offline",
]


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    return value


def _day(value: Any) -> Any:
    """A date, or a date and time of which the date counts."""
    return value[:10] if isinstance(value, str) and value[10:11] == "T" else value


Number = Annotated[Decimal, BeforeValidator(_number)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Text10 = Annotated[str, StringConstraints(max_length=11)]
Text25 = Annotated[str, StringConstraints(max_length=25)]
Text50 = Annotated[str, StringConstraints(max_length=50)]
Text100 = Annotated[str, StringConstraints(max_length=100)]
Text200 = Annotated[str, StringConstraints(max_length=200)]
Text250 = Annotated[str, StringConstraints(max_length=250)]
Currency = Annotated[str, StringConstraints(max_length=3)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class AddressInfo(Model):
    locationCode: str | None = None
    line1: Text100 | None = None
    line2: Text100 | None = None
    line3: Text100 | None = None
    city: Text50 | None = None
    region: str | None = None
    country: str | None = None
    postalCode: Text10 | None = None
    latitude: Number | None = None
    longitude: Number | None = None


class AddressToResolve(AddressInfo):
    textCase: Literal["Upper", "Mixed"] | None = None


class Addresses(Model):
    singleLocation: AddressInfo | None = None
    shipFrom: AddressInfo | None = None
    shipTo: AddressInfo | None = None
    pointOfOrderOrigin: AddressInfo | None = None
    pointOfOrderAcceptance: AddressInfo | None = None
    goodsPlaceOrServiceRendered: AddressInfo | None = None
    import_: AddressInfo | None = Field(default=None, alias="import")
    billTo: AddressInfo | None = None


class TaxOverride(Model):
    type: (
        Literal[
            "None",
            "TaxAmount",
            "Exemption",
            "TaxDate",
            "AccruedTaxAmount",
            "DeriveTaxable",
            "OutOfHarbor",
            "TaxAmountByTaxType",
        ]
        | None
    ) = None
    taxAmount: Number | None = None
    taxDate: Day | None = None
    reason: str | None = None
    taxAmountByTaxTypes: list[dict[str, Any]] | None = None


class LineItem(Model):
    number: Text50 | None = None
    quantity: Number | None = None
    amount: Number
    addresses: Addresses | None = None
    taxCode: Text25 | None = None
    customerUsageType: Text25 | None = None
    entityUseCode: Text25 | None = None
    itemCode: Text50 | None = None
    exemptionCode: str | None = None
    discounted: bool | None = None
    taxIncluded: bool | None = None
    revenueAccount: Text50 | None = None
    ref1: Text250 | None = None
    ref2: Text250 | None = None
    description: Annotated[str, StringConstraints(max_length=2096)] | None = None
    businessIdentificationNo: Text25 | None = None
    taxOverride: TaxOverride | None = None
    parameters: list[dict[str, Any]] | None = None
    userDefinedFields: list[dict[str, Any]] | None = None
    hsCode: Text25 | None = None
    merchantSellerId: int | None = None
    merchantSellerIdentifier: Text100 | None = None
    marketplaceLiabilityType: Literal["Marketplace", "Seller"] | None = None
    originationDocumentId: Text50 | None = None
    originationSite: Annotated[str, StringConstraints(max_length=60)] | None = None
    category: Annotated[str, StringConstraints(max_length=4000)] | None = None
    summary: Annotated[str, StringConstraints(max_length=4000)] | None = None


class CreateTransaction(Model):
    code: Text50 | None = None
    lines: list[LineItem]
    type: DocumentType = "SalesOrder"
    companyCode: Text50 | None = None
    date: Day
    salespersonCode: Text25 | None = None
    customerCode: Text50
    customerUsageType: Text25 | None = None
    entityUseCode: Text25 | None = None
    discount: Number | None = None
    purchaseOrderNo: Text50 | None = None
    exemptionNo: Text25 | None = None
    addresses: Addresses | None = None
    parameters: list[dict[str, Any]] | None = None
    userDefinedFields: list[dict[str, Any]] | None = None
    referenceCode: Annotated[str, StringConstraints(max_length=1024)] | None = None
    reportingLocationCode: Text50 | None = None
    commit: bool | None = None
    batchCode: Text25 | None = None
    taxOverride: TaxOverride | None = None
    currencyCode: Currency | None = None
    serviceMode: Literal["Automatic", "Local", "Remote"] | None = None
    exchangeRate: Number | None = None
    exchangeRateEffectiveDate: Day | None = None
    exchangeRateCurrencyCode: Currency | None = None
    posLaneCode: Text50 | None = None
    businessIdentificationNo: Text25 | None = None
    isSellerImporterOfRecord: bool | None = None
    description: Annotated[str, StringConstraints(max_length=2048)] | None = None
    email: Text50 | None = None
    debugLevel: Literal["Normal", "Diagnostic"] | None = None
    customerSupplierName: Text200 | None = None
    dataSourceId: int | None = None
    deliveryTerms: Literal["DAP", "DDP"] | None = None


class CreateOrAdjust(Model):
    adjustmentReason: AdjustmentReason | None = None
    adjustmentDescription: str | None = None
    createTransactionModel: CreateTransaction


class Adjust(Model):
    adjustmentReason: AdjustmentReason
    adjustmentDescription: str | None = None
    newTransaction: CreateTransaction


class Commit(Model):
    commit: bool


class Void(Model):
    code: Literal["Unspecified", "PostFailed", "DocDeleted", "DocVoided", "AdjustmentCancelled"]


class Refund(Model):
    refundTransactionCode: Text50 | None = None
    refundDate: Day
    refundType: Literal["Full", "Partial", "TaxOnly", "Percentage"] = "Full"
    refundPercentage: Number | None = None
    refundLines: list[str] | None = None
    referenceCode: str | None = None


class Verify(Model):
    verifyTransactionDate: Day | None = None
    verifyTotalAmount: Number | None = None
    verifyTotalTax: Number | None = None


class ChangeCode(Model):
    newCode: Annotated[str, StringConstraints(min_length=1, max_length=50)]


class Settle(Model):
    verify: Verify | None = None
    changeCode: ChangeCode | None = None
    commit: Commit | None = None


class Lock(Model):
    isLocked: bool


Request = TypeVar("Request", bound=Model)


def parsed(model: type[Request], document: Any) -> Request:
    """The request as its model; ApiError in the vendor's words for the first mistake."""
    if not isinstance(document, dict):
        raise ApiError("ModelRequiredException", "The request must have a body.")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        mistake = error.errors()[0]
        field = ".".join(str(step) for step in mistake["loc"])
    raise _error(field, mistake["type"], mistake.get("ctx", {}))


def _error(field: str, kind: str, context: dict[str, Any]) -> ApiError:
    match kind:
        case "missing" | "string_too_short":
            return required(field)
        case "string_too_long":
            text = f"Field {field} must be at most {context['max_length']} characters long."
            return ApiError("StringLengthError", text, refers_to=field)
        case "literal_error":
            return ApiError("InvalidEnumValue", f"Field {field} has no such value.", refers_to=field)
        case "extra_forbidden":
            return ApiError("ModelStateInvalid", f"Field {field} is not known.", refers_to=field)
        case _ if kind.startswith("date"):
            return ApiError("DateFormatError", f"Field {field} is not a date.", refers_to=field)
        case _:
            return ApiError("ModelStateInvalid", f"Field {field} is not valid.", refers_to=field)
