"""The lifecycle's stories, each ending with the documents that the rules predict, on every platform."""

from typing import Any

import pytest

from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, cancellation, flat, metered, one_time, renewal, seats
from tests.workflows.sales import TOKYO, account, arrears, month, replaced, scenario, sold, unlike_today
from tests.world import World, example, today

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.guarded]

TAXED = {"tax_rate_percent": "8.875"}


async def test_annual_contract_is_billed_once_on_its_start(made: World) -> None:
    told = scenario(sold(seats(per="year", price="1200", **TAXED), start=month(-2)))
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert [document.total for document in found.issued] == [pytest.approx(13065)]


async def test_monthly_contract_is_billed_for_all_periods_since_its_start(made: World) -> None:
    told = scenario(sold(seats(**TAXED), flat("L2", "99.99", per="year"), start=month(-4), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert len(found.issued) == 5


async def test_recurring_in_arrears_is_billed_at_the_periods_end(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-3), every=1, billing=arrears(1)))
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert len(found.issued) == 3


async def test_usage_is_billed_in_arrears_beside_lines_in_advance(made: World) -> None:
    used = [{"line": "U1", "date": month(-2, 5), "quantity": "70.5"}]
    told = scenario(sold(seats(**TAXED), metered(price="0.02"), start=month(-3), every=1), usage=used)
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)


async def test_setup_fee_is_billed_on_the_start(made: World) -> None:
    told = scenario(sold(seats(**TAXED), one_time(**TAXED), start=month(-1), every=3))
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert len(found.issued) == 1
    assert len(found.issued[0].lines) == 2


async def test_yen_have_no_decimals_on_any_platform(made: World) -> None:
    contract = sold(
        flat(amount="33333", per="month", tax_rate_percent="10"),
        start=month(-2),
        every=1,
        currency="JPY",
        legal_entity="JP01",
        account=account("A-1", TOKYO),
    )
    told = scenario(contract)
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert {str(document.total) for document in found.issued} == {"36666"}


async def test_contract_that_starts_in_future_bills_nothing_yet(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(2), every=1))
    await made.load(told)
    view = await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert not found.issued
    assert view.ids.subscription is not None


async def test_example_of_annual_seats_runs_to_the_cent(made: World) -> None:
    told = {**example("annual-seats-with-overage")}
    told["changes"] = [c for c in told["changes"] if c["effective_date"] <= today().isoformat()]
    await made.load(told)
    for change in told["changes"]:
        await made.load(told, approve=change["id"])
    await made.until_status("C-1001", "active", "cancelled", changes=1 + len(told["changes"]))
    await until_agreed(made, told)


async def carried_out(made: World, told: dict[str, Any], *wanted: str) -> None:
    """Activates the contract, then has its changes approved one after the other."""
    await made.load(told)
    await made.until_status("C-1", "active", "expired")
    for number, change in enumerate(told["changes"], start=2):
        await made.load(told, approve=change["id"])
        await made.until_status("C-1", *(wanted or ("active",)), changes=number)


async def test_upgrade_is_invoiced_for_the_rest_of_the_period(made: World) -> None:
    up = amendment(month(-1), {"id": "L1", "quantity": "15"})
    told = scenario(sold(seats(**TAXED), start=month(-3)), up)
    await carried_out(made, told)
    found = await until_agreed(made, told)
    assert [document.kind for document in found.issued] == ["invoice", "invoice"]


async def test_downgrade_is_credited_against_the_billed_line(made: World) -> None:
    down = amendment(month(-1), {"id": "L1", "quantity": "7"})
    told = scenario(sold(seats(**TAXED), start=month(-3)), down)
    await carried_out(made, told)
    found = await until_agreed(made, told)
    assert [document.kind for document in found.issued] == ["invoice", "credit_memo"]


async def test_added_line_co_terminates_and_its_setup_is_billed(made: World) -> None:
    added = {k: v for k, v in flat("L2", amount="40", **TAXED).items() if k != "id"}
    setup = {k: v for k, v in one_time("O1", **TAXED).items() if k != "id"}
    up = amendment(month(-1), {"id": "L2", "add": added}, {"id": "O1", "add": setup})
    told = scenario(sold(seats(**TAXED), start=month(-3)), up)
    await carried_out(made, told)
    found = await until_agreed(made, told)
    assert len(found.issued[1].lines) == 2


