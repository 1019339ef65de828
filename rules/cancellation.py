"""What a cancellation costs: credits of what is unused, or none, and a termination fee.

In arrears, and for usage, the period ends on the cancellation's date and is billed by days then, as any
period on its end. Source: FINANCE.md, "Cancellation".
"""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from canonical.change import Cancellation
from canonical.contract import LineTerms, Pricing
from rules.book import FEE_LINE, Book, Charge
from rules.timeline import Timeline


def carry_out(change: Cancellation, before: Timeline, after: Timeline, day: dt.date, book: Book) -> None:
    """Credits and bills on `day` what the cancellation brings; one-time lines and usage stay billed.

    No credit means that what was paid in advance stays. In arrears only days served are ever billed: one that
    comes late gives back those after it whatever it says.
    """
    if change.credit == "prorated" or after.contract.billing.timing == "arrears":
        credit_recurring(before, change.effective_date, day, book)
    if change.fee is not None:
        start = change.effective_date
        charge = Charge(
            FEE_LINE,
            _fee_terms(change.fee),
            "one_time",
            Fraction(change.fee),
            start,
            start,
            False,
            Decimal(1),
            fee=True,
        )
        book.bill(charge, day, after.customer_on(start))


def credit_recurring(timeline: Timeline, effective: dt.date, day: dt.date, book: Book) -> None:
    """Every billed recurring line is credited its unused value at the effective date."""
    for life in timeline.lines.values():
        if life.terms.charge == "recurring":
            book.credit_unused(book.billed_of(life.id), effective, day)


def _fee_terms(fee: Decimal) -> LineTerms:
    return LineTerms(product="TERMINATION-FEE", charge="one_time", pricing=Pricing(model="flat", amount=fee))
