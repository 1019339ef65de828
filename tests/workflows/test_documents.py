"""A document that is not as expected reaches no ledger until somebody decides; closed periods stay closed."""

import datetime as dt
from decimal import Decimal
from typing import Any

import httpx
import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from rules.calendar import add_months
from store.exceptions import RecordedException
from tests.agreement import listings, until_agreed
from tests.rules.scenarios import seats
from tests.workflows.approvals import refused_by_the_workflow
from tests.workflows.sales import month, scenario, sold
from tests.world import World
from workflows._messages import OverrideDecision

pytestmark = pytest.mark.xdist_group("documents")

TAXED = {"tax_rate_percent": "8.875"}


async def billed_wrongly(made: World) -> dict[str, Any]:
    """A contract to whose next cycle's draft somebody has added a cent before we hear of it."""
    told = scenario(sold(seats(**TAXED), start=month(0), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    await made.advance(month(1))
    async with made.stripe() as api:
        draft = await the_draft(api)
        cent = {"customer": draft["customer"], "invoice": draft["id"], "amount": "1", "currency": "usd"}
        answer = await api.post("/v1/invoiceitems", data=cent)
        assert answer.status_code == 200, answer.text
    return told


async def the_draft(api: httpx.AsyncClient) -> dict[str, Any]:
    drafts = (await api.get("/v1/invoices", params={"status": "draft"})).json()["data"]
    assert len(drafts) == 1
    found: dict[str, Any] = drafts[0]
    return found


async def take_the_cent_off(made: World) -> None:
    async with made.stripe() as api:
        lines = (await the_draft(api))["lines"]["data"]
        item = next(line["parent"]["invoice_item_details"] for line in lines if line["amount"] == 1)
        answer = await api.delete(f"/v1/invoiceitems/{item['invoice_item']}")
        assert answer.status_code == 200, answer.text


async def mismatch(made: World) -> RecordedException:
    found = await made.until_exception("C-1")
    assert (found.code, found.owner) == ("amount_mismatch", "revenue-accounting")
    assert "is expected" in found.summary
    return found


async def test_document_that_differs_by_a_cent_is_not_posted(made: World) -> None:
    await billed_wrongly(made)
    await mismatch(made)
    assert len(await made.posted("C-1")) == 1
    statuses = [d.status for d in await made.ports["stripe"].documents("C-1")]
    assert statuses == ["open", "draft"]


async def test_document_that_was_repaired_is_posted_on_retry(made: World) -> None:
    told = await billed_wrongly(made)
    found = await mismatch(made)
    await take_the_cent_off(made)
    await made.decide("olivia", found, "retry")
    await until_agreed(made, told, as_of=dt.date.fromisoformat(month(1)))


async def test_document_that_still_differs_opens_another_exception(made: World) -> None:
    await billed_wrongly(made)
    found = await mismatch(made)
    await made.decide("olivia", found, "retry")

    async def another() -> RecordedException | None:
        opened = await made.exceptions("C-1")
        return opened[0] if opened and opened[0].id != found.id else None

    assert (await made.settle(another, "a second exception")).code == "amount_mismatch"


async def test_accepting_a_document_needs_a_second_approver(made: World) -> None:
    await billed_wrongly(made)
    found = await mismatch(made)
    answer = await made.act("fiona", "POST", f"/exceptions/{found.id}/accept", {"reason": "a cent"})
    assert (answer.status_code, len(await made.posted("C-1"))) == (403, 1)


async def test_workflow_itself_refuses_the_requester_and_who_has_no_limit_as_approver(made: World) -> None:
    await billed_wrongly(made)
    found = await mismatch(made)
    override = await made.request("fiona", found, "accept")
    handle = made.client.get_workflow_handle(found.workflow_id)
    await refused_by_the_workflow(made, override["id"], "fiona")
    own = OverrideDecision(
        override=override["id"], approve=True, reason="mine", actor="olivia", role="operator"
    )
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update("decide_override", own)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "RefusedByPolicy"
    assert len(await made.posted("C-1")) == 1


async def test_accepted_document_is_posted_as_issued(made: World) -> None:
    await billed_wrongly(made)
    found = await mismatch(made)
    override = await made.request("fiona", found, "accept")
    answer = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "a cent"})
    assert answer.status_code == 200, answer.text
    posted = await made.until_posted("C-1", 2)
    held = await listings(made, scenario(sold(seats(**TAXED), start=month(0), every=1)))
    assert [d.total for d in posted] == [d.total for d in held.issued]
    assert held.issued[1].subtotal - held.issued[0].subtotal == Decimal("0.01")
    recorded = {result.code: (result.status, result.total_tax) for result in held.taxes}
    assert recorded == {each.key: ("committed", each.tax) for each in held.issued}
    assert not await made.exceptions("C-1")


async def test_rejected_override_leaves_the_exception_open(made: World) -> None:
    await billed_wrongly(made)
    found = await mismatch(made)
    override = await made.request("fiona", found, "accept")
    answer = await made.act(
        "anna", "POST", f"/overrides/{override['id']}/reject", {"reason": "bill it right"}
    )
    assert answer.status_code == 200, answer.text
    assert [e.id for e in await made.exceptions("C-1")] == [found.id]
    assert len(await made.posted("C-1")) == 1


async def test_closed_period_moves_the_posting_and_keeps_the_documents_date(made: World) -> None:
    start = dt.date.fromisoformat(month(-4))
    told = scenario(sold(seats(**TAXED), start=month(-4)))
    told["periods"] = {"closed": [month(-4)[:7], month(-3)[:7]]}
    await made.load(told)
    await made.until_status("C-1", "active")
    found = await until_agreed(made, told)
    opened = add_months(start, 2)
    assert [document.date for document in found.issued] == [start]
    assert [document.period for document in found.posted] == [f"{opened:%b %Y}"]
