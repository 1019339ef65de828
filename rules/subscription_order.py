"""What the billing platform must be told so that it bills by itself what the rules expect.

The next cycles are laid out with the rules' own timeline and grouped into phases of equal cycles. Renewals
and planned changes are told ahead, uplift and all: then the platform bills right on the day even if nobody is
awake. A cycle costs what is billed on its first day; what a change inside it comes to is invoiced when it is
carried out.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from canonical.change import ContractChange
from canonical.contract import Contract, Line, LineTerms
from canonical.ids import invoice_key
from canonical.money import round_amount, zero
from canonical.origin import Origin
from ports.billing import SubscriptionLine, SubscriptionOrder, SubscriptionPhase
from rules.calendar import Period, add_months
from rules.changes import known_on, steps
from rules.layout import lay_out_fitting
from rules.merge import Part, standing
from rules.subscription_stays import stay_on
from rules.timeline import LineLife, Slice, Term, Timeline

_EVERGREEN_CYCLES = 2
"""How many cycles of an evergreen contract are looked at: all that follow are alike."""


@dataclass(frozen=True)
class Cycle:
    """A billing period to come, in the contract as it will be known on the period's first day."""

    piece: Slice
    timeline: Timeline
    closes: bool = False
    """Whether it is the one of nothing on the contract's last day."""

    @property
    def start(self) -> dt.date:
        return self.piece.period.start


@dataclass(frozen=True)
class Outlook:
    """The contract as it will bill by itself after a day: the term in force, and the cycles to come.

    `goes_on`: there are more cycles than these. `stops_on` is the day from which the platform can't bill by
    itself, since the cycles of an early renewal begin on other days. `part` is the contract itself, or the
    new one that a merge has made of it.
    """

    part: Part
    term: Term
    timeline: Timeline
    cycles: tuple[Cycle, ...]
    goes_on: bool
    stops_on: dt.date | None


def outlook(
    contract: Contract, changes: Sequence[ContractChange], today: dt.date, since: dt.date | None = None
) -> Outlook:
    """The term in force today (the first one before the start) and the cycles that start after `since`
    (today).
    """
    part = standing(contract, changes, today)
    contract = part.contract
    day = max(today, contract.start_date)
    after = today if since is None else since
    near = _fitting(part, part.changes, day)
    term = near.term_on(day) or near.terms[-1]
    horizon = max(term.stop or dt.date.min, _beyond_changes(part, day, term))
    far = _fitting(part, part.changes, horizon)
    stop = _new_cycles_from(far, term, after)
    cycles = [
        cycle
        for cycle in _known_cycles(part, after, horizon, _last_day(far))
        if stop is None or cycle.start < stop
    ]
    renews = contract.renewal is not None and contract.renewal.auto and far.cancellation is None
    last = far.end
    if stop is None and last is not None and not renews and far.cancellation is None:
        cycles += _closing_cycle(contract, far, last, bool(cycles))
    goes_on = stop is None and far.cancellation is None and (last is None or renews)
    return Outlook(part, term, far, tuple(cycles), goes_on, stop)


def _fitting(part: Part, changes: Sequence[ContractChange], horizon: dt.date) -> Timeline:
    in_order = steps(part.contract, changes)
    return lay_out_fitting(part.contract, in_order, horizon, part.uplifts, part.customer)


def _beyond_changes(part: Part, day: dt.date, term: Term) -> dt.date:
    """A day by which all that is planned has changed the cycles; of an evergreen term some cycles later."""
    last = max([day, *(known_on(change) for change in part.changes)])
    if term.stop is not None:
        return last
    return add_months(last, part.contract.billing.frequency_months * (_EVERGREEN_CYCLES + 1))


def _last_day(timeline: Timeline) -> dt.date | None:
    """The day from which nothing is billed by itself; of a cancellation that comes late its coming."""
    if timeline.cancellation is not None:
        return known_on(timeline.cancellation)
    return timeline.end


