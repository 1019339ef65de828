"""Usage that comes while its invoice is made, or after: on this one or the next, or left to a person."""

import datetime as dt
from typing import Any

import pytest

from connectors.stripe import money
from tests.agreement import until_agreed
from tests.rules.scenarios import metered, seats
from tests.workflows.sales import month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("usage")


def used(quantity: str, **more: Any) -> dict[str, Any]:
    return {"line": "U1", "date": month(0, 10), "quantity": quantity, **more}


async def test_usage_that_the_platform_can_not_take_is_corrected_and_then_billed(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with Kuwait's dinar, where the ERP of these tests has no third decimal: here cents go by tens."""
    contract = sold(seats(), metered(price="0.05"), start=month(0), every=1)
    told = scenario(contract, usage=[used("3")])
    await made.load(told)
    await made.until_status("C-1", "active")
    monkeypatch.setitem(money._SMALLEST_STEPS, "USD", 10)
    await made.advance(month(1))
    item = await made.until_exception("C-1")
    assert (item.code, item.platform, item.field) == ("rejected", "stripe", "lines.U1.amount")
    assert "0.15" in item.summary
    assert "then retry" in item.summary
    drafts = [i for i in made.platforms["stripe"].dump()["invoice"] if i["status"] == "draft"]
    assert len(drafts) == 1, "nothing is issued before somebody has decided"
    correction = used("1", id="correction")
    await made.report_usage("C-1", [correction])
    path = f"/exceptions/{item.id}/retry"
    assert (await made.act("fiona", "POST", path, {"reason": "corrected"})).is_success
    await until_agreed(
        made, scenario(contract, usage=[used("3"), correction]), as_of=dt.date.fromisoformat(month(1))
    )


async def test_usage_reported_once_its_invoice_is_closed_is_on_the_next_one(made: World) -> None:
    contract = sold(seats(), metered(price="0.05"), start=month(0), every=1)
    await made.load(scenario(contract, usage=[used("30")]))
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    await until_agreed(made, scenario(contract, usage=[used("30")]), as_of=dt.date.fromisoformat(month(1)))
    late = used("50", id="late")
    await made.report_usage("C-1", [late])
    shown = (await made.act("olivia", "GET", "/contracts/C-1/usage/months")).json()
    assert [(each["units"], each["taken_in"], each["waiting"]) for each in shown] == [("80", "30", "50")]
    await made.advance(month(2))
    told = scenario(contract, usage=[used("30"), late | {"received_date": month(1, 2)}])
    await until_agreed(made, told, as_of=dt.date.fromisoformat(month(2)))
    shown = (await made.act("olivia", "GET", "/contracts/C-1/usage/months")).json()
    assert [(each["late"], each["waiting"]) for each in shown] == [("50", "0")]
