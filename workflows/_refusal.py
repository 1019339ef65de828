"""What we ourselves refuse of a platform's answer, in the shape of the platform's own refusals."""

from temporalio.exceptions import ApplicationError

from activities._errors import ErrorDetail
from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import DocumentQuestion
from ports.tax import TaxResult


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


def check_tax(
    platform: str,
    operation: str,
    recorded: TaxResult,
    document: Invoice | CreditMemo,
    due: str = "is expected",
) -> None:
    """ApplicationError AmountMismatch where the tax engine records another tax than the document's, in its
    currency, to the minor unit. `due` says why it is to be.
    """
    found = recorded.total_tax
    if found != document.tax:
        words = f"the engine records {found} where {document.tax} {due}"
        raise rejected(platform, operation, words, field="tax", code="AmountMismatch")


def closed_contract(question: DocumentQuestion) -> ApplicationError:
    """The contract's workflow runs no more, and would have to go on to say what is expected."""
    return rejected(
        "temporal",
        "contract.expected_document",
        f"the workflow of contract {question.contract} runs no more, so that it can't take in what its "
        f"document of {question.date} needs. Start it again and retry",
        field="contract",
        code="ContractClosed",
    )
