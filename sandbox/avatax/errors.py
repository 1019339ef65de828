"""AvaTax's errors: its codes with their numbers, and the one shape of their body.

Source: developer.avalara.com/avatax/errors, and the enumeration of codes in the published API description.
"""

from typing import Any

_CLIENT, _SERVER = "Client", "Server"

# code: (number, HTTP status, who is to blame)
_CODES: dict[str, tuple[int, int, str]] = {
    "EntityNotFoundError": (4, 404, _CLIENT),
    "ValueRequiredError": (5, 400, _CLIENT),
    "RangeError": (6, 400, _CLIENT),
    "StringLengthError": (13, 400, _CLIENT),
    "InvalidQueryField": (17, 400, _CLIENT),
    "InvalidQueryValue": (18, 400, _CLIENT),
    "SyntaxError": (19, 400, _CLIENT),
    "DateFormatError": (26, 400, _CLIENT),
    "NoDefaultCompany": (27, 400, _CLIENT),
    "AuthenticationException": (30, 401, _CLIENT),
    "AuthorizationException": (31, 403, _CLIENT),
    "AuthenticationIncomplete": (34, 401, _CLIENT),
    "BasicAuthIncorrect": (35, 401, _CLIENT),
    "ModelRequiredException": (38, 400, _CLIENT),
    "RemoteServerError": (44, 504, _SERVER),
    "JsonFormatError": (47, 400, _CLIENT),
    "InvalidDecimalValue": (48, 400, _CLIENT),
    "UnhandledException": (50, 500, _SERVER),
    "ModelStateInvalid": (70, 400, _CLIENT),
    "InvalidCountry": (125, 400, _CLIENT),
    "InvalidCountryRegion": (126, 400, _CLIENT),
    "DuplicateCompanyCode": (142, 400, _CLIENT),
    "InvalidEnumValue": (164, 400, _CLIENT),
    "NotEnoughAddressesInfo": (176, 400, _CLIENT),
    "RequestTooLarge": (187, 413, _CLIENT),
    "DuplicateEntry": (193, 400, _CLIENT),
    "CannotAdjustDocumentType": (195, 400, _CLIENT),
    "TransactionAlreadyCancelled": (198, 400, _CLIENT),
    "GetTaxError": (300, 400, _CLIENT),
    "DocumentCodeConflict": (303, 400, _CLIENT),
    "MissingAddress": (304, 400, _CLIENT),
    "FetchLimit": (308, 400, _CLIENT),
    "InvalidAddress": (309, 400, _CLIENT),
    "MissingLine": (311, 400, _CLIENT),
    "DocumentNotCommitted": (313, 400, _CLIENT),
    "TimeoutRequested": (316, 500, _SERVER),
    "InvalidPostalCode": (317, 400, _CLIENT),
    "ServerUnreachable": (500, 503, _SERVER),
    "InvalidDocumentTypeForRefund": (702, 400, _CLIENT),
    "RefundTypeAndLineMismatch": (703, 400, _CLIENT),
    "RefundLinesRequired": (704, 400, _CLIENT),
    "LineNoOutOfRange": (707, 400, _CLIENT),
    "RefundPercentageOutOfRange": (708, 400, _CLIENT),
    "RefundPercentageMissing": (709, 400, _CLIENT),
    "CannotModifyLockedTransaction": (1100, 400, _CLIENT),
    "CertificatesError": (1203, 400, _CLIENT),
    "MissingExemptReason": (1210, 400, _CLIENT),
    "InvalidExemptReason": (1211, 400, _CLIENT),
    "DateMismatch": (1305, 400, _CLIENT),
    "InvalidDocumentStatusForVerify": (1306, 400, _CLIENT),
    "TotalAmountMismatch": (1307, 400, _CLIENT),
    "TotalTaxMismatch": (1308, 400, _CLIENT),
    "InvalidDocumentType": (1310, 400, _CLIENT),
    "TransactionIsCommitted": (1313, 400, _CLIENT),
    "InvalidDocumentStatus": (1314, 400, _CLIENT),
    "TaxpayerNumberIsRequired": (1714, 400, _CLIENT),
    "RequestLimitExceeded": (1715, 429, _CLIENT),
}


class ApiError(Exception):
    """One error of the API. `sub_code` is the fault of the tax engine behind it, `refers_to` the field."""

    def __init__(
        self,
        code: str,
        message: str,
        description: str | None = None,
        *,
        refers_to: str | None = None,
        sub_code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        if code not in _CODES:
            raise ValueError(f"{code} is no error code of AvaTax that this simulator knows")
        self.code, self.message, self.description = code, message, description
        self.refers_to, self.sub_code = refers_to, sub_code
        self.number, known_status, self.fault_code = _CODES[code]
        self.status = status or known_status

    def body(self) -> dict[str, Any]:
        detail: dict[str, Any] = {"code": self.code, "number": self.number, "message": self.message}
        optional = {
            "description": self.description,
            "refersTo": self.refers_to,
            "faultSubCode": self.sub_code,
        }
        detail |= {name: value for name, value in optional.items() if value is not None}
        detail["faultCode"] = self.fault_code
        detail["helpLink"] = f"http://developer.avalara.com/avatax/errors/{self.code}"
        detail["severity"] = "Exception" if self.status == 401 else "Error"
        target = "HttpRequest" if self.status in (401, 403, 404, 405, 413, 429) else "IncorrectData"
        top = {"code": self.code, "message": self.message, "target": target, "details": [detail]}
        return {"error": top}


def known(code: str) -> bool:
    return code in _CODES


def not_found(what: str, identifier: str) -> ApiError:
    return ApiError(
        "EntityNotFoundError", f"{what} not found.", f"The {what} with ID '{identifier}' was not found."
    )


def required(field: str) -> ApiError:
    return ApiError("ValueRequiredError", f"Field {field} is required.", refers_to=field)


def wrong_document_status(expected: str) -> ApiError:
    """What the tax engine says where a document's status does not allow the operation."""
    return ApiError(
        "GetTaxError",
        "DocStatus is invalid for this operation.",
        f"Expected {expected}",
        refers_to="DocStatus",
        sub_code="DocStatusError",
    )


def locked(code: str) -> ApiError:
    return ApiError(
        "CannotModifyLockedTransaction",
        "Modifying a locked document is not allowed.",
        f"Document {code} is locked. Modification is not allowed.",
    )


_BY_STATUS: dict[int, tuple[str, str]] = {
    401: ("AuthenticationException", "Authentication failed."),
    403: ("AuthorizationException", "You are not authorized to call this API."),
    404: ("EntityNotFoundError", "Object not found."),
    413: ("RequestTooLarge", "The request is too large."),
    429: ("RequestLimitExceeded", "You have submitted too many requests."),
    502: ("ServerUnreachable", "The server is unreachable."),
    503: ("ServerUnreachable", "The server is unreachable."),
    504: ("RemoteServerError", "A remote server did not answer."),
}


def by_status(status: int) -> ApiError:
    """The error of a status that no endpoint gives itself."""
    code, message = _BY_STATUS.get(status, ("UnhandledException", "An unhandled exception occurred."))
    return ApiError(code, message, status=status)
