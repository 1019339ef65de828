"""A transfer in the running system: each customer keeps its own, and what is undone leaves nothing."""

import contextlib
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError

from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractState, Plan
from sandbox.kit.faults import Fault
from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.ahead import at, tell_the_day, told_ahead
from tests.workflows.sales import BERLIN, account, day, month, replaced, scenario, sold
from tests.world import World, working_world, world

pytestmark = pytest.mark.xdist_group("parties")

TAXED = {"tax_rate_percent": "8.875"}
DAY = month(-1, 11)


def transferred(on: str = DAY, start: str = month(-3), **more: Any) -> dict[str, Any]:
    moved = {
        "id": "T",
        "type": "transfer",
        "effective_date": on,
        "account": account("A-2", BERLIN),
        "tax_rate_percent": "19",
    }
    return scenario(sold(seats(**TAXED), start=start, **more), moved)


async def active(made: World, told: dict[str, Any]) -> None:
    await made.load(told)
    await made.until_status("C-1", "active")


async def subscriptions(made: World) -> list[tuple[str, str, str]]:
    """(account, business key, status) of each of Stripe's subscriptions, oldest first."""
    dump = made.platforms["stripe"].dump()
    accounts = {each["id"]: each["metadata"]["q2c_account"] for each in dump["customer"]}
    found = sorted(dump["subscription"], key=lambda each: (each["created"], each["status"] != "canceled"))
    return [
        (accounts[s["customer"]], s["metadata"].get("q2c_key", s["metadata"]["q2c_contract"]), s["status"])
        for s in found
    ]


async def test_rest_is_credited_to_the_one_and_billed_to_the_other_under_its_own_tax(made: World) -> None:
    told = transferred()
    await active(made, told)
    await made.load(told, approve="T")
    view = await made.until_status("C-1", "active", changes=2)
    found = await until_agreed(made, told)
    assert view.contract is not None
    assert view.contract.account.id == "A-2"
    assert await subscriptions(made) == [("A-1", "C-1", "canceled"), ("A-2", "C-1/T", "active")]
    bought = {each["entityId"]: each["id"] for each in made.platforms["netsuite"].dump()["customer"]}
    assert len(bought) == 2
    keys = {document.key for document in found.posted}
    assert {f"C-1/invoice/{DAY}/A-2", f"C-1/credit-memo/{DAY}/{month(-3)}"} <= keys
    listed = (await made.act("olivia", "GET", "/contracts")).json()
    assert [each["account"] for each in listed] == ["A-2"]
    contract = made.platforms["salesforce"].dump()["Contract"][0]
    assert view.ids.billing_customer is not None
    assert contract["Billing_Customer_Id__c"] == view.ids.billing_customer.id


async def test_every_posting_stands_with_the_customer_of_its_document(made: World) -> None:
    told = transferred()
    await active(made, told)
    await made.load(told, approve="T")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, told)
    dump = made.platforms["netsuite"].dump()
    names = {each["id"]: each["externalId"] for each in dump["customer"]}
    posted = [*dump["invoice"], *dump["creditMemo"]]
    by_key = {each["externalId"]: names[each["entity"]["id"]] for each in posted}
    ends = {key: name.rsplit("/", 1)[-1] for key, name in by_key.items()}
    assert {key for key, name in ends.items() if name.endswith("A-2")} == {
        key for key in by_key if key.endswith("/A-2")
    }


async def test_undone_transfer_leaves_the_contract_with_its_customer(made: World) -> None:
    told = transferred()
    before = {**told, "changes": []}
    await active(made, told)
    await until_agreed(made, before)
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-2", "code": "CertificatesError"}})
    await made.load(told, approve="T")
    found = await made.until_exception("C-1")
    await made.decide("fiona", found, "compensate")
    view = await made.until_status("C-1", "active", changes=2)
    assert [change.status for change in view.changes] == ["done", "compensated"]
    assert view.contract is not None
    assert view.contract.account.id == "A-1"
    await until_agreed(made, before)
    standing = [each for each in await subscriptions(made) if each[2] == "active"]
    assert standing == [("A-1", "C-1", "active")]


async def test_same_message_twice_transfers_once(made: World) -> None:
    told = transferred()
    await active(made, told)
    await made.load(told, approve="T", times=3)
    await made.until_status("C-1", "active", changes=2)
    await made.load(told, approve="T", times=2)
    await until_agreed(made, told)


async def test_lost_answers_transfer_once(made: World) -> None:
    told = transferred()
    await active(made, told)
    for route in (
        "POST /v1/subscriptions",
        "POST /v1/customers",
        "POST /v1/invoices",
        "POST /v1/credit_notes",
    ):
        made.platforms["stripe"].faults.add(Fault("applied-then-cut", route=route, times=1))
    made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", times=1))
    await made.load(told, approve="T")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, told)
    assert await subscriptions(made) == [("A-1", "C-1", "canceled"), ("A-2", "C-1/T", "active")]


