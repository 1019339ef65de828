"""A contract and its changes laid out in time: terms, the state of every line on every day, who the
customer is.

A timeline is what is known at one moment. A change that becomes known later (a backdated one) makes another
timeline, and what the two differ by is what has to be billed or credited (`rules.amendment`). Nothing is
rounded here. Source: FINANCE.md, "Dates", "Renewal", "Amendments".
"""

import datetime as dt
import itertools
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from canonical.change import Cancellation, LineRates
from canonical.contract import Account, Contract, LineTerms, Pricing
from rules.calendar import Period, billing_periods
from rules.pricing import monthly_rate
from rules.tax import in_force, rate_percent


@dataclass(frozen=True)
class LineState:
    """What a line is and costs from a day on. `uplift` is the unrounded product of all renewals'."""

    pricing: Pricing
    quantity: Decimal
    discount_percent: Decimal
    uplift: Fraction

    def monthly_rate(self) -> Fraction:
        return monthly_rate(self.pricing, self.quantity, self.discount_percent, self.uplift)


@dataclass(frozen=True)
class LineLife:
    """A line from its start to its end (None: as long as the contract), with its states by first day."""

    id: str
    terms: LineTerms
    start: dt.date
    end: dt.date | None
    states: tuple[tuple[dt.date, LineState], ...]
    follows_ramp: bool = True

    def lives_on(self, day: dt.date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def state_on(self, day: dt.date) -> LineState:
        """The state in force on the day. Raises ValueError before the line's start."""
        index = bisect_right([since for since, _ in self.states], day)
        if index == 0:
            raise ValueError(f"line {self.id} starts on {self.start}, after {day}")
        return self.states[index - 1][1]

    def rate_on(self, day: dt.date) -> Fraction:
        """The monthly rate of a recurring line on the day; 0 where it does not live."""
        return self.state_on(day).monthly_rate() if self.lives_on(day) else Fraction(0)

    def turns(self) -> Iterator[dt.date]:
        """The days on which its rate may change."""
        yield from (since for since, _ in self.states)
        if self.end is not None:
            yield self.end

    def with_state(self, since: dt.date, state: LineState) -> "LineLife":
        kept = tuple((day, old) for day, old in self.states if day < since)
        return replace(self, states=(*kept, (since, state)))

    def ended(self, on: dt.date) -> "LineLife":
        return replace(self, end=on)


@dataclass(frozen=True)
class Term:
    """A term of the contract. `end` is the agreed one (None: evergreen), `stop` where it really ends.

    Its periods count from `first_month` months after `anchor`. `origin` names what made it, so that its
    periods are known again when the timeline is laid out anew.
    """

    origin: str
    anchor: dt.date
    first_month: int
    months: int | None
    start: dt.date
    end: dt.date | None
    stop: dt.date | None


@dataclass(frozen=True)
class Slice:
    """A billing period of a term as far as it is served: `[period.start, stop)`."""

    term: Term
    period: Period
    stop: dt.date

    @property
    def key(self) -> tuple[str, dt.date]:
        return self.term.origin, self.period.start


@dataclass(frozen=True)
class Window:
    """What is billed at its end (`stop`): a billing period, or one part of it on each side of a transfer."""

    period: Period
    term: Term
    start: dt.date
    stop: dt.date
    last_of_period: bool

    @property
    def key(self) -> tuple[str, dt.date]:
        return self.term.origin, self.start


@dataclass(frozen=True)
class Customer:
    """Who is billed from a day on; `tax_rate_percent` is the one that a transfer brought with it, `tax_rates`
    those that the tax engine has quoted for this customer, by line.
    """

    since: dt.date
    account: Account
    tax_rate_percent: Decimal | None
    tax_rates: tuple[LineRates, ...] = ()

    def rate_percent(self, line: str, terms: LineTerms, day: dt.date) -> Decimal:
        """The rate on the day: as quoted, else the transfer's, else the line's own. Raises NoTaxRate."""
        quoted = next((each.rates for each in self.tax_rates if each.line == line), None)
        if quoted is not None:
            return in_force(quoted, day)
        return rate_percent(terms, day) if self.tax_rate_percent is None else self.tax_rate_percent


@dataclass(frozen=True)
class Timeline:
    """All of it. `cancellation` is the change by which it ended early, if it did."""

    contract: Contract
    terms: tuple[Term, ...]
    lines: Mapping[str, LineLife]
    customers: tuple[Customer, ...]
    cancellation: Cancellation | None = None
    slices_of: dict[dt.date, tuple[Slice, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def end(self) -> dt.date | None:
        """The first day without service, as far as it is known."""
        return self.terms[-1].stop

    def customer_on(self, day: dt.date) -> Customer:
        current = self.customers[0]
        for customer in self.customers[1:]:
            if customer.since <= day:
                current = customer
        return current

    def slices(self, until: dt.date) -> tuple[Slice, ...]:
        """The billing periods, as far as they are served, that start on or before the day; in order."""
        if until not in self.slices_of:
            self.slices_of[until] = tuple(self._slices(until))
        return self.slices_of[until]

    def _slices(self, until: dt.date) -> Iterator[Slice]:
        frequency = self.contract.billing.frequency_months
        for term in self.terms:
            if term.start > until or term.start == term.stop:
                continue
            for period in billing_periods(term.anchor, term.first_month, term.months, frequency):
                if period.start > until or (term.stop is not None and period.start >= term.stop):
                    break
                stop = period.end if term.stop is None else min(period.end, term.stop)
                yield Slice(term, period, stop)

    def windows(self, until: dt.date) -> list[Window]:
        """What is billed in arrears and ends on or before the day; in order."""
        found = []
        for piece in self.slices(until):
            moved = [c.since for c in self.customers[1:] if piece.period.start < c.since < piece.stop]
            marks = [piece.period.start, *moved, piece.stop]
            for start, stop in itertools.pairwise(marks):
                if start < stop <= until:
                    found.append(Window(piece.period, piece.term, start, stop, stop == piece.stop))
        return found

    def term_on(self, day: dt.date) -> Term | None:
        """The term in force on the day; None before the start and from the end on."""
        for term in self.terms:
            if term.start <= day and (term.stop is None or day < term.stop):
                return term
        return None
