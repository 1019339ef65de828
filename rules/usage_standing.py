"""What becomes of reported usage, in finance's words: nothing that is reported is left out in silence.

Source: FINANCE.md, "Charges" (what is outside its line's life is not billed).
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from canonical.change import Cancellation
from canonical.lifecycle import ContractState
from canonical.metering import MeteredMonth, UsageStanding
from canonical.money import plus
from rules.agenda import merged_into
from rules.calendar import add_months
from rules.merge import parts
from rules.timeline import LineLife, Timeline

_NOTHING = Decimal(0)


def standings(state: ContractState | None, reported: Iterable[MeteredMonth]) -> Iterator[UsageStanding]:
    """One for each line and month. `state` None: no such contract is known yet."""
    months = list(reported)
    timelines = _timelines(state, months)
    for month in months:
        taken = [m for m in state.usage if (m.line, m.month) == (month.line, month.month)] if state else []
        units, counted = _sum(month), plus(*map(_sum, taken))
        lost, why = _not_billed(month, timelines, merged_into(state) if state else None)
        if state is not None and _is_undone(state):
            lost, why = units, "the contract was undone: not billed"
        waiting = plus(units, -counted) if why is None or lost != units else _NOTHING
        is_over = state is not None and bool(timelines) and _is_over(state, timelines[-1])
        yield UsageStanding(
            line=month.line,
            month=month.month,
            events=month.events,
            units=units,
            taken_in=counted,
            late=plus(*(_sum(m) for m in taken if m.received_date is not None)),
            waiting=waiting,
            not_billed=lost,
            note=why or _note(taken, waiting, is_over),
        )


def _is_undone(state: ContractState) -> bool:
    """Whether its activation was compensated, so that it bills nothing, ever."""
    statuses = {item.status for item in state.carried if item.type == "activation"}
    return "compensated" in statuses and "done" not in statuses


def _timelines(state: ContractState | None, months: list[MeteredMonth]) -> list[Timeline]:
    """The contract's lines up to the end of the last month: of what was merged, then of what came of it."""
    if state is None or state.contract is None or not months:
        return []
    last = max(month.date(1) for month in months)
    horizon = max(add_months(last, 1), state.contract.start_date)
    own = parts(state.contract, state.changes_in_force(), horizon)
    return [part.timeline_of_all(horizon) for part in own]


def _sum(month: MeteredMonth) -> Decimal:
    return plus(*month.units.values())


def _not_billed(
    month: MeteredMonth, timelines: list[Timeline], merged: Cancellation | None
) -> tuple[Decimal, str | None]:
    """The units that no invoice takes as the contract stands, and why."""
    if not timelines:
        return _NOTHING, "the contract is not known yet: it counts once it is"
    lives = [(timeline.lines[month.line], timeline) for timeline in timelines if month.line in timeline.lines]
    if not lives:
        return _NOTHING, f"no line {month.line} is known yet: it counts once an amendment brings one"
    charge = lives[-1][0].terms.charge
    if charge != "usage":
        return _sum(month), f"line {month.line} is no usage line (it is {charge}): not billed"
    outside = {day: units for day, units in month.units.items() if not _is_served(lives, month.date(day))}
    if merged is not None and max(map(month.date, outside), default=dt.date.min) >= merged.effective_date:
        day = merged.effective_date
        lost = plus(*(units for each, units in outside.items() if month.date(each) < day))
        return lost, f"days from {day} on are those of {merged.merged_into}, to which it is handed on"
    if not outside:
        return _NOTHING, None
    days = ", ".join(month.date(day).isoformat() for day in sorted(outside)[:3])
    more = ", …" if len(outside) > 3 else ""
    return plus(*outside.values()), f"outside the line's life, not billed: {days}{more}"


def _is_served(lives: list[tuple[LineLife, Timeline]], day: dt.date) -> bool:
    return any(life.lives_on(day) and timeline.term_on(day) is not None for life, timeline in lives)


def _is_over(state: ContractState, timeline: Timeline) -> bool:
    """Whether the contract's last invoice takes no more usage."""
    end, closed = timeline.end, state.usage_closed
    renews = state.contract is not None and state.contract.renewal is not None and state.contract.renewal.auto
    if timeline.cancellation is None and renews:
        return False
    return end is not None and closed is not None and end <= closed


def _note(taken: list[MeteredMonth], waiting: Decimal, is_over: bool) -> str:
    late = sorted({month.received_date for month in taken if month.received_date is not None})
    words = []
    if waiting:
        words.append("waits for an invoice of its own" if is_over else "waits for the next invoice's draft")
    if late:
        words.append(f"late: taken in on {', '.join(day.isoformat() for day in late)}")
    return "; ".join(words)
