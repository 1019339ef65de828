"""A period's listings ask the platforms for the period's neighbourhood, and never for all that there is."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from activities.periods import BillingListing, ErpListing, ListingOrder, PaymentListing, TaxListing
from canonical.reconciliation import Entry, Side
from ports.erp import PostingPeriod

SINCE = dt.date(2026, 2, 1)
"""The first day of the month before the period."""
ORDER = ListingOrder(
    run="run",
    look=1,
    entity="US01",
    period="2026-03",
    platform="any",
    as_of=dt.date(2026, 3, 31),
    receivable_account="1200",
    controlled_accounts=(),
    revenue_accounts=("4000",),
    payments="stripe",
)


class Kept:
    """A store without contracts; what is kept of the sides."""

    def __init__(self) -> None:
        self.sides: list[Side] = []

    async def contract_entities(self) -> dict[str, str]:
        return {}

    async def keep_listing(self, run: str, look: int, side: Side, entries: Sequence[Entry]) -> None:
        self.sides.append(side)


class Asked:
    """Any platform; remembers what it was asked, and lists nothing."""

    def __init__(self) -> None:
        self.questions: dict[str, dt.date | None] = {}

    def __getattr__(self, name: str) -> Any:
        async def listing(*given: Any, since: dt.date | None = None) -> tuple[()]:
            days = [each for each in given if isinstance(each, dt.date)]
            self.questions[name] = since or (days[0] if days else None)
            return ()

        return listing

    async def posting_period(self, legal_entity: str, date: dt.date) -> PostingPeriod:
        return PostingPeriod(id="1", name="Mar 2026", start=date, end=dt.date(2026, 3, 31), closed=False)


@pytest.mark.parametrize(
    ("listing", "method", "questions"),
    [
        (BillingListing, "list_billings", {"documents"}),
        (PaymentListing, "list_cash", {"movements", "payouts"}),
        (TaxListing, "list_taxes", {"documents"}),
        (ErpListing, "list_ledger", {"documents", "recognized_before", "general_ledger", "receipts"}),
    ],
)
async def test_every_question_holds_the_bound(listing: Any, method: str, questions: set[str]) -> None:
    platform = Asked()
    await getattr(listing(platform, Kept()), method)(ORDER)
    assert platform.questions == dict.fromkeys(questions, SINCE)
