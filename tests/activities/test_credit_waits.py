"""A credit memo waits for the invoice that it credits, and for nothing else that is not there."""

import datetime as dt
from typing import Any, NoReturn, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.erp import ErpActivities
from ports.erp import Erp, LedgerDocument, PostingPeriod
from ports.errors import NotFound

DAY = dt.date(2026, 8, 15)
_SAID: dict[str, Any] = {"legal_entity": "US01", "document_date": DAY, "applies_to_key": "C-1/invoice/x"}
MEMO = LedgerDocument.model_construct(**_SAID)


class Lacking:
    """An ERP in which something that the posting needs is not there."""

    def __init__(self, field: str) -> None:
        self._field = field

    async def posting_period(self, *_: object) -> PostingPeriod:
        return PostingPeriod(id="1", name="Aug 2026", start=DAY, end=DAY, closed=False)

    async def post_document(self, _: LedgerDocument) -> NoReturn:
        raise NotFound("not there", platform="netsuite", operation="post", field=self._field)


@pytest.mark.parametrize(
    ("field", "code", "waits"),
    [("applies_to_key", "CreditedInvoiceMissing", True), ("item", "NotFound", False)],
)
async def test_credit_memo_waits_for_its_invoice_alone(field: str, code: str, waits: bool) -> None:
    activities = ErpActivities(cast(Erp, Lacking(field)))
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(activities.post_document, MEMO)
    assert (failed.value.type, failed.value.non_retryable) == (code, not waits)
