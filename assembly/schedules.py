"""What Temporal starts by itself: nightly reconciliation, month-end runs, the sweep for lost events."""

import asyncio
import datetime as dt

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from assembly.platforms import capabilities_of, configured
from assembly.settings import Settings
from canonical.ids import sweep_workflow_id
from canonical.sweep import SweepOrder
from workflows._options import WORKFLOW_QUEUE
from workflows.month_ends import MonthEndOrder, MonthEndsWorkflow
from workflows.nightly import NightlyOrder, NightlyWorkflow
from workflows.sweep import EventSweepWorkflow

NIGHTLY = "reconciliation-nightly"
MONTH_END = "revenue-month-end"
_log = structlog.get_logger("worker")


async def ensure_schedules(client: Client, settings: Settings) -> bool:
    """Creates the schedules, or brings them in line with the settings; several workers may ask at once.

    False where the server knows no schedules (the time-skipping one): what they do is done by hand there.
    """
    wanted = {NIGHTLY: _nightly(settings), MONTH_END: _month_end(settings)}
    wanted |= {sweep_schedule(name): _sweep(settings, name) for name in swept_platforms(settings)}
    try:
        await asyncio.gather(*(_ensure(client, name, schedule) for name, schedule in wanted.items()))
    except RPCError as error:
        if error.status != RPCStatusCode.UNIMPLEMENTED:
            raise
        _log.warning("no schedules on this server: nothing is reconciled, posted or swept by itself")
        return False
    return True


async def _ensure(client: Client, name: str, wanted: Schedule) -> None:
    try:
        await client.create_schedule(name, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(lambda known: _changed(known, wanted))


def sweep_schedule(platform: str) -> str:
    return f"event-sweep-{platform}"


def swept_platforms(settings: Settings) -> tuple[str, ...]:
    """The configured platforms that list their events."""
    return tuple(name for name in configured(settings) if "events" in capabilities_of(name))


def sweep_order(settings: Settings, platform: str, since: dt.datetime | None = None) -> SweepOrder:
    given = settings.events
    return SweepOrder(
        platform=platform,
        overlap_minutes=given.overlap_minutes,
        first_days=given.first_days,
        since=since,
    )


def _sweep(settings: Settings, platform: str) -> Schedule:
    given = settings.events
    return Schedule(
        action=ScheduleActionStartWorkflow(
            EventSweepWorkflow.run,
            sweep_order(settings, platform),
            id=sweep_workflow_id(platform),
            task_queue=WORKFLOW_QUEUE,
            static_summary=f"lost events of {platform}",
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=dt.timedelta(minutes=given.sweep_every_minutes))]
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=dt.timedelta(minutes=10)),
        state=ScheduleState(paused=not given.sweep, note="from q2c's configuration"),
    )


def _nightly(settings: Settings) -> Schedule:
    given = settings.reconciliation
    return Schedule(
        action=ScheduleActionStartWorkflow(
            NightlyWorkflow.run,
            NightlyOrder(tenant=settings.tenant),
            id="reconciliation/nightly",
            task_queue=WORKFLOW_QUEUE,
            static_summary="nightly reconciliation",
        ),
        spec=ScheduleSpec(cron_expressions=[given.nightly_cron], time_zone_name=given.time_zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=dt.timedelta(hours=12)),
        state=ScheduleState(paused=not given.nightly, note="from q2c's configuration"),
    )


def _month_end(settings: Settings) -> Schedule:
    """A server that was down at the month's end catches up within a week."""
    given = settings.revenue
    return Schedule(
        action=ScheduleActionStartWorkflow(
            MonthEndsWorkflow.run,
            MonthEndOrder(tenant=settings.tenant),
            id="revenue/month-end",
            task_queue=WORKFLOW_QUEUE,
            static_summary="revenue at the month's end",
        ),
        spec=ScheduleSpec(cron_expressions=[given.month_end_cron], time_zone_name=given.time_zone),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=dt.timedelta(days=7)),
        state=ScheduleState(paused=not given.month_end, note="from q2c's configuration"),
    )


def _changed(known: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    return ScheduleUpdate(schedule=wanted)
