"""Revenue that follows the obligations and not the invoices: stand-alone prices, ramps, caught-up changes.

Where lines carry `ssp`, the fixed consideration of a term is first allocated over them; a ramp is
recognised evenly over the term. Both only move revenue in time or between lines: over a term that is fully
billed they add up to what its documents say. What is earned ahead of billing is a contract asset
(`rules.recognition`). Source: FINANCE.md, "Revenue".
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from canonical.change import Cancellation, ContractChange, Renewal
from canonical.contract import LineTerms
from canonical.document import CreditMemo, Invoice
from canonical.money import difference, round_amount, total
from rules.billing_plan import part_documents
from rules.calendar import days
from rules.changes import known_on
from rules.merge import Part
from rules.modification import Measure, first_modification, remeasured
from rules.revenue import Earning, earning, earnings
from rules.timeline import LineLife, Term, Timeline

Issued = tuple[Sequence[Invoice], Sequence[CreditMemo]]
Convert = Callable[[Issued], Issued]
"""Documents in the currency in which revenue is looked at: the contract's, or that of the books."""


@dataclass(frozen=True)
class Arrangement:
    """What is earned, and the groups of lines whose revenue and billing are looked at together."""

    earnings: list[Earning]
    groups: list[frozenset[str]]


@dataclass(frozen=True)
class _View:
    """One contract as known at `as_of`, its documents in the currency looked at."""

    part: Part
    timeline: Timeline
    as_of: dt.date
    currency: str
    convert: Convert

    def known(self, by: dt.date) -> tuple[ContractChange, ...]:
        return self.part.known_by(min(by, self.as_of))

    def planned(self, line: str, term: Term, known_by: dt.date) -> list[tuple[dt.date, Earning]]:
        """What the line's documents of the term will be by what is known on a day: their dates and earnings.

        Usage is not planned: what of it is prepaid is.
        """
        if term.end is None:
            return []
        known, by = self.known(known_by), max(term.end, min(known_by, self.as_of))
        early = [
            c.effective_date for c in known if isinstance(c, Renewal) and _inside(term, c.effective_date)
        ]
        own = self._lines(line, _ended(known, min(early)) if early else known, by)
        if self._begins_early(term):
            for one in self._lines(line, _ended(known, term.start), by):
                if one in own:
                    own.remove(one)
        return [(date, one) for date, one in own if term.start <= one.start < term.end]

    def _begins_early(self, term: Term) -> bool:
        """Whether the term before it was to last longer: its credits begin on the same day."""
        return any(
            other.start < term.start and (other.end is None or term.start < other.end)
            for other in self.timeline.terms
        )

    def _lines(
        self, line: str, changes: Sequence[ContractChange], by: dt.date
    ) -> list[tuple[dt.date, Earning]]:
        """The document lines of a line with these changes: their documents' dates, and what they earn."""
        part = replace(self.part, changes=tuple(changes))
        invoices, memos = self.convert(part_documents(part, (), by))
        return [
            (document.date, earning(one, sign))
            for sign, issued in ((1, invoices), (-1, memos))
            for document in issued
            for one in document.lines
            if one.line == line
        ]


def _inside(term: Term, day: dt.date) -> bool:
    return term.start < day and (term.end is None or day < term.end)


def _ended(changes: Sequence[ContractChange], day: dt.date) -> list[ContractChange]:
    """The contract as an early renewal on the day leaves the term before it: cancelled with credit."""
    end = Cancellation(id=f"early-renewal-{day}", type="cancellation", effective_date=day)
    return [*(change for change in changes if change.effective_date < day), end]


