"""What Temporal starts by itself: the nightly reconciliation."""

import datetime as dt

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from assembly.settings import Settings
from workflows._options import WORKFLOW_QUEUE
from workflows.nightly import NightlyOrder, NightlyWorkflow

NIGHTLY = "reconciliation-nightly"
_log = structlog.get_logger("worker")


async def ensure_schedules(client: Client, settings: Settings) -> bool:
    """Creates the nightly schedule, or brings it in line with the settings; several workers may ask at once.

    False where the server knows no schedules (the time-skipping one): reconciliation is by hand there.
    """
    wanted = _nightly(settings)
    try:
        await client.create_schedule(NIGHTLY, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(NIGHTLY).update(lambda known: _changed(known, wanted))
    except RPCError as error:
        if error.status != RPCStatusCode.UNIMPLEMENTED:
            raise
        _log.warning("no schedules on this server: nothing is reconciled by itself")
        return False
    return True


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


def _changed(known: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    return ScheduleUpdate(schedule=wanted)
