"""Usage by day comes to the same documents as its single events, in every split and order of arrival."""

import copy
import datetime as dt
import json
import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from canonical.lifecycle import ContractState, DocumentQuestion, UsageNotice
from canonical.metering import MeteredMonth, by_day
from canonical.scenario import Scenario, Usage
from rules.billing_plan import Documents, documents
from rules.layout import ChangeRefused
from rules.metering import after_notice, by_month, lacking, newer, take_in, with_told
from rules.reading import read_scenario
from tests.rules.scenarios import amendment, contract, metered, raw, seats
from tests.rules.strategies import scenarios

DAY = dt.timedelta(days=1)


def read(data: dict[str, Any]) -> Scenario:
    return read_scenario(json.dumps(data), "json")


def used(day: str, quantity: str, line: str = "U1", **more: Any) -> dict[str, Any]:
    return {"line": line, "date": day, "quantity": quantity, **more}


def issued(scenario: Scenario, usage: tuple[Usage, ...]) -> Documents:
    return documents(scenario.contract, scenario.changes, usage, scenario.as_of)


def nothing_is_late(date: dt.date) -> None:
    return None


@st.composite
def late_and_twice(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario some of whose usage became known later, and some of whose ids come again."""
    told = copy.deepcopy(draw(scenarios()))
    usage = told["usage"]
    for number, event in enumerate(usage):
        event["id"] = f"e-{number}"
        if draw(st.booleans()):
            later = draw(st.integers(-3, 120))
            event["received_date"] = str(dt.date.fromisoformat(event["date"]) + later * DAY)
    again = [dict(event) for event in usage if draw(st.booleans())]
    return {**told, "usage": [*usage, *again]}


@settings(max_examples=400, deadline=None)
@given(late_and_twice(), st.randoms(use_true_random=False))
def test_usage_by_day_leads_to_the_documents_of_its_events(
    told: dict[str, Any], order: random.Random
) -> None:
    scenario = read(told)
    events = list(scenario.usage)
    order.shuffle(events)
    try:
        expected = issued(scenario, scenario.usage)
    except ChangeRefused:
        return
    assert issued(scenario, by_day(by_month(events))) == expected


@settings(max_examples=200, deadline=None)
@given(late_and_twice(), st.data())
def test_what_is_told_in_parts_is_known_as_if_told_at_once(told: dict[str, Any], data: DataObject) -> None:
    """However the events are split over readings, and whichever readings are told again or out of turn."""
    events = [event.model_copy(update={"received_date": None}) for event in read(told).usage]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
    readings = [by_month(events[:cut]) for cut in (*cuts, len(events))]
    again = data.draw(st.lists(st.sampled_from(readings), max_size=4))
    known: tuple[MeteredMonth, ...] = ()
    for reading in (*readings, *again):
        known = with_told(known, reading, nothing_is_late)
    assert known == by_month(events)


def test_sums_are_exact_however_large() -> None:
    large, small = Decimal("9" * 28), Decimal("0.000000000000000001")
    one = Usage(line="U1", date=dt.date(2026, 1, 1), quantity=large)
    (month,) = by_month([one, one.model_copy(update={"quantity": small})])
    assert str(month.units[1]) == "9" * 28 + ".000000000000000001"


def test_corrections_that_come_to_nothing_are_known() -> None:
    day = dt.date(2026, 1, 5)
    up, down = (Usage(line="U1", date=day, quantity=Decimal(n)) for n in ("5", "-5"))
    known = with_told((), by_month([up]), nothing_is_late)
    told = by_month([up, up, down])
    assert newer(known, told) == told
    assert newer(with_told(known, told, nothing_is_late), told) == ()


# -- a contract's months, one after the other --------------------------------------------------------


def state_of(scenario: Scenario, **more: Any) -> ContractState:
    return ContractState(id="C-1", tenant="t", crm="salesforce", contract=scenario.contract, **more)


def asked(state: ContractState, reported: list[Usage], date: dt.date, cycle: Any = "draft") -> ContractState:
    """The contract once it has said what is on the date's invoice."""
    question = DocumentQuestion(
        contract="C-1", kind="invoice", key=None, date=date, cycle=cycle, usage=by_month(reported)
    )
    news = lacking(state, question)
    if news is not None:
        state = after_notice(state, UsageNotice(usage=news, date=date, draft_open=cycle == "draft"))
    assert lacking(state, question) is None
    return state


def monthly(*usage: dict[str, Any], **more: Any) -> Scenario:
    return read(raw(contract(metered(), seats(), every=1, **more), usage=list(usage)))


JANUARY, FEBRUARY, MARCH = (dt.date(2026, month, 1) for month in (2, 3, 4))
"""The days on which these months are billed."""


def test_usage_reported_while_the_draft_is_open_is_on_it_and_later_on_the_next() -> None:
    scenario = monthly(used("2026-01-10", "7"), used("2026-01-20", "5"), used("2026-01-30", "3"))
    first, second, third = scenario.usage
    state = asked(state_of(scenario), [first], JANUARY)
    state = asked(state, [first, second], JANUARY)
    state = asked(state, [first, second, third], FEBRUARY)
    received = {usage.date.day: usage.received_date for usage in state.used()}
    assert received == {10: None, 20: None, 30: FEBRUARY}


def test_usage_for_an_invoice_that_was_issued_without_it_is_late() -> None:
    scenario = monthly(used("2026-01-10", "7"))
    state = asked(state_of(scenario), list(scenario.usage), JANUARY, "issued")
    assert state.used() == ()
    state = asked(state, list(scenario.usage), FEBRUARY)
    assert [usage.received_date for usage in state.used()] == [FEBRUARY]


def test_usage_read_between_a_closed_invoice_and_the_next_is_received_after_the_closed_one() -> None:
    """A change is read from the CRM on the very day whose invoice is closed."""
    scenario = monthly(used("2026-01-10", "7"))
    state = asked(state_of(scenario), [], JANUARY)
    state = state.model_copy(update={"usage": take_in(state, by_month(scenario.usage), JANUARY)})
    assert [usage.received_date for usage in state.used()] == [JANUARY + DAY]
    late = [line for i in issued(scenario, state.used()).invoices for line in i.lines if line.line == "U1"]
    assert [(str(line.period_start), str(line.period_end)) for line in late] == [("2026-01-01", "2026-02-01")]


def test_usage_read_before_its_invoices_draft_was_seen_is_on_time() -> None:
    scenario = monthly(used("2026-01-10", "7"))
    state = asked(state_of(scenario), [], JANUARY)
    told = by_month(read(raw(contract(metered()), usage=[used("2026-02-10", "7")])).usage)
    taken = take_in(state, told, FEBRUARY + 3 * DAY)
    assert [month.received_date for month in taken] == [None]


def test_a_contract_without_usage_lines_is_asked_nothing_more() -> None:
    scenario = read(raw(contract(seats(), every=1)))
    assert lacking(state_of(scenario), _cycle_question(JANUARY)) is None


def test_a_usage_line_that_an_amendment_added_is_asked_for() -> None:
    added = amendment("2026-01-05", {"id": "U1", "add": {k: v for k, v in metered().items() if k != "id"}})
    scenario = read(raw(contract(seats(), every=1), added))
    carried = {
        "id": "AM-1",
        "type": "amendment",
        "version": 2,
        "effective_date": "2026-01-05",
        "status": "done",
        "change": scenario.changes[0].model_dump(mode="json", exclude_none=True),
        "workflow_id": "w",
    }
    state = ContractState.model_validate(
        {**state_of(scenario).model_dump(mode="json", exclude_none=True), "carried": [carried]}
    )
    assert lacking(state, _cycle_question(JANUARY)) == ()


def _cycle_question(date: dt.date) -> DocumentQuestion:
    return DocumentQuestion(contract="C-1", kind="invoice", key=None, date=date, cycle="draft")


# -- the state stays small ---------------------------------------------------------------------------


def test_three_years_of_much_used_lines_stay_far_below_a_payloads_limit() -> None:
    """Five lines with usage on every day, each month's also late on every of the three following invoices."""
    lines = [metered(f"U{number}") for number in range(5)]
    scenario = read(raw(contract(*lines, months=36, every=1)))
    state = state_of(scenario, usage_closed=dt.date(2025, 12, 31))
    first = dt.date(2026, 1, 1)
    dates = [dt.date(2026 + month // 12, month % 12 + 1, 1) for month in range(1, 40)]
    for before, date in pairwise([first, *dates]):
        reported = []
        for line in lines:
            for offset in range((date - first).days):
                day = first + offset * DAY
                tellings = min(4, sum(1 for other in dates if day < other <= date))
                figure = Decimal("1234567.123456") * tellings
                reported.append((line["id"], day, figure, 30_000 * tellings))
        state = after_notice(state, UsageNotice(usage=_months(reported), date=date))
        assert state.usage_closed == date > before
    size = len(state.model_dump_json())
    assert sum(month.events for month in state.usage) > 20_000_000
    assert size < 600_000, size


def _months(figures: list[tuple[str, dt.date, Decimal, int]]) -> tuple[MeteredMonth, ...]:
    found: dict[tuple[str, str], MeteredMonth] = {}
    for line, day, units, events in figures:
        key = (line, day.isoformat()[:7])
        standing = found.get(key) or MeteredMonth(line=line, month=key[1], units={}, events=0)
        found[key] = standing.model_copy(
            update={"units": {**standing.units, day.day: units}, "events": standing.events + events}
        )
    return tuple(found.values())
