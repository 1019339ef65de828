"""What a platform has told and we have not heard is found in its own list, and ends as if we had heard it."""

from typing import Any

import pytest

from assembly.schedules import ensure_schedules, sweep_schedule
from connectors.stripe.events import TYPES
from store.event_log import EventLog
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, seats
from tests.workflows.sales import month, scenario, sold
from tests.workflows.sweeps import lose, swept
from tests.world import World

pytestmark = pytest.mark.xdist_group("sweep")

TAXED = {"tax_rate_percent": "8.875"}


def told() -> dict[str, Any]:
    return scenario(
        sold(seats(**TAXED), start=month(-1), every=1),
        amendment(month(0), {"id": "L1", "quantity": "15"}, name="CH-1"),
    )


async def still(made: World) -> None:
    """Until nothing is on its way: no event waits, and no document's workflow runs."""

    async def quiet() -> bool:
        waiting = (await EventLog(made.database).counts())["waiting"]
        running = [run.id async for run in made.client.list_workflows("ExecutionStatus = 'Running'")]
        return not waiting and all(run.startswith("contract/") for run in running)

    await made.settle(quiet, "all is quiet")


async def test_a_lost_invoice_event_is_found_and_ends_as_if_it_had_come(made: World) -> None:
    lose(made, "stripe", "invoice.*", times=100)
    raw = {**told(), "changes": []}
    await made.load(raw)
    await made.until_status("C-1", "active")
    assert await made.posted("C-1") == []
    found = await swept(made, "stripe")
    assert (found["known"], found["handed_on"]) == (0, found["listed"])
    await until_agreed(made, raw)
    await still(made)
    again = await swept(made, "stripe")
    assert again == {"listed": found["listed"], "known": found["listed"], "handed_on": 0}
    assert len(await made.posted("C-1")) == 2


async def test_a_webhook_that_comes_after_its_sweep_is_a_duplicate(made: World) -> None:
    lose(made, "stripe", "invoice.*", times=100)
    raw = {**told(), "changes": []}
    await made.load(raw)
    await made.until_status("C-1", "active")
    assert (await swept(made, "stripe"))["handed_on"] > 0
    await until_agreed(made, raw)
    stripe = made.platforms["stripe"]
    before = sum((await EventLog(made.database).counts()).values())
    for lost in stripe.outbox.entries():  # Stripe tries again for three days
        if lost["status"] == "lost" and lost["topic"] in TYPES:
            body = lost["body"].encode()
            headers = {**lost["headers"], **stripe.outbox.sign(lost["id"], body, stripe.outbox.real_now())}
            answer = await made.gateway.post("/webhooks/stripe", content=body, headers=headers)
            assert answer.status_code == 202, answer.text
    assert sum((await EventLog(made.database).counts()).values()) == before
    assert len(await made.posted("C-1")) == 2


async def test_lost_approvals_are_found_and_carried_out_once(made: World) -> None:
    raw = told()
    lose(made, "salesforce", "*.approved", times=2)
    await made.load(raw)
    await made.load(raw, approve="CH-1")
    await made.deliver()
    assert await made.view("C-1") is None
    assert (await swept(made, "salesforce"))["handed_on"] == 2
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, raw)
    await made.platforms["salesforce"].load({"scenario": raw, "approve": "CH-1"})  # its message, after all
    await still(made)
    view = await made.view("C-1")
    assert view is not None
    assert [(change.id, change.status) for change in view.changes] == [("C-1", "done"), ("CH-1", "done")]
    assert (await swept(made, "salesforce"))["handed_on"] == 0


async def test_nothing_is_handed_on_where_nothing_was_lost(made: World) -> None:
    raw = told()
    await made.load(raw)
    await made.load(raw, approve="CH-1")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, raw)
    for platform in ("salesforce", "stripe"):
        assert (await swept(made, platform))["handed_on"] == 0


async def test_a_platform_that_lists_no_events_is_not_swept(made: World) -> None:
    answer = await made.act("olivia", "POST", "/events/sweeps", {"platform": "netsuite"})
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "platform"


@pytest.mark.schedules
async def test_each_platform_that_lists_events_has_a_schedule(made: World) -> None:
    assert await ensure_schedules(made.client, made.settings)
    given = made.settings
    off = given.model_copy(update={"events": given.events.model_copy(update={"sweep": False})})
    assert await ensure_schedules(made.client, off)
    for platform in ("salesforce", "stripe"):
        handle = made.client.get_schedule_handle(sweep_schedule(platform))
        assert (await handle.describe()).schedule.state.paused
