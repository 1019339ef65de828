"""What the engine makes of a request: lines with their tax and who gets it, and the document's totals.

An amount is rounded half away from zero to the currency's minor unit: the line's tax first, then each
jurisdiction's but the last, which takes what is left.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.avatax.errors import ApiError
from sandbox.avatax.models import AddressInfo, CreateTransaction, LineItem, TaxOverride
from sandbox.avatax.rates import Jurisdiction

_NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF")
) | {"XOF", "XPF"}
_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_EXEMPT_USES = frozenset("ABCDEFGHIJKLMNPQR") | {"MED1", "MED2"}


@dataclass(frozen=True)
class LineSetting:
    """What is known about a line from outside of the request. `shares` sum to its rate."""

    shares: list[Jurisdiction]
    exempt: bool
    taxed_here: bool
    note: str | None = None


def round_to(currency: str, amount: Decimal) -> Decimal:
    places = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def tax_date(request: CreateTransaction, line: LineItem | None = None) -> dt.date:
    """The day whose rates count: the line's override, the document's, or the document's date."""
    for override in (line.taxOverride if line else None, request.taxOverride):
        if override is not None and override.taxDate is not None:
            return override.taxDate
    return request.date


def exempt_by_request(request: CreateTransaction, line: LineItem) -> bool:
    """By exemption number, or by the use that an exempt entity makes of it."""
    use = line.entityUseCode or line.customerUsageType or request.entityUseCode or request.customerUsageType
    return bool(request.exemptionNo or line.exemptionCode or (use and use.upper() in _EXEMPT_USES))


def destination(request: CreateTransaction, line: LineItem) -> tuple[str, AddressInfo]:
    """Where the line is taxed, and how that address is called; ApiError if there is none."""
    for addresses in (line.addresses, request.addresses):
        if addresses is None:
            continue
        for kind in ("shipTo", "singleLocation"):
            found = getattr(addresses, kind)
            if found is not None:
                return kind, found
    text = "The transaction must have both an origin and a destination address."
    raise ApiError("MissingAddress", "The address value is required.", text, refers_to="addresses.shipTo")


def check_amounts(request: CreateTransaction) -> None:
    """Signs, quantities, line numbers and overrides; ApiError for the first that is wrong."""
    if not request.lines:
        raise ApiError("MissingLine", "The transaction must have at least one line.", refers_to="lines")
    sign = -1 if request.type.startswith("Return") else 1
    numbers = [line_number(line, index) for index, line in enumerate(request.lines)]
    for index, line in enumerate(request.lines):
        if line.amount * sign < 0:
            wanted = "negative" if sign < 0 else "positive"
            text = f"Field lines.{index}.amount must be {wanted} in a {request.type}."
            raise ApiError("RangeError", text, refers_to=f"lines.{index}.amount")
        if line.quantity is not None and line.quantity < 0:
            text = f"Field lines.{index}.quantity must not be negative."
            raise ApiError("RangeError", text, refers_to=f"lines.{index}.quantity")
        if numbers[index] in numbers[:index]:
            raise ApiError(
                "GetTaxError",
                "Duplicate line number.",
                f"The line number {numbers[index]} is not unique.",
                refers_to=f"lines.{index}.number",
                sub_code="DuplicateLineNoError",
            )
        _check_override(line.taxOverride, f"lines.{index}.taxOverride")
    _check_override(request.taxOverride, "taxOverride")


def _check_override(override: TaxOverride | None, field: str) -> None:
    if override is None:
        return
    needed = {"TaxAmount": "taxAmount", "TaxDate": "taxDate"}.get(override.type or "")
    if needed is not None and getattr(override, needed) is None:
        raise ApiError(
            "GetTaxError",
            "Tax override cannot be applied.",
            f"{needed} is required for {override.type}.",
            refers_to=f"{field}.{needed}",
            sub_code="TaxOverrideError",
        )
    if override.type not in (None, "None", "TaxAmount", "TaxDate"):
        raise ApiError("InvalidEnumValue", f"{override.type} is not simulated.", refers_to=f"{field}.type")


def line_number(line: LineItem, index: int) -> str:
    return line.number or str(index + 1)