async def test_worker_lost_in_the_middle_is_no_loss(tmp_path: Path, temporal_address: str) -> None:
    told = transferred()
    async with world(tmp_path, temporal_address, working=False) as made:
        made.platforms["avatax"].faults.add(
            Fault("503", route="POST /api/v2/transactions/createoradjust", times=1, after=1)
        )
        async with working_world(made):
            await active(made, told)
            await made.load(told, approve="T")

            async def stuck() -> bool:
                handle = made.client.get_workflow_handle("contract/C-1/transfer/T")
                with contextlib.suppress(RPCError):  # not started yet
                    plan: Plan = await handle.query("plan", result_type=Plan)
                    ended = [step for step in plan.steps if step.name == "end subscription"]
                    return bool(ended) and ended[0].status == "done"
                return False

            await made.settle(stuck, "a subscription that has ended")
        async with working_world(made):
            await made.until_status("C-1", "active", changes=2)
            await until_agreed(made, told)


async def test_transfer_that_comes_late_moves_every_period_billed_since(made: World) -> None:
    told = transferred(every=1)
    await active(made, told)
    await made.load(told, approve="T")
    await made.until_status("C-1", "active", changes=2)
    found = await until_agreed(made, replaced(told, received_date=day(0)))
    moved = [d.total for d in found.issued if d.key == f"C-1/invoice/{day(0)}/A-2"]
    assert len(moved) == 1
    assert await subscriptions(made) == [("A-1", "C-1", "canceled"), ("A-2", "C-1/T", "active")]


async def test_customers_of_before_are_kept(made: World) -> None:
    told = transferred()
    await active(made, told)
    await made.load(told, approve="T")
    await made.until_status("C-1", "active", changes=2)
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    state: ContractState = await handle.query("whole_state", result_type=ContractState)
    assert [each.account for each in state.ids.earlier] == ["A-1"]


async def ahead(made: World) -> dict[str, Any]:
    """A transfer on the first day of a month, of which the platform has been told."""
    told = transferred(month(1), start=month(0), every=1)
    await active(made, told)
    await made.load(told, approve="T")
    await told_ahead(made, "T")
    return told


async def test_transfer_told_ahead_bills_its_day_once_and_to_the_new_customer_however_late_we_come(
    made: World,
) -> None:
    told, late = await ahead(made), month(2, 3)
    await made.advance(month(1))
    await made.advance(late)  # a draft of the first day would be issued by now, and a cycle more
    assert await subscriptions(made) == [("A-1", "C-1", "canceled")]
    await tell_the_day(made, "C-1", late)
    await made.until_status("C-1", "active", changes=2)
    found = await until_agreed(made, told, as_of=dt.date.fromisoformat(late))
    keys = {document.key for document in found.issued}
    assert keys == {f"C-1/invoice/{month(0)}", *(f"C-1/invoice/{month(n)}/A-2" for n in (1, 2))}
    assert await subscriptions(made) == [("A-1", "C-1", "canceled"), ("A-2", "C-1/T", "active")]


async def test_undone_transfer_that_was_told_ahead_has_its_day_billed_to_the_customer_all_the_same(
    made: World,
) -> None:
    told = await ahead(made)
    before = {**told, "changes": []}
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-2", "code": "CertificatesError"}})
    await at(made, "C-1", month(1))
    await made.decide("fiona", await made.until_exception("C-1"), "compensate")
    await until_agreed(made, before, as_of=dt.date.fromisoformat(month(1)))
    await at(made, "C-1", month(2))
    await until_agreed(made, before, as_of=dt.date.fromisoformat(month(2)))


async def test_transfer_approved_once_its_day_is_billed_counts_from_the_next_day(made: World) -> None:
    """The day's invoice is credited in whole, and billed to the new customer."""
    told, next_day = transferred(month(1), start=month(0), every=1), month(1, 2)
    await active(made, told)
    await made.advance(month(1))
    await made.until_posted("C-1", 2)
    await made.load(told, approve="T")

    async def put_off() -> bool:
        view = await made.view("C-1")
        return view is not None and f"{next_day}: T would alter" in view.waiting_for

    await made.settle(put_off, "the transfer waits for the next day")
    await at(made, "C-1", next_day)
    await made.until_status("C-1", "active", changes=2)
    late = replaced(told, received_date=next_day)
    found = await until_agreed(made, late, as_of=dt.date.fromisoformat(next_day))
    (given,) = (each for each in found.issued if each.key == f"C-1/credit-memo/{next_day}/{month(1)}")
    (wrong,) = (each for each in found.issued if each.key == f"C-1/invoice/{month(1)}")
    assert abs(given.total) == wrong.total
    assert await subscriptions(made) == [("A-1", "C-1", "canceled"), ("A-2", "C-1/T", "active")]
    await at(made, "C-1", month(2))
    await until_agreed(made, late, as_of=dt.date.fromisoformat(month(2)))
