"""What is voided at the billing platform after it was posted has no effect left, and somebody answers."""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from ports.erp import PostedDocument
from store.exceptions import RecordedException
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, seats
from tests.workflows.sales import day, month, scenario, sold
from tests.workflows.test_messages_of_documents import scheduled
from tests.world import World
from workflows._document import DocumentInput, DocumentNotice
from workflows._options import WORKFLOW_QUEUE
from workflows.invoice import InvoiceWorkflow

pytestmark = pytest.mark.xdist_group("documents")

TAXED = {"tax_rate_percent": "8.875"}


async def active(made: World, *changes: dict[str, Any], start: str = "") -> dict[str, Any]:
    """A contract of this month and the last, or from a day on, whose invoices are posted."""
    told = scenario(sold(seats(**TAXED), start=start or month(-1), every=1), *changes)
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, {**told, "changes": []})
    return told


async def void(made: World, key: str, kind: str = "invoices") -> str:
    """Somebody voids the document in Stripe's dashboard."""
    async with made.stripe() as api:
        found = (await api.get(f"/v1/{kind}", params={"limit": 100})).json()["data"]
        [id_] = [each["id"] for each in found if each["metadata"]["q2c_key"] == key]
        answer = await api.post(f"/v1/{kind}/{id_}/void")
        assert answer.status_code == 200, answer.text
        return str(id_)


FIRST = f"C-1/invoice/{month(-1)}"
BEGUN = day(-40)
"""Of a contract with two invoices, none of today: what is approved over them is taken in today."""
FEWER = amendment(day(-30), {"id": "L1", "quantity": "5"})


async def told_of_it(made: World) -> RecordedException:
    found = await made.until_exception("C-1")
    assert (found.code, found.owner, found.actions) == (
        "document_voided",
        "revenue-accounting",
        ("accept", "skip"),
    )
    return found


def effect(documents: list[PostedDocument]) -> Decimal:
    return sum((d.total if d.kind == "invoice" else -d.total for d in documents), Decimal(0))


async def in_the_ledger(made: World, key: str) -> list[PostedDocument]:
    """The document and what reverses it."""
    found = await made.ports["netsuite"].documents("US01")
    return [each for each in found if each.key in (key, f"void:{key}")]


async def taxed(made: World, key: str) -> list[str]:
    found = await made.ports["avatax"].documents("US01")
    return [each.status for each in found if each.code == key]


async def accept(made: World, found: RecordedException, action: str = "accept") -> None:
    override = await made.request("fiona", found, action)
    answer = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "a gift"})
    assert answer.status_code == 200, answer.text

    async def closed() -> bool:
        return not await made.exceptions("C-1")

    await made.settle(closed, "the exception is closed")


async def test_voided_invoice_is_reversed_in_ledger_and_tax_and_a_person_is_asked(made: World) -> None:
    await active(made)
    await void(made, FIRST)
    found = await told_of_it(made)
    held = await in_the_ledger(made, FIRST)
    assert (len(held), effect(held)) == (2, Decimal(0))
    assert await taxed(made, FIRST) == ["cancelled"]
    assert found.amount == held[0].total
    assert (
        await made.act("fiona", "POST", f"/exceptions/{found.id}/accept", {"reason": "x"})
    ).status_code == 403


async def test_accepted_void_is_not_asked_about_again(made: World) -> None:
    await active(made)
    voided = await void(made, FIRST)
    await accept(made, await told_of_it(made))
    handle = made.client.get_workflow_handle("contract/C-1")
    state = await handle.query("whole_state")
    assert state["voided"] == [FIRST]
    before = len(await made.ports["netsuite"].documents("US01"))
    await again(made, voided)
    assert not await made.exceptions("C-1")
    assert len(await made.ports["netsuite"].documents("US01")) == before


async def again(made: World, invoice: str, outcome: str = "voided") -> None:
    """A late message about the invoice, as one that was held up: told to the end."""
    # the run that reversed it may still be at its last step: it would take the message itself
    await made.client.get_workflow_handle(f"invoice/stripe/{invoice}").result()
    now = dt.datetime.now(dt.UTC)
    notice = DocumentNotice(
        event_id="evt_late", type="invoice.finalized", occurred_at=now, correlation_id="c"
    )
    await made.client.start_workflow(
        InvoiceWorkflow.run,
        DocumentInput(tenant=made.settings.tenant, platform="stripe", document_id=invoice),
        id=f"invoice/stripe/{invoice}",
        task_queue=WORKFLOW_QUEUE,
        start_signal="notify",
        start_signal_args=[notice],
    )
    handle = made.client.get_workflow_handle(f"invoice/stripe/{invoice}")
    result = await handle.result()
    assert isinstance(result, dict)
    assert result["outcome"] == outcome
    if outcome == "voided":
        assert "erp.post_document" not in await scheduled(handle)