def calculated_line(
    request: CreateTransaction, index: int, setting: LineSetting, country: str, region: str
) -> dict[str, Any]:
    """The line as the API returns it, figures as strings."""
    line, currency = request.lines[index], request.currencyCode or "USD"
    rate = sum((share.rate for share in setting.shares), Decimal(0))
    taxable = line.amount if setting.taxed_here and not setting.exempt else Decimal(0)
    computed = round_to(currency, taxable * rate)
    override = line.taxOverride
    overridden = override is not None and override.type == "TaxAmount" and override.taxAmount is not None
    tax = override.taxAmount if override and overridden and override.taxAmount is not None else computed
    day = tax_date(request, line)
    return {
        "lineNumber": line_number(line, index),
        "customerUsageType": line.customerUsageType or "",
        "entityUseCode": line.entityUseCode or "",
        "description": line.description or "",
        "discountAmount": "0",
        "exemptAmount": str(line.amount - taxable if setting.exempt else Decimal(0)),
        "exemptCertId": 0,
        "exemptNo": request.exemptionNo or line.exemptionCode or "",
        "isItemTaxable": True,
        "itemCode": line.itemCode or "",
        "lineAmount": str(line.amount),
        "quantity": str(line.quantity or Decimal(1)),
        "ref1": line.ref1 or "",
        "ref2": line.ref2 or "",
        "reportingDate": request.date.isoformat(),
        "tax": str(tax),
        "taxableAmount": str(taxable),
        "taxCalculated": str(computed),
        "taxCode": line.taxCode or "P0000000",
        "taxDate": day.isoformat(),
        "taxOverrideType": override.type if override and override.type else "None",
        "taxOverrideAmount": str(tax) if overridden else "0",
        "taxOverrideReason": (override.reason or "") if override else "",
        "taxIncluded": False,
        "details": _details(setting, line, currency, taxable, computed, tax, (country, region)),
    }


def _details(
    setting: LineSetting,
    line: LineItem,
    currency: str,
    taxable: Decimal,
    computed: Decimal,
    tax: Decimal,
    place: tuple[str, str],
) -> list[dict[str, Any]]:
    """One entry for each jurisdiction; their taxes sum to the line's."""
    rate = sum((share.rate for share in setting.shares), Decimal(0))
    details, left_computed, left = [], computed, tax
    for position, share in enumerate(setting.shares):
        last = position == len(setting.shares) - 1
        own_computed = left_computed if last else round_to(currency, taxable * share.rate)
        own = left if last else round_to(currency, tax * share.rate / rate) if rate else Decimal(0)
        left_computed, left = left_computed - own_computed, left - own
        details.append(_detail(setting, share, line, taxable, own_computed, own, place))
    return details


def _detail(
    setting: LineSetting,
    share: Jurisdiction,
    line: LineItem,
    taxable: Decimal,
    computed: Decimal,
    tax: Decimal,
    place: tuple[str, str],
) -> dict[str, Any]:
    outside = line.amount - taxable
    return {
        "country": place[0],
        "region": place[1],
        "exemptAmount": str(outside if setting.exempt else Decimal(0)),
        "inState": False,
        "jurisCode": share.code,
        "jurisName": share.name,
        "jurisType": share.short_type,
        "jurisdictionType": share.type,
        "nonTaxableAmount": str(outside if not setting.exempt else Decimal(0)),
        "rate": str(share.rate),
        "tax": str(tax),
        "taxableAmount": str(taxable),
        "taxType": "Sales" if place[0] in ("US", "CA") else "Output",
        "taxName": share.tax_name,
        "taxCalculated": str(computed),
        "rateType": "General" if place[0] == "US" else "Standard",
        "rateTypeCode": "G" if place[0] == "US" else "S",
        "liabilityType": "Seller",
    }


def totals(lines: list[dict[str, Any]]) -> dict[str, Any]:
    def added(field: str) -> str:
        return str(sum((Decimal(line[field]) for line in lines), Decimal(0)))

    return {
        "totalAmount": added("lineAmount"),
        "totalExempt": added("exemptAmount"),
        "totalDiscount": "0",
        "totalTax": added("tax"),
        "totalTaxable": added("taxableAmount"),
        "totalTaxCalculated": added("taxCalculated"),
    }


def summary(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The document's tax by jurisdiction and rate."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for line in lines:
        for detail in line["details"]:
            key = (detail["jurisdictionType"], detail["jurisCode"], detail["jurisName"], detail["rate"])
            groups.setdefault(key, []).append(detail)
    return [_summed(details) for details in groups.values()]


def _summed(details: list[dict[str, Any]]) -> dict[str, Any]:
    def added(field: str) -> str:
        return str(sum((Decimal(detail[field]) for detail in details), Decimal(0)))

    first = details[0]
    return {
        "country": first["country"],
        "region": first["region"],
        "jurisType": first["jurisdictionType"],
        "jurisCode": first["jurisCode"],
        "jurisName": first["jurisName"],
        "taxAuthorityType": 45,
        "stateAssignedNo": "",
        "taxType": first["taxType"],
        "taxName": first["taxName"],
        "rateType": first["rateType"],
        "taxable": added("taxableAmount"),
        "rate": first["rate"],
        "tax": added("tax"),
        "taxCalculated": added("taxCalculated"),
        "nonTaxable": added("nonTaxableAmount"),
        "exemption": added("exemptAmount"),
    }
