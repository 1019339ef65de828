"""At a month's end each entity's revenue is posted by itself, once, whoever else posts it too."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from activities.periods import MonthEnd, MonthEnds, MonthEndsQuestion
from assembly.schedules import MONTH_END, ensure_schedules
from assembly.workers import runner
from canonical.revaluation import RevaluationOrder, RevaluationReport
from canonical.revenue import RevenueOrder, RevenueReport, RevenueTally
from rules.period_entries import month_that_ends
from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.temporal_server import namespace
from tests.workflows.month_end import LAST_MONTH, agree, entries, run_month_ends
from tests.workflows.periods import closed
from tests.workflows.sales import BERLIN, account, month, scenario, sold
from tests.world import World
from workflows._options import WORKFLOW_QUEUE
from workflows.month_ends import MonthEndOrder, MonthEndResult, MonthEndsWorkflow

pytestmark = pytest.mark.xdist_group("month-ends")

TAXED = {"tax_rate_percent": "8.875"}
PERIOD = "2026-01"


@pytest.mark.parametrize(
    ("day", "period"),
    [
        ("2026-01-29", "2025-12"),
        ("2026-01-30", "2026-01"),
        ("2026-01-31", "2026-01"),
        ("2026-02-01", "2026-01"),
        ("2026-02-15", "2026-01"),
        ("2024-02-28", "2024-02"),
    ],
)
def test_the_month_that_ends_is_the_last_one_until_two_days_before_the_running_one_does(
    day: str, period: str
) -> None:
    assert month_that_ends(dt.date.fromisoformat(day)) == period


async def test_every_entity_is_posted_once_and_the_close_adds_nothing(made: World) -> None:
    ours = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    german = {"id": "C-2", "legal_entity": "DE01", "currency": "EUR", "account": account("A-2", BERLIN)}
    theirs = scenario({**sold(seats(tax_rate_percent="19"), start=month(-1), every=1), **german})
    for told in (ours, theirs):
        await made.load(told)
        await made.until_status(told["contract"]["id"], "active")
    await until_agreed(made, ours, theirs)
    assert await run_month_ends(made) == MonthEndResult(run=2)
    await agree(made, ours)
    assert {run["result"]["status"] for run in await closed(made, LAST_MONTH)} == {"closed"}
    assert await entries(made, "C-1", "US01") == [f"revenue/C-1/{LAST_MONTH}"]
    assert await entries(made, "C-2", "DE01") == [f"revenue/C-2/{LAST_MONTH}"]
    assert await run_month_ends(made) == MonthEndResult()  # both have closed the month


@pytest.mark.schedules
async def test_the_schedule_is_the_first_of_each_month_and_can_be_switched_off(made: World) -> None:
    given = made.settings
    assert await ensure_schedules(made.client, given)
    schedule = (await made.client.get_schedule_handle(MONTH_END).describe()).schedule
    (calendar,) = schedule.spec.calendars
    assert ([each.start for each in calendar.day_of_month], schedule.state.paused) == ([1], False)
    off = given.model_copy(update={"revenue": given.revenue.model_copy(update={"month_end": False})})
    assert await ensure_schedules(made.client, off)
    schedule = (await made.client.get_schedule_handle(MONTH_END).describe()).schedule
    assert schedule.state.paused


# -- how the entities' runs hang together ----------------------------------------------------------------

ENDS: list[MonthEnd] = []


@activity.defn(name="periods.month_ends")
async def month_ends(question: MonthEndsQuestion) -> MonthEnds:
    return MonthEnds(entities=tuple(ENDS))


@workflow.defn(name="Revenue", sandboxed=False)
class RevenueOfTests:
    """Fails for BAD1, waits to be told for SLOW1."""

    @workflow.init
    def __init__(self, order: RevenueOrder) -> None:
        self.told = order.entity != "SLOW1"

    @workflow.signal
    def go_on(self) -> None:
        self.told = True

    @workflow.run
    async def run(self, order: RevenueOrder) -> RevenueReport:
        await workflow.wait_condition(lambda: self.told)
        if order.entity == "BAD1":
            raise ApplicationError("no", type="InvalidInput", non_retryable=True)
        return RevenueReport(
            entity=order.entity,
            period=order.period,
            as_of=workflow.now().date(),
            requested_by=order.requested_by,
            status="done",
            tally=RevenueTally(contracts=1, exceptions=1),
        )


@workflow.defn(name="Revaluation", sandboxed=False)
class RevaluationOfTests:
    """Waits for a person who does not come."""

    @workflow.run
    async def run(self, order: RevaluationOrder) -> RevaluationReport:
        await workflow.wait_condition(lambda: False)
        raise AssertionError


@pytest.fixture
async def client(temporal_address: str) -> AsyncIterator[Client]:
    client = await namespace(temporal_address)
    worker = Worker(
        client,
        task_queue=WORKFLOW_QUEUE,
        workflows=[MonthEndsWorkflow, RevenueOfTests, RevaluationOfTests],
        activities=[month_ends],
        workflow_runner=runner(),
        debug_mode=True,  # without the watch of two seconds, which a machine that stands still would set off
    )
    async with worker:
        yield client


def ends(entity: str, over_at: dt.datetime, *, revalues: bool = False) -> MonthEnd:
    return MonthEnd(entity=entity, period=PERIOD, over_at=over_at, revalues=revalues)


async def test_none_is_run_before_its_own_midnight_and_one_that_fails_holds_up_no_other(
    client: Client,
) -> None:
    now = dt.datetime.now(dt.UTC)
    midnight = now + dt.timedelta(seconds=3)
    ENDS[:] = [ends("BAD1", now, revalues=True), ends("JP01", now), ends("US01", midnight, revalues=True)]
    result = await client.execute_workflow(
        MonthEndsWorkflow.run, MonthEndOrder(tenant="t"), id="month-end", task_queue=WORKFLOW_QUEUE
    )
    assert result == MonthEndResult(run=2, exceptions=2, failed=(f"BAD1/{PERIOD}",), revaluations=2)
    for entity in ("BAD1", "US01"):  # each waits for a person, and goes on after the run
        waiting = await client.get_workflow_handle(f"revaluation/{entity}/{PERIOD}").describe()
        assert waiting.status == WorkflowExecutionStatus.RUNNING
    american = await client.get_workflow_handle(f"revenue/US01/{PERIOD}").describe()
    assert american.start_time >= midnight


async def test_a_run_that_is_under_way_is_as_good(client: Client) -> None:
    ENDS[:] = [ends("SLOW1", dt.datetime.now(dt.UTC))]
    order = RevenueOrder(tenant="t", entity="SLOW1", period=PERIOD, requested_by="f", correlation_id="c")
    close = await client.start_workflow(
        "Revenue", order, id=f"revenue/SLOW1/{PERIOD}", task_queue=WORKFLOW_QUEUE
    )
    result = await client.execute_workflow(
        MonthEndsWorkflow.run, MonthEndOrder(tenant="t"), id="month-end", task_queue=WORKFLOW_QUEUE
    )
    assert result == MonthEndResult(run=1)
    await close.signal("go_on")
    await asyncio.wait_for(close.result(), 30)
