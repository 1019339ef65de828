"""What Stripe's errors mean, in one table.

A server error that is the stored result of an Idempotency-Key is told apart by its header: repeating the key
can only give it again, so after a look by business key the next key is taken (`StripeWrites.create`).
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
    Rejected,
    Transient,
)

STORED_SERVER_ERROR = "stored_server_error"
KEY_USED_OTHERWISE = "idempotency_error"
KEY_IN_USE = "idempotency_key_in_use"

ROWS: Mapping[tuple[int, str | None], type[PortError]] = {
    (400, "resource_already_exists"): AlreadyExists,
    (400, "resource_missing"): NotFound,
    (400, "lock_timeout"): Transient,
    (400, KEY_USED_OTHERWISE): OutcomeUnknown,
    (401, None): AuthenticationFailed,
    (402, None): Rejected,
    (403, None): AuthenticationFailed,
    (404, None): NotFound,
    (409, KEY_IN_USE): Transient,
    (409, None): Conflict,
    (424, None): OutcomeUnknown,
    (429, "lock_timeout"): Transient,
    (429, None): RateLimited,
    (500, STORED_SERVER_ERROR): OutcomeUnknown,
}


def parse_error(response: httpx.Response) -> VendorError:
    """Stripe's error object; errors about keys carry their code in the type."""
    error = response.json()["error"]
    code = error.get("code")
    if code is None and error.get("type") == KEY_USED_OTHERWISE:
        code = KEY_USED_OTHERWISE
    if response.status_code >= 500 and response.headers.get("idempotent-replayed") == "true":
        code = STORED_SERVER_ERROR
    return VendorError(code=code, field=error.get("param"), message=str(error.get("message", "")))


ERRORS = ErrorTable(rows=ROWS, parse_error=parse_error)
