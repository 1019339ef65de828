"""A contract that is started and changed from a document, which the CRM knows nothing of (a migration)."""

from typing import Any

import pytest

from sandbox.kit.faults import Fault
from tests.rules.scenarios import amendment, cancellation, seats
from tests.workflows.sales import month, scenario, sold, unlike_today
from tests.workflows.test_merge import state_of
from tests.world import World

pytestmark = pytest.mark.xdist_group("exceptions")


async def listed(made: World) -> dict[str, Any]:
    (found,) = (await made.act("vera", "GET", "/contracts")).json()
    return {"status": found["status"], "version": found["version"]}


async def listed_as(made: World, status: str) -> list[str]:
    return [each["id"] for each in (await made.act("vera", "GET", f"/contracts?status={status}")).json()]


async def shown(made: World, contract: str) -> str:
    status: str = (await made.act("vera", "GET", f"/contracts/{contract}")).json()["status"]
    return status


async def test_it_is_listed_as_it_stands_and_its_backdated_changes_are_posted_as_the_rules_have_them(
    made: World,
) -> None:
    told = scenario(
        sold(seats(), start=unlike_today(-5), every=1),
        amendment(month(-4, 11), {"id": "L1", "quantity": "15"}, name="UP"),
        amendment(month(-3, 21), {"id": "L1", "quantity": "12"}, name="DOWN"),
        {**cancellation(month(-1, 16)), "id": "END"},
    )
    for name in ("avatax", "netsuite"):
        await made.platforms[name].load({"scenario": told})
    assert (await made.act("fiona", "POST", "/contracts", told)).status_code == 201
    await made.until_status("C-1", "active")
    assert await listed(made) == {"status": "active", "version": 1}
    made.platforms["avatax"].faults.add(Fault("down", seconds=600))
    assert (await made.act("fiona", "POST", "/contracts/C-1/changes", told)).status_code == 200

    async def changing() -> bool:
        return await listed_as(made, "changing") == ["C-1"]

    await made.settle(changing, "the list says that the contract is changing")
    assert (await shown(made, "C-1"), await listed_as(made, "active")) == ("changing", [])
    made.platforms["avatax"].faults.clear()
    await made.until_status("C-1", "cancelled", changes=4)
    assert await listed(made) == {"status": "cancelled", "version": 4}
    due = (await state_of(made, "C-1")).expected
    assert len({document.key for document in due}) == len(due)

    async def posted() -> bool:
        return {found.key for found in await made.ports["netsuite"].documents("US01")} == {d.key for d in due}

    await made.settle(posted, "the ledger has each document once")
    assert not await made.exceptions()


async def test_contract_whose_term_has_run_out_is_listed_as_expired(made: World) -> None:
    over = scenario(sold(seats(), start=month(-5), months=2, id="C-0"))
    runs = scenario(sold(seats(), start=month(0)))
    for told in (over, runs):
        await made.load(told)
    await made.until_status("C-0", "expired")
    await made.until_status("C-1", "active")

    async def expired() -> list[str]:
        return await listed_as(made, "expired")

    assert await made.settle(expired, "the list has the one that is over") == ["C-0"]
    assert (await shown(made, "C-0"), await listed_as(made, "active")) == ("expired", ["C-1"])
    await made.client.get_workflow_handle("contract/C-1").signal("business_date", month(12))

    async def both() -> bool:
        return await listed_as(made, "expired") == ["C-0", "C-1"]

    await made.settle(both, "the list has both, and nothing was changed in between")
    assert await listed_as(made, "active") == []
