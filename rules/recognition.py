"""Revenue as it is posted: one posting a month, and what is earned ahead of billing as a contract asset.

Source: FINANCE.md, "Journal entries" and "Revenue".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from canonical.document import AccountRole, CreditMemo, Invoice
from canonical.money import to_minor_units
from rules.calendar import first_open_day, month_end, month_key
from rules.postings import Posting
from rules.revenue import MonthEarned


@dataclass(frozen=True)
class Billed:
    """What a document billed in advance, by month of posting; minor units, a credit's below zero."""

    line: str
    month: dt.date
    units: int


def billed_ahead(documents: Iterable[Invoice | CreditMemo], currency: str) -> list[Billed]:
    """What the documents put into deferred revenue."""
    return [
        Billed(
            line.line,
            document.posting_date.replace(day=1),
            _sign(document) * to_minor_units(line.amount, currency),
        )
        for document in documents
        for line in document.lines
        if line.timing == "advance"
    ]


def _sign(document: Invoice | CreditMemo) -> int:
    return 1 if isinstance(document, Invoice) else -1


def postings(
    earned: Iterable[MonthEarned],
    billed: Sequence[Billed],
    groups: Iterable[frozenset[str]],
    currency: str,
    closed_periods: frozenset[str],
) -> list[Posting]:
    """One posting a month, dated on its last day; what belongs to a closed month is in the first open one
    after.

    `groups` are lines whose revenue does not follow their documents: what a group has earned from deferred
    revenue beyond what was billed is a contract asset, until it is billed.
    """
    months: dict[dt.date, dict[AccountRole, int]] = defaultdict(lambda: defaultdict(int))
    posted = [replace(one, month=first_open_day(one.month, closed_periods)) for one in earned]
    for one in posted:
        _earn(months[one.month], one, currency)
    for group in groups:
        own = [one for one in posted if one.line in group]
        for month, change in _asset_changes(own, [b for b in billed if b.line in group], currency):
            months[month]["contract_asset"] += change
            months[month]["deferred_revenue"] -= change
    return [Posting(month_end(month), "revenue", month_key(month), months[month]) for month in sorted(months)]


def _earn(movement: dict[AccountRole, int], one: MonthEarned, currency: str) -> None:
    deferred, unbilled = to_minor_units(one.deferred, currency), to_minor_units(one.unbilled, currency)
    movement["deferred_revenue"] += deferred
    movement["unbilled_receivable"] += unbilled
    movement["termination_fees" if one.fee else "revenue"] -= deferred + unbilled


def _asset_changes(
    earned: Sequence[MonthEarned], billed: Sequence[Billed], currency: str
) -> Iterator[tuple[dt.date, int]]:
    """By how much the contract asset changes in each month in which it does."""
    ahead: dict[dt.date, int] = defaultdict(int)
    for one in earned:
        ahead[one.month] += to_minor_units(one.deferred, currency)
    for document in billed:
        ahead[document.month] -= document.units
    position, asset = 0, 0
    for month in sorted(ahead):
        position += ahead[month]
        if max(position, 0) != asset:
            yield month, max(position, 0) - asset
            asset = max(position, 0)
