"""Every shape of a contract's life, lived by the real workflows: predicted = billing = ledger."""

import pytest

from assembly.in_process import NotEntered
from assembly.simulation import simulate
from tests.agreement.listing import scenario_of
from tests.agreement.lives import lived
from tests.agreement.shapes import SHAPES
from tests.rules.scenarios import flat
from tests.soak import UNLESS_ASKED
from tests.workflows.sales import month, scenario, sold

REPRESENTATIVE = (
    "amendments_of_amendments",
    "plan_swapped_on_a_quarters_first_day",
    "one_time_line_added_on_a_billing_day",
    "two_changes_on_one_day",
    "arrears_changed_inside_and_on_first_days",
    "cancelled_with_a_fee_on_a_first_day",
    "cancelled_in_arrears_with_usage",
    "cancelled_at_the_terms_end",
    "cancellation_voids_the_amendment_of_a_first_day",
    "renewed_and_amended_on_one_day",
    "renewed_explicitly_with_usage_at_the_end",
    "renewed_early_on_a_first_day_with_usage",
    "evergreen_amended_and_cancelled",
    "ramp_inside_a_period_up_and_down",
    "two_backdated_received_on_one_day",
    "renewed_by_itself_and_then_by_a_late_word",
    "backdated_over_a_closed_period",
    "usage_corrected_late_is_credited",
    "commitment_with_overage",
    "from_the_31st_of_a_month_by_quarters",
    "from_a_leap_day_yearly",
    "yen_amended_on_a_first_day",
    "transferred_on_a_first_day_with_usage",
)
"""What `make test` lives through; `make soak` all of them."""


@pytest.mark.parametrize("name", REPRESENTATIVE)
async def test_life_is_billed_and_posted_as_predicted(name: str) -> None:
    await lived(SHAPES[name]())


@pytest.mark.soak
@UNLESS_ASKED
@pytest.mark.parametrize("name", sorted(SHAPES.keys() - set(REPRESENTATIVE)))
async def test_every_other_life_is_billed_and_posted_as_predicted(name: str) -> None:
    await lived(SHAPES[name]())


async def test_currency_that_the_ledger_can_not_hold_is_refused_before_anything_happens() -> None:
    told = scenario(sold(flat(amount="10.000", per="month"), start=month(0), every=1, currency="KWD"))
    with pytest.raises(NotEntered, match="KWD"):
        await simulate(scenario_of(told), told)
