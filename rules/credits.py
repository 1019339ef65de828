"""Credits against billed lines: what of a line is unused, and which lines a credit is taken from.

Source: FINANCE.md, "Invoices and credit memos" and "Amendments".
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from canonical.document import DocumentLine
from canonical.money import difference, round_amount, to_minor_units, total, zero
from rules.calendar import days
from rules.tax import tax


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
    """A line of an issued invoice and what was credited of it. `number` counts in the order of billing.

    `line` is as it was due. `billed` is as it is on the invoice, which a person may have accepted otherwise;
    None where it is not on it. `given` are the credits in `credits`' order, as they were accepted.
    """

    number: int
    invoice_key: str
    invoice_date: dt.date
    line: DocumentLine
    tax_rate: Decimal
    credits: list[Credit] = field(default_factory=list)
    accepted: DocumentLine | None = None
    is_billed: bool = True
    accepted_credits: dict[int, Credit | None] = field(default_factory=dict)
    more_credits: list[Credit] = field(default_factory=list)

    @property
    def billed(self) -> DocumentLine:
        """As it is on the invoice."""
        return self.accepted or self.line

    @property
    def due_from(self) -> dt.date:
        """Where it belongs in time, whatever service period was accepted."""
        return self.line.period_start

    @property
    def start(self) -> dt.date:
        return self.billed.period_start

    @property
    def end(self) -> dt.date:
        return self.billed.period_end

    @property
    def given(self) -> Iterator[Credit]:
        """What was given back of it, as it was accepted where it was accepted otherwise."""
        own = (self.accepted_credits.get(i, credit) for i, credit in enumerate(self.credits))
        yield from (credit for credit in own if credit is not None)
        yield from self.more_credits

    def rate(self, currency: str) -> Fraction:
        """Its tax rate in percent: the one that was in force, unless another tax was accepted."""
        line = self.billed
        if tax(line.amount, self.tax_rate, currency) == line.tax or line.amount == 0:
            return Fraction(self.tax_rate)
        return Fraction(line.tax) / Fraction(line.amount) * 100

    def tax_left(self, currency: str) -> Decimal:
        """The line's tax less what earlier credits gave back; never below 0."""
        left = difference(self.billed.tax, total((c.tax for c in self.given), currency), currency)
        return max(left, zero(currency))


def unused_value(billed: BilledLine, day: dt.date) -> Fraction:
    """What of the billed line is for the time from the day on, less what was credited of that; exact.

    amount × days(d, end)/days(start, end) − Σ c × days(d, end)/days(e, end) over the credits c from day e
    on. A day before the line's start counts as its start, one before a credit's start as that. 0 for a line
    without duration, or not billed. Of a line that was accepted otherwise than it was due no more than is
    left of its amount: what was credited before may have counted another service period.
    """
    if not billed.is_billed or day >= billed.end or billed.start >= billed.end:
        return Fraction(0)
    value = Fraction(billed.billed.amount) * _share(billed.start, billed.end, day)
    given = list(billed.given)
    used = [Fraction(c.amount) * _share(c.since, c.until or billed.end, day) for c in given]
    unused = value - sum(used, Fraction(0))
    if billed.accepted is None:
        return unused
    return min(
        unused, Fraction(billed.accepted.amount) - sum((Fraction(c.amount) for c in given), Fraction(0))
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
