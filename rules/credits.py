"""Credits against billed lines: what of a line is unused, and which lines a credit is taken from.

Source: FINANCE.md, "Invoices and credit memos" and "Amendments".
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from canonical.document import DocumentLine
from canonical.money import difference, round_amount, to_minor_units, total
from rules.calendar import days


@dataclass(frozen=True)
class Credit:
    """An amount given back of a billed line, for `[since, until)`; None is the line's end.

    `until` is earlier only where a backdated change was overtaken by a later one: what it gives back is then
    for the days between them.
    """

    since: dt.date
    amount: Decimal
    tax: Decimal
    until: dt.date | None = None


@dataclass
class BilledLine:
    """A line of an issued invoice and what was credited of it. `number` counts in the order of billing."""

    number: int
    invoice_key: str
    invoice_date: dt.date
    line: DocumentLine
    tax_rate: Decimal
    credits: list[Credit] = field(default_factory=list)

    @property
    def start(self) -> dt.date:
        return self.line.period_start

    @property
    def end(self) -> dt.date:
        return self.line.period_end

    def tax_left(self, currency: str) -> Decimal:
        """The line's tax less what earlier credits gave back."""
        return difference(self.line.tax, total((c.tax for c in self.credits), currency), currency)


def unused_value(billed: BilledLine, day: dt.date) -> Fraction:
    """What of the billed line is for the time from the day on, less what was credited of that; exact.

    amount × days(d, end)/days(start, end) − Σ c × days(d, end)/days(e, end) over the credits c from day e
    on. A day before the line's start counts as its start, one before a credit's start as that. 0 for a line
    without duration.
    """
    if day >= billed.end or billed.start == billed.end:
        return Fraction(0)
    value = Fraction(billed.line.amount) * _share(billed.start, billed.end, day)
    return value - sum(
        (
            Fraction(credit.amount) * _share(credit.since, credit.until or billed.end, day)
            for credit in billed.credits
        ),
        Fraction(0),
    )


def _share(start: dt.date, end: dt.date, day: dt.date) -> Fraction:
    return Fraction(max(0, days(max(day, start), end)), days(start, end))


def last_billed_first(billed: Iterable[BilledLine]) -> list[BilledLine]:
    return sorted(billed, key=lambda line: line.number, reverse=True)


def allot(
    amount: Fraction, billed: Iterable[BilledLine], day: dt.date, currency: str, until: dt.date = dt.date.max
) -> list[tuple[BilledLine, Decimal]]:
    """The credit of `amount`, rounded, as parts of billed lines, last billed first.

    No part exceeds its line's unused value at the day, rounded (of what is for the days to `until`); what no
    line can take lapses.
    """
    left = round_amount(amount, currency)
    parts = []
    for line in last_billed_first(billed):
        value = unused_value(line, day) - unused_value(line, until)
        part = min(left, round_amount(value, currency))
        if to_minor_units(part, currency) > 0:
            parts.append((line, part))
            left = difference(left, part, currency)
    return parts


def all_unused(billed: Iterable[BilledLine], day: dt.date, currency: str) -> list[tuple[BilledLine, Decimal]]:
    """Each line's unused value at the day, rounded, where there is any; last billed first."""
    values = [(line, round_amount(unused_value(line, day), currency)) for line in last_billed_first(billed)]
    return [(line, value) for line, value in values if to_minor_units(value, currency) > 0]
