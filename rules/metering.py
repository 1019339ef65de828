"""What a contract takes in of the usage that is reported, and on which invoice it goes.

Usage known while its invoice's draft is open is on that invoice. Once that invoice is closed, usage of its
period is late: it is taken in on a later day, and goes on the next invoice with its own period. Source:
FINANCE.md, "Charges"; docs/decisions/0007-usage-travels-by-day.md.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from canonical.change import Amendment, Cancellation, Merge, Transfer
from canonical.document import CreditMemo
from canonical.lifecycle import ContractState, DocumentQuestion, UsageNotice
from canonical.metering import MeteredMonth, by_day
from canonical.money import plus
from canonical.scenario import Usage
from rules.agenda import has_ended, has_moved, late_usage_days
from rules.billing_plan import documents
from rules.calendar import month_key
from rules.merge import joining, parts
from rules.timeline import Window

_Cell = tuple[str, str, dt.date | None]
"""Line, month, and the received date where it is late."""


def by_month(usage: Iterable[Usage]) -> tuple[MeteredMonth, ...]:
    """Single events added up by line and day; an id counts once, at its first coming.

    What became known on its own day or before is not told apart: it is known whenever it is asked for.
    """
    units: dict[_Cell, dict[int, list[Usage]]] = defaultdict(lambda: defaultdict(list))
    seen: set[str] = set()
    for event in usage:
        if event.id is not None:
            if event.id in seen:
                continue
            seen.add(event.id)
        received = event.received_date
        late = received if received is not None and received > event.date else None
        units[(event.line, month_key(event.date), late)][event.date.day].append(event)
    return tuple(
        MeteredMonth(
            line=line,
            month=month,
            units={day: plus(*(event.quantity for event in events)) for day, events in sorted(days.items())},
            events=sum(map(len, days.values())),
            received_date=received,
        )
        for (line, month, received), days in sorted(units.items(), key=lambda cell: _order(cell[0]))
    )


def newer(known: Iterable[MeteredMonth], told: Iterable[MeteredMonth]) -> tuple[MeteredMonth, ...]:
    """The told months that have more events than are known of their line and month."""
    events: dict[tuple[str, str], int] = defaultdict(int)
    for month in known:
        events[(month.line, month.month)] += month.events
    return tuple(month for month in told if month.events > events[(month.line, month.month)])


def with_told(
    known: Iterable[MeteredMonth],
    told: Iterable[MeteredMonth],
    received_on: Callable[[dt.date], dt.date | None],
) -> tuple[MeteredMonth, ...]:
    """The usage known once `told` is taken in, which is all that is reported of its lines and months.

    `received_on` gives a day's received date where its usage is late by now. Told again, or told what is
    older than the known, changes nothing.
    """
    cells = {_cell(month): month for month in known}
    for month in newer(cells.values(), told):
        same = [c for c in cells.values() if (c.line, c.month) == (month.line, month.month)]
        more = month.events - sum(cell.events for cell in same)
        for day, quantity in month.units.items():
            before = [cell.units[day] for cell in same if day in cell.units]
            fresh = plus(quantity, *(-one for one in before))
            if fresh or not before:
                late = received_on(month.date(day))
                _add(cells, (month.line, month.month, late), {day: fresh}, more)
                more = 0
        if more:  # they come to nothing, and are known all the same
            _add(cells, (month.line, month.month, None), {}, more)
    return tuple(cells[cell] for cell in sorted(cells, key=_order))


def _add(cells: dict[_Cell, MeteredMonth], cell: _Cell, units: dict[int, Decimal], events: int) -> None:
    line, month, received = cell
    standing = cells.get(cell) or MeteredMonth(
        line=line, month=month, units={}, events=0, received_date=received
    )
    added = {day: plus(standing.units[day], q) if day in standing.units else q for day, q in units.items()}
    cells[cell] = standing.model_copy(
        update={"units": {**standing.units, **added}, "events": standing.events + events}
    )


def lacking(state: ContractState, question: DocumentQuestion) -> tuple[MeteredMonth, ...] | None:
    """What the contract must be told before it says what is on a cycle's invoice; None where it may say so.

    An invoice that is issued has what was known when it was, so it only has to be closed.
    """
    if question.cycle is None or not has_usage(state):
        return None
    news = newer(state.usage, question.usage) if question.cycle == "draft" else ()
    is_closed = state.usage_closed is not None and question.date <= state.usage_closed
    return None if is_closed and not news else news


def has_usage(state: ContractState) -> bool:
    """Whether the contract has, or has had, a line that is billed by usage."""
    lines = () if state.contract is None else state.contract.lines
    lines += tuple(
        line
        for change in state.changes_in_force()
        if isinstance(change, Merge)
        for other in joining(change)
        for line in other.contract.lines
    )
    added = (
        entry.add
        for change in state.changes_in_force()
        if isinstance(change, Amendment)
        for entry in change.lines
        if entry.add is not None
    )
    return bool(state.usage) or any(terms.charge == "usage" for terms in (*lines, *added))


def is_used_from(usage: Iterable[MeteredMonth], day: dt.date) -> bool:
    """Whether any of it is of the day or later."""
    return any(month.date(each) >= day for month in usage for each in month.units)


def take_in(
    state: ContractState, told: Iterable[MeteredMonth], day: dt.date, *, draft_open: bool = False
) -> tuple[MeteredMonth, ...]:
    """The usage known once `told` is taken in on the day, for the draft of that date where one is open.

    What belongs to a period whose invoice is closed is received on the day, at the earliest on the day after
    the last closed invoice: no issued one is altered. Once the contract has ended, none that it has issued
    takes any more; nor does a credit memo that a change has issued on the day. Where part of its life is
    another's, that one's invoice of the day is issued by plan, and closed with it.
    """
    closed = state.usage_closed
    if closed is None or state.contract is None:
        return with_told(state.usage, told, lambda date: None)
    if draft_open and closed <= day:
        closed = day - dt.timedelta(days=1)
    by_plan = has_ended(state, day) or has_moved(state)
    last = max(closed, state.billed_through or closed) if by_plan else closed
    received = max(day, last + dt.timedelta(days=1))
    billed = [window for window in windows(state, received) if window.stop <= closed]

    def late_on(day: dt.date) -> tuple[MeteredMonth, ...]:
        def received_on(date: dt.date) -> dt.date | None:
            return day if any(window.start <= date < window.stop for window in billed) else None

        return with_told(state.usage, told, received_on)

    taken = late_on(received)
    if _alters_a_credit_memo(state, taken, received):
        return late_on(received + dt.timedelta(days=1))
    return taken


def _alters_a_credit_memo(state: ContractState, taken: tuple[MeteredMonth, ...], day: dt.date) -> bool:
    """Whether a credit memo that a change has issued on the day would credit this usage too."""
    issued = [each.key for each in state.expected if isinstance(each, CreditMemo) and each.date == day]
    if not issued or state.contract is None:
        return False
    contract, changes = state.contract, state.changes_in_force()
    before, after = (
        {
            memo.key: memo.lines
            for memo in documents(contract, changes, usage, day, accepted=state.accepted).credit_memos
        }
        for usage in (state.used(), by_day(taken))
    )
    return any(
        after[key] != before.get(key)
        for key in after
        if any(each == key or each.startswith(f"{key}/") for each in issued)
    )


def after_notice(state: ContractState, notice: UsageNotice) -> ContractState:
    """The contract once it knows of the usage, and has closed the invoice that the notice is for. Late usage
    of a customer before, or of the contract before a merge, is on no cycle's invoice: it may owe one itself.
    """
    taken = state.model_copy(
        update={
            "usage": take_in(state, notice.usage, notice.date, draft_open=notice.draft_open),
            "usage_closed": max(state.usage_closed or notice.date, notice.date),
        }
    )
    may_owe = has_moved(taken) and bool(late_usage_days(taken))
    return taken.model_copy(update={"owes": state.owes or may_owe})


def closed_after(before: ContractState, after: ContractState, as_of: dt.date) -> dt.date | None:
    """Up to which date invoices take no more usage, once a change has been carried out.

    As long as our plan issues all invoices, those are closed; later on only those of the periods that the
    change has made to end: the platform's own drafts close one by one. A change that ends the subscription
    issues all that is due by its day, its own first day of a period included.
    """
    through, cycles = after.billed_through, before.cycle_from
    if through is not None and (cycles is None or through <= cycles):
        dates = {through}
    else:
        dates = {w.stop for w in windows(after, as_of)} - {w.stop for w in windows(before, as_of)}
    last = after.carried[-1].change if after.carried else None
    if isinstance(last, Cancellation | Transfer | Merge):
        dates.add(as_of)
    if after.usage_closed is not None:
        dates.add(after.usage_closed)
    return max(dates, default=None)


def windows(state: ContractState, until: dt.date) -> list[Window]:
    """What is billed in arrears and ends by the day, of the contract and of those merged into it."""
    if state.contract is None:
        return []
    own = parts(state.contract, state.changes_in_force(), until)
    return [window for part in own for window in part.timeline_of_all(until).windows(until)]


def _cell(month: MeteredMonth) -> _Cell:
    return month.line, month.month, month.received_date


def _order(cell: _Cell) -> tuple[str, str, dt.date]:
    line, month, received = cell
    return line, month, received or dt.date.min
