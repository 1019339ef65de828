"""The billing of one contract as time goes on: what is billed by now, and what falls due next.

Source: FINANCE.md, "Charges", "Invoices and credit memos".
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from canonical.change import Amendment, Cancellation, Renewal, Transfer
from canonical.contract import Contract
from canonical.document import LineKind
from canonical.lifecycle import AcceptedDocument
from canonical.scenario import Usage
from rules import amendment, cancellation, renewal, transfer
from rules.book import Book, Charge
from rules.calendar import Period
from rules.changes import RampTurn, Step
from rules.credits import BilledLine, all_unused
from rules.pricing import after_discount, price
from rules.proration import Piece, Stretch, stretches
from rules.timeline import LineLife, Slice, Term, Timeline, Window
from rules.usage import UsageMeter


@dataclass(frozen=True)
class _Due:
    """Something to be billed on a day."""

    day: dt.date
    what: Slice | Window | LineLife | tuple[LineLife, Term]


@dataclass(frozen=True)
class Succession:
    """How a contract that has led merges goes on in the ones that they made: the days on which these bill
    what was used, and the end of the last one.
    """

    dates: tuple[dt.date, ...]
    end: dt.date | None


class Billing:
    """A contract's documents up to the horizon, and which of its periods they cover."""

    def __init__(
        self,
        contract: Contract,
        usage: Sequence[Usage],
        timeline: Timeline,
        horizon: dt.date,
        succession: Succession | None = None,
        accepted: Sequence[AcceptedDocument] = (),
    ) -> None:
        self.timeline = timeline
        self.book = Book(contract, accepted)
        self._horizon, self._succession = horizon, succession
        self._in_arrears = contract.billing.timing == "arrears"
        self._meter = UsageMeter(usage, contract.currency)
        self._begun: set[tuple[str, dt.date]] = set()
        self._ended: set[tuple[str, dt.date]] = set()
        self._once: set[tuple[str, str]] = set()
        self._late: set[tuple[str, dt.date, dt.date]] = set()

    def carry_out(self, step: Step, after: Timeline) -> None:
        """Bills and credits, on the day on which the change becomes known, what it makes different."""
        before, self.timeline = self.timeline, after
        book, day, effective = self.book, step.received, step.effective
        book.look_from(None if isinstance(step.change, RampTurn) else step.change.id, day)
        match step.change:
            case Amendment() as change:
                for entry in change.lines:
                    pieces = self._billed_pieces(effective)
                    amendment.carry_out(entry.id, before, after, pieces, effective, day, book)
            case RampTurn() as turn:
                pieces = self._billed_pieces(effective)
                amendment.carry_out(turn.line, before, after, pieces, effective, day, book)
            case Renewal() as change:
                gone = [] if renewal.is_early(change, after) else self._take_back(before, effective)
                prepaid = self._take_back_commitments(before, effective)
                for line in prepaid:
                    book.credit(all_unused([line], line.start, book.currency), line.start, day)
                renewal.carry_out(change, before, after, self._billed_pieces(effective), gone, day, book)
            case Cancellation() as change:
                cancellation.carry_out(change, before, after, day, book)
            case Transfer() as change:
                transfer.check_in_time(before, change)
                transfer.carry_out(before, after, self._billed_pieces(effective), effective, day, book)
        if effective < day:
            self._meter.settle_again(after, day, self.book)

    def _billed_pieces(self, day: dt.date) -> list[Piece]:
        """The periods whose recurring lines are billed and that last beyond the day, as far as served."""
        if self._in_arrears:
            windows = self.timeline.windows(self._horizon)
            return [
                Piece(w.period, w.start, w.stop) for w in windows if w.key in self._ended and w.stop > day
            ]
        begun = (s for s in self.timeline.slices(self._horizon) if s.key in self._begun)
        pieces = (Piece(s.period, s.period.start, self._paid_until(s, day)) for s in begun)
        return [piece for piece in pieces if piece.stop > day]

    def _take_back(self, before: Timeline, day: dt.date) -> list[Piece]:
        """The billed periods from the day on that there are no more as they were billed: they are to be
        credited, and what there is in their place counts as not billed yet.

        A contract that had renewed by itself had them, and a renewal that came late has another term.
        """
        slices = {(s.key, s.period, s.stop) for s in self.timeline.slices(self._horizon)}
        windows = {(w.key, w.period, w.stop) for w in self.timeline.windows(self._horizon)}
        begun = [s for s in before.slices(self._horizon) if s.key in self._begun and s.period.start >= day]
        ended = [w for w in before.windows(self._horizon) if w.key in self._ended and w.start >= day]
        other = [s for s in begun if (s.key, s.period, s.stop) not in slices]
        over = [w for w in ended if (w.key, w.period, w.stop) not in windows]
        self._begun -= {s.key for s in other}
        self._ended -= {w.key for w in over}
        if self._in_arrears:
            return [Piece(w.period, w.start, w.stop) for w in over]
        return [Piece(s.period, s.period.start, s.stop) for s in other]

    def _take_back_commitments(self, before: Timeline, day: dt.date) -> list[BilledLine]:
        """The same of what is prepaid for the terms from the day on that are no more, or not as long."""
        terms = {(term.origin, term.end) for term in self.timeline.terms}
        found = []
        for term in before.terms:
            if term.start < day or (term.origin, term.end) in terms:
                continue
            for life in before.lines.values():
                if life.terms.commitment is not None and (life.id, term.origin) in self._once:
                    self._once.remove((life.id, term.origin))
                    start = max(term.start, life.start)
                    billed = self.book.billed_of(life.id)
                    found += [b for b in billed if b.line.timing == "advance" and b.start == start]
        return found

    def _paid_until(self, piece: Slice, day: dt.date) -> dt.date:
        """The day to which a period billed in advance stays paid: a cancellation without credit gives none of
        it back, so a change effective before it is settled to the period's end.
        """
        cancelled = self.timeline.cancellation
        if cancelled is not None and cancelled.credit == "none" and day < cancelled.effective_date:
            return piece.period.end if piece.stop == cancelled.effective_date else piece.stop
        return piece.stop

    def bill_due(self, first: dt.date, last: dt.date) -> None:
        """Bills what falls due from the first to the last day; what fell due before and is not billed, on
        the first.

        The latter is what a backdated change has brought: nothing else is ever late.
        """
        for due in sorted(self._due(last), key=lambda due: due.day):
            day = max(first, due.day)
            self.book.look_from(None, day)
            match due.what:
                case Window():
                    self._bill_end(due.what, day)
                case Slice():
                    self._bill_start(due.what, day)
                case LineLife():
                    self._bill_once(due.what, day)
                case life, term:
                    self._bill_commitment(life, term, day)

    def _due(self, last: dt.date) -> Iterator[_Due]:
        windows = [window for window in self.timeline.windows(self._horizon) if window.stop <= last]
        slices = [piece for piece in self.timeline.slices(self._horizon) if piece.period.start <= last]
        yield from (_Due(window.stop, window) for window in windows if window.key not in self._ended)
        yield from self._late_usage(windows, last)
        if not self._in_arrears:
            yield from (_Due(s.period.start, s) for s in slices if s.key not in self._begun)
        cancelled = self.timeline.cancellation
        for life in self.timeline.lines.values():
            if life.start > last or (cancelled is not None and life.start >= cancelled.effective_date):
                continue
            if life.terms.charge == "one_time" and (life.id, "") not in self._once:
                yield _Due(life.start, life)
            if life.terms.commitment is not None:
                yield from self._commitments(life, last)

    def _commitments(self, life: LineLife, last: dt.date) -> Iterator[_Due]:
        for term in self.timeline.terms:
            start = max(term.start, life.start)
            served = life.lives_on(start) and (term.stop is None or start < term.stop)
            if start <= last and served and (life.id, term.origin) not in self._once:
                yield _Due(start, (life, term))

    def _late_usage(self, windows: list[Window], last: dt.date) -> Iterator[_Due]:
        """Usage known after its window's end goes on the next invoice that falls due, else on its own."""
        for window in windows:
            for arrival in self._meter.late_arrivals(window):
                day = self._next_billing_date(arrival)
                if day <= last and (*window.key, arrival) not in self._late:
                    yield _Due(day, window)

    def _next_billing_date(self, day: dt.date) -> dt.date:
        dates = {w.stop for w in self.timeline.windows(self._horizon)}
        end = self.timeline.end
        if self._succession is not None:
            dates, end = dates | set(self._succession.dates), self._succession.end
        in_order = sorted(dates)
        index = bisect_left(in_order, day)
        if index < len(in_order):
            return in_order[index]
        return day if end is not None and end <= day else dt.date.max

    def _bill_end(self, window: Window, day: dt.date) -> None:
        """The recurring lines of a window in arrears, and its usage whatever the timing."""
        if self._in_arrears and window.key not in self._ended:
            for life in self._recurring():
                for stretch in stretches(life, window.start, window.stop):
                    self._bill_stretch(life, stretch, window.period, "recurring", day)
        self._ended.add(window.key)
        self._late |= {(*window.key, on) for on in self._meter.late_arrivals(window) if on <= day}
        self._meter.settle(window, self.timeline, day, self.book)

    def _bill_start(self, piece: Slice, day: dt.date) -> None:
        """The recurring lines of a period billed in advance: the monthly rate × its months, whatever its
        days.

        More than one stretch has only a period that a backdated renewal brought after lines in it had
        changed.
        """
        self._begun.add(piece.key)
        period = piece.period
        for life in self._recurring():
            for stretch in stretches(life, period.start, piece.stop):
                whole = (stretch.start, stretch.end) == (period.start, period.end)
                self._bill_stretch(life, stretch, period, "recurring" if whole else "proration", day)

    def _recurring(self) -> list[LineLife]:
        return [life for life in self.timeline.lines.values() if life.terms.charge == "recurring"]

    def _bill_stretch(
        self, life: LineLife, stretch: Stretch, period: Period, kind: LineKind, day: dt.date
    ) -> None:
        quantity, amount = life.state_on(stretch.start).quantity, stretch.cost(period)
        charge = Charge(
            life.id, life.terms, kind, amount, stretch.start, stretch.end, self._in_arrears, quantity
        )
        self.book.bill(charge, day, self.timeline.customer_on(stretch.start))

    def _bill_once(self, life: LineLife, day: dt.date) -> None:
        """A one-time line, with a service period of no days; what is billed of it stays."""
        self._once.add((life.id, ""))
        state, start = life.state_on(life.start), life.start
        amount = after_discount(price(state.pricing, Fraction(state.quantity)), state.discount_percent)
        charge = Charge(life.id, life.terms, "one_time", amount, start, start, False, state.quantity)
        self.book.bill(charge, day, self.timeline.customer_on(start))

    def _bill_commitment(self, life: LineLife, term: Term, day: dt.date) -> None:
        """The prepaid units of a term, billed on its start for `[start, the term's end)`."""
        self._once.add((life.id, term.origin))
        commitment, start = life.terms.commitment, max(term.start, life.start)
        if commitment is None or term.end is None:
            raise ValueError(f"line {life.id} has a commitment for a term that has no end")
        amount = Fraction(commitment.amount)
        charge = Charge(life.id, life.terms, "usage", amount, start, term.end, False, commitment.quantity)
        self.book.bill(charge, day, self.timeline.customer_on(start))
