"""What a renewal costs: nothing at the term's end; before it, the old term's unused rest is credited.

The new term's periods are billed as they begin. Source: FINANCE.md, "Renewal".
"""

import datetime as dt

from canonical.change import Renewal
from rules.book import Book
from rules.cancellation import credit_recurring
from rules.timeline import Timeline


def is_early(change: Renewal, after: Timeline) -> bool:
    """Whether the renewal cut the term before it short."""
    origins = [term.origin for term in after.terms]
    cut = after.terms[origins.index(change.id) - 1]
    return cut.stop != cut.end


def carry_out(change: Renewal, before: Timeline, after: Timeline, day: dt.date, book: Book) -> None:
    if is_early(change, after):
        credit_recurring(before, change.effective_date, day, book)