async def test_void_in_a_closed_period_is_reversed_in_the_first_open_one(made: World) -> None:
    told = await active(made)
    told["periods"] = {"closed": [month(-1)[:7]]}
    await made.platforms["netsuite"].load({"scenario": told})
    await void(made, FIRST)
    await told_of_it(made)
    document, counter = await in_the_ledger(made, FIRST)
    opened = dt.date.fromisoformat(month(0))
    assert document.period == f"{dt.date.fromisoformat(month(-1)):%b %Y}"
    assert counter.period == f"{opened:%b %Y}"
    assert effect([document, counter]) == 0


async def test_voided_credit_note_is_reversed_in_ledger_and_tax(made: World) -> None:
    await made.load(await active(made, FEWER, start=BEGUN), approve=FEWER["id"])
    await made.until_posted("C-1", 4)  # a credit memo for each invoice
    async with made.stripe() as api:
        note = (await api.get("/v1/credit_notes")).json()["data"][0]
    key = note["metadata"]["q2c_key"]
    assert await taxed(made, key) == ["committed"]
    await void(made, key, "credit_notes")
    await told_of_it(made)
    held = await in_the_ledger(made, key)
    assert (len(held), effect(held)) == (2, Decimal(0))
    assert await taxed(made, key) == ["cancelled"]


async def test_void_that_is_heard_of_first_is_never_posted(made: World) -> None:
    """The message that it was issued comes late: by then it is void."""
    await made.load(scenario(sold(seats(**TAXED), start=month(-1))))

    async def issued() -> list[Any]:
        """Only the CRM's webhooks are delivered, none of the billing platform's."""
        await made.platforms["salesforce"].outbox.flush(made.gateway, force=True)
        found = await made.ports["stripe"].documents("C-1")
        return [each for each in found if each.status == "open"]

    await until(issued)
    await void(made, FIRST)
    await told_of_it(made)
    assert await in_the_ledger(made, FIRST) == []
    assert await taxed(made, FIRST) == ["cancelled"]


async def until(found: Callable[[], Awaitable[object]]) -> None:
    deadline = time.monotonic() + 60
    while not await found():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_invoice_that_is_given_up_stays_posted_once_and_a_person_is_asked(made: World) -> None:
    await active(made)
    async with made.stripe() as api:
        found = (await api.get("/v1/invoices", params={"limit": 100})).json()["data"]
        [id_] = [each["id"] for each in found if each["metadata"]["q2c_key"] == FIRST]
        answer = await api.post(f"/v1/invoices/{id_}/mark_uncollectible")
        assert answer.status_code == 200, answer.text
    asked = await made.until_exception("C-1")
    assert (asked.code, asked.owner) == ("marked_uncollectible", "revenue-accounting")
    assert len(await in_the_ledger(made, FIRST)) == 1
    await made.decide("olivia", asked, "retry")

    async def another() -> RecordedException | None:
        opened = await made.exceptions("C-1")
        return opened[0] if opened and opened[0].id != asked.id else None

    again = await made.settle(another, "it is uncollectible still")
    await void(made, FIRST)

    async def voided() -> bool:
        return len(await in_the_ledger(made, FIRST)) == 2

    await made.decide("olivia", again, "retry")
    await made.settle(voided, "the void is reversed")
    assert effect(await in_the_ledger(made, FIRST)) == 0


async def test_invoice_made_by_hand_reaches_no_ledger_and_has_an_owner(made: World) -> None:
    await active(made)
    async with made.stripe() as api:
        customer = (await api.get("/v1/customers")).json()["data"][0]["id"]
        own = {"customer": customer, "collection_method": "send_invoice", "days_until_due": "30"}
        invoice = (await api.post("/v1/invoices", data=own)).json()["id"]
        item = {"customer": customer, "invoice": invoice, "amount": "500", "currency": "usd"}
        assert (await api.post("/v1/invoiceitems", data=item)).status_code == 200
        assert (await api.post(f"/v1/invoices/{invoice}/finalize")).status_code == 200
    before = len(await made.ports["netsuite"].documents("US01"))

    async def asked() -> RecordedException | None:
        return next((e for e in await made.exceptions() if e.code == "unroutable"), None)

    found = await made.settle(asked, "an exception of the foreign invoice")
    assert (found.owner, found.workflow_id) == ("finance-operations", f"invoice/stripe/{invoice}")
    assert len(await made.ports["netsuite"].documents("US01")) == before


async def test_a_later_credit_spares_an_invoice_whose_void_was_accepted(made: World) -> None:
    told, first = await active(made, FEWER, start=BEGUN), f"C-1/invoice/{BEGUN}"
    await void(made, first)
    await accept(made, await told_of_it(made))

    async def known() -> bool:
        view: dict[str, Any] = await made.client.get_workflow_handle("contract/C-1").query("whole_state")
        return bool(view["voided"])

    await made.settle(known, "the contract knows of the void")
    await made.load(told, approve=FEWER["id"])
    await made.until_status("C-1", "active", changes=2)
    await made.until_posted("C-1", 3)
    notes = [d for d in await made.ports["stripe"].documents("C-1") if d.kind == "credit_memo"]
    [second] = [d for d in await made.ports["stripe"].documents("C-1") if d.status == "open"]
    assert [note.credited_invoice_id for note in notes] == [second.id]
    assert await made.exceptions("C-1") == []
    assert effect(await in_the_ledger(made, first)) == 0
