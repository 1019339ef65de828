"""What we ourselves refuse of a platform's answer, in the shape of the platform's own refusals."""

from temporalio.exceptions import ApplicationError

from activities._errors import ErrorDetail


def rejected(
    platform: str,
    operation: str,
    message: str,
    *,
    field: str,
    code: str = "Rejected",
    vendor_code: str | None = None,
) -> ApplicationError:
    """What we ourselves refuse of a platform's answer, in the shape of the platform's own refusals."""
    detail = ErrorDetail(
        platform=platform,
        operation=operation,
        code=code,
        vendor_code=vendor_code,
        field=field,
        status=None,
        message=message,
    )
    return ApplicationError(message, detail.model_dump(), type=code, non_retryable=True)
