"""What an amendment costs inside periods that are already billed: prorations up, credits down, removals.

A change of a period that is not billed yet costs nothing here: the period is billed as it then stands. A
backdated amendment meets every period billed since its effective date, with one line for each. Source:
FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from rules.book import Book, Charge
from rules.credits import BilledLine, allot
from rules.proration import Piece, Stretch, differences
from rules.timeline import LineLife, Timeline


def carry_out(
    line: str,
    before: Timeline,
    after: Timeline,
    billed_pieces: Iterable[Piece],
    effective: dt.date,
    day: dt.date,
    book: Book,
) -> None:
    """Bills on `day` (the effective date, or later where it is backdated) what the line's change costs.

    Ups and downs are not netted; lines other than recurring ones cost nothing here, but for a removal,
    which credits what was prepaid.
    """
    old, new = before.lines.get(line), after.lines.get(line)
    if new is None:
        return
    if new.end == effective and (old is None or old.end != effective):
        _credit_removed(new, effective, day, book)
    elif new.terms.charge == "recurring":
        for piece in billed_pieces:
            settle(old, new, piece, effective, after, day, book)


def _credit_removed(life: LineLife, effective: dt.date, day: dt.date, book: Book) -> None:
    """Every billed line of it is credited its unused value; of usage only what was prepaid."""
    billed = book.billed_of(life.id)
    if life.terms.charge == "usage":
        billed = [line for line in billed if line.line.timing == "advance"]
    book.credit_unused(billed, effective, day)


def settle(
    old: LineLife | None,
    new: LineLife,
    piece: Piece,
    effective: dt.date,
    after: Timeline,
    day: dt.date,
    book: Book,
) -> None:
    """Bills or credits what the line's rates in a billed period differ by, from the effective date on."""
    changed = differences(old, new, max(effective, piece.start), piece.stop)
    rises = [stretch for stretch in changed if stretch.rate > 0]
    falls = [stretch for stretch in changed if stretch.rate < 0]
    if rises:
        start, end = rises[0].start, rises[-1].end
        arrears = after.contract.billing.timing == "arrears"
        quantity = new.state_on(start).quantity
        charge = Charge(new.id, new.terms, "proration", _cost(rises, piece), start, end, arrears, quantity)
        book.bill(charge, day, after.customer_on(start))
    if falls:
        since, until = falls[0].start, falls[-1].end
        inside = billed_inside(book.billed_of(new.id), piece)
        book.credit(allot(-_cost(falls, piece), inside, since, book.currency, until), since, day, until)


def _cost(changed: list[Stretch], piece: Piece) -> Fraction:
    return sum((stretch.cost(piece.period) for stretch in changed), Fraction(0))


def billed_inside(billed: Iterable[BilledLine], piece: Piece) -> list[BilledLine]:
    """Those whose service, as it was due, starts within the piece."""
    return [line for line in billed if piece.start <= line.due_from < piece.stop]
