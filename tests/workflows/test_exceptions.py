"""What fails waits for a person: retried, fixed, skipped by two, or undone with no net effect."""

import datetime as dt
from typing import Any

import pytest
from temporalio.testing import TimeSkipper

from rules.invariants import findings
from store.exceptions import ExceptionQueue, RecordedException
from tests.agreement import listings, until_agreed
from tests.rules.scenarios import amendment, one_time, seats
from tests.workflows.sales import NEW_YORK, account, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("exceptions")

TAXED = {"tax_rate_percent": "8.875"}


def yearly(**more: Any) -> dict[str, Any]:
    return scenario(sold(seats(**TAXED), start=month(-2), **more))


async def refuse_tax(made: World, *, code: str | None = "CertificatesError") -> None:
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-1", "code": code}})


async def forget_items(made: World, told: dict[str, Any], known: str = "OTHER") -> None:
    """The scenario is entered, but the ERP knows another item than the contract's."""
    other = scenario(sold({**seats(), "product": known}, start=month(0)))
    await made.platforms["netsuite"].load({"scenario": other})
    await made.platforms["avatax"].load({"scenario": told})
    await made.platforms["salesforce"].load({"scenario": told, "approve": "contract"})


async def test_unknown_item_is_refused_before_anything_is_written(made: World) -> None:
    await forget_items(made, yearly())
    found = await made.until_exception("C-1")
    assert (found.code, found.platform, found.step) == ("rejected", "netsuite", "check")
    for name, kinds in (("stripe", {"customer", "subscription", "invoice"}), ("netsuite", {"customer"})):
        assert not kinds & made.platforms[name].dump().keys(), name


async def test_a_failed_step_has_one_exception_with_owner_reason_and_due_time(made: World) -> None:
    told = yearly()
    await refuse_tax(made)
    await made.load(told)
    await made.until_exception("C-1")

    async def broken() -> set[str] | None:
        """Once Temporal's lists show who waits."""
        found = await listings(made, told)
        return {finding.invariant for finding in findings(found)} if found.waiting else None

    assert "I6" not in await made.settle(broken, "the activation waits for a person")


async def test_retry_goes_on_where_it_stopped(made: World) -> None:
    told = yearly()
    await refuse_tax(made)
    await made.load(told)
    found = await made.until_exception("C-1")
    assert (found.code, found.platform, found.owner) == ("rejected", "avatax", "tax")
    await refuse_tax(made, code=None)
    await made.decide("olivia", found, "retry")
    await made.until_status("C-1", "active")
    await until_agreed(made, told)


async def test_fix_maps_a_product_to_another_item(made: World) -> None:
    told = yearly()
    await forget_items(made, told)
    found = await made.until_exception("C-1")
    await made.decide("fiona", found, "fix", **{"items.SEAT": "OTHER"})
    await made.until_status("C-1", "active")
    await until_agreed(made, told)


async def test_fix_corrects_the_customers_address(made: World) -> None:
    wrong = {**NEW_YORK, "postal_code": "90210"}
    told = yearly(account=account("A-1", wrong))
    await made.load(told)
    found = await made.until_exception("C-1")
    assert found.platform == "avatax"
    await made.decide("fiona", found, "fix", **{"account.billing_address.postal_code": "10118"})
    await made.until_status("C-1", "active")
    await until_agreed(made, told)


@pytest.mark.parametrize(
    ("set", "status"),
    [
        ({"account.billing_address.planet": "Mars"}, 400),
        ({"account.id": "A-2"}, 400),
        ({"price": "1"}, 400),
        ({"items.SEAT": " "}, 400),
        ({}, 400),
    ],
)
async def test_fix_of_what_cannot_be_corrected_is_refused(
    made: World, set: dict[str, str], status: int
) -> None:
    await forget_items(made, yearly())
    found = await made.until_exception("C-1")
    body = {"reason": "try", "set": set}
    answer = await made.act("fiona", "POST", f"/exceptions/{found.id}/fix", body)
    assert answer.status_code == status, answer.text
    assert "set" in answer.text
    assert [e.id for e in await made.exceptions("C-1")] == [found.id]


async def test_skip_needs_a_second_approver_and_then_goes_on(made: World) -> None:
    told = yearly()
    await forget_items(made, told)
    found = await made.until_exception("C-1")
    answer = await made.act("fiona", "POST", f"/exceptions/{found.id}/skip", {"reason": "alone"})
    assert answer.status_code == 403, answer.text
    override = await made.request("fiona", found, "skip")
    answer = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "two"})
    assert answer.status_code == 200, answer.text
    await made.until_status("C-1", "active")
    later = await made.until_exception("C-1")
    assert later.step.startswith("post ")
    await made.decide("fiona", later, "fix", **{"items.SEAT": "OTHER"})
    await until_agreed(made, told)


async def test_compensated_activation_has_no_net_effect(made: World) -> None:
    told = yearly()
    await refuse_tax(made)
    await made.load(told)
    found = await made.until_exception("C-1")
    await made.decide("fiona", found, "compensate")
    view = await made.until_status("C-1", "compensated")
    await until_agreed(made, undone=["C-1"])
    assert [change.status for change in view.changes] == ["compensated"]
    stripe = made.platforms["stripe"].dump()
    assert {s["status"] for s in stripe["subscription"]} == {"canceled"}
    assert {i["status"] for i in stripe.get("invoice", [])} <= {"void"}


