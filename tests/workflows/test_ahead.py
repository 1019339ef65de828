"""Planned changes are told to the billing platform ahead; what comes too late counts from the next day."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.ids import contract_workflow_id
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, cancellation, flat, seats
from tests.workflows.ahead import told_ahead
from tests.workflows.sales import day, month, replaced, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("clock")

TAXED = {"tax_rate_percent": "8.875"}


async def told_the_day(made: World, day: str) -> None:
    """What the contract's own timer says, whose clock does not move here."""
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    await handle.signal("business_date", day)


def monthly(*changes: dict[str, Any]) -> dict[str, Any]:
    return scenario(sold(seats(**TAXED), start=month(0), every=1), *changes)


def phases(made: World) -> list[list[int]]:
    """Unit amounts (in cents, × quantity) of the schedule's stages at Stripe."""
    prices = {price["id"]: price["unit_amount_decimal"] for price in made.platforms["stripe"].dump()["price"]}
    (schedule,) = made.platforms["stripe"].dump()["subscription_schedule"]
    return [
        [int(Decimal(str(prices[item["price"]])) * item["quantity"]) for item in phase["items"]]
        for phase in schedule["phases"]
    ]


async def approved(made: World, told: dict[str, Any], *names: str) -> None:
    await made.load(told)
    await made.until_status("C-1", "active")
    for name in names:
        await made.load(told, approve=name)


async def test_change_of_a_billing_day_is_on_the_platforms_schedule_before_the_day(made: World) -> None:
    told = monthly(amendment(month(1), {"id": "L1", "quantity": "15"}, name="UP"))
    await approved(made, told, "UP")
    await told_ahead(made, "UP")
    assert phases(made) == [[10000], [15000]]


async def test_several_planned_changes_are_told_together(made: World) -> None:
    told = monthly(
        amendment(month(1), {"id": "L1", "quantity": "15"}, name="UP"),
        amendment(month(2), {"id": "L1", "quantity": "12"}, name="DOWN"),
    )
    await approved(made, told, "DOWN", "UP")
    await told_ahead(made, "UP", "DOWN")
    assert phases(made) == [[10000], [15000], [12000]]


async def test_cancellation_of_a_day_takes_its_amendment_back_from_the_platform(made: World) -> None:
    told = monthly(
        amendment(month(1), {"id": "L1", "quantity": "15"}, name="UP"),
        {**cancellation(month(1)), "id": "STOP"},
    )
    await approved(made, told, "UP")
    await told_ahead(made, "UP")
    await made.load(told, approve="STOP")
    await told_ahead(made, "UP", "STOP")
    await made.advance(month(2))
    await told_the_day(made, month(1))
    await made.until_status("C-1", "cancelled")
    await until_agreed(made, told, as_of=dt.date.fromisoformat(month(2)))


async def test_planned_line_has_its_tax_on_the_platforms_cycle(made: World) -> None:
    added = {key: value for key, value in flat("L2", "50", **TAXED).items() if key != "id"}
    told = monthly(amendment(month(1), {"id": "L2", "add": added}, name="ADD"))
    await approved(made, told, "ADD")
    await told_ahead(made, "ADD")
    (schedule,) = made.platforms["stripe"].dump()["subscription_schedule"]
    percentages = [rate["percentage"] for i in schedule["phases"][-1]["items"] for rate in i["tax_rates"]]
    assert percentages == [8.875, 8.875]


async def test_change_that_comes_after_the_day_was_billed_counts_from_the_next(made: World) -> None:
    told = monthly(amendment(month(1), {"id": "L1", "quantity": "15"}, name="LATE"))
    await approved(made, told)
    await made.advance(month(1))
    await made.until_posted("C-1", 2)
    await made.load(told, approve="LATE")
    await told_ahead(made, "LATE")
    await made.advance(month(2))
    expected = replaced(told, received_date=month(1, 2))
    await until_agreed(made, expected, as_of=dt.date.fromisoformat(month(2)))


async def test_amendment_that_is_known_after_the_cancellation_leaves_the_contract_cancelled(
    made: World,
) -> None:
    told = scenario(
        sold(seats(**TAXED), start=month(-2), every=1),
        {**cancellation(month(-1, 20)), "id": "STOP"},
        amendment(month(-1, 10), {"id": "L1", "quantity": "15"}, name="UP"),
    )
    await approved(made, told, "STOP")
    await made.until_status("C-1", "cancelled", changes=2)
    await made.load(told, approve="UP")
    await made.settle(lambda: known(made, "UP"), "UP is known")
    await told_the_day(made, day(1))
    await made.until_status("C-1", "cancelled", changes=3)
    (listed,) = (await made.act("olivia", "GET", "/contracts")).json()
    assert listed["status"] == "cancelled"
    (contract,) = made.platforms["salesforce"].dump()["Contract"]
    assert contract["Integration_Status__c"] == "Cancelled"


async def known(made: World, change: str) -> bool | None:
    view = await made.view("C-1")
    return True if view is not None and change in {each.id for each in view.changes} else None
