"""A merge in the running system: several contracts' workflows, and one of them leads."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from canonical.ids import change_workflow_id, contract_workflow_id
from canonical.lifecycle import ContractState, ContractView
from canonical.merging import MergeStanding
from rules.calendar import add_months
from sandbox.kit.faults import Fault
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, cancellation, metered, seats
from tests.workflows.ahead import at, tell_the_day, told_ahead
from tests.workflows.sales import account, day, month, replaced, scenario, sold
from tests.world import World, working_world, world

pytestmark = pytest.mark.xdist_group("parties")

TAXED = {"tax_rate_percent": "8.875"}
DAY = month(-1, 11)
KEY = "C-1/M"


def other(**more: Any) -> dict[str, Any]:
    return sold(seats("M1", price="7", **TAXED), start=month(-5), id="C-2", **more)


def merged(*contracts: dict[str, Any], day: str = DAY) -> dict[str, Any]:
    merge = {"id": "M", "type": "merge", "effective_date": day, "contracts": list(contracts) or [other()]}
    return scenario(sold(seats(**TAXED), start=month(-3)), merge)


async def both_active(made: World, told: dict[str, Any]) -> None:
    await made.load(told)
    for name in ("C-1", *(each["id"] for each in told["changes"][0]["contracts"])):
        await made.until_status(name, "active")


async def refuse_tax(made: World, *, code: str | None = "CertificatesError") -> None:
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-1", "code": code}})


async def state_of(made: World, contract: str) -> ContractState:
    handle = made.client.get_workflow_handle(contract_workflow_id(contract))
    state: ContractState = await handle.query("whole_state", result_type=ContractState)
    return state


def without_merge(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The contracts as they are where the merge is undone, each by itself."""
    others = told["changes"][0]["contracts"]
    return [{**told, "changes": []}, *({**told, "contract": each, "changes": []} for each in others)]


def statuses(view: ContractView) -> list[tuple[str, str]]:
    return [(change.id, change.status) for change in view.changes]


async def test_merged_contracts_end_with_credit_and_one_new_contract_begins(made: World) -> None:
    told = merged()
    await both_active(made, told)
    await made.load(told, approve="M")
    view = await made.until_status("C-1", "active", changes=2)
    ended = await made.until_status("C-2", "cancelled")
    found = await until_agreed(made, told)
    assert statuses(view) == [("C-1", "done"), ("M", "done")]
    assert statuses(ended) == [("C-2", "done"), (KEY, "done")]
    keys = {document.key for document in found.issued}
    assert {f"C-1/credit-memo/{DAY}/{month(-3)}", f"C-2/credit-memo/{DAY}/{month(-5)}"} <= keys
    assert f"C-1/M/invoice/{DAY}" in keys
    subscriptions = made.platforms["stripe"].dump()["subscription"]
    standing = [s["metadata"].get("q2c_key") for s in subscriptions if s["status"] == "active"]
    assert standing == [KEY]
    written = {
        c["Q2C_Id__c"]: c["Integration_Status__c"] for c in made.platforms["salesforce"].dump()["Contract"]
    }
    assert written == {"C-1": "Active", "C-2": "Cancelled"}


async def test_merged_contract_brings_what_its_own_changes_have_made_of_it(made: World) -> None:
    """The CRM names it as it was approved; what counts is what its own workflow holds."""
    up = amendment(month(-2, 15), {"id": "M1", "quantity": "15"}, name="UP")
    told = merged()
    await both_active(made, told)
    changed = {**scenario(other(), up)}
    await made.load(changed, approve="UP")
    await made.until_status("C-2", "active", changes=2)
    await made.load(told, approve="M")
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    state = await state_of(made, "C-1")
    new = next(document for document in state.expected if document.key == f"C-1/M/invoice/{DAY}")
    assert {line.line: line.quantity for line in new.lines} == {"L1": 10, "M1": 15}
    assert not await made.exceptions()


