"""What the billing platform is told to bill by itself is what the rules expect of the days to come."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.origin import Origin
from canonical.scenario import Scenario
from ports.billing import SubscriptionOrder
from rules.billing_plan import documents
from rules.subscription_order import lines_in_force, subscription_order, term_end
from tests.rules import scenarios as s

_ORIGIN = Origin(tenant="t", contract="C-1", change="C-1", step="subscription", correlation_id="c")


def _scenario(contract: dict[str, Any], *changes: dict[str, Any]) -> Scenario:
    return Scenario.model_validate({"contract": contract, "changes": changes, "as_of": "2030-12-31"})


def _order(scenario: Scenario, today: str) -> SubscriptionOrder:
    day = dt.date.fromisoformat(today)
    return subscription_order(_ORIGIN, scenario.contract, scenario.changes, "cus_1", day)


def _phases(order: SubscriptionOrder) -> list[tuple[str, str | None, int, list[str]]]:
    return [
        (
            phase.start.isoformat(),
            phase.end.isoformat() if phase.end else None,
            phase.period_months,
            [str(line.period_amount) for line in phase.lines],
        )
        for phase in order.phases
    ]


def test_what_is_due_today_is_not_left_to_the_platform() -> None:
    order = _order(_scenario(s.contract(s.seats(), every=1)), "2026-03-01")
    assert order.phases[0].start == dt.date(2026, 4, 1)


def test_cycles_that_are_alike_are_one_phase_until_the_terms_end() -> None:
    order = _order(_scenario(s.contract(s.seats(), every=3)), "2026-02-10")
    assert _phases(order) == [("2026-04-01", "2027-01-01", 3, ["300.00"])]
    assert order.end_date == dt.date(2027, 1, 1)


def test_a_shorter_last_period_is_a_phase_of_its_own() -> None:
    order = _order(_scenario(s.contract(s.seats(), every=3, months=7)), "2026-01-01")
    assert _phases(order) == [
        ("2026-04-01", "2026-07-01", 3, ["300.00"]),
        ("2026-07-01", "2026-08-01", 1, ["100.00"]),
    ]


def test_an_automatic_renewal_is_told_ahead_with_its_uplift() -> None:
    renewal = {"auto": True, "term_months": 12, "uplift_percent": "5"}
    order = _order(_scenario(s.contract(s.seats(), renewal=renewal)), "2026-06-01")
    assert _phases(order)[0][0] == "2027-01-01"
    assert _phases(order)[0][3] == ["1260.00"]
    assert order.end_date is None


def test_an_evergreen_contract_goes_on_until_it_is_told_otherwise() -> None:
    order = _order(_scenario(s.contract(s.seats(), months=None, every=1)), "2026-01-15")
    assert _phases(order) == [("2026-02-01", None, 1, ["100.00"])]
    assert order.end_date is None


def test_what_is_billed_in_arrears_costs_nothing_by_itself_and_has_a_last_draft_to_be_added_to() -> None:
    order = _order(_scenario(s.contract(s.seats(), every=6, timing="arrears")), "2026-01-01")
    assert {amount for phase in _phases(order) for amount in phase[3]} == {"0.00"}
    assert order.phases[-1].start <= dt.date(2027, 1, 1) < (order.phases[-1].end or dt.date.max)
    assert order.end_date is not None
    assert order.end_date > dt.date(2027, 1, 1)


def test_a_usage_line_is_on_the_subscription_at_no_price() -> None:
    order = _order(_scenario(s.contract(s.seats(), s.metered(), every=1)), "2026-01-01")
    assert [str(line.period_amount) for line in order.phases[0].lines] == ["100.00", "0.00"]


def test_the_last_draft_for_usage_costs_nothing_by_itself_where_seats_are_billed_ahead() -> None:
    order = _order(_scenario(s.contract(s.seats(), s.metered(), every=1)), "2026-01-01")
    last = order.phases[-1]
    assert last.start == dt.date(2027, 1, 1)
    assert [str(line.period_amount) for line in last.lines] == ["0.00", "0.00"]


def test_a_contract_that_starts_later_is_billed_by_the_platform_from_its_first_day() -> None:
    order = _order(_scenario(s.contract(s.seats(), start="2027-01-31", every=1)), "2026-05-01")
    assert order.phases[0].start == dt.date(2027, 1, 31)
    assert order.anchor_day == 31


def test_after_a_cancellation_nothing_more_is_billed() -> None:
    scenario = _scenario(s.contract(s.seats(), every=1), s.cancellation("2026-04-15"))
    assert _order(scenario, "2026-04-20").phases == ()


@pytest.mark.parametrize("every", [1, 3, 6, 12])
@pytest.mark.parametrize("months", [5, 12, 13])
@pytest.mark.parametrize("start", ["2026-01-01", "2026-01-31", "2028-02-29"])
def test_the_cycles_cost_exactly_what_the_rules_expect(every: int, months: int, start: str) -> None:
    """The platform's own invoices of a term, laid out from the phases, are the rules' documents."""
    scenario = _scenario(s.contract(s.seats(price="12.10"), every=every, months=months, start=start))
    first = dt.date.fromisoformat(start)
    order = subscription_order(_ORIGIN, scenario.contract, (), "cus_1", first)
    expected = {
        invoice.date: invoice.subtotal
        for invoice in documents(scenario.contract, (), (), dt.date(2030, 12, 31)).invoices
        if invoice.date > first
    }
    starts = {phase.start: sum((x.period_amount for x in phase.lines), Decimal(0)) for phase in order.phases}
    assert {day: amount for day, amount in expected.items() if day in starts} == starts
    assert set(starts.values()) == set(expected.values())


def test_term_end_and_lines_in_force_follow_the_changes() -> None:
    scenario = _scenario(s.contract(s.seats(), renewal={"auto": True, "term_months": 6}))
    assert term_end(scenario.contract, (), dt.date(2026, 12, 31)) == dt.date(2027, 1, 1)
    assert term_end(scenario.contract, (), dt.date(2027, 1, 1)) == dt.date(2027, 7, 1)
    assert [line.id for line in lines_in_force(scenario.contract, (), dt.date(2026, 5, 5))] == ["L1"]
