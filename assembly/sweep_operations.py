"""`gateway.sweep_operations.SweepOperations` over Temporal."""

import datetime as dt
from collections.abc import Mapping

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from assembly.over_temporal import OverTemporal
from assembly.period_operations import run_status
from canonical.ids import sweep_workflow_id
from canonical.sweep import SweepOrder, Swept
from gateway.operations import Actor, ContractOrExceptionNotFound, InvalidRequest, TemporalUnreachable
from gateway.sweep_operations import SweepRun
from workflows._options import WORKFLOW_QUEUE
from workflows.sweep import EventSweepWorkflow


class TemporalSweeps(OverTemporal):
    """A part of the operations, which set `_sweeps`: the orders of the platforms that list their events."""

    _sweeps: Mapping[str, SweepOrder]

    async def start_sweeps(
        self, platform: str | None, since: dt.datetime | None, actor: Actor
    ) -> tuple[SweepRun, ...]:
        if platform is not None and platform not in self._sweeps:
            able = ", ".join(sorted(self._sweeps)) or "none"
            raise InvalidRequest(f"{platform} lists no events; these do: {able}", field="platform")
        names = [platform] if platform is not None else sorted(self._sweeps)
        return tuple([await self._sweep(name, since) for name in names])

    async def _sweep(self, platform: str, since: dt.datetime | None) -> SweepRun:
        workflow_id = sweep_workflow_id(platform)
        try:
            handle = await self._client.start_workflow(
                EventSweepWorkflow.run,
                self._sweeps[platform].model_copy(update={"since": since}),
                id=workflow_id,
                task_queue=WORKFLOW_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"lost events of {platform}",
            )
        except RPCError as error:
            raise TemporalUnreachable("Temporal does not answer") from error
        run_id = handle.first_execution_run_id or ""
        return SweepRun(
            platform=platform,
            workflow_id=workflow_id,
            run_id=run_id,
            run_url=self._url(workflow_id, run_id),
        )

    async def sweep_run(self, platform: str, run_id: str) -> SweepRun:
        workflow_id = sweep_workflow_id(platform)
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id, result_type=Swept)
        try:
            status = run_status((await handle.describe()).status)
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
                raise ContractOrExceptionNotFound(f"there is no run {run_id} of {workflow_id}") from error
            raise TemporalUnreachable("Temporal does not answer") from error
        return SweepRun(
            platform=platform,
            workflow_id=workflow_id,
            run_id=run_id,
            run_url=self._url(workflow_id, run_id),
            status=status,
            result=await handle.result() if status == "done" else None,
        )
