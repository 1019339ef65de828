"""What NetSuite's errors mean, in one table.

Most business rules come as 400 USER_ERROR, whose text is localised: the code alone never says that a period
is closed. The connector asks for the period's state then (`NetSuite._create`).
"""

from collections.abc import Mapping

import httpx

from connectors.http import ErrorTable, VendorError
from ports.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PortError,
    RateLimited,
)

USER_ERROR = "USER_ERROR"

ROWS: Mapping[tuple[int, str | None], type[PortError]] = {
    (400, "DUP_RCRD"): AlreadyExists,
    (400, "DUP_ENTITY"): AlreadyExists,
    (400, "UNIQUE_CUST_ID_REQD"): AlreadyExists,
    (400, "RECORD_ALREADY_EXISTS"): AlreadyExists,
    (400, "IDEMPOTENCY_ERROR"): AlreadyExists,
    (400, "RCRD_HAS_BEEN_CHANGED"): Conflict,
    (409, "RCRD_HAS_BEEN_CHANGED"): Conflict,
    (409, None): Conflict,
    (400, "RCRD_DSNT_EXIST"): NotFound,
    (400, "SSS_REQUEST_LIMIT_EXCEEDED"): RateLimited,
    (400, "CONCURRENCY_LIMIT_EXCEEDED"): RateLimited,
    (400, "UNEXPECTED_ERROR"): OutcomeUnknown,
    (400, "INVALID_LOGIN"): AuthenticationFailed,
    (403, "INSUFFICIENT_PERMISSION"): AuthenticationFailed,
    (403, "INVALID_LOGIN_ATTEMPT"): AuthenticationFailed,
}


def parse_error(response: httpx.Response) -> VendorError:
    first = response.json()["o:errorDetails"][0]
    return VendorError(
        code=first.get("o:errorCode"), field=first.get("o:errorPath"), message=str(first.get("detail", ""))
    )


ERRORS = ErrorTable(rows=ROWS, parse_error=parse_error)
