"""What can go wrong at a platform, classed by what to do next (never by words in a message).

    PortError
    ├── Transient             nothing was applied; try again later
    │   └── RateLimited       the same, not before `retry_after_seconds`
    ├── AuthenticationFailed  credentials are wrong or revoked; a person must act
    ├── Rejected              the platform understood and refused: the data is wrong (`field`, `vendor_code`)
    │   └── PeriodClosed      the posting period is closed
    ├── NotFound              what was asked for is not there
    ├── AlreadyExists         the business key is taken: look it up
    ├── Conflict              somebody else changed it meanwhile: read again, then try again
    ├── OutcomeUnknown        the request may have been applied: look up by business key before sending again
    └── UnexpectedAnswer      a read's answer is not what the pinned API version describes

Messages carry vendor codes and field names only: never bodies, secrets or personal data.
"""


class PortError(Exception):
    """A platform did not do what was asked; the class says what to do next."""

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        operation: str,
        status: int | None = None,
        vendor_code: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.platform = platform
        self.operation = operation
        self.status = status
        self.vendor_code = vendor_code
        self.field = field


class Transient(PortError):
    """Nothing was applied: the request did not reach the platform, or it said so. Try again later."""


class RateLimited(Transient):
    """Too many requests; `retry_after_seconds` is the platform's word, None where it gave none."""

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        operation: str,
        status: int | None = None,
        vendor_code: str | None = None,
        field: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(
            message,
            platform=platform,
            operation=operation,
            status=status,
            vendor_code=vendor_code,
            field=field,
        )
        self.retry_after_seconds = retry_after_seconds


class AuthenticationFailed(PortError):
    """The platform does not know or no longer trusts our credentials."""


class Rejected(PortError):
    """The platform refused the data; sending the same again changes nothing."""


class PeriodClosed(Rejected):
    """The posting period is closed or locked."""


class NotFound(PortError):
    """The object asked for is not there."""


class AlreadyExists(PortError):
    """The business key is taken."""


class Conflict(PortError):
    """The object was changed by another meanwhile."""


class OutcomeUnknown(PortError):
    """The request may have been applied. Look up by business key before anything is sent again."""


class UnexpectedAnswer(PortError):
    """A read's answer does not have the shape that the pinned API version describes."""