def _known_cycles(part: Part, after: dt.date, horizon: dt.date, last: dt.date | None) -> Iterator[Cycle]:
    """The cycles after a day (up to `last`, the horizon of an evergreen contract), each as the contract is
    known on its first day: what becomes known later (a cancellation inside it) does not alter what is billed
    then.
    """
    marks = sorted({known_on(change) for change in part.changes if known_on(change) > after})
    for begin, end in itertools.pairwise([after, *marks, None]):
        known = [change for change in part.changes if known_on(change) <= (begin or after)]
        timeline = _fitting(part, known, horizon)
        for piece in timeline.slices(last or horizon):
            start = piece.period.start
            known_then = start > after and start >= (begin or after) and (end is None or start < end)
            if known_then and (last is None or start < last):
                yield Cycle(piece, timeline)


def _closing_cycle(contract: Contract, timeline: Timeline, end: dt.date, goes_before: bool) -> list[Cycle]:
    """What is billed at a cycle's end is added to the draft of the next one, so a contract with such lines
    has one more cycle, of nothing, on its last day.
    """
    arrears = contract.billing.timing == "arrears"
    owed = any(life.terms.charge == "usage" or arrears for life in _billed_by_cycle(timeline))
    if not owed or (not goes_before and end <= contract.start_date):
        return []
    period = Period(end, add_months(end, 1), 1)
    return [Cycle(Slice(timeline.terms[-1], period, period.end), timeline, closes=True)]


def _new_cycles_from(timeline: Timeline, term: Term, after: dt.date) -> dt.date | None:
    """The first early renewal after a day whose cycles begin on other days. One on a cycle's first day goes
    on with the cycles that are there, if its own are reckoned from the same day of the month.
    """
    for before, renewed in itertools.pairwise(timeline.terms):
        if renewed.anchor == before.anchor or renewed.start <= after:
            continue
        ends = {piece.period.end for piece in timeline.slices(renewed.start) if piece.term == before}
        if renewed.start not in ends or renewed.anchor.day != term.anchor.day:
            return renewed.start
    return None


def cycle_dates(
    contract: Contract, changes: Sequence[ContractChange], since: dt.date, until: dt.date
) -> frozenset[dt.date]:
    """The days after `since`, up to and including `until`, on which a platform that was told of these changes
    bills by itself (the last day included, on whose draft what is owed at the end stands).
    """
    found: set[dt.date] = set()
    day = since
    while True:
        starts = [cycle.start for cycle in outlook(contract, changes, day).cycles]
        found |= {start for start in starts if since < start <= until}
        furthest = max(starts, default=day)
        if furthest <= day or furthest >= until:
            return frozenset(found)
        day = furthest


def cycle_key(contract: Contract, changes: Sequence[ContractChange], day: dt.date) -> str:
    """The key of the invoice that a cycle of the day bills: to the customer of that day, of the contract that
    the merges by then have made.
    """
    part = standing(contract, changes, day)
    account, first = _fitting(part, part.changes, day).customer_on(day).account.id, part.contract.account.id
    return invoice_key(part.contract.id, day, account if account != first else None)


def term_end(contract: Contract, changes: Sequence[ContractChange], today: dt.date) -> dt.date | None:
    """The first day after the term in force; None for an evergreen contract."""
    return outlook(contract, changes, today).term.stop


def lines_in_force(contract: Contract, changes: Sequence[ContractChange], day: dt.date) -> tuple[Line, ...]:
    """The recurring and usage lines that live on a day (or start later, before the contract does)."""
    part = standing(contract, changes, day)
    day = max(day, part.contract.start_date)
    timeline = part.timeline_of_all(day)
    return tuple(
        Line.model_validate(_terms(life) | {"id": life.id})
        for life in _billed_by_cycle(timeline)
        if life.lives_on(day)
    )


def _terms(life: LineLife) -> dict[str, object]:
    names = LineTerms.model_fields
    return {name: getattr(life.terms, name) for name in names}


def _billed_by_cycle(timeline: Timeline) -> Iterator[LineLife]:
    return (life for life in timeline.lines.values() if life.terms.charge != "one_time")


