"""What is edited at the billing platform after it was posted is never ignored; nothing posted is edited."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from sandbox.kit.faults import Fault
from sandbox.stripe.platform import StripePlatform
from sandbox.stripe.world import World as StripeWorld
from store.event_log import EventLog, LoggedEvent
from store.exceptions import RecordedException
from tests.agreement import until_agreed
from tests.rules.scenarios import cancellation, seats
from tests.workflows.ahead import at
from tests.workflows.cash import pays, until_receipts
from tests.workflows.month_end import LAST_MONTH, order, run_month
from tests.workflows.periods import reconciled
from tests.workflows.sales import day, month, scenario, sold
from tests.workflows.test_voids import BEGUN, FEWER, FIRST, TAXED, accept, active, again, effect, taxed, void
from tests.world import World, today

pytestmark = pytest.mark.xdist_group("documents")

SECOND = f"C-1/invoice/{month(0)}"
LATER = (dt.date.fromisoformat(FIRST.rpartition("/")[2]) + dt.timedelta(days=90)).isoformat()


async def found(made: World) -> dict[str, Any]:
    """The first invoice, at Stripe."""
    async with made.stripe() as api:
        listed = (await api.get("/v1/invoices", params={"limit": 100})).json()["data"]
    [invoice] = [each for each in listed if each["metadata"].get("q2c_key") == FIRST]
    assert isinstance(invoice, dict)
    return invoice


async def edit(made: World, **metadata: str) -> str:
    """Somebody changes the invoice's metadata in the dashboard: that Stripe permits."""
    invoice = await found(made)
    async with made.stripe() as api:
        data = {f"metadata[{name}]": value for name, value in metadata.items()}
        answer = await api.post(f"/v1/invoices/{invoice['id']}", data=data)
        assert answer.status_code == 200, answer.text
    return str(invoice["id"])


def stripe_world(made: World) -> StripeWorld:
    """What the simulator holds, to be changed past its API."""
    platform = made.platforms["stripe"]
    assert isinstance(platform, StripePlatform)
    return platform.world


async def change_amount(made: World, more: int) -> str:
    """What no one can do by Stripe's API, and a platform that is less strict lets one do."""
    world = stripe_world(made)
    id_ = str((await found(made))["id"])
    invoice = world.require("invoice", id_)
    for name in ("subtotal", "total", "subtotal_excluding_tax", "total_excluding_tax", "amount_due"):
        invoice[name] += more
    invoice["_lines"][0]["amount"] += more
    world.update(invoice, "invoice.updated")
    return id_


async def add_line(made: World, more: int) -> str:
    """The same, as a line of its own that names none of the contract's."""
    world = stripe_world(made)
    id_ = await change_amount(made, more)
    invoice = world.require("invoice", id_)
    [line] = invoice["_lines"]
    line["amount"] -= more
    added = {"id": "il_by_hand", "amount": more, "metadata": {}, "taxes": []}
    invoice["_lines"].append({**line, **added})
    world.update(invoice, "invoice.updated")
    return id_


async def credited(made: World, count: int) -> dict[str, Decimal]:
    """Net amounts of so many credit memos in the ledger, by the days of the invoices that they credit."""

    async def posted() -> dict[str, Decimal] | None:
        documents = [d for d in await made.posted("C-1") if d.kind == "credit_memo"]
        found = {d.key.rpartition("/")[2]: d.total - d.tax for d in documents if "/credit-memo/" in d.key}
        return found if len(found) == count else None

    return await made.settle(posted, f"{count} credit memos in the ledger")


ENDS = cancellation(month(-1, 11))


async def end(made: World, told: dict[str, Any]) -> None:
    """Has the cancellation approved; on a day that is billed it is taken in on the next one."""
    await made.load(told, approve=ENDS["id"])
    if today().day == 1:
        await at(made, "C-1", day(1))


async def asked(made: World) -> RecordedException:
    opened = await made.until_exception("C-1")
    assert (opened.code, opened.owner, opened.actions) == (
        "document_edited",
        "revenue-accounting",
        ("retry", "accept", "skip"),
    )
    return opened


async def postings(made: World) -> dict[str, str]:
    """What the ledger holds of the invoice: status by key."""
    documents = await made.ports["netsuite"].documents("US01")
    return {d.key: d.status for d in documents if FIRST in d.key}


async def total(made: World) -> Decimal:
    documents = await made.ports["netsuite"].documents("US01")
    return effect([d for d in documents if FIRST in d.key])


