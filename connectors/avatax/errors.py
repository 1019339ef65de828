"""What AvaTax's errors mean for us, in one table (README.md explains each row)."""

import json

import httpx

from connectors.http import ErrorTable, VendorError
from ports.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Conflict,
    PeriodClosed,
    PortError,
    RateLimited,
    Transient,
)

ALREADY_CANCELLED = "TransactionAlreadyCancelled"
_DOC_STATUS = "DocStatusError"

_ROWS: dict[tuple[int, str | None], type[PortError]] = {
    (400, _DOC_STATUS): Conflict,
    (400, ALREADY_CANCELLED): Conflict,
    (400, "DocumentCodeConflict"): AlreadyExists,
    (400, "CannotModifyLockedTransaction"): PeriodClosed,
    (400, "RequestLimitExceeded"): RateLimited,
    (400, "ConcurrentRequestLimitExceeded"): RateLimited,
    (400, "RateLimitExceededError"): RateLimited,
    (400, "AccountExpiredException"): AuthenticationFailed,
    (400, "InactiveAccount"): AuthenticationFailed,
    (403, None): AuthenticationFailed,
    (503, "ServiceNotReady"): Transient,
}

_FIELDS = {
    "InvalidAddress": "addresses.shipTo",
    "InvalidPostalCode": "addresses.shipTo.postalCode",
    "InvalidCountry": "addresses.shipTo.country",
    "InvalidCountryRegion": "addresses.shipTo.region",
    "MissingAddress": "addresses.shipTo",
    "NotEnoughAddressesInfo": "addresses",
    "TaxAddressError": "addresses.shipTo",
    "TaxpayerNumberIsRequired": "businessIdentificationNo",
}
"""The field that an error is about, where its body does not say it."""


def _parse(response: httpx.Response) -> VendorError:
    """The code of the engine behind the API where there is one, else the API's own."""
    error = json.loads(response.content)["error"]
    details = error.get("details") or [{}]
    faults = [detail for detail in details if detail.get("faultSubCode") or detail.get("refersTo")]
    detail = faults[0] if faults else details[0]
    code = detail.get("faultSubCode") or error["code"]
    if code == "GetTaxError" and detail.get("refersTo") == "DocStatus":
        code = _DOC_STATUS
    field = detail.get("refersTo") or _FIELDS.get(code)
    return VendorError(code=code, field=field, message=detail.get("message") or error.get("message") or "")


ERRORS = ErrorTable(rows=_ROWS, parse_error=_parse)
