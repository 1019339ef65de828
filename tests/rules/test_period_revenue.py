"""A period's money and revenue as entries of its sides."""

import datetime as dt
from decimal import Decimal
from typing import Any

from ports.erp import PostedDocument, PostedLine, RecognizedBefore
from rules.period_revenue import BEFORE, recognized_entries

# -- revenue that is older than the ledger's listing goes ------------------------------------------------


def _recognized(key: str, amount: str, **more: Any) -> PostedDocument:
    """A revenue entry over the amount."""
    line = PostedLine(account="4000", amount=-Decimal(amount), tax=Decimal("0.00"))
    figures: dict[str, Any] = {"platform": "netsuite", "kind": "journal_entry", "id": key, "number": None}
    figures |= {"legal_entity": "US01", "currency": "USD", "date": dt.date(2026, 3, 31), "period": "Mar 2026"}
    figures |= {"status": "posted", "lines": (line,), "tax": Decimal("0.00"), "total": Decimal("0.00")}
    return PostedDocument.model_validate({**figures, "key": key, **more})


def test_revenue_of_before_is_what_is_listed_of_it_and_the_sum_of_what_is_older() -> None:
    posted = [_recognized("revenue/C-1/2026-03", "30.00"), _recognized("revenue/C-1/2026-02/1", "20.00")]
    older = [RecognizedBefore(contract="C-1", currency="USD", amount=Decimal("50.00"))]
    now, before = recognized_entries(posted, older, "2026-03", "netsuite", ("4000",))
    assert (now.total, now.unfinished) == (Decimal("30.00"), None)
    assert (before.total, before.unfinished, before.key) == (Decimal("70.00"), BEFORE, now.key)


def test_reversal_of_revenue_counts_where_what_it_reverses_is_too_old_to_be_listed() -> None:
    gone = _recognized("revenue/C-1/2026-02", "20.00", status="reversed")
    reversals = [
        _recognized("reversal:revenue/C-1/2026-02", "-20.00"),
        _recognized("reversal:revenue/C-1/2025-12", "-50.00"),
    ]
    older = [RecognizedBefore(contract="C-1", currency="USD", amount=Decimal("80.00"))]
    (before,) = recognized_entries([gone, *reversals], older, "2026-03", "netsuite", ("4000",))
    assert (before.total, before.unfinished) == (Decimal("30.00"), BEFORE)
