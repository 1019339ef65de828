"""A transfer to another customer: the remainder is credited to the one and billed to the other.

Source: FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from canonical.change import Transfer
from canonical.money import total
from rules.amendment import billed_inside
from rules.book import Book, Charge
from rules.changes import known_on
from rules.layout import ChangeRefused
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

    Nothing is unused on a period's first day, nor in arrears: there the period is billed in two parts. Of a
    backdated one that is so for each period billed since. Where a person has accepted another service period
    of the one's line, the other's has the same end.
    """
    if after.contract.billing.timing == "arrears":
        return
    for piece in billed_pieces:
        start = max(effective, piece.start)
        for life in before.lines.values():
            if life.terms.charge != "recurring":
                continue
            parts = book.credit_unused(billed_inside(book.billed_of(life.id), piece), start, day)
            stop = max((line.end for line, _ in parts if line.accepted is not None), default=piece.stop)
            amount = Fraction(total((part for _, part in parts), book.currency))
            quantity = life.state_on(max(start, life.start)).quantity
            charge = Charge(life.id, life.terms, "proration", amount, start, stop, False, quantity)
            book.bill(charge, day, after.customer_on(start))


def check_in_time(before: Timeline, change: Transfer) -> None:
    """Raises ChangeRefused where usage, or a period in arrears, of the other customer's days was billed
    before the transfer came: that is not billed anew.
    """
    received, day = known_on(change), change.effective_date
    arrears = before.contract.billing.timing == "arrears"
    if not arrears and all(life.terms.charge != "usage" for life in before.lines.values()):
        return
    if any(day < window.stop < received for window in before.windows(received)):
        words = f"usage, or a period in arrears, of days since {day} is billed to the customer before already"
        raise ChangeRefused("received_date", f"by {received} {words}; have it take effect on a later day")
