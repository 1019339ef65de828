"""Usage: what was used in a billing period, what of it is above the commitment, and what it costs.

A window of usage is settled on its end, and again when usage for it comes late: then only what it costs
more (or less) than was billed for it. Source: FINANCE.md, "Charges".
"""

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from canonical.money import decimal_of, difference, plus, round_amount, to_minor_units, total
from canonical.scenario import Usage
from rules.book import Book, Charge
from rules.credits import allot
from rules.pricing import after_discount, price
from rules.timeline import LineLife, Timeline, Window

WindowKey = tuple[str, str, dt.date]


@dataclass
class _Tally:
    """What is billed of one line and window: units counted, units priced, and the amounts."""

    window: Window
    counted: Fraction
    priced: Fraction
    billed: Decimal


class _Events:
    """The usage of one contract by line and day. An event id counts once, at its first coming."""

    def __init__(self, usage: Iterable[Usage]) -> None:
        figures: dict[tuple[str, dt.date, dt.date], list[Decimal]] = defaultdict(list)
        seen: set[str] = set()
        for event in usage:
            if event.id is not None:
                if event.id in seen:
                    continue
                seen.add(event.id)
            known = max(event.date, event.received_date or event.date)
            figures[(event.line, event.date, known)].append(event.quantity)
        self._by_line: dict[str, list[tuple[dt.date, dt.date, Fraction]]] = defaultdict(list)
        for (line, date, known), quantities in sorted(figures.items()):
            self._by_line[line].append((date, known, Fraction(plus(*quantities))))
        self.late = [(day, on) for events in self._by_line.values() for day, on, _ in events if on > day]

    def units(self, line: str, start: dt.date, end: dt.date, known_by: dt.date) -> Fraction:
        """The units of `[start, end)` known on a day; a sum below 0 counts as 0."""
        events = self._by_line[line]
        first, last = (bisect_left(events, day, key=lambda event: event[0]) for day in (start, end))
        counted = (quantity for _, on, quantity in events[first:last] if on <= known_by)
        return max(Fraction(0), sum(counted, Fraction(0)))


class UsageMeter:
    """The usage of one contract, and what of it is billed by now."""

    def __init__(self, usage: Iterable[Usage], currency: str) -> None:
        self._currency = currency
        self._events = _Events(usage)
        self._tallies: dict[WindowKey, _Tally] = {}
        self._settled: set[tuple[str, dt.date]] = set()
        self._committed: dict[tuple[str, str], Fraction] = defaultdict(Fraction)

    def late_arrivals(self, window: Window) -> list[dt.date]:
        """The days after the window's end on which usage for it became known."""
        return sorted({on for day, on in self._events.late if window.start <= day < window.stop < on})

    def settle(self, window: Window, timeline: Timeline, day: dt.date, book: Book) -> None:
        """Bills on the day what the window's usage lines cost by what is known, less what is billed."""
        self._settled.add(window.key)
        for life in timeline.lines.values():
            if life.terms.charge == "usage" and _end(life, window) > _start(life, window):
                self._settle_line(life, window, timeline, day, book)

    def settle_again(self, timeline: Timeline, day: dt.date, book: Book) -> None:
        """The same for all windows settled before; what has no service left costs 0."""
        windows = {window.key: window for window in timeline.windows(day)}
        for (line, origin, start), tally in list(self._tallies.items()):
            life, window = timeline.lines.get(line), windows.get((origin, start))
            if life is not None and window is not None and _end(life, window) > _start(life, window):
                self._settle_line(life, window, timeline, day, book)
            else:
                self._adjust(tally, line, Decimal(0), book, day)
        for window in windows.values():
            if window.key in self._settled:
                self._settle_added(window, timeline, day, book)

    def _settle_added(self, window: Window, timeline: Timeline, day: dt.date, book: Book) -> None:
        """The usage of lines that came to the window after it was billed."""
        for life in timeline.lines.values():
            known = (life.id, *window.key) in self._tallies
            if life.terms.charge == "usage" and not known and _end(life, window) > _start(life, window):
                self._settle_line(life, window, timeline, day, book)

    def _settle_line(
        self, life: LineLife, window: Window, timeline: Timeline, day: dt.date, book: Book
    ) -> None:
        key = (life.id, *window.key)
        first = key not in self._tallies
        tally = self._tallies.setdefault(
            key, _Tally(window, Fraction(0), Fraction(0), round_amount(0, self._currency))
        )
        units = self._events.units(life.id, _start(life, window), _end(life, window), day)
        tally.priced += self._above_commitment(life, window, units - tally.counted)
        tally.counted = units
        state = life.state_on(max(window.period.start, life.start))
        cost = after_discount(price(state.pricing, tally.priced), state.discount_percent)
        if first:
            self._bill(tally, life, window, timeline, day, book, cost, units)
        least = self._least(life, window, tally, first)
        due = max(round_amount(cost, self._currency), least)
        charged = difference(due, tally.billed, self._currency)
        if to_minor_units(charged, self._currency) > 0:
            self._bill(tally, life, window, timeline, day, book, Fraction(charged), units)
        else:
            self._adjust(tally, life.id, due, book, day)

    def _least(self, life: LineLife, window: Window, tally: _Tally, first: bool) -> Decimal:
        """The line's minimum less what the period's other windows were billed; 0 before the period's end."""
        if life.terms.minimum is None or not window.last_of_period:
            return round_amount(0, self._currency)
        others = (
            other.billed
            for (line, *_), other in self._tallies.items()
            if line == life.id and other is not tally and other.window.period == window.period
        )
        return difference(life.terms.minimum.amount, total(others, self._currency), self._currency)

    def _above_commitment(self, life: LineLife, window: Window, more: Fraction) -> Fraction:
        """How many of the additional units are above the commitment, counted over the term."""
        if life.terms.commitment is None:
            return more
        key = (life.id, window.term.origin)
        prepaid, before = Fraction(life.terms.commitment.quantity), self._committed[key]
        self._committed[key] = before + more
        return max(Fraction(0), before + more - prepaid) - max(Fraction(0), before - prepaid)

    def _bill(
        self,
        tally: _Tally,
        life: LineLife,
        window: Window,
        timeline: Timeline,
        day: dt.date,
        book: Book,
        amount: Fraction,
        units: Fraction,
    ) -> None:
        start, end = _start(life, window), _end(life, window)
        charge = Charge(life.id, life.terms, "usage", amount, start, end, True, decimal_of(units))
        billed = book.bill(charge, day, timeline.customer_on(window.start))
        tally.billed = total((tally.billed, billed), self._currency)

    def _adjust(self, tally: _Tally, line: str, due: Decimal, book: Book, day: dt.date) -> None:
        """Credits what was billed of the window beyond what is due."""
        beyond = difference(tally.billed, due, self._currency)
        if to_minor_units(beyond, self._currency) <= 0:
            return
        window = tally.window
        billed = [
            b
            for b in book.billed_of(line)
            if b.line.timing == "arrears" and window.start <= b.due_from < window.stop
        ]
        book.credit(allot(Fraction(beyond), billed, window.start, self._currency), window.start, day)
        tally.billed = due


def _start(life: LineLife, window: Window) -> dt.date:
    return max(life.start, window.start)


def _end(life: LineLife, window: Window) -> dt.date:
    return window.stop if life.end is None else min(life.end, window.stop)
