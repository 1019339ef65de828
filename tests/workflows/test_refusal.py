"""A tax engine that records another tax than the document's is never taken for one that agrees."""

from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from canonical.document import CreditMemo, Invoice
from ports.tax import TaxResult
from rules.billing_plan import documents
from tests.rules.scenarios import cancellation, contract, scenario, seats
from workflows._refusal import check_tax

SOLD = contract(seats(tax_rate_percent="8.875"))


def issued() -> tuple[Invoice, CreditMemo]:
    told = scenario(SOLD, cancellation("2026-07-01"))
    found = documents(told.contract, told.changes, (), told.as_of)
    return found.invoices[0], found.credit_memos[0]


def recorded(tax: Decimal) -> TaxResult:
    return TaxResult(code="C-1/invoice/2026-01-01", id="1", status="committed", total_tax=tax, lines=())


@pytest.mark.parametrize("which", [0, 1], ids=["invoice", "credit memo"])
@pytest.mark.parametrize("other", ["0.01", "-0.01"])
def test_another_tax_by_a_minor_unit_is_refused_with_both_amounts(which: int, other: str) -> None:
    document = issued()[which]
    check_tax("avatax", "tax.commit", recorded(document.tax), document)
    with pytest.raises(ApplicationError, match=f"where {document.tax} is expected") as refused:
        check_tax("avatax", "tax.commit", recorded(document.tax + Decimal(other)), document)
    assert (refused.value.type, refused.value.non_retryable) == ("AmountMismatch", True)


@pytest.mark.parametrize("which", [0, 1], ids=["invoice", "credit memo"])
def test_tax_with_the_other_sign_is_refused(which: int) -> None:
    document = issued()[which]
    assert document.tax > 0
    with pytest.raises(ApplicationError):
        check_tax("avatax", "tax.commit", recorded(-document.tax), document)
