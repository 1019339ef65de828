"""What the billing platform must be told so that it bills by itself what the rules expect.

The next cycles are laid out with the rules' own timeline and grouped into phases of equal cycles. A renewal
by itself is told ahead, uplift and all: then the platform bills right on the day even if nobody is awake.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from canonical.change import ContractChange
from canonical.contract import Contract, Line, LineTerms
from canonical.money import round_amount, zero
from canonical.origin import Origin
from ports.billing import SubscriptionLine, SubscriptionOrder, SubscriptionPhase
from rules.calendar import Period, add_months
from rules.merge import Part, standing
from rules.proration import stretches
from rules.subscription_stays import stay_on
from rules.timeline import LineLife, Slice, Term, Timeline

_EVERGREEN_CYCLES = 2
"""How many cycles of an evergreen contract are looked at: all that follow are alike."""


@dataclass(frozen=True)
class Outlook:
    """The contract as it will bill by itself after a day: the term in force, and the cycles to come.

    `part` is the contract itself, or the new one that a merge has made of it.
    """

    part: Part
    term: Term
    timeline: Timeline
    cycles: tuple[Slice, ...]


def outlook(contract: Contract, changes: Sequence[ContractChange], today: dt.date) -> Outlook:
    """The term in force today (the first one before the start) and the cycles that start after today."""
    part = standing(contract, changes, today)
    contract = part.contract
    day = max(today, contract.start_date)
    near = part.timeline_of_all(day)
    term = near.term_on(day) or near.terms[-1]
    if term.stop is None:
        horizon = add_months(day, contract.billing.frequency_months * (_EVERGREEN_CYCLES + 1))
    else:
        horizon = term.stop
    far = part.timeline_of_all(horizon)
    last = far.end
    until = horizon if last is None else last - dt.timedelta(days=1)
    cycles = tuple(piece for piece in far.slices(until) if piece.period.start > today)
    return Outlook(part, term, far, cycles)


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
) -> SubscriptionOrder:
    """The subscription as it shall be after today; what is due by today is billed by explicit invoices."""
    ahead = outlook(contract, changes, today)
    entity, stay, contract = contract.id, stay_on(contract, changes, today), ahead.part.contract
    day = max(today, contract.start_date)
    phases = tuple(_phases(contract, ahead))
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
        end_date=_end_of_billing(contract, ahead, phases),
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


def _end_of_billing(
    contract: Contract, ahead: Outlook, phases: tuple[SubscriptionPhase, ...]
) -> dt.date | None:
    """None where it goes on: evergreen, or renewed by itself."""
    renews = contract.renewal is not None and contract.renewal.auto and ahead.timeline.cancellation is None
    if ahead.timeline.end is None or renews:
        return None
    return phases[-1].end if phases else ahead.timeline.end


def _phases(contract: Contract, ahead: Outlook) -> Iterator[SubscriptionPhase]:
    """Runs of cycles that are alike. What is billed at a cycle's end is added to the draft of the next one,
    so a contract with such lines has one more cycle, of nothing, on its last day.
    """
    run: SubscriptionPhase | None = None
    for cycle in (*ahead.cycles, *_closing_cycle(contract, ahead)):
        lines = _cycle_lines(ahead.timeline, cycle)
        phase = SubscriptionPhase(
            start=cycle.period.start, end=cycle.stop, period_months=cycle.period.months, lines=lines
        )
        if run is not None and (run.period_months, run.lines) == (phase.period_months, phase.lines):
            run = run.model_copy(update={"end": phase.end})
            continue
        if run is not None:
            yield run
        run = phase
    if run is not None:
        yield run if ahead.timeline.end is not None else run.model_copy(update={"end": None})


def _closing_cycle(contract: Contract, ahead: Outlook) -> Iterator[Slice]:
    end = ahead.timeline.end
    arrears = contract.billing.timing == "arrears"
    owed = any(life.terms.charge == "usage" or arrears for life in _billed_by_cycle(ahead.timeline))
    renews = contract.renewal is not None and contract.renewal.auto and ahead.timeline.cancellation is None
    if end is None or not owed or renews or (not ahead.cycles and end <= contract.start_date):
        return
    period = Period(end, add_months(end, 1), 1)
    yield Slice(ahead.timeline.terms[-1], period, period.end)


def _cycle_lines(timeline: Timeline, cycle: Slice) -> tuple[SubscriptionLine, ...]:
    lines = []
    for life in _billed_by_cycle(timeline):
        if life.lives_on(cycle.period.start):
            is_free = life.terms.charge == "usage" or _is_over(timeline, cycle.period.start)
            pieces = [] if is_free else stretches(life, cycle.period.start, cycle.stop)
            exact = sum((piece.cost(cycle.period) for piece in pieces), Fraction(0))
            lines.append(_line(timeline, life, exact, cycle.period.start))
    return tuple(lines)


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