async def test_compensated_contract_bills_nothing_later_whatever_is_approved_of_it(made: World) -> None:
    changes = [amendment(month(away), {"id": "L1", "quantity": "15"}) for away in (-1, 6)]
    told = yearly(billing={"frequency_months": 1, "timing": "advance"}) | {"changes": changes}
    await refuse_tax(made)
    await made.load(told)
    await made.decide("fiona", await made.until_exception("C-1"), "compensate")
    await made.until_status("C-1", "compensated")
    for change in changes:
        await made.load(told, approve=change["id"])
    view = await made.until_status("C-1", "compensated", changes=3)
    assert [change.status for change in view.changes] == ["compensated", "skipped", "skipped"]
    await made.advance(month(2))
    await until_agreed(made, undone=["C-1"])


async def test_compensated_amendment_leaves_the_contract_as_it_was(made: World) -> None:
    up = amendment(month(-1), {"id": "L1", "quantity": "15"})
    told = scenario(sold(seats(**TAXED), start=month(-2)), up)
    before = {**told, "changes": []}
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, before)
    await refuse_tax(made)
    await made.load(told, approve=up["id"])
    await made.decide("fiona", await made.until_exception("C-1"), "compensate")
    view = await made.until_status("C-1", "active", changes=2)
    assert [change.status for change in view.changes] == ["done", "compensated"]
    await until_agreed(made, before, undone=[f"C-1/invoice/{up['effective_date']}"])
    await made.advance(month(10))
    await until_agreed(made, before, as_of=dt.date.fromisoformat(month(10)))


async def test_resolve_as_signal_takes_plain_json_without_the_exceptions_id(made: World) -> None:
    told = yearly()
    await refuse_tax(made)
    await made.load(told)
    found = await made.until_exception("C-1")
    await refuse_tax(made, code=None)
    handle = made.client.get_workflow_handle(found.workflow_id)
    await handle.signal("resolve", {"action": "retry", "reason": "mended", "actor": "olivia"})
    await made.until_status("C-1", "active")
    await until_agreed(made, told)


async def test_signal_that_is_refused_shows_in_the_exceptions_story(made: World) -> None:
    await refuse_tax(made)
    await made.load(yearly())
    found = await made.until_exception("C-1")
    handle = made.client.get_workflow_handle(found.workflow_id)
    await handle.signal("resolve")
    await handle.signal("resolve", args=["retry", "at once"])  # nobody takes two: it is dropped
    await handle.signal("waiting")
    await handle.signal("resolve", "retry")
    await handle.signal("resolve", {"action": "abolish", "reason": "no", "actor": "olivia"})
    await handle.signal("resolve", {"action": "skip", "reason": "no", "actor": "olivia"})

    async def told() -> list[tuple[str, str]] | None:
        story = await ExceptionQueue(made.database).story(found.id)
        notes = [(line.actor, line.note) for line in story if "refused" in line.note]
        return notes if len(notes) == 4 else None

    notes = await made.settle(told, "the notes")
    assert [actor for actor, _ in notes] == ["unknown", "unknown", "olivia", "olivia"]
    assert [note.split(":")[1] for _, note in notes[:3]] == [" input", " input", " action"]
    assert "second approver" in notes[3][1]
    assert [e.id for e in await made.exceptions("C-1")] == [found.id]
    await refuse_tax(made, code=None)
    await handle.signal("resolve", {"action": "retry", "reason": "mended", "actor": "olivia"})
    await made.until_status("C-1", "active")


async def test_unanswered_exception_escalates_when_it_is_due(made: World) -> None:
    await refuse_tax(made)
    await made.load(yearly())
    found = await made.until_exception("C-1")
    handle = made.client.get_workflow_handle(found.workflow_id)
    await TimeSkipper(made.client).fast_forward(handle, dt.timedelta(hours=25))

    async def escalated() -> RecordedException | None:
        item = (await made.exceptions("C-1"))[0]
        return item if item.escalations else None

    item = await made.settle(escalated, "the escalation")
    assert (item.owner, item.escalations) == ("finance-management", 1)
    assert item.due_at > found.due_at


async def test_change_that_the_rules_refuse_goes_to_who_sold_it(made: World) -> None:
    gone = amendment(month(-1), {"id": "O1", "quantity": "2"})  # a one-time line is never amended
    told = scenario(sold(seats(**TAXED), one_time(**TAXED), start=month(-2)), gone)
    await made.load({**told, "changes": []})
    await made.until_status("C-1", "active")
    await made.load(told, approve=gone["id"])
    found = await made.until_exception("C-1")
    assert (found.code, found.owner) == ("invalid_contract", "sales-operations")
    await made.decide("fiona", found, "compensate")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, {**told, "changes": []})


async def test_exception_says_what_is_at_stake_and_limits_hold_for_it(made: World) -> None:
    told = scenario(sold(seats(quantity="2000", **TAXED), start=month(-2)))
    await forget_items(made, told)
    found = await made.until_exception("C-1")
    assert found.amount is not None
    assert found.amount > 100_000
    override = await made.request("fiona", found, "skip")
    answer = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "too much"})
    assert answer.status_code == 403, answer.text


async def test_signal_to_the_contract_reaches_the_chapter_that_waits(made: World) -> None:
    told = yearly()
    await forget_items(made, told)
    await made.until_exception("C-1")
    handle = made.client.get_workflow_handle("contract/C-1")
    await handle.signal("resolve", {"action": "compensate", "reason": "by hand", "actor": "me"})
    await made.until_status("C-1", "compensated")