async def test_merge_heard_of_before_the_other_contract_waits_for_it(made: World) -> None:
    told = merged()
    await made.load(told)
    lose_messages_of(made, "C-2")
    await made.until_status("C-1", "active")
    await made.load(told, approve="M")
    lose_messages_of(made, "C-2")

    async def asked() -> bool:
        state = await state_of(made, "C-1")
        return any(item.id == "M" for item in state.planned)

    await made.settle(asked, "C-1 knows of the merge")
    assert await made.view("C-2") is None
    await made.load(scenario(other()))
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, told)


def lose_messages_of(made: World, contract: str) -> None:
    salesforce = made.platforms["salesforce"]
    bodies = {entry["number"]: str(entry) for entry in salesforce.outbox.entries()}
    for number, body in bodies.items():
        if contract in body:
            salesforce.state.delete("_webhook", str(number))


async def test_same_message_twice_merges_once(made: World) -> None:
    told = merged()
    await both_active(made, told)
    await made.load(told, approve="M", times=3)
    await made.until_status("C-1", "active", changes=2)
    await made.load(told, approve="M", times=2)
    await until_agreed(made, told)


async def test_undone_merge_leaves_each_contract_as_it_was(made: World) -> None:
    told = merged(other(account=account("A-2")))
    await both_active(made, told)
    await until_agreed(made, *without_merge(told))
    await refuse_tax(made)
    await made.load(told, approve="M")
    found = await made.until_exception("C-1")
    assert (await made.view("C-2")).running is not None  # type: ignore[union-attr]
    await made.decide("fiona", found, "compensate")
    view = await made.until_status("C-1", "active", changes=2)
    back = await made.until_status("C-2", "active", changes=2)
    assert statuses(view) == [("C-1", "done"), ("M", "compensated")]
    assert statuses(back) == [("C-2", "done"), (KEY, "compensated")]
    await until_agreed(made, *without_merge(told), undone=["C-1/M"])
    subscriptions = made.platforms["stripe"].dump()["subscription"]
    standing = sorted(s["metadata"]["q2c_contract"] for s in subscriptions if s["status"] == "active")
    assert standing == ["C-1", "C-2"]


async def test_contract_that_can_not_end_stops_the_merge_until_somebody_decides(made: World) -> None:
    told = merged(other(account=account("A-2")))
    await both_active(made, told)
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-2", "code": "CertificatesError"}})
    await made.load(told, approve="M")
    found = await made.until_exception("C-2")
    await made.decide("fiona", found, "compensate")
    refusal = await made.until_exception("C-1")
    assert (refusal.code, refusal.step) == ("merge_refused", "join C-2")
    await made.decide("fiona", refusal, "compensate")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, *without_merge(told))


async def test_merge_approved_once_its_day_is_billed_counts_from_the_next_day(made: World) -> None:
    """Each contract's invoice of the day is credited in whole, and the new contract bills the period."""
    on, next_day = month(1), month(1, 2)
    second = sold(seats("M1", price="7", **TAXED), start=month(0), every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": on, "contracts": [second]}
    told = scenario(sold(seats(**TAXED), start=month(0), every=1), merge)
    await both_active(made, told)
    await made.advance(on)
    for contract in ("C-1", "C-2"):
        await made.until_posted(contract, 2)
    await made.load(told, approve="M")
    await planned(made, "C-1", "M")
    await made.advance(next_day)
    await tell_both_the_day(made, next_day)
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    late = replaced(told, received_date=next_day)
    found = await until_agreed(made, late, as_of=dt.date.fromisoformat(next_day))
    totals = {each.key: abs(each.total) for each in found.issued}
    for contract in ("C-1", "C-2"):
        assert totals[f"{contract}/credit-memo/{next_day}/{on}"] == totals[f"{contract}/invoice/{on}"]
    assert f"C-1/M/invoice/{next_day}" in totals
    await made.advance(month(2))
    await tell_the_day(made, "C-1", month(2))
    await until_agreed(made, late, as_of=dt.date.fromisoformat(month(2)))


async def test_refused_merge_that_is_tried_again_asks_again(made: World) -> None:
    told = merged()
    await both_active(made, told)
    await refuse_tax(made)
    await made.load(told, approve="M")
    found = await made.until_exception("C-2")
    await made.decide("fiona", found, "compensate")
    refusal = await made.until_exception("C-1")
    await refuse_tax(made, code=None)
    await made.decide("fiona", refusal, "retry")
    await made.until_status("C-1", "active", changes=2)
    ended = await made.until_status("C-2", "cancelled")
    assert statuses(ended) == [("C-2", "done"), (KEY, "compensated"), (f"{KEY}/2", "done")]
    await until_agreed(made, told)


async def test_lost_answers_merge_once(made: World) -> None:
    told = merged()
    await both_active(made, told)
    for route in ("POST /v1/subscriptions", "POST /v1/invoices", "POST /v1/credit_notes"):
        made.platforms["stripe"].faults.add(Fault("applied-then-cut", route=route, times=2))
    made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", times=1))
    await made.load(told, approve="M")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, told)


