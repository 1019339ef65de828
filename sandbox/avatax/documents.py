"""A transaction as a document: its header around the calculated lines, numbers in all its parts."""

import uuid
from decimal import Decimal

from sandbox.avatax import calculation
from sandbox.avatax.companies import Document
from sandbox.avatax.models import AddressInfo, CreateTransaction


def made(
    request: CreateTransaction,
    company: Document,
    lines: list[Document],
    notes: list[str],
    number: int,
    now: str,
) -> Document:
    _, place = calculation.destination(request, request.lines[0])
    override = request.taxOverride
    document = {
        "code": request.code or str(uuid.uuid4()),
        "companyId": company["id"],
        "date": request.date.isoformat(),
        "paymentDate": "1900-01-01",
        "status": "Temporary",
        "type": request.type,
        "batchCode": request.batchCode or "",
        "currencyCode": request.currencyCode or company["baseCurrencyCode"],
        "exchangeRateCurrencyCode": request.exchangeRateCurrencyCode or request.currencyCode or "USD",
        "entityUseCode": request.entityUseCode or "",
        "customerVendorCode": request.customerCode,
        "customerCode": request.customerCode,
        "exemptNo": request.exemptionNo or "",
        "reconciled": False,
        "purchaseOrderNo": request.purchaseOrderNo or "",
        "referenceCode": request.referenceCode or "",
        "salespersonCode": request.salespersonCode or "",
        "taxOverrideType": override.type if override and override.type else "None",
        "taxOverrideAmount": str(override.taxAmount or 0) if override else "0",
        "taxOverrideReason": (override.reason or "") if override else "",
        **calculation.totals(lines),
        "adjustmentReason": "NotAdjusted",
        "adjustmentDescription": "",
        "locked": False,
        "region": place.region or "",
        "country": (place.country or "US").upper(),
        "version": 1,
        "softwareVersion": "26.10.0.0",
        "exchangeRateEffectiveDate": (request.exchangeRateEffectiveDate or request.date).isoformat(),
        "exchangeRate": str(request.exchangeRate or 1),
        "description": request.description or "",
        "email": request.email or "",
        "businessIdentificationNo": request.businessIdentificationNo or "",
        "modifiedDate": now,
        "modifiedUserId": 1,
        "taxDate": f"{calculation.tax_date(request).isoformat()}T00:00:00",
        "lines": lines,
        "addresses": [_address(address) for _, address in addresses(request)],
        "summary": calculation.summary(lines),
    }
    if notes:
        document["messages"] = [_message(note) for note in dict.fromkeys(notes)]
    return identified(document, number)


def _address(given: AddressInfo) -> Document:
    fields = ("line1", "line2", "line3", "city", "region", "postalCode", "country")
    texts = {name: getattr(given, name) or "" for name in fields}
    return {"boundaryLevel": "Address", **texts, "latitude": "", "longitude": ""}


def _message(note: str) -> Document:
    return {
        "summary": note,
        "details": "The line was taxed at a rate of 0.",
        "refersTo": "lines",
        "severity": "Warning",
        "source": "Avalara.AvaTax.Common",
    }


def identified(document: Document, number: int) -> Document:
    """The document with its number in all its parts."""
    lines = [
        {
            **line,
            "id": number * 100 + place,
            "transactionId": number,
            "details": [{**detail, "transactionId": number} for detail in line["details"]],
        }
        for place, line in enumerate(document["lines"], 1)
    ]
    return {"id": number, **document, "lines": lines} | {"id": number}


def addresses(request: CreateTransaction) -> list[tuple[str, AddressInfo]]:
    if request.addresses is None:
        return []
    given = request.addresses
    kinds = ("singleLocation", "shipFrom", "shipTo", "pointOfOrderOrigin", "pointOfOrderAcceptance", "billTo")
    return [(kind, address) for kind in kinds if (address := getattr(given, kind)) is not None]


def spread_override(request: CreateTransaction, lines: list[Document]) -> None:
    """A tax amount for the whole document is shared out by computed tax, the last line taking the rest."""
    override = request.taxOverride
    if override is None or override.type != "TaxAmount" or override.taxAmount is None:
        return
    computed = sum((Decimal(line["taxCalculated"]) for line in lines), Decimal(0))
    left = override.taxAmount
    for position, line in enumerate(lines):
        share = Decimal(line["taxCalculated"]) / computed if computed else Decimal(1) / len(lines)
        own = calculation.round_to(request.currencyCode or "USD", override.taxAmount * share)
        line["tax"] = str(left if position == len(lines) - 1 else own)
        line["details"] = scaled_details(line)
        left -= Decimal(line["tax"])


def scaled_details(line: Document) -> list[Document]:
    first, *others = line["details"]
    rest = sum((Decimal(detail["tax"]) for detail in others), Decimal(0))
    return [{**first, "tax": str(Decimal(line["tax"]) - rest)}, *others]