async def ended(made: World, id_: str) -> None:
    """The run that has asked goes on after its exception is closed."""
    await made.client.get_workflow_handle(f"invoice/stripe/{id_}").result()


async def test_an_accepted_edit_is_reversed_and_posted_anew(made: World) -> None:
    await active(made)
    before = await total(made)
    id_ = await edit(made, q2c_due_date=LATER)
    opened = await asked(made)
    assert f"due date is {LATER} where" in opened.summary
    assert await postings(made) == {FIRST: "open"}
    refused = await made.act("fiona", "POST", f"/exceptions/{opened.id}/accept", {"reason": "x"})
    assert refused.status_code == 403
    await accept(made, opened)
    await ended(made, id_)
    held = await postings(made)
    [anew] = [key for key in held if key.startswith(f"{FIRST}/repost/edit-")]
    assert (held[FIRST], held[anew], len(held)) == ("voided", "open", 3)
    documents = await made.ports["netsuite"].documents("US01")
    assert next(d.due_date for d in documents if d.key == anew).isoformat() == LATER
    assert (await total(made), await taxed(made, FIRST)) == (before, ["committed"])
    owed = await made.ports["netsuite"].open_receivables("US01", "USD")
    in_order = [each.key for each in sorted(owed, key=lambda each: each.due_date)]
    assert in_order == [SECOND, FIRST]  # money that names no invoice goes to the other one first
    state = await made.client.get_workflow_handle("contract/C-1").query("whole_state")
    assert [(each["key"], each["due_date"], each["lines"]) for each in state["accepted"]] == [
        (FIRST, LATER, [])
    ]
    await again(made, id_, "posted")
    assert (await made.exceptions("C-1"), await postings(made)) == ([], held)


async def test_edited_amounts_wait_for_a_decision_and_are_then_the_ledgers(made: World) -> None:
    """Of an invoice that is paid: what was paid of it stays paid. What is on no line of the contract is
    credited by no later change: a person is asked first.
    """
    told = await active(made, ENDS)
    before = await total(made)
    paid = await pays(made, (await found(made))["id"])
    assert paid.status_code == 200, paid.text
    await until_receipts(made, 1)
    id_ = await add_line(made, 500)
    opened = await asked(made)
    assert f"total is {before + 5} where {before} is posted" in opened.summary
    assert await total(made) == before
    await accept(made, opened)
    await ended(made, id_)
    assert await total(made) == before + 5
    [recorded] = [d for d in await made.ports["avatax"].documents("US01") if d.code == FIRST]
    assert (recorded.status, recorded.total_tax) == ("committed", Decimal("8.88"))
    customer = next(c for c in made.platforms["netsuite"].dump()["customer"] if c["externalId"])
    account = await made.ports["netsuite"].receivables("US01", str(customer["id"]))
    assert [each.open for each in account.invoices if each.key == FIRST] == [Decimal("5.00")]
    await again(made, id_, "posted")
    assert await made.exceptions("C-1") == []
    assert await total(made) == before + 5
    report = await run_month(made, order())
    assert report.tally.sums["USD"]["revenue"] == -Decimal("105.00")
    assert [each["breaks"] for each in await reconciled(made, LAST_MONTH)] == [[]]
    await end(made, told)

    async def unassigned() -> RecordedException | None:
        return next((e for e in await made.exceptions("C-1") if e.code == "unassigned_line"), None)

    opened = await made.settle(unassigned, "somebody is asked about the line")
    assert (opened.owner, opened.actions) == ("revenue-accounting", ("accept", "compensate"))
    assert f"{FIRST}: 5.00 for {month(-1)} to {month(0)}" in opened.summary
    assert [d.kind for d in await made.ports["stripe"].documents("C-1")].count("credit_memo") == 0
    await accept(made, opened)
    given = await credited(made, 2)
    days = (dt.date.fromisoformat(month(0)) - dt.date.fromisoformat(month(-1))).days
    assert given[month(-1)] == round(Decimal(100) * (days - 10) / days, 2)


async def test_an_edit_taken_back_at_the_platform_leaves_the_posting_as_it_is(made: World) -> None:
    await active(made)
    due = (await found(made))["metadata"]["q2c_due_date"]
    id_ = await edit(made, q2c_due_date=LATER)
    opened = await asked(made)
    await edit(made, q2c_due_date=due)
    await made.decide("olivia", opened, "retry")

    async def closed() -> bool:
        return not await made.exceptions("C-1")

    await made.settle(closed, "the exception is closed")
    await ended(made, id_)
    assert await postings(made) == {FIRST: "open"}


