"""Platforms send several messages about each document; what is posted as it is, is not posted again."""

import datetime as dt

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from sandbox.kit.faults import Fault
from tests.rules.scenarios import seats
from tests.workflows.sales import month, scenario, sold
from tests.world import World
from workflows._document import DocumentNotice

pytestmark = pytest.mark.xdist_group("documents")

_POSTING = "erp.post_document"


async def scheduled(handle: WorkflowHandle[object, object]) -> list[str]:
    """The activities of the run so far."""
    history = await handle.fetch_history()
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


async def being_posted(made: World, *also: str) -> WorkflowHandle[object, object]:
    """The invoice's workflow while the ERP lets it wait; one that has done `also` before."""

    async def found() -> WorkflowHandle[object, object] | None:
        async for run in made.client.list_workflows("WorkflowType='Invoice' AND ExecutionStatus='Running'"):
            handle = made.client.get_workflow_handle(run.id, run_id=run.run_id)
            if {_POSTING, *also} <= set(await scheduled(handle)):
                return handle
        return None

    return await made.settle(found, "an invoice on its way into the ledger")


async def test_second_message_about_a_posted_invoice_costs_one_reading(made: World) -> None:
    route = "POST /services/rest/record/v1/invoice"
    made.platforms["netsuite"].faults.add(Fault("503", route=route, times=3))
    await made.load(scenario(sold(seats(), start=month(-1))))
    handle = await being_posted(made)
    before = await scheduled(handle)
    now = dt.datetime.now(dt.UTC)
    notice = DocumentNotice(event_id="evt_again", type="invoice.updated", occurred_at=now, correlation_id="c")
    await handle.signal("notify", notice)
    result = await handle.result()
    assert isinstance(result, dict)
    assert result["outcome"] == "posted"
    assert await scheduled(handle) == [*before, "billing.read_invoice"]
    assert len(await made.posted("C-1")) == 1


async def test_platforms_word_of_what_was_issued_here_costs_nothing(made: World) -> None:
    await made.load(scenario(sold(seats(), start=month(0), every=1)))
    await made.until_posted("C-1", 1)
    route = "POST /services/rest/record/v1/invoice"
    made.platforms["netsuite"].faults.add(Fault("503", route=route, times=3))
    await made.advance(month(1))
    handle = await being_posted(made, "billing.finalize_invoice")  # a late message of the first is not meant
    before = await scheduled(handle)
    now = dt.datetime.now(dt.UTC)
    notice = DocumentNotice(event_id="evt_x", type="invoice.finalized", occurred_at=now, correlation_id="c")
    await handle.signal("notify", notice)
    result = await handle.result()
    assert isinstance(result, dict)
    assert result["outcome"] == "posted"
    assert await scheduled(handle) == before
