"""What each month earns: every document line evenly by day over its service period, cumulatively rounded.

Per contract line, what a month earns is rounded(earned to its end) − rounded(earned to the end of the month
before), so that a schedule sums to its lines exactly. Source: FINANCE.md, "Revenue".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.money import from_minor_units, to_minor_units
from rules.calendar import days, month_end, month_key, months_between

Side = Literal["deferred_revenue", "unbilled_receivable"]


@dataclass(frozen=True)
class Earning:
    """An exact amount that is earned evenly by day over `[start, end)`, or on `start` where the two are one
    day.

    `side` is the account that it is earned from; `fee` marks a termination fee.
    """

    line: str
    amount: Fraction
    start: dt.date
    end: dt.date
    side: Side
    fee: bool = False

    @property
    def last_day(self) -> dt.date:
        return self.start if self.start == self.end else self.end - dt.timedelta(days=1)

    def by(self, day: dt.date) -> Fraction:
        """What of it is earned by the end of the day."""
        if day < self.start:
            return Fraction(0)
        if day >= self.last_day:
            return self.amount
        return self.amount * Fraction(days(self.start, day) + 1, days(self.start, self.end))


@dataclass(frozen=True)
class MonthEarned:
    """What a contract line earns in a calendar month, and from which side; whole amounts of the currency."""

    line: str
    month: dt.date
    deferred: Decimal
    unbilled: Decimal
    fee: bool


def earning(line: DocumentLine, sign: int) -> Earning:
    """A document line as it earns; a credit's with the sign −1."""
    side: Side = "deferred_revenue" if line.timing == "advance" else "unbilled_receivable"
    start, end = line.period_start, line.period_end
    if start == end and line.accepted_on is not None:
        start = end = line.accepted_on
    return Earning(line.line, sign * Fraction(line.amount), start, end, side, line.fee)


def earnings(invoices: Iterable[Invoice], credit_memos: Iterable[CreditMemo]) -> list[Earning]:
    billed = [earning(line, 1) for invoice in invoices for line in invoice.lines]
    return billed + [earning(line, -1) for memo in credit_memos for line in memo.lines]


def by_month(found: Iterable[Earning], currency: str, beside: Iterable[Earning] = ()) -> list[MonthEarned]:
    """What each line earns in each month that earns anything, in order of line and month.

    What is earned from deferred revenue is cumulated and rounded by itself and the rest is from what is not
    billed yet, so that both sides and their sum end at what the documents say. `beside` are earnings of the
    same lines that are counted, rounded, elsewhere: both together are as if rounded once.
    """
    lines, others = _by_line(found), _by_line(beside)
    return [
        earned
        for line in sorted(lines)
        for earned in _line_by_month(line, lines[line], others.get(line, ()), currency)
    ]


def _by_line(found: Iterable[Earning]) -> dict[str, list[Earning]]:
    lines: dict[str, list[Earning]] = defaultdict(list)
    for one in found:
        lines[one.line].append(one)
    return lines


def _line_by_month(
    line: str, own: Sequence[Earning], beside: Sequence[Earning], currency: str
) -> Iterator[MonthEarned]:
    whole, aside = _exact_by_month([*own, *beside]), _exact_by_month(beside)
    whole_deferred, aside_deferred = (
        _exact_by_month(one for one in found if one.side == "deferred_revenue")
        for found in ([*own, *beside], beside)
    )
    before, deferred_before = 0, 0
    earned, elsewhere, deferred, deferred_elsewhere = (Fraction(0) for _ in range(4))
    for month in sorted(whole):
        earned, elsewhere = earned + whole[month], elsewhere + aside[month]
        deferred += whole_deferred[month]
        deferred_elsewhere += aside_deferred[month]
        now = to_minor_units(earned, currency) - to_minor_units(elsewhere, currency)
        deferred_now = to_minor_units(deferred, currency) - to_minor_units(deferred_elsewhere, currency)
        of_deferred = deferred_now - deferred_before
        of_unbilled = (now - before) - of_deferred
        if of_deferred or of_unbilled:
            sides = from_minor_units(of_deferred, currency), from_minor_units(of_unbilled, currency)
            yield MonthEarned(line, month, *sides, fee=own[0].fee)
        before, deferred_before = now, deferred_now


def _exact_by_month(own: Iterable[Earning]) -> defaultdict[dt.date, Fraction]:
    months: defaultdict[dt.date, Fraction] = defaultdict(Fraction)
    for one in own:
        before = Fraction(0)
        for month in months_between(one.start, one.last_day):
            now = one.by(month_end(month))
            months[month] += now - before
            before = now
    return months


def schedule(
    found: Sequence[MonthEarned], lines: Iterable[str], currency: str
) -> dict[str, dict[str, Decimal]]:
    """Line → month → amount. One of `lines` (those with documents) that earns nothing has an empty one."""
    every = {*lines, *(earned.line for earned in found)}
    result: dict[str, dict[str, Decimal]] = {line: {} for line in sorted(every)}
    for earned in found:
        units = to_minor_units(earned.deferred, currency) + to_minor_units(earned.unbilled, currency)
        if units:
            result[earned.line][month_key(earned.month)] = from_minor_units(units, currency)
    return result
