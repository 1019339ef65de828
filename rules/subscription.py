"""The subscription as it stands on a day, and the periods to come, so that a platform can bill it by itself.

Source: FINANCE.md, "Dates", "Charges".
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.change import ContractChange
from canonical.contract import Contract, LineTerms
from canonical.money import round_amount
from rules.calendar import add_months, days_after
from rules.merge import Part, parts
from rules.proration import stretches
from rules.timeline import LineLife, Slice, Term, Timeline


class SubscriptionLine(Noun):
    """A recurring or usage line in force. `monthly_rate` is exact, and is not written out.

    `period_amount` is what a recurring line costs in the next full billing period; null for usage and where
    the line has no period to come.
    """

    line: str
    product: str
    charge: Literal["recurring", "one_time", "usage"]
    quantity: Dec
    discount_percent: Dec
    terms: LineTerms
    monthly_rate: Fraction = Field(exclude=True)
    period_amount: Dec | None


class UpcomingPeriod(Noun):
    """A billing period that starts after the day; `amounts` are those of its recurring lines."""

    start: Day
    end: Day
    billing_date: Day
    amounts: dict[str, Dec]


class SubscriptionState(Noun):
    """`term_end` null is evergreen. `next_billing_date` is the next one after the day, null where there is
    none.

    `upcoming` are the periods until the term's end; of an evergreen term the next one.
    """

    contract: str
    status: Literal["pending", "active", "cancelled", "expired"]
    term_start: Day
    term_end: Day | None
    lines: tuple[SubscriptionLine, ...]
    upcoming: tuple[UpcomingPeriod, ...]
    next_billing_date: Day | None


def subscription_at(contract: Contract, changes: Sequence[ContractChange], on: dt.date) -> SubscriptionState:
    """The state on the day with all the changes given, those that take effect later included in what is to
    come.

    Amounts are rounded in the contract's currency. It does not say what is billed by now (`documents`).
    """
    part = parts(contract, changes, on)[-1]
    day = max(on, part.contract.start_date)
    term = _term(part, day)
    horizon = _horizon(term, day, part.contract.billing.frequency_months)
    timeline = part.timeline_known_by(horizon)
    upcoming = [piece for piece in timeline.slices(horizon) if _is_to_come(piece, on, term)]
    periods = tuple(_upcoming(timeline, piece) for piece in (upcoming[:1] if term.end is None else upcoming))
    return SubscriptionState(
        contract=part.contract.id,
        status=_status(timeline, on),
        term_start=term.start,
        term_end=term.stop,
        lines=tuple(_lines(timeline, day, periods)),
        upcoming=periods,
        next_billing_date=_next_billing_date(timeline, on, horizon),
    )


def _term(part: Part, day: dt.date) -> Term:
    """The term in force on the day; the last one where none is."""
    timeline = part.timeline_known_by(day)
    return timeline.term_on(day) or timeline.terms[-1]


def _horizon(term: Term, day: dt.date, frequency_months: int) -> dt.date:
    """So far that the whole term lies before it, or two periods of an evergreen one."""
    return add_months(day, 2 * frequency_months) if term.end is None else max(term.end, day)


def _is_to_come(piece: Slice, on: dt.date, term: Term) -> bool:
    return piece.period.start > on and piece.term.origin == term.origin


def _status(timeline: Timeline, on: dt.date) -> Literal["pending", "active", "cancelled", "expired"]:
    if on < timeline.contract.start_date:
        return "pending"
    if timeline.term_on(on) is not None:
        return "active"
    return "expired" if timeline.cancellation is None else "cancelled"


def _upcoming(timeline: Timeline, piece: Slice) -> UpcomingPeriod:
    contract = timeline.contract
    advance = contract.billing.timing == "advance"
    amounts = {
        life.id: _amount(life, piece, contract.currency)
        for life in timeline.lines.values()
        if life.terms.charge == "recurring" and stretches(life, piece.period.start, piece.stop)
    }
    billing_date = piece.period.start if advance else piece.stop
    return UpcomingPeriod(
        start=piece.period.start, end=piece.stop, billing_date=billing_date, amounts=amounts
    )


def _amount(life: LineLife, piece: Slice, currency: str) -> Decimal:
    cost = (stretch.cost(piece.period) for stretch in stretches(life, piece.period.start, piece.stop))
    return round_amount(sum(cost, Fraction(0)), currency)


def _lines(timeline: Timeline, day: dt.date, periods: Sequence[UpcomingPeriod]) -> Iterator[SubscriptionLine]:
    for life in timeline.lines.values():
        if life.terms.charge == "one_time" or not life.lives_on(day) or timeline.term_on(day) is None:
            continue
        state = life.state_on(day)
        recurring = life.terms.charge == "recurring"
        yield SubscriptionLine(
            line=life.id,
            product=life.terms.product,
            charge=life.terms.charge,
            quantity=state.quantity,
            discount_percent=state.discount_percent,
            terms=life.terms.model_copy(update={"pricing": state.pricing}),
            monthly_rate=state.monthly_rate() if recurring else Fraction(0),
            period_amount=periods[0].amounts.get(life.id) if periods else None,
        )


def _next_billing_date(timeline: Timeline, on: dt.date, horizon: dt.date) -> dt.date | None:
    """The next day on which a period starts or ends: something may be billed then."""
    dates = {window.stop for window in timeline.windows(days_after(horizon, 1))}
    if timeline.contract.billing.timing == "advance":
        dates |= {piece.period.start for piece in timeline.slices(horizon)}
    return min((day for day in dates if day > on), default=None)