async def test_worker_lost_while_the_other_contract_has_ended_is_no_loss(
    tmp_path: Path, temporal_address: str
) -> None:
    told = merged()
    async with world(tmp_path, temporal_address, working=False) as made:
        async with working_world(made):
            await both_active(made, told)
            await until_agreed(made, *without_merge(told))
            made.platforms["stripe"].faults.add(Fault("503", route="POST /v1/invoices"))
            await made.load(told, approve="M")

            async def prepared() -> bool:
                chapter = change_workflow_id("C-2", "cancellation", KEY)
                handle = made.client.get_workflow_handle(chapter)
                if (await made.view("C-2")).running is None:  # type: ignore[union-attr]
                    return False
                standing: MergeStanding = await handle.query("merge_standing", KEY, result_type=MergeStanding)
                return standing.status == "prepared"

            await made.settle(prepared, "C-2 has ended and waits")
        made.platforms["stripe"].faults.clear()
        async with working_world(made):
            await made.until_status("C-1", "active", changes=2)
            await made.until_status("C-2", "cancelled")
            await until_agreed(made, told)


async def test_leading_chapter_that_is_cancelled_gives_the_others_back(made: World) -> None:
    told = merged()
    await both_active(made, told)
    made.platforms["stripe"].faults.add(Fault("503", route="POST /v1/invoices"))
    await made.load(told, approve="M")
    chapter = change_workflow_id("C-1", "merge", "M")

    async def joined() -> bool:
        view = await made.view("C-2")
        return view is not None and view.running is not None

    await made.settle(joined, "C-2 is ending")
    await made.client.get_workflow_handle(chapter).cancel()
    made.platforms["stripe"].faults.clear()
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "active", changes=2)
    await until_agreed(made, *without_merge(told), undone=["C-1/M"])
    description = await made.client.get_workflow_handle(chapter).describe()
    assert description.status == WorkflowExecutionStatus.CANCELED


async def test_withdrawn_before_it_began_it_is_never_carried_out(made: World) -> None:
    """Messages may come in any order: the merge is undone before its request was taken in."""
    told = merged()
    await both_active(made, told)
    handle = made.client.get_workflow_handle(contract_workflow_id("C-2"))
    first: MergeStanding = await handle.execute_update("withdraw_merge", KEY, result_type=MergeStanding)
    assert first.status == "refused"
    ended = cancellation(DAY) | {"id": KEY, "merged_into": "C-1"}
    submission = {
        "event_id": KEY, "change": ended, "actor": "x", "reason": "late", "correlation_id": "x",
    }  # fmt: skip
    await handle.execute_update("submit", submission)
    view = await made.until_status("C-2", "active", changes=2)
    assert statuses(view) == [("C-2", "done"), (KEY, "skipped")]
    await until_agreed(made, *without_merge(told))


