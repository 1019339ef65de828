"""A transfer to another customer: the remainder is credited to the one and billed to the other.

Source: FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from canonical.money import total
from rules.book import Book, Charge
from rules.credits import all_unused
from rules.proration import Piece
from rules.timeline import Timeline


def carry_out(
    before: Timeline,
    after: Timeline,
    billed_pieces: Iterable[Piece],
    effective: dt.date,
    day: dt.date,
    book: Book,
) -> None:
    """Credits each recurring line's unused value, and bills the same amount to the new customer under its
    own tax.

    Nothing is unused on a period's first day, nor in arrears: there the period is billed in two parts.
    """
    if after.contract.billing.timing == "arrears":
        return
    for piece in billed_pieces:
        start = max(effective, piece.start)
        for life in before.lines.values():
            if life.terms.charge != "recurring":
                continue
            inside = [line for line in book.billed_of(life.id) if piece.start <= line.start < piece.stop]
            parts = all_unused(inside, start, book.currency)
            book.credit(parts, start, day)
            amount = Fraction(total((part for _, part in parts), book.currency))
            quantity = life.state_on(max(start, life.start)).quantity
            charge = Charge(life.id, life.terms, "proration", amount, start, piece.stop, False, quantity)
            book.bill(charge, day, after.customer_on(start))
