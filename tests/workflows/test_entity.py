"""The contract's own workflow: a queue that loses nothing, whatever comes twice, late, or meanwhile."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import TimeSkipper

from canonical.ids import change_workflow_id, contract_workflow_id
from canonical.lifecycle import ContractState, Notice, Ticket
from sandbox.kit.faults import Fault
from store.exceptions import RecordedException
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, seats
from tests.temporal_server import temporal_server
from tests.workflows.sales import month, scenario, sold
from tests.world import World, working_world, world

pytestmark = [pytest.mark.xdist_group("entity"), pytest.mark.guarded]

TAXED = {"tax_rate_percent": "8.875"}


def amended() -> dict[str, Any]:
    changes = (
        amendment(month(-3), {"id": "L1", "quantity": "15"}),
        amendment(month(-2, 15), {"id": "L1", "quantity": "12"}),
        amendment(month(-1), {"id": "L1", "quantity": "20"}),
    )
    return scenario(sold(seats(**TAXED), start=month(-4)), *changes)


def notice(number: int, version: int | None = None) -> Notice:
    return Notice(
        event_id=f"event-{number}",
        contract="C-1",
        platform="salesforce",
        type="contract.approved",
        version=version,
        occurred_at=dt.datetime.now(dt.UTC),
        correlation_id=f"correlation-{number}",
    )


async def whole_state(made: World) -> ContractState:
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    found: ContractState = await handle.query("whole_state", result_type=ContractState)
    return found


async def test_message_that_comes_three_times_counts_once(made: World) -> None:
    told = {**amended(), "changes": []}
    await made.load(told, times=3)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    events = (await made.act("olivia", "GET", "/events?limit=1000")).json()
    approvals = [event for event in events if event["platform"] == "salesforce"]
    assert {event["state"] for event in approvals} <= {"applied", "ignored"}


async def test_changes_approved_at_once_are_carried_out_by_effective_date(made: World) -> None:
    told = amended()
    await made.load(told)
    for change in reversed(told["changes"]):
        await made.load(told, approve=change["id"])
    view = await made.until_status("C-1", "active", changes=4)
    done = [change.id for change in view.changes if change.status == "done"]
    assert done == ["C-1", *(change["id"] for change in told["changes"])]
    await until_agreed(made, told)


async def test_change_heard_of_before_the_contract_is_carried_out_after_it(made: World) -> None:
    told = amended()
    await made.load(told, approve="contract")
    await made.load(told, approve=told["changes"][0]["id"])
    outbox = made.platforms["salesforce"].outbox
    first = outbox.entries()[0]["number"]
    made.platforms["salesforce"].state.delete("_webhook", str(first))  # the contract's own message is lost
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, {**told, "changes": told["changes"][:1]})


async def test_old_message_is_acknowledged_and_ignored(made: World) -> None:
    told = amended()
    await made.load(told)
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", "active", changes=2)
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    late: Ticket = await handle.execute_update("notify", notice(1, version=1), result_type=Ticket)
    again: Ticket = await handle.execute_update("notify", notice(1, version=1), result_type=Ticket)
    assert (late.accepted, late.reason) == (False, "not newer than what is known")
    assert (again.accepted, again.reason) == (False, "seen before")


async def test_crm_whose_reads_lag_is_asked_again(made: World) -> None:
    told = amended()
    await made.load(told)
    await made.until_status("C-1", "active")
    made.platforms["salesforce"].faults.add(Fault("stale-read", times=3))
    made.platforms["salesforce"].state.keep_shadow()
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, {**told, "changes": told["changes"][:1]})
    history = await made.client.get_workflow_handle(contract_workflow_id("C-1")).fetch_history()
    timers = [event for event in history.events if event.HasField("timer_started_event_attributes")]
    assert len(timers) >= 2, "it has waited for the day and for the CRM"


async def test_version_that_the_crm_never_shows_is_a_persons_and_no_message_is_dropped(made: World) -> None:
    told = amended()
    await made.load(told)
    await made.until_status("C-1", "active")
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    ticket: Ticket = await handle.execute_update("notify", notice(9, version=9), result_type=Ticket)
    assert ticket.accepted
    for _ in range(6):
        await TimeSkipper(made.client).fast_forward(handle, dt.timedelta(seconds=31))
    found = await made.until_exception("C-1")
    assert (found.code, found.owner, found.field) == ("not_shown", "sales-operations", "version")
    assert "version 9 of contract C-1" in found.summary
    await made.load(told, approve=told["changes"][0]["id"])
    await made.decide("olivia", found, "retry")

    async def asked_again() -> RecordedException | None:
        return next((each for each in await made.exceptions("C-1") if each.id != found.id), None)

    again = await made.settle(asked_again, "the CRM was read again, and a person is asked again")
    override = await made.request("fiona", again, "skip")
    approved = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "a test"})
    assert approved.is_success, approved.text
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, {**told, "changes": told["changes"][:1]})


async def test_events_while_no_worker_runs_are_carried_out_later(
    tmp_path: Path, temporal_address: str
) -> None:
    told = {**amended(), "changes": []}
    async with world(tmp_path, temporal_address, working=False) as made:
        await made.load(told)
        await made.deliver()
        async with working_world(made):
            await made.until_status("C-1", "active")
            await until_agreed(made, told)


async def test_events_while_temporal_is_down_are_handed_on_later(tmp_path: Path) -> None:
    told = {**amended(), "changes": []}
    database = tmp_path / "temporal.db"
    async with contextlib.AsyncExitStack() as stack:
        with temporal_server(database=database) as address:
            made = await stack.enter_async_context(world(tmp_path, address, working=False))
        await made.load(told)
        assert await made.deliver() == 1
        events = (await made.act("olivia", "GET", "/events")).json()
        assert [event["state"] for event in events] == ["waiting"]
        with temporal_server(port=int(address.rpartition(":")[2]), database=database):
            async with working_world(made):
                await made.until_status("C-1", "active")
                await until_agreed(made, told)


# -- histories that are cut ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cutting_address() -> Iterator[str]:
    """A server that suggests to continue as new all the time."""
    with temporal_server("limit.historyCount.suggestContinueAsNew=20") as address:
        yield address


async def runs_of(made: World, workflow_id: str) -> list[WorkflowExecutionStatus | None]:
    query = f"WorkflowId = '{workflow_id}'"
    return [execution.status async for execution in made.client.list_workflows(query)]


async def test_nothing_is_lost_when_the_history_is_cut(tmp_path: Path, cutting_address: str) -> None:
    told = amended()
    async with world(tmp_path, cutting_address) as made:
        await made.load(told)
        await made.until_status("C-1", "active")
        for change in told["changes"]:
            await made.load(told, approve=change["id"])
        await made.until_status("C-1", "active", changes=4)
        await until_agreed(made, told)

        async def cut() -> bool:
            runs = await runs_of(made, contract_workflow_id("C-1"))
            return runs.count(WorkflowExecutionStatus.CONTINUED_AS_NEW) >= 2

        await made.settle(cut, "two runs that were cut")
        await made.load(told, times=2)  # all of it once more: known
        await made.deliver()
        await until_agreed(made, told)


async def test_updates_that_arrive_while_the_history_is_cut_are_all_taken(
    tmp_path: Path, cutting_address: str
) -> None:
    told = {**amended(), "changes": []}
    async with world(tmp_path, cutting_address) as made:
        await made.load(told)
        await made.until_status("C-1", "active")
        handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))

        async def say(number: int) -> Ticket:
            ticket: Ticket = await handle.execute_update(
                "notify", notice(number), id=f"event-{number}", result_type=Ticket
            )
            return ticket

        for wave in range(6):
            tickets = await asyncio.gather(*(say(wave * 5 + n) for n in range(5)))
            assert all(ticket.accepted for ticket in tickets)
        await made.until_status("C-1", "active")

        async def idle() -> ContractState | None:
            state = await whole_state(made)
            return None if state.queue else state

        state = await made.settle(idle, "an empty queue")
        assert {f"event-{n}" for n in range(30)} <= set(state.seen)
        runs = await runs_of(made, contract_workflow_id("C-1"))
        assert runs.count(WorkflowExecutionStatus.CONTINUED_AS_NEW) >= 2
        assert (await say(3)).reason == "seen before"


# -- cancelled in Temporal -------------------------------------------------------------------------------


async def test_chapter_cancelled_while_it_waits_for_a_person_is_undone(made: World) -> None:
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-1", "code": "CertificatesError"}})
    await made.load({**amended(), "changes": []})
    found = await made.until_exception("C-1")
    await made.client.get_workflow_handle(found.workflow_id).cancel()
    await made.until_status("C-1", "compensated")
    await until_agreed(made, undone=["C-1"])


async def test_chapter_cancelled_while_a_platform_is_down_is_undone_when_it_is_back(made: World) -> None:
    made.platforms["avatax"].faults.add(
        Fault("refused", route="POST /api/v2/transactions/createoradjust", times=3)
    )
    made.platforms["stripe"].faults.add(Fault("refused", route="POST /v1/invoices/*/void", times=2))
    await made.load({**amended(), "changes": []})
    chapter = change_workflow_id("C-1", "activation", "C-1")

    async def trying() -> bool:
        log = made.apps["avatax"].requests.latest()
        return any(request.fault == "refused" for request in log)

    await made.settle(trying, "a refused request")
    await made.client.get_workflow_handle(chapter).cancel()
    await made.until_status("C-1", "compensated")
    await until_agreed(made, undone=["C-1"])
    handle = made.client.get_workflow_handle(chapter)
    assert (await handle.describe()).status == WorkflowExecutionStatus.CANCELED


async def test_call_whose_answer_was_lost_is_undone_with_the_rest(made: World) -> None:
    """Nobody knows of the committed tax: its answer was lost, and the look-up of the next try failed."""
    faults = made.platforms["avatax"].faults
    faults.add(Fault("applied-then-timeout", route="POST /api/v2/transactions/createoradjust"))
    faults.add(Fault("refused", route="GET /api/v2/companies/*/transactions/*", after=1, times=3))
    await made.load({**amended(), "changes": []})

    async def trying() -> bool:
        log = made.apps["avatax"].requests.latest()
        return any(request.fault == "refused" for request in log)

    await made.settle(trying, "a refused look-up")
    await made.client.get_workflow_handle(change_workflow_id("C-1", "activation", "C-1")).cancel()
    await made.until_status("C-1", "compensated")
    await until_agreed(made, undone=["C-1"])
    states = [one["status"] for one in made.platforms["avatax"].dump()["transaction"]]
    assert states == ["Cancelled"]


async def test_cancelled_amendment_leaves_the_contract_as_it_was(made: World) -> None:
    told = amended()
    before = {**told, "changes": []}
    await made.load(before)
    await made.until_status("C-1", "active")
    await until_agreed(made, before)
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-1", "code": "CertificatesError"}})
    await made.load(told, approve=told["changes"][0]["id"])
    found = await made.until_exception("C-1")
    await made.client.get_workflow_handle(found.workflow_id).cancel()
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, before)
