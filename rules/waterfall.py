"""The revenue waterfall: month by month what a contract bills and earns, and what is still to come.

It looks at all documents of the term in force, those to come as well, by what is known on `as_of`; usage
counts as far as it is known. What is billed in arrears is earned in the months before. Amounts are rounded
cumulatively, so that months add up. Source: FINANCE.md, "Revenue"; ASC 606-10-50-13 (remaining performance
obligation), IFRS 15.120.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from canonical.base import Dec, Noun
from canonical.contract import Contract
from canonical.money import from_minor_units, to_minor_units, total
from rules.allocation import Issued, arrange
from rules.calendar import month_end, month_key, months_between
from rules.joined import earned_beside
from rules.merge import parts
from rules.month_end import Sold
from rules.revenue import Earning, by_month
from rules.timeline import Timeline


class WaterfallMonth(Noun):
    """A month of a line. `billed` and `earned` are the month's own, the rest is what stands at its end.

    `deferred` is billed in advance and not earned yet; below zero it is a contract asset. `unbilled` is
    earned and billed in arrears later. `remaining` is what the term in force is still to earn.
    """

    month: str
    billed: Dec
    earned: Dec
    deferred: Dec
    unbilled: Dec
    remaining: Dec


class WaterfallRow(Noun):
    contract: str
    line: str
    currency: str
    months: tuple[WaterfallMonth, ...]


class Waterfall(Noun):
    """By contract and line; `totals` has a row for each currency, its contract and line empty."""

    first: str
    last: str
    rows: tuple[WaterfallRow, ...]
    totals: tuple[WaterfallRow, ...]


@dataclass(frozen=True)
class _Plan:
    """All documents up to the end of the term in force (or, where it has none, up to `as_of`)."""

    issued: Issued
    earnings: Sequence[Earning]
    beside: Sequence[Earning]
    timeline: Timeline
    horizon: dt.date | None


def waterfall(sold: Sold, as_of: dt.date, first: dt.date, last: dt.date) -> tuple[WaterfallRow, ...]:
    """One row for each line that bills or earns anything, for the months from `first`'s to `last`'s.

    Raises what `documents` raises. It tells of no month whose figures rest on a renewal that is still to
    come: those are zero.
    """
    plan = _plan(sold, as_of)
    billed = {line.line for invoice in plan.issued[0] for line in invoice.lines}
    every = sorted({*billed, *(one.line for one in plan.earnings)})
    return tuple(_row(sold.contract, line, plan, first, last) for line in every)


def added_up(rows: Iterable[WaterfallRow], first: dt.date, last: dt.date) -> Waterfall:
    """The rows with a total for each currency."""
    known = tuple(rows)
    currencies = sorted({row.currency for row in known})
    return Waterfall(
        first=month_key(first),
        last=month_key(last),
        rows=known,
        totals=tuple(_total([row for row in known if row.currency == each], each) for each in currencies),
    )


def _plan(sold: Sold, as_of: dt.date) -> _Plan:
    contract, changes = sold.contract, sold.changes
    timeline = parts(contract, changes, as_of)[-1].timeline_known_by(as_of)
    term = timeline.term_on(as_of) or timeline.terms[-1]
    horizon = term.end
    until = max(as_of, horizon) if horizon is not None else as_of
    found = sold.documents(until)
    issued = (found.invoices, found.credit_memos)
    arranged = arrange(parts(contract, changes, until), issued, until, contract.currency, _as_they_are)
    earnings = [one for one in arranged.earnings if horizon is None or _within(one.start, horizon, one.end)]
    beside = earned_beside(changes, until, contract.currency, _as_they_are)
    return _Plan(issued, earnings, beside, timeline, horizon)


def _as_they_are(issued: Issued) -> Issued:
    return issued


def _within(start: dt.date, horizon: dt.date, end: dt.date) -> bool:
    """Whether it belongs to the terms up to the horizon: what only begins then is the next term's, what is
    earned on that one day (a fee) is still theirs."""
    return start < horizon or start == end == horizon


def _row(contract: Contract, line: str, plan: _Plan, first: dt.date, last: dt.date) -> WaterfallRow:
    currency = contract.currency
    own = [one for one in plan.earnings if one.line == line]
    earned = by_month(own, currency, plan.beside)
    months = []
    for month in months_between(first, last):
        end, key = month_end(month), month.replace(day=1)
        billed = _billed(plan, line, currency, end)
        before = _billed(plan, line, currency, end, before=key)
        so_far = [one for one in earned if one.month <= key]
        deferred = sum(to_minor_units(one.deferred, currency) for one in so_far)
        unbilled = sum(to_minor_units(one.unbilled, currency) for one in so_far)
        this = [one for one in earned if one.month == key]
        now = sum(
            to_minor_units(one.deferred, currency) + to_minor_units(one.unbilled, currency) for one in this
        )
        months.append(
            WaterfallMonth(
                month=month_key(month),
                billed=from_minor_units(sum(billed) - sum(before), currency),
                earned=from_minor_units(now, currency),
                deferred=from_minor_units(billed[0] - deferred, currency),
                unbilled=from_minor_units(unbilled - billed[1], currency),
                remaining=_remaining(own, plan, end, currency),
            )
        )
    return WaterfallRow(contract=contract.id, line=line, currency=currency, months=tuple(months))


def _billed(
    plan: _Plan, line: str, currency: str, by: dt.date, before: dt.date | None = None
) -> tuple[int, int]:
    """What the documents dated by a day (and before another) bill of the line in advance, and in arrears;
    minor units."""
    sums = {"advance": 0, "arrears": 0}
    for sign, found in ((1, plan.issued[0]), (-1, plan.issued[1])):
        for document in found:
            if document.date <= by and (before is None or document.date < before):
                for one in document.lines:
                    if one.line == line and _counts(plan, one.period_start, one.period_end):
                        sums[one.timing] += sign * to_minor_units(one.amount, currency)
    return sums["advance"], sums["arrears"]


def _counts(plan: _Plan, start: dt.date, end: dt.date) -> bool:
    return plan.horizon is None or _within(start, plan.horizon, end)


def _remaining(own: Sequence[Earning], plan: _Plan, day: dt.date, currency: str) -> Decimal:
    """What is still to be earned after the day of the terms that have begun by then."""
    ends = [term.end for term in plan.timeline.terms if term.start <= day]
    if not ends:
        return from_minor_units(0, currency)
    end = ends[-1]
    agreed = [one for one in own if end is None or _within(one.start, end, one.end)]
    left = sum((one.amount - one.by(day) for one in agreed), Fraction(0))
    return from_minor_units(to_minor_units(left, currency), currency)


def _total(rows: Sequence[WaterfallRow], currency: str) -> WaterfallRow:
    figures = ("billed", "earned", "deferred", "unbilled", "remaining")
    return WaterfallRow(
        contract="",
        line="",
        currency=currency,
        months=tuple(
            WaterfallMonth(
                month=month[0].month,
                **{name: total((getattr(each, name) for each in month), currency) for name in figures},
            )
            for month in zip(*(row.months for row in rows), strict=True)
        ),
    )
