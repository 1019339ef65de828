"""Revenue schedules."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from rules.revenue import MonthEarned, schedule
from tests.rules.scenarios import (
    amendment,
    billed,
    cancellation,
    contract,
    earned,
    entry,
    flat,
    metered,
    one_time,
    run,
    seats,
)


def test_a_month_earns_the_difference_of_cumulated_and_rounded_totals() -> None:
    found = run(contract(flat(amount="100"), months=3, every=3, start="2026-01-15"))
    # 300 over 90 days: 17, 45, 76, 90 days by the months' ends are 56.67, 150.00, 253.33, 300.00
    assert earned(found, "L1") == {
        "2026-01": "56.67",
        "2026-02": "93.33",
        "2026-03": "103.33",
        "2026-04": "46.67",
    }


def test_a_credit_earns_with_a_minus_sign_over_its_own_service_period() -> None:
    found = run(contract(flat(amount="31"), months=1, every=1), cancellation("2026-01-11"))
    assert earned(found, "L1") == {"2026-01": "10.00"}


def test_a_line_without_days_earns_on_its_day() -> None:
    assert earned(run(contract(one_time(), start="2026-03-31")), "O1") == {"2026-03": "500.00"}


def test_a_line_that_names_its_acceptance_earns_then() -> None:
    found = run(contract(one_time(accepted_on="2026-05-20"), start="2026-03-31"))
    assert earned(found, "O1") == {"2026-05": "500.00"}
    assert entry(found, "revenue", "2026-05") == {"deferred_revenue": "500.00", "revenue": "-500.00"}


def test_a_line_whose_documents_cancel_out_has_an_empty_schedule_and_one_without_documents_none() -> None:
    added = {key: value for key, value in seats().items() if key != "id"}
    found = run(
        contract(flat(), seats("Z", quantity="0")),
        amendment("2026-06-10", {"id": "L2", "add": added}, name="1"),
        amendment("2026-06-10", {"id": "L2", "remove": True}, name="2"),
    )
    assert found.revenue_schedule["L2"] == {}
    assert "Z" not in found.revenue_schedule


def test_schedules_run_on_beyond_as_of_and_months_that_end_after_it_are_not_posted() -> None:
    found = run(contract(flat(amount="31")), as_of="2026-02-27")
    assert sum(found.revenue_schedule["L1"].values()) == 372
    assert [e.document for e in found.journal_entries if e.event == "revenue"] == ["2026-01"]
    assert str(found.totals.deferred) == "340.41"  # 372 − 372 × 31/365


def test_in_arrears_only_issued_documents_earn() -> None:
    found = run(contract(flat(amount="31"), every=3, timing="arrears"), as_of="2026-04-30")
    assert list(found.revenue_schedule["L1"]) == ["2026-01", "2026-02", "2026-03"]


def test_a_month_in_which_two_lines_undo_each_other_has_no_entry() -> None:
    found = run(contract(seats(quantity="0")), as_of="2026-12-31")
    assert found.journal_entries == ()
    assert found.revenue_schedule == {}


def test_a_month_whose_two_sides_undo_each_other_is_not_in_the_schedule() -> None:
    month = MonthEarned("U1", dt.date(2026, 1, 1), Decimal("1.00"), Decimal("-1.00"), fee=False)
    assert schedule([month], ["U1"], "USD") == {"U1": {}}


RAMP = flat(
    amount="100", ramp=[{"from": "2027-01-01", "pricing": {"model": "flat", "amount": "200", "per": "month"}}]
)


def test_a_ramp_is_billed_as_it_rises_and_recognised_evenly_over_the_term() -> None:
    found = run(contract(RAMP, months=24))
    assert [str(i.total) for i in found.invoices] == ["1200.00", "2400.00"]
    # 3600 over 730 days: 31 days are 152.88
    assert earned(found, "L1")["2026-01"] == earned(found, "L1")["2027-12"] == "152.88"
    assert sum(found.revenue_schedule["L1"].values()) == 3600


def test_what_a_ramp_has_earned_ahead_of_billing_is_a_contract_asset_until_it_is_billed() -> None:
    found = run(contract(RAMP, months=24))
    # 1200 are billed for 2026; by the end of September 273 × 3600/730 = 1346.30 are earned
    assert entry(found, "revenue", "2026-09") == {
        "deferred_revenue": "1.64", "contract_asset": "146.30", "revenue": "-147.94",
    }  # fmt: skip
    assert entry(found, "revenue", "2026-12") == {"contract_asset": "152.88", "revenue": "-152.88"}
    assert entry(found, "revenue", "2027-01") == {
        "deferred_revenue": "752.88", "contract_asset": "-600.00", "revenue": "-152.88",
    }  # fmt: skip
    assert str(run(contract(RAMP, months=24), as_of="2026-12-31").totals.unbilled) == "600.00"


def test_a_cancelled_ramp_earns_what_was_billed_for_the_service() -> None:
    found = run(contract(RAMP, months=24), cancellation("2026-07-01"))
    assert sum(found.revenue_schedule["L1"].values()) == found.totals.billed_net
    assert found.totals.unbilled == found.totals.deferred == 0


def test_a_ramp_earns_less_too_where_a_change_is_known_only_after_it_has_ended() -> None:
    found = run(
        contract(RAMP, months=24),
        cancellation("2026-05-11"),
        amendment("2026-02-11", {"id": "L1", "discount_percent": "50"}, received_date="2026-06-20"),
    )
    totals = found.totals  # the discount takes half of the 89 days before the end: 146.30 of 427.40
    assert (totals.billed_net, totals.recognized) == (Decimal("281.10"), Decimal("281.10"))
    assert totals.deferred == totals.unbilled == 0


def test_a_ramp_step_inside_a_period_is_prorated_as_a_change_of_price() -> None:
    ramp = [{"from": "2026-07-02", "pricing": {"model": "flat", "amount": "200", "per": "month"}}]
    found = run(contract(flat(amount="100", ramp=ramp)))
    assert [str(i.total) for i in found.invoices] == ["1200.00", "601.64"]  # 100 × 12 × 183/365


def test_a_ramp_goes_on_with_uplift_after_a_renewal() -> None:
    found = run(
        contract(RAMP, months=24, renewal={"auto": True, "term_months": 12, "uplift_percent": "10"}),
        as_of="2028-01-01",
    )
    assert [str(i.total) for i in found.invoices] == ["1200.00", "2400.00", "2640.00"]


def test_stand_alone_prices_allocate_the_fixed_consideration_before_it_is_earned() -> None:
    found = run(contract(flat(amount="100", ssp="1200"), one_time(amount="0", ssp="600")))
    # 1200 in proportion 1200 : 600
    assert sum(found.revenue_schedule["L1"].values()) == 800
    assert earned(found, "O1") == {"2026-01": "400.00"}
    assert [str(i.total) for i in found.invoices] == ["1200.00"]


def test_each_share_is_rounded_and_the_last_line_takes_the_remainder() -> None:
    lines = [one_time(name, amount, ssp="1") for name, amount in (("A", "100"), ("B", "0"), ("C", "0"))]
    found = run(contract(*lines))
    assert [earned(found, line)["2026-01"] for line in "ABC"] == ["33.33", "33.33", "33.34"]


def test_an_allocation_ahead_of_billing_is_a_contract_asset() -> None:
    found = run(contract(flat(amount="100", ssp="1200"), one_time(amount="0", ssp="600"), every=3))
    # 300 billed; earned in January: 400 and 200 × 31/90 = 68.89
    assert entry(found, "revenue", "2026-01") == {
        "deferred_revenue": "300.00", "contract_asset": "168.89", "revenue": "-468.89",
    }  # fmt: skip
    assert str(found.totals.recognized) == "1200.00"
    assert str(found.totals.unbilled) == "0.00"


def test_a_cancelled_allocation_earns_what_was_billed_for_the_service() -> None:
    found = run(
        contract(flat(amount="100", ssp="1200"), one_time(amount="0", ssp="600"), every=3),
        cancellation("2026-05-16"),
    )
    assert found.totals.recognized == found.totals.billed_net
    assert found.totals.unbilled == found.totals.deferred == 0


def test_an_allocation_is_scheduled_only_for_what_is_issued() -> None:
    sold = contract(flat(amount="100", ssp="1200"), one_time(amount="0", ssp="600"), every=3)
    found = run(sold, as_of="2026-02-28")
    assert earned(found, "L1") == {"2026-01": "68.89", "2026-02": "62.22", "2026-03": "68.89"}


def test_a_ramp_of_usage_is_recognised_as_it_is_used() -> None:
    ramp = [{"from": "2026-02-01", "pricing": {"model": "per_unit", "unit_price": "2"}}]
    usage = [{"line": "U1", "date": day, "quantity": "10"} for day in ("2026-01-10", "2026-02-10")]
    found = run(contract(metered(ramp=ramp), months=3, every=1), usage=usage)
    assert earned(found, "U1") == {"2026-01": "10.00", "2026-02": "20.00"}


@pytest.mark.parametrize("more", [{}, {"modification": "catch_up"}])
def test_an_allocation_is_not_hindered_by_a_change_that_waits_for_the_line_it_changes(
    more: dict[str, Any],
) -> None:
    """L2's addition is known in June, more seats of it at once: until June they wait."""
    added = {name: value for name, value in seats("L2", "12").items() if name != "id"}
    sold = contract(flat(ssp="1200"), one_time(ssp="300"), **more)
    found = run(
        sold,
        amendment("2026-01-01", {"id": "L2", "add": added}, name="ADD", received_date="2026-06-10"),
        amendment("2026-01-01", {"id": "L2", "quantity": "20"}, name="MORE"),
        as_of="2026-12-31",
    )
    assert ("2026-06-10", "L2", "proration") in {line[:3] for line in billed(found)}
    totals = found.totals
    assert totals.billed_net == totals.recognized + totals.deferred - totals.unbilled