async def test_word_that_nobody_waits_for_changes_nothing(made: World) -> None:
    told = merged()
    await both_active(made, told)
    await made.load(told, approve="M")
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    handle = made.client.get_workflow_handle(contract_workflow_id("C-2"))
    standing: MergeStanding = await handle.execute_update("withdraw_merge", KEY, result_type=MergeStanding)
    assert standing.status == "done"
    await until_agreed(made, told)


async def ahead(made: World, start: str = month(0)) -> dict[str, Any]:
    """A merge on the first day of a month of both contracts, of which both and the platform were told."""
    on = add_months(dt.date.fromisoformat(start), 1).isoformat()
    other = sold(seats("M1", price="7", **TAXED), start=start, every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": on, "contracts": [other]}
    told = scenario(sold(seats(**TAXED), start=start, every=1), merge)
    await both_active(made, told)
    await made.load(told, approve="M")
    await told_ahead(made, "M")
    await told_ahead(made, KEY, contract="C-2")
    return told


async def tell_both_the_day(made: World, date: str) -> None:
    for contract in ("C-1", "C-2"):
        await tell_the_day(made, contract, date)


async def test_merge_told_ahead_bills_its_day_once_by_the_new_contract_however_late_we_come(
    made: World,
) -> None:
    told, late = await ahead(made), month(2, 3)
    await made.advance(month(1))
    await made.advance(late)  # drafts of the first day would be issued by now, and a cycle more
    assert {each["status"] for each in made.platforms["stripe"].dump()["subscription"]} == {"canceled"}
    await tell_both_the_day(made, late)
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    found = await until_agreed(made, told, as_of=dt.date.fromisoformat(late))
    new = {f"C-1/M/invoice/{month(n)}" for n in (1, 2)}
    assert {each.key for each in found.issued} == {
        *new,
        f"C-1/invoice/{month(0)}",
        f"C-2/invoice/{month(0)}",
    }


async def test_undone_merge_that_was_told_ahead_has_its_day_billed_by_each_contract(made: World) -> None:
    told = await ahead(made)
    await refuse_tax(made)
    await made.advance(month(1))
    await tell_both_the_day(made, month(1))
    found = await made.until_exception("C-1")
    await refuse_tax(made, code=None)
    await made.decide("fiona", found, "compensate")
    apart, undone = without_merge(told), ["C-1/M"]
    await until_agreed(made, *apart, as_of=dt.date.fromisoformat(month(1)), undone=undone)
    await made.advance(month(2))
    await until_agreed(made, *apart, as_of=dt.date.fromisoformat(month(2)), undone=undone)


async def test_contract_hears_where_the_merge_that_it_was_told_of_does_not_come_to_be(made: World) -> None:
    told = await ahead(made, start=day(-10))  # nothing is billed today, so that the stop counts today
    stop = {**cancellation(day(0)), "id": "STOP"}
    await made.load({**told, "changes": [*told["changes"], stop]}, approve="STOP")
    await made.until_status("C-1", "cancelled")
    await told_ahead(made, contract="C-2")
    await made.advance(told["changes"][0]["effective_date"])
    await made.until_posted("C-2", 2)


async def planned(made: World, contract: str, change: str) -> None:
    async def known() -> bool:
        return any(item.id == change for item in (await state_of(made, contract)).planned)

    await made.settle(known, f"{contract} knows of {change}")


async def test_contracts_that_merge_each_other_refuse_at_once_until_one_merge_is_undone(made: World) -> None:
    on = day(10)
    told = merged(day=on)
    back = {"id": "N", "type": "merge", "effective_date": on, "contracts": [told["contract"]]}
    await both_active(made, told)
    await made.load(told, approve="M")
    await made.load(scenario(other(), back), approve="N")
    await planned(made, "C-1", "M")
    await planned(made, "C-2", "N")
    await at(made, "C-1", on)
    await tell_the_day(made, "C-2", on)
    leading, following = await made.until_exception("C-1"), await made.until_exception("C-2")
    for found, names, change in ((leading, "C-2", "N"), (following, "C-1", "M")):
        assert (found.code, found.owner, found.step) == ("merge_refused", "sales-operations", f"join {names}")
        assert f"contract {names} is itself merging" in found.summary
        assert f"by its change {change} of {on}" in found.summary
    await made.decide("fiona", following, "compensate")

    async def undone() -> bool:
        return any(each.id == "N" for each in (await state_of(made, "C-2")).carried)

    await made.settle(undone, "N is undone")
    await made.decide("fiona", leading, "retry")
    view = await made.until_status("C-1", "active", changes=2)
    assert statuses(view) == [("C-1", "done"), ("M", "done")]
    await made.until_status("C-2", "cancelled")
    await until_agreed(made, told, as_of=dt.date.fromisoformat(on))


async def test_three_contracts_that_merge_each_other_in_a_circle_refuse_at_once_and_name_all(
    made: World,
) -> None:
    on = day(10)
    sold_as = {n: sold(seats(f"L{n}", **TAXED), start=month(-1), id=f"C-{n}") for n in (1, 2, 3)}
    merges = {
        n: {"id": f"M{n}", "type": "merge", "effective_date": on, "contracts": [sold_as[taken]]}
        for n, taken in ((1, 2), (2, 3), (3, 1))
    }
    for n, one in sold_as.items():
        await made.load(scenario(one))
        await made.until_status(f"C-{n}", "active")
    for n, one in sold_as.items():
        await made.load(scenario(one, merges[n]), approve=f"M{n}")
        await planned(made, f"C-{n}", f"M{n}")
    await made.advance(on)
    for n in sold_as:
        await tell_the_day(made, f"C-{n}", on)
    found = {n: await made.until_exception(f"C-{n}") for n in sold_as}
    for n, taken in ((1, 2), (2, 3), (3, 1)):
        assert (found[n].code, found[n].step) == ("merge_refused", f"join C-{taken}")
        for other in sold_as:
            assert f"C-{other}" in found[n].summary
            assert other == n or f"by its change M{other} of {on}" in found[n].summary
    await made.decide("fiona", found[3], "compensate")

    async def undone() -> bool:
        return any(each.id == "M3" for each in (await state_of(made, "C-3")).carried)

    await made.settle(undone, "M3 is undone")
    for n in (2, 1):
        await made.decide("fiona", found[n], "retry")
    await made.until_status("C-1", "active", changes=2)
    for n in (2, 3):
        await made.until_status(f"C-{n}", "cancelled")
    assert not await made.exceptions()


async def test_usage_since_the_merge_that_is_reported_to_the_merged_contract_is_billed_by_the_other(
    made: World,
) -> None:
    calls = metered("U2", price="0.05", **TAXED)
    told = merged(sold(seats("M1", price="7", **TAXED), calls, start=month(-5), id="C-2"))
    await both_active(made, told)
    await made.load(told, approve="M")
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    used = [{"line": "U2", "date": date, "quantity": "90", "id": date} for date in (DAY, month(-1, 20))]
    for _ in range(2):
        await made.report_usage("C-2", used)

    async def handed_on() -> bool:
        listed = (await made.act("olivia", "GET", "/contracts/C-1/usage")).json()
        return [each["id"] for each in listed] == [f"C-2/{each['id']}" for each in used]

    await made.settle(handed_on, "the leading contract has it, once")
    (shown,) = (await made.act("olivia", "GET", "/contracts/C-2/usage/months")).json()
    assert (shown["not_billed"], shown["note"]) == (
        "0",
        f"days from {DAY} on are those of C-1, to which it is handed on",
    )
    last = month(11, 11)  # the merged contract bills by the year
    await at(made, "C-1", last)
    await until_agreed(made, {**told, "usage": used}, as_of=dt.date.fromisoformat(last))
