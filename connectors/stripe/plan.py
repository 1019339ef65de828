"""What a subscription order means at Stripe: prices, items, and the stages of a schedule. Pure.

Stripe bills an item price × quantity at each boundary of its interval, reckoned from the anchor. So the time
up to the first phase is a stage that is free of charge (it ends at the anchor, without proration), and each
phase is a stage with prices of its own interval.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from connectors.stripe import mapping
from connectors.stripe.client import PLATFORM
from connectors.stripe.forms import midnight
from connectors.stripe.money import smallest_step, to_stripe
from ports.billing import SubscriptionLine, SubscriptionOrder, SubscriptionPhase
from ports.errors import Rejected

LONGEST_MONTHS = 36
_STUB_MONTHS = (1, 3, 6, 12, 24, 36)
_PLACES = Decimal("0.000000000001")


@dataclass(frozen=True)
class PriceSpec:
    """A price that costs `unit` minor units (text, at most twelve decimals) each, every `months`.

    `ordinal` tells apart lines of one subscription with equal prices, which Stripe refuses to have twice.
    """

    product: str
    currency: str
    months: int
    unit: str
    ordinal: int = 1

    @property
    def lookup_key(self) -> str:
        base = f"q2c/{mapping.product_id(self.product)}/{self.currency}/{self.months}m/{self.unit}"
        return base if self.ordinal == 1 else f"{base}/{self.ordinal}"


@dataclass(frozen=True)
class Item:
    """One line of a stage."""

    line: str
    price: PriceSpec
    quantity: int
    percent: Decimal
    contract_quantity: Decimal

    @property
    def metadata(self) -> dict[str, str]:
        return {mapping.LINE: self.line, "q2c_quantity": format(self.contract_quantity, "f")}


@dataclass(frozen=True)
class Stage:
    """`[start, end)` in days; `end` None: goes on until changed."""

    start: dt.date
    end: dt.date | None
    months: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Plan:
    """`current` runs now and is not billed any more; None where the contract has not begun. `boundary` is the
    next date on which Stripe has to bill (or to end), None where there is none."""

    current: Stage | None
    future: tuple[Stage, ...]
    boundary: dt.date | None
    end: dt.date | None

    @property
    def nothing(self) -> bool:
        return self.current is None and not self.future

    @property
    def simple(self) -> bool:
        """Whether a plain subscription does it: one kind of cycle from now on."""
        if self.current is None:
            return False
        alike = all((s.months, s.items) == (self.current.months, self.current.items) for s in self.future)
        return len(self.future) <= 1 and alike

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (() if self.current is None else (self.current,)) + self.future


def plan(order: SubscriptionOrder, now: dt.datetime, running_months: int | None = None) -> Plan:
    """The order as of Stripe's time. `running_months` is the interval of the subscription that is there: its
    current items keep it, since another one would bill at once."""
    today = now.date()
    future = tuple(_future(order, today))
    running = next((phase for phase in order.phases if _runs(phase, today)), None)
    boundary = _boundary(order, running, future, today)
    lines = running.lines if running is not None else order.current_lines
    over = boundary is None and order.end_date is not None
    current = None
    if lines and order.start_date <= today and not over:
        months = running_months or (running.period_months if running is not None else None)
        months = months or _stub_months(today, boundary, future)
        start = running.start if running is not None else order.start_date
        current = Stage(start, boundary, months, items(lines, months, order.currency))
    end = order.end_date if order.end_date is not None and order.end_date > today else None
    made = Plan(current, future, boundary, end)
    _check_anchors(made.stages, order.anchor_day)
    return made


def _check_anchors(stages: tuple[Stage, ...], anchor_day: int) -> None:
    """Where the interval changes, Stripe counts on from that day: on a clamped day (the 28th, where the 31st
    is meant) it would bill the following cycles on wrong days."""
    for before, stage in itertools.pairwise(stages):
        if before.months != stage.months and stage.start.day < anchor_day and _is_clamped(stage.start):
            raise Rejected(
                f"other cycles can't begin on {stage.start}: Stripe would forget day {anchor_day}",
                platform=PLATFORM,
                operation="set_subscription",
                field="anchor_day",
            )


def _is_clamped(day: dt.date) -> bool:
    """Whether it is the last of its month."""
    return (day + dt.timedelta(days=1)).day == 1


def _runs(phase: SubscriptionPhase, today: dt.date) -> bool:
    return phase.start <= today and (phase.end is None or phase.end > today)


def _future(order: SubscriptionOrder, today: dt.date) -> Iterator[Stage]:
    """The phases to come. One without lines keeps its cycle by lines that cost nothing."""
    lines: Sequence[SubscriptionLine] = order.current_lines
    for phase in order.phases:
        lines = phase.lines or [_free(line) for line in lines]
        if phase.start > today and lines:
            yield Stage(
                phase.start, phase.end, phase.period_months, items(lines, phase.period_months, order.currency)
            )


def _free(line: SubscriptionLine) -> SubscriptionLine:
    return line.model_copy(update={"period_amount": Decimal(0)})


def _boundary(
    order: SubscriptionOrder, running: SubscriptionPhase | None, future: tuple[Stage, ...], today: dt.date
) -> dt.date | None:
    """When the current stage ends."""
    candidates = [future[0].start] if future else []
    if running is not None:
        candidates.append(next_cycle(running.start, running.period_months, order.anchor_day, today))
    if order.end_date is not None and order.end_date > today:
        candidates.append(order.end_date)
    return min(candidates, default=None)


def next_cycle(start: dt.date, months: int, anchor_day: int, after: dt.date) -> dt.date:
    """The first cycle's start after a day, by the anchor's day of the month."""
    index = 1
    while (day := add_months(start, months * index, anchor_day)) <= after:
        index += 1
    return day


def add_months(start: dt.date, months: int, day: int) -> dt.date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - dt.timedelta(days=1)).day
    return dt.date(year, month + 1, min(day, last))


def _stub_months(today: dt.date, boundary: dt.date | None, future: tuple[Stage, ...]) -> int:
    """The interval of a new subscription until its anchor, which may be at most one interval ahead."""
    wanted = ([future[0].months] if future else []) + list(_STUB_MONTHS)
    if boundary is None:
        return wanted[0]
    reaching = (months for months in wanted if add_months(today, months, today.day) >= boundary)
    return next(reaching, LONGEST_MONTHS)


def items(lines: Sequence[SubscriptionLine], months: int, currency: str) -> tuple[Item, ...]:
    made: list[Item] = []
    for line in lines:
        quantity, unit = priced(line, currency)
        spec = PriceSpec(line.product, currency, months, unit)
        while any(other.price == spec for other in made):
            spec = replace(spec, ordinal=spec.ordinal + 1)
        made.append(Item(line.line, spec, quantity, line.tax_rate_percent, line.quantity))
    return tuple(made)


def priced(line: SubscriptionLine, currency: str) -> tuple[int, str]:
    """(quantity, unit amount in minor units): the contract's quantity where that gives exactly the period's
    amount, else one unit of it."""
    amount = to_stripe(line.period_amount, currency, f"lines.{line.line}.period_amount")
    quantity = int(line.quantity)
    if line.quantity == quantity and quantity > 0:
        unit, step = (Decimal(amount) / quantity).quantize(_PLACES), smallest_step(currency)
        if Fraction(unit) * quantity == amount and (step == 1 or Fraction(unit) % step == 0):
            return quantity, format(unit.normalize(), "f")
    return 1, str(amount)


def timestamps(stage: Stage) -> tuple[int, int]:
    """(start, end) of a stage; one that goes on gets one cycle, after which the schedule lets go."""
    end = stage.end or add_months(stage.start, stage.months, stage.start.day)
    return midnight(stage.start), midnight(end)