def subscription_order(
    origin: Origin,
    contract: Contract,
    changes: Sequence[ContractChange],
    customer_id: str,
    today: dt.date,
    since: dt.date | None = None,
) -> SubscriptionOrder:
    """The subscription as it shall be after `since` (today); what is due by then is billed by explicit
    invoices. `changes` are those in force and those planned.
    """
    ahead = outlook(contract, changes, today, since)
    entity, stay, contract = contract.id, stay_on(contract, changes, today), ahead.part.contract
    day = max(today, contract.start_date)
    phases = tuple(_phases(ahead))
    account = ahead.timeline.customer_on(day).account.id
    return SubscriptionOrder(
        origin=origin,
        business_key=stay.key,
        contract=entity,
        documents=contract.id,
        account=account if account != contract.account.id else None,
        customer_id=customer_id,
        legal_entity=contract.legal_entity,
        currency=contract.currency,
        start_date=stay.since,
        anchor_day=ahead.term.anchor.day,
        end_date=_end_of_billing(ahead, phases, day),
        payment_terms_days=contract.billing.payment_terms_days,
        current_lines=tuple(
            _line(ahead.timeline, life, _monthly(life, day) * contract.billing.frequency_months, day)
            for life in _billed_by_cycle(ahead.timeline)
            if life.lives_on(day) and not _is_over(ahead.timeline, day)
        ),
        phases=phases,
    )


def _is_over(timeline: Timeline, day: dt.date) -> bool:
    """Whether the contract has ended by the day: a term that has run out serves nobody any more."""
    return timeline.end is not None and day >= timeline.end


def _end_of_billing(ahead: Outlook, phases: tuple[SubscriptionPhase, ...], day: dt.date) -> dt.date | None:
    """None where it goes on: evergreen, or renewed by itself. A billed period is let run to its end."""
    if ahead.goes_on:
        return None
    if phases:
        return phases[-1].end
    stop = ahead.stops_on or ahead.timeline.end
    if stop is None or stop <= day:
        return stop
    running = [p for p in ahead.timeline.slices(day) if p.period.start <= day < p.stop <= stop]
    cut_short = running and running[-1].term.stop != running[-1].term.end
    return running[-1].period.end if cut_short else stop


def _phases(ahead: Outlook) -> Iterator[SubscriptionPhase]:
    """Runs of cycles that are alike."""
    run: SubscriptionPhase | None = None
    for cycle in ahead.cycles:
        phase = SubscriptionPhase(
            start=cycle.start,
            end=cycle.piece.stop,
            period_months=cycle.piece.period.months,
            lines=_cycle_lines(cycle),
        )
        if run is not None and _is_one_run(run, phase):
            run = run.model_copy(update={"end": phase.end})
            continue
        if run is not None:
            yield run
        run = phase
    if run is not None:
        yield run.model_copy(update={"end": None}) if ahead.goes_on and ahead.timeline.end is None else run


def _is_one_run(run: SubscriptionPhase, phase: SubscriptionPhase) -> bool:
    return (run.end, run.period_months, run.lines) == (phase.start, phase.period_months, phase.lines)


def _cycle_lines(cycle: Cycle) -> tuple[SubscriptionLine, ...]:
    """What is billed on the cycle's first day: the whole cycle at that day's rate, at the end nothing."""
    start, months = cycle.start, 0 if cycle.closes else cycle.piece.period.months
    return tuple(
        _line(cycle.timeline, life, _monthly(life, start) * months, start)
        for life in _billed_by_cycle(cycle.timeline)
        if life.lives_on(start)
    )


def _monthly(life: LineLife, day: dt.date) -> Fraction:
    return Fraction(0) if life.terms.charge == "usage" else life.rate_on(day)


def _line(timeline: Timeline, life: LineLife, exact: Fraction, day: dt.date) -> SubscriptionLine:
    contract, customer = timeline.contract, timeline.customer_on(day)
    by_itself = life.terms.charge == "recurring" and contract.billing.timing == "advance"
    amount = round_amount(exact, contract.currency) if by_itself else zero(contract.currency)
    return SubscriptionLine(
        line=life.id,
        product=life.terms.product,
        description=life.terms.description or life.terms.product,
        charge="usage" if life.terms.charge == "usage" else "recurring",
        quantity=life.state_on(day).quantity,
        period_amount=amount,
        tax_rate_percent=customer.rate_percent(life.id, life.terms, day),
    )