def arrange(
    parts: Iterable[Part], issued: Issued, as_of: dt.date, currency: str, convert: Convert
) -> Arrangement:
    """Everything that the issued documents earn, in `currency`, with stand-alone prices, ramps, and the
    treatment of modifications that the contract says."""
    found, groups = [], []
    invoices, memos = convert(issued)
    for part in parts:
        own = part.contract.id
        view = _View(part, part.timeline_known_by(as_of), as_of, currency, convert)
        billed = earnings([i for i in invoices if i.contract == own], [m for m in memos if m.contract == own])
        ramps = _ramped(view)
        allocated = _allocated(view, {(line, term.origin) for line, term in ramps})
        modified = _modified(view)
        for line, term in ramps:
            if (line, term) not in modified:
                billed += _even(view, line, term)
        for line, term in modified:
            billed += _caught_up(view, line, term)
        found += [*billed, *allocated]
        with_ssp = frozenset(line.id for line in part.contract.lines if line.ssp is not None)
        groups += [with_ssp] if with_ssp else []
        groups += [frozenset({line}) for line, _ in (*ramps, *modified) if line not in with_ssp]
    return Arrangement(found, list(dict.fromkeys(groups)))


def _begun(view: _View) -> list[Term]:
    """The terms that have begun and have an end: over an evergreen one nothing can be spread."""
    return [term for term in view.timeline.terms if term.start <= view.as_of and term.end is not None]


def _ramped(view: _View) -> list[tuple[str, Term]]:
    """The recurring lines whose ramp has a step inside a term, with that term."""
    return [
        (life.id, term)
        for life in view.timeline.lines.values()
        for term in _begun(view)
        if life.terms.charge == "recurring"
        and any(
            max(term.start, life.start) < step.from_date and step.from_date < _end(term)
            for step in life.terms.ramp or ()
        )
    ]


def _modified(view: _View) -> list[tuple[str, Term]]:
    """The recurring lines that an amendment known by now modifies inside a term, where the contract says that
    this is caught up."""
    if view.part.contract.modification != "catch_up":
        return []
    return [
        (life.id, term)
        for life in view.timeline.lines.values()
        for term in _begun(view)
        if life.terms.charge == "recurring" and _first_modification(view, life.id, term) is not None
    ]


def _first_modification(view: _View, line: str, term: Term) -> dt.date | None:
    start = max(term.start, view.timeline.lines[line].start)
    end = _end(term) if term.stop is None else min(_end(term), term.stop)  # where it really ended
    return first_modification(view.known(view.as_of), line, start, end)


def _caught_up(view: _View, line: str, term: Term) -> list[Earning]:
    """In place of what the line's documents of the term earn: measured again on each day on which a change
    is known, from its first modification on."""
    start, first = max(term.start, view.timeline.lines[line].start), _first_modification(view, line, term)
    if first is None:
        raise ValueError(f"line {line} is not modified in the term from {term.start}")
    before = view.planned(line, term, first - dt.timedelta(days=1))
    measures = [
        Measure(day, _plan_total(view, line, term, day), _last_day(view, line, term, day))
        for day in sorted({known_on(change) for change in view.known(view.as_of)})
        if day >= first
    ]
    again = remeasured(line, start, [one for _, one in before], measures)
    return [*_in_place_of(view, line, term), *again]


def _in_place_of(view: _View, line: str, term: Term) -> list[Earning]:
    """What takes the earnings of the line's documents of the term away, as far as they are issued."""
    return [
        replace(one, amount=-one.amount, side="deferred_revenue")
        for date, one in view.planned(line, term, view.as_of)
        if date <= view.as_of
    ]


def _end(term: Term) -> dt.date:
    if term.end is None:
        raise ValueError("an evergreen term has no end")
    return term.end


def _even(view: _View, line: str, term: Term) -> list[Earning]:
    """In place of what the line's documents of the term earn: all that is planned of them, evenly by day.

    A change of the plan counts from the day on which it is known: what is left then is spread over what is
    left.
    """
    start = max(term.start, view.timeline.lines[line].start)
    spread: list[Earning] = []
    amount, end = _plan_total(view, line, term, start), _end(term)
    turns = sorted({known_on(c) for c in view.part.changes if start < known_on(c) <= view.as_of})
    for day in turns:
        left, last = _plan_total(view, line, term, day), _last_day(view, line, term, day)
        left -= sum((one.amount for one in spread), Fraction(0))
        if start == end:  # the service has ended: all that is left, or too much, is of that day
            amount = left
        elif (left, last) != (amount, end):
            gone = amount * Fraction(days(start, min(day, end)), days(start, end))
            spread.append(_earned(line, gone, start, min(day, end)))
            amount, start, end = left - gone, min(day, end), max(last, min(day, end))
    return [*_in_place_of(view, line, term), *spread, _earned(line, amount, start, end)]


