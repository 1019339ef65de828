"""Revenue as it is posted: one posting a month, and what is earned ahead of billing as a contract asset.

Source: FINANCE.md, "Journal entries" and "Revenue".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from canonical.document import AccountRole
from canonical.money import to_minor_units
from rules.calendar import first_open_day, month_end, month_key
from rules.postings import Posting
from rules.revenue import MonthEarned


def postings(earned: Iterable[MonthEarned], currency: str, closed_periods: frozenset[str]) -> list[Posting]:
    """One posting a month, dated on its last day; what belongs to a closed month is in the first open one
    after.
    """
    months: dict[dt.date, list[MonthEarned]] = defaultdict(list)
    for one in earned:
        months[first_open_day(one.month, closed_periods).replace(day=1)].append(one)
    return [
        Posting(month_end(month), "revenue", month_key(month), _movement(months[month], currency))
        for month in sorted(months)
    ]


def _movement(earned: Sequence[MonthEarned], currency: str) -> dict[AccountRole, int]:
    movement: dict[AccountRole, int] = defaultdict(int)
    for one in earned:
        deferred, unbilled = to_minor_units(one.deferred, currency), to_minor_units(one.unbilled, currency)
        movement["deferred_revenue"] += deferred
        movement["unbilled_receivable"] += unbilled
        movement["termination_fees" if one.fee else "revenue"] -= deferred + unbilled
    return movement
