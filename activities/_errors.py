"""The one place where a port's error becomes Temporal's: what is retried, when, and what goes to a person.

| port error | Temporal |
|---|---|
| Transient | retried for as long as the step's deadline allows |
| RateLimited | the same, not before the platform's Retry-After |
| OutcomeUnknown | retried: every write looks its business key up before it sends again |
| Conflict, UnexpectedAnswer | retried a few times (it may have been a moment's), then to a person |
| Rejected, PeriodClosed, NotFound, AlreadyExists, AuthenticationFailed | to a person at once |
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError

from ports.errors import (
    Conflict,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Transient,
    UnexpectedAnswer,
)

_PATIENCE_ATTEMPTS = 4
"""How often a conflict or an unexpected answer is met before a person is asked."""


class ErrorDetail(BaseModel):
    """What a person needs to decide; travels as the detail of the ApplicationError."""

    platform: str
    operation: str
    code: str
    vendor_code: str | None
    field: str | None
    status: int | None
    message: str


def application_error(error: PortError, attempt: int) -> ApplicationError:
    """The ApplicationError for a port's error met on the `attempt`-th try (from 1)."""
    code = type(error).__name__
    detail = ErrorDetail(
        platform=error.platform,
        operation=error.operation,
        code=code,
        vendor_code=error.vendor_code,
        field=error.field,
        status=error.status,
        message=error.message,
    )
    delay: timedelta | None = None
    if isinstance(error, RateLimited) and error.retry_after_seconds is not None:
        delay = timedelta(seconds=error.retry_after_seconds)
    if isinstance(error, Transient | OutcomeUnknown):
        retry = True
    elif isinstance(error, Conflict | UnexpectedAnswer):
        retry = attempt < _PATIENCE_ATTEMPTS
    else:
        retry = False
    return ApplicationError(
        f"{error.platform}: {error.message}",
        detail,
        type=code,
        non_retryable=not retry,
        next_retry_delay=delay,
    )


@contextmanager
def port_errors() -> Iterator[None]:
    """Turns a port's error into an ApplicationError; anything else is a defect and passes as it is."""
    try:
        yield
    except PortError as error:
        raise application_error(error, activity.info().attempt) from error