def _earned(line: str, amount: Fraction, start: dt.date, end: dt.date) -> Earning:
    return Earning(line, amount, start, end, "deferred_revenue")


def _plan_total(view: _View, line: str, term: Term, known_by: dt.date) -> Fraction:
    return sum((one.amount for _, one in view.planned(line, term, known_by)), Fraction(0))


def _last_day(view: _View, line: str, term: Term, known_by: dt.date) -> dt.date:
    """Where the line's service in the term ends, by what is known on the day."""
    timeline = replace(view.part, changes=view.known(known_by)).timeline_known_by(known_by)
    life = timeline.lines.get(line)
    stops = [found.stop for found in timeline.terms if found.origin == term.origin]
    ends = [_end(term), *stops, life.end if life is not None else None]
    return min(end for end in ends if end is not None)


def _allocated(view: _View, ramped: set[tuple[str, str]]) -> list[Earning]:
    """What the allocation of the term's price by ssp moves between its lines, as they earn it."""
    found = []
    for term in _begun(view):
        lives = [
            view.timeline.lines[line.id]
            for line in view.part.contract.lines
            if line.ssp and _obliged(view.timeline.lines[line.id], term)
        ]
        plans = {life.id: view.planned(life.id, term, term.start) for life in lives}
        prices = {line: sum((one.amount for _, one in plan), Fraction(0)) for line, plan in plans.items()}
        shares = _shares(lives, sum(prices.values(), Fraction(0)), view.currency)
        for life in lives:
            moved = Fraction(shares[life.id]) - prices[life.id]
            plan = plans[life.id]
            if prices[life.id] == 0 or (life.id, term.origin) in ramped:
                plan = [(term.start, _over_the_term(life, term))]
            whole = sum((one.amount for _, one in plan), Fraction(0))
            for day, one in plan:
                found += _moved(view, life, term, day, replace(one, amount=moved * one.amount / whole))
    return found


def _obliged(life: LineLife, term: Term) -> bool:
    """Whether the line is an obligation of the term: a one-time line only of the one in which it starts."""
    if life.terms.charge == "one_time":
        return term.start <= life.start < _end(term)
    return life.lives_on(max(term.start, life.start))


def _shares(lives: Sequence[LineLife], price: Fraction, currency: str) -> dict[str, Decimal]:
    """The price in proportion to ssp, each share rounded, the last line taking the remainder."""
    whole = sum((_ssp(life.terms) for life in lives), Fraction(0))
    shares: dict[str, Decimal] = {}
    for life in lives[:-1]:
        shares[life.id] = round_amount(price * _ssp(life.terms) / whole, currency)
    given = total(shares.values(), currency)
    return shares | {
        life.id: difference(round_amount(price, currency), given, currency) for life in lives[-1:]
    }


def _ssp(terms: LineTerms) -> Fraction:
    return Fraction(0) if terms.ssp is None else Fraction(terms.ssp)


def _over_the_term(life: LineLife, term: Term) -> Earning:
    """How a line earns that has no price of its own to follow: over the term, or on its day."""
    start, end = max(term.start, life.start), _end(term)
    if life.terms.charge == "one_time":
        start = end = life.terms.accepted_on or life.start
    return _earned(life.id, Fraction(1), start, end)


def _moved(view: _View, life: LineLife, term: Term, day: dt.date, one: Earning) -> list[Earning]:
    """What is moved with an issued document; where the line ends early, the rest is earned then."""
    one = replace(one, side="deferred_revenue")
    ends = [end for end in (term.stop, life.end) if end is not None and end < _end(term)]
    cut = min(ends, default=None)
    if cut is None or one.end <= cut:
        return [one] if day <= view.as_of else []
    if one.start >= cut:
        return [replace(one, start=cut, end=cut)]
    share = Fraction(days(one.start, cut), days(one.start, one.end))
    return [
        replace(one, amount=one.amount * share, end=cut),
        replace(one, amount=one.amount * (1 - share), start=cut, end=cut),
    ]