async def test_an_edit_that_was_let_pass_is_not_asked_about_again(made: World) -> None:
    await active(made)
    before = await total(made)
    id_ = await change_amount(made, 500)
    await accept(made, await asked(made), "skip")
    await ended(made, id_)
    await again(made, id_, "kept as posted: decided before")
    assert (await made.exceptions("C-1"), await total(made)) == ([], before)
    await change_amount(made, 100)  # another edit is another question
    assert f"total is {before + 6} where {before} is posted" in (await asked(made)).summary


async def move_period(made: World) -> str:
    """The first line's service ends ten days later: the amounts are the same, and are earned otherwise."""
    world = stripe_world(made)
    invoice = world.require("invoice", str((await found(made))["id"]))
    invoice["_lines"][0]["period"]["end"] += 10 * 24 * 3600
    world.update(invoice, "invoice.updated")
    return str(invoice["id"])


async def test_an_edit_that_touches_no_money_is_nobodys_business_but_a_service_period_is(
    made: World,
) -> None:
    """And the service period that was accepted is the one that a later change credits."""
    told = await active(made, ENDS)
    await edit(made, note="the customer called")

    async def ignored() -> LoggedEvent | None:
        logged = await EventLog(made.database).list(platform="stripe")
        return next((e for e in logged if e.type == "invoice.updated" and e.state == "ignored"), None)

    await made.settle(ignored, "the edit is in the log, and leads to nothing")
    assert (await made.exceptions(), await postings(made)) == ([], {FIRST: "open"})
    id_ = await move_period(made)
    opened = await asked(made)
    assert opened.summary.count("service period of L1 is ") == 1
    await accept(made, opened)
    await ended(made, id_)
    held = await postings(made)
    assert (held[FIRST], len(held), await taxed(made, FIRST)) == ("voided", 3, ["committed"])
    state = await made.client.get_workflow_handle("contract/C-1").query("whole_state")
    [now, before] = state["accepted"][0]["lines"]
    moved = dt.date.fromisoformat(now["period_end"]) - dt.date.fromisoformat(before["period_end"])
    assert moved == dt.timedelta(days=10)
    await again(made, id_, "posted")
    assert (await made.exceptions(), await postings(made)) == ([], held)
    await end(made, told)
    given = await credited(made, 2)
    days = (dt.date.fromisoformat(month(0)) - dt.date.fromisoformat(month(-1))).days
    assert given[month(-1)] == round(Decimal(100) * days / (days + 10), 2)
    assert await made.exceptions() == []


async def test_a_draft_that_was_deleted_before_it_was_issued_is_drafted_again(made: World) -> None:
    made.platforms["stripe"].faults.add(Fault("down", route="POST /v1/invoices/*/finalize", seconds=600))
    told = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    await made.load(told)

    async def drafted() -> str | None:
        documents = await made.ports["stripe"].documents("C-1")
        return next((d.id for d in documents if d.key == FIRST and d.tax), None)

    id_ = await made.settle(drafted, "the first invoice is drafted")
    async with made.stripe() as api:
        assert (await api.delete(f"/v1/invoices/{id_}")).status_code == 200
    made.platforms["stripe"].faults.clear()
    opened = await made.until_exception("C-1")
    assert (opened.code, opened.step) == ("not_found", f"issue {FIRST}")
    await made.decide("olivia", opened, "retry")
    await until_agreed(made, told)


async def test_an_edited_credit_note_waits_for_a_decision_too(made: World) -> None:
    await made.load(await active(made, FEWER, start=BEGUN), approve=FEWER["id"])
    await made.until_posted("C-1", 4)
    async with made.stripe() as api:
        note = (await api.get("/v1/credit_notes")).json()["data"][0]
        data = {"metadata[q2c_date]": day(-1)}
        answer = await api.post(f"/v1/credit_notes/{note['id']}", data=data)
        assert answer.status_code == 200, answer.text
    opened = await asked(made)
    assert f"date is {day(-1)} where" in opened.summary
    before = [d for d in await made.ports["netsuite"].documents("US01") if note["number"] == d.number]
    assert [d.status for d in before] == ["paid"]
    await void(made, note["metadata"]["q2c_key"], "credit_notes")

    async def voided() -> bool:
        return [e.code for e in await made.exceptions("C-1")] == ["document_voided"]

    await made.settle(voided, "nobody is asked about the edit of what is void")
