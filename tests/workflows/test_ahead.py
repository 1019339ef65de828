"""Planned changes are told to the billing platform ahead; what comes too late counts from the next day."""

import contextlib
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from temporalio.service import RPCError

from canonical.ids import change_workflow_id, contract_workflow_id
from canonical.lifecycle import ContractNow, Plan, StateQuestion
from rules.preview import preview
from sandbox.kit.faults import Fault
from tests.agreement import scenario_of, until_agreed
from tests.rules.scenarios import amendment, cancellation, flat, seats
from tests.workflows.ahead import at, told_ahead
from tests.workflows.sales import day, month, replaced, scenario, sold, unlike_today
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
    more = amendment(month(1, 15), {"id": "L1", "quantity": "20"}, name="MORE")
    shown = (await made.act("fiona", "POST", "/contracts/C-1/preview", more)).json()
    assert [(each["id"], each["problem"]) for each in shown["approved"]] == [("UP", None), ("DOWN", None)]
    whole = preview(scenario_of({**told, "changes": [*told["changes"], more], "as_of": month(1, 15)}))
    issued = [(str(i.subtotal), str(i.tax)) for i in whole.invoices if str(i.date) == month(1, 15)]
    assert [(i["subtotal"], i["tax"]) for i in shown["invoices"]] == issued
    assert (shown["dropped_invoices"], len(issued)) == ([], 1)


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
        sold(seats(**TAXED), start=unlike_today(-2), every=1),
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


async def test_change_undone_after_a_draft_at_its_price_leaves_the_invoice_to_a_person(made: World) -> None:
    told = monthly(amendment(month(1), {"id": "L1", "quantity": "15"}, name="UP"))
    await approved(made, told, "UP")
    await told_ahead(made, "UP")
    await made.until_posted("C-1", 1)
    made.platforms["salesforce"].faults.add(Fault("down", seconds=600))
    await made.advance(month(1))

    chapter = made.client.get_workflow_handle(change_workflow_id("C-1", "amendment", "UP"))

    async def waits_for_the_crm() -> bool:
        with contextlib.suppress(RPCError):  # it has yet to begin
            plan: Plan = await chapter.query("plan", result_type=Plan)
            return ("write back", "running") in {(step.name, step.status) for step in plan.steps}
        return False

    await made.settle(waits_for_the_crm, "the change is carried out but for the CRM")
    await chapter.cancel()
    made.platforms["salesforce"].faults.clear()
    await made.until_status("C-1", "active", changes=2)
    found = await made.until_exception("C-1")
    assert (found.code, found.owner, found.currency) == ("amount_mismatch", "revenue-accounting", "USD")
    assert found.amount == Decimal("158.88"), "at the price of 15, with the tax of what is expected"
    assert [document.key for document in await made.posted("C-1")] == [f"C-1/invoice/{month(0)}"]
    held = made.platforms["stripe"].dump()
    assert [each["status"] for each in held["subscription_schedule"]] == ["released"]
    (subscription,) = held["subscription"]
    assert [item["quantity"] for item in subscription["items"]["data"]] == [10], "the cycles to come"


async def test_undone_cancellation_that_was_told_ahead_has_its_day_billed_all_the_same(made: World) -> None:
    told = monthly({**cancellation(month(1), fee="250"), "id": "STOP"})
    before = {**told, "changes": []}
    await approved(made, told, "STOP")
    await told_ahead(made, "STOP")
    refused = {"customer": "A-1", "code": "CertificatesError"}
    await made.platforms["avatax"].load({"refuse_commit": refused})
    await at(made, "C-1", month(1))
    found = await made.until_exception("C-1")
    await made.platforms["avatax"].load({"refuse_commit": {**refused, "code": None}})
    await made.decide("fiona", found, "compensate")
    await until_agreed(made, before, as_of=dt.date.fromisoformat(month(1)))
    await at(made, "C-1", month(2))
    await until_agreed(made, before, as_of=dt.date.fromisoformat(month(2)))


async def test_cancellation_that_comes_while_the_platform_is_told_of_a_change_is_told_too(
    made: World,
) -> None:
    """The platform takes no schedule for a while: the contract waits with the change, then tells both."""
    told = monthly(
        amendment(month(1), {"id": "L1", "quantity": "15"}, name="UP"),
        {**cancellation(month(1, 11)), "id": "STOP"},
    )
    await approved(made, told)
    await made.until_posted("C-1", 1)
    made.platforms["stripe"].faults.add(Fault("503", route="POST /v1/subscription_schedules/*", times=1000))
    await made.load(told, approve="UP")
    await made.settle(lambda: under_way(made, "UP"), "UP is being told")
    await made.load(told, approve="STOP")
    await made.settle(lambda: under_way(made, "UP"), "UP is still being told")
    made.platforms["stripe"].faults.clear()
    await told_ahead(made, "UP", "STOP")
    await made.advance(month(1))
    await made.until_posted("C-1", 2)
    await at(made, "C-1", month(1, 11))
    await made.until_status("C-1", "cancelled")
    await until_agreed(made, told, as_of=dt.date.fromisoformat(month(1, 11)))


async def under_way(made: World, change: str) -> bool:
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    now: ContractNow = await handle.query("now", StateQuestion(), result_type=ContractNow)
    planned = [item for item in now.state.planned if item.id == change]
    return bool(planned) and not planned[0].announced and not now.state.announce and not now.is_resting
