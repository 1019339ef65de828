"""What a renewal costs: nothing at the term's end; before it, the old term's unused rest is credited.

The new term's periods are billed as they begin. Source: FINANCE.md, "Renewal".
"""

import datetime as dt
from collections.abc import Iterable

from canonical.change import Renewal
from rules.amendment import billed_inside, settle
from rules.book import Book
from rules.cancellation import credit_recurring
from rules.proration import Piece
from rules.timeline import Timeline


def is_early(change: Renewal, after: Timeline) -> bool:
    """Whether the renewal cut the term before it short."""
    day = change.effective_date
    return any(term.stop == day != term.end for term in after.terms[:-1])


def carry_out(
    change: Renewal,
    before: Timeline,
    after: Timeline,
    billed_pieces: Iterable[Piece],
    gone: Iterable[Piece],
    day: dt.date,
    book: Book,
) -> None:
    """Credits the rest of a term that ends early.

    An explicit renewal that comes after the contract has renewed by itself (and was billed so) is settled
    as a change of the lines' rates from the renewal's date on. Periods that its other term does away with
    (`gone`) are credited whole, and those in their place are billed as they fall due.
    """
    for piece in gone:
        for life in before.lines.values():
            if life.terms.charge == "recurring":
                billed = billed_inside(book.billed_of(life.id), piece)
                book.credit_unused(billed, piece.start, day)
    if is_early(change, after):
        credit_recurring(before, change.effective_date, day, book)
        return
    for piece in list(billed_pieces):
        for life in after.lines.values():
            if life.terms.charge == "recurring":
                settle(before.lines.get(life.id), life, piece, change.effective_date, after, day, book)