async def test_removed_line_is_credited_its_unused_value(made: World) -> None:
    gone = amendment(month(-1), {"id": "L2", "remove": True})
    told = scenario(sold(seats(**TAXED), flat("L2", **TAXED), start=month(-3)), gone)
    await carried_out(made, told)
    await until_agreed(made, told)


async def test_ups_and_downs_of_one_amendment_are_not_netted(made: World) -> None:
    both = amendment(month(-1), {"id": "L1", "quantity": "15"}, {"id": "L2", "quantity": "1"})
    lines = seats(**TAXED), seats("L2", quantity="4", **TAXED)
    told = scenario(sold(*lines, start=month(-3)), both)
    await carried_out(made, told)
    found = await until_agreed(made, told)
    assert [document.kind for document in found.issued] == ["invoice", "invoice", "credit_memo"]


async def test_amendment_over_billed_periods_is_taken_in_today(made: World) -> None:
    up = amendment(month(-2, 15), {"id": "L1", "quantity": "15"})
    told = scenario(sold(seats(**TAXED), start=unlike_today(-3), every=1), up)
    await carried_out(made, told)
    await until_agreed(made, replaced(told, received_date=today().isoformat()))


async def test_amendment_in_arrears_splits_the_open_period(made: World) -> None:
    up = amendment(month(0), {"id": "L1", "quantity": "15"})
    told = scenario(sold(seats(**TAXED), start=month(-3), every=1, billing=arrears(1)), up)
    await carried_out(made, told)
    await until_agreed(made, told)


async def test_renewal_starts_a_new_term_with_its_uplift(made: World) -> None:
    again = renewal(month(-1), term_months=12, uplift_percent="5")
    told = scenario(sold(seats(**TAXED), start=month(-13)), again)
    await carried_out(made, told)
    found = await until_agreed(made, told)
    assert len(found.issued) == 2


async def test_auto_renewal_of_a_past_term_is_carried_out_by_itself(made: World) -> None:
    terms = {"auto": True, "term_months": 12, "uplift_percent": "7"}
    told = scenario(sold(seats(**TAXED), start=month(-13), renewal=terms))
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    assert len(found.issued) == 2


async def test_cancellation_credits_what_is_unused_and_ends_billing(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-3)), cancellation(month(-1)))
    await carried_out(made, told, "active", "cancelled")
    found = await until_agreed(made, told)
    assert [document.kind for document in found.issued] == ["invoice", "credit_memo"]
    standing = [s["status"] for s in made.platforms["stripe"].dump()["subscription"]]
    assert standing == ["canceled"]


async def test_cancellation_without_credit_gives_nothing_back(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-3)), cancellation(month(-1), credit="none"))
    await carried_out(made, told, "active", "cancelled")
    found = await until_agreed(made, told)
    assert len(found.issued) == 1


async def test_cancellation_in_arrears_bills_the_days_until_then(made: World) -> None:
    used = [{"line": "U1", "date": month(-1, 2), "quantity": "12"}]
    lines = seats(**TAXED), metered(price="0.5")
    contract = sold(*lines, start=month(-3), every=6, billing=arrears(6))
    told = scenario(contract, cancellation(month(-1, 11)), usage=used)
    await carried_out(made, told, "active", "cancelled")
    await until_agreed(made, told)


async def test_termination_fee_is_invoiced_on_the_last_day(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-3)), cancellation(month(-1), fee="250.00"))
    await carried_out(made, told, "active", "cancelled")
    await until_agreed(made, told)


async def test_whole_life_from_approval_to_cancellation(made: World) -> None:
    changes = (
        amendment(month(-9), {"id": "L1", "quantity": "15"}),
        amendment(month(-7, 15), {"id": "L1", "quantity": "12"}),
        renewal(month(-2), term_months=12, uplift_percent="3"),
        cancellation(month(-1)),
    )
    told = scenario(sold(seats(**TAXED), start=month(-14)), *changes)
    await carried_out(made, told, "active", "cancelled", "expired")
    found = await until_agreed(made, told)
    assert (await made.view("C-1")).status == "cancelled"  # type: ignore[union-attr]
    assert len(found.expected) >= 5
