"""`gateway.period_operations.PeriodOperations` over Temporal."""

import asyncio
import datetime as dt
from typing import Any, TypeVar

from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowQueryFailedError
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.closes import CloseState, close_state
from activities.periods import PeriodPolicy
from assembly.over_temporal import OverTemporal
from canonical.base import Noun
from canonical.close import CloseOrder, CloseResult
from canonical.ids import close_workflow_id, reconciliation_workflow_id, revaluation_look_workflow_id
from canonical.reconciliation import ReconciliationOrder
from canonical.revaluation import RevaluationOrder, RevaluationReport
from gateway.operations import Actor, ContractOrExceptionNotFound, StateConflict, TemporalUnreachable
from gateway.period_operations import CloseCheck, CloseRun, PeriodRun, RevaluationStands, RunStatus
from ports.periods import PeriodRecords
from rules.close import Gate, refusals, revenue_stands
from rules.period_entries import last_day
from workflows._attributes import LEGAL_ENTITY, STATUS
from workflows._options import WORKFLOW_QUEUE
from workflows.close import CloseWorkflow
from workflows.reconciliation import ReconciliationWorkflow
from workflows.revaluation import RevaluationWorkflow

_PATIENCE_SECONDS = 15
_Report = TypeVar("_Report", bound=Noun)


class TemporalPeriods(OverTemporal):
    """A part of the operations, which set `_periods` and `_period_policy`: they say how a period stands."""

    _periods: PeriodRecords
    _period_policy: PeriodPolicy

    async def start_reconciliation(self, entity: str, period: str, actor: Actor) -> PeriodRun:
        order = ReconciliationOrder(
            tenant=self._tenant,
            entity=entity,
            period=period,
            requested_by=actor.name,
            correlation_id=actor.request_id,
        )
        workflow_id = reconciliation_workflow_id(entity, period)
        return await self._started(ReconciliationWorkflow.run, order, workflow_id, entity, period)

    async def reconciliation_run(self, entity: str, period: str, run_id: str) -> PeriodRun:
        return await self._run_of(reconciliation_workflow_id(entity, period), entity, period, run_id)

    async def check_close(self, entity: str, period: str) -> CloseCheck:
        state = await close_state(self._periods, self._period_policy, entity, period)
        reasons: tuple[str, ...] = ("it has not been reconciled yet",) if state.run is None else ()
        as_of = max(state.today, state.as_of or state.today)
        revaluation, unrevalued = await self._revaluation(state, entity, period, as_of)
        gate = Gate(
            entity=entity,
            period=period,
            as_of=as_of,
            breaks=state.blocking,
            before_period_end=state.before_period_end,
            unrevalued=unrevalued,
        )
        reasons += refusals(gate)
        return CloseCheck(
            entity=entity,
            period=period,
            status="open" if state.closed is None else "closed",
            close_allowed=state.closed is None and not reasons,
            reasons=() if state.closed is not None else reasons,
            blocking=tuple(each.id for each in state.blocking),
            explained=state.explained,
            closed=state.closed,
            revenue=None if state.closed else "unknown" if state.run is None else revenue_stands(gate),
            revaluation=revaluation,
        )

    async def _revaluation(
        self, state: CloseState, entity: str, period: str, as_of: dt.date
    ) -> tuple[RevaluationStands | None, str | None]:
        """How it stands, and why it does not, where it should: a run looks, and posts nothing."""
        if state.closed is not None:
            return None, None
        if as_of <= last_day(period):
            return "not_over", None
        if state.policy.currencies is None:
            return "one_currency", None
        report = await self._looked(entity, period, as_of)
        if report is None:
            erp = state.policy.route.erp
            return "unknown", f"{erp} has not said within {_PATIENCE_SECONDS} s what is open; ask again"
        match report.outcome:
            case "due":
                command = f"q2c revaluation run --period {period} --entity {entity}"
                return "due", f"{report.words}; `{command}` posts it, as the close does first"
            case "left":
                return "unknown", report.words
            case "closed":
                return "closed_in_erp", None
            case _:
                return "done", None

    async def _looked(self, entity: str, period: str, as_of: dt.date) -> RevaluationReport | None:
        """None where the ERP has not answered by now: the run goes on, and may be joined later."""
        order = RevaluationOrder(
            tenant=self._tenant,
            entity=entity,
            period=period,
            requested_by="close check",
            correlation_id=f"close-check/{entity}/{period}",
            as_of=as_of,
            looks=True,
        )
        workflow_id = revaluation_look_workflow_id(entity, period)
        run = await self._started(RevaluationWorkflow.run, order, workflow_id, entity, period)
        handle = self._client.get_workflow_handle(
            workflow_id, run_id=run.run_id, result_type=RevaluationReport
        )
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                report: RevaluationReport = await handle.result()
                return report
        except TimeoutError:
            return None
        except RPCError as error:
            raise TemporalUnreachable("Temporal does not answer") from error
        except WorkflowFailureError as error:
            raise StateConflict(f"{workflow_id} has failed: {error.cause}") from error

    async def start_close(self, entity: str, period: str, reason: str, actor: Actor) -> CloseRun:
        order = CloseOrder(
            tenant=self._tenant,
            entity=entity,
            period=period,
            requested_by=actor.name,
            role=actor.role,
            reason=reason,
            correlation_id=actor.request_id,
        )
        workflow_id = close_workflow_id(entity, period)
        run = await self._started(CloseWorkflow.run, order, workflow_id, entity, period)
        return CloseRun(**dict(run))

    async def close_run(self, entity: str, period: str, run_id: str) -> CloseRun:
        workflow_id = close_workflow_id(entity, period)
        run = await self._run_of(workflow_id, entity, period, run_id)
        if run.status != "done":
            return CloseRun(**dict(run))
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id, result_type=CloseResult)
        return CloseRun(**dict(run), result=await handle.result())

    async def _started(self, story: Any, order: Any, workflow_id: str, entity: str, period: str) -> PeriodRun:
        pairs = [SearchAttributePair(LEGAL_ENTITY, entity), SearchAttributePair(STATUS, "running")]
        try:
            handle = await self._client.start_workflow(
                story,
                order,
                id=workflow_id,
                task_queue=WORKFLOW_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=TypedSearchAttributes(pairs),
                static_summary=f"{workflow_id.partition('/')[0]} of {entity}, {period}",
            )
        except RPCError as error:
            raise TemporalUnreachable("Temporal does not answer") from error
        run_id = handle.first_execution_run_id or ""
        return PeriodRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_id=run_id,
            run_url=self._url(workflow_id, run_id),
        )

    async def _run_of(self, workflow_id: str, entity: str, period: str, run_id: str) -> PeriodRun:
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            status = (await handle.describe()).status
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
                raise ContractOrExceptionNotFound(f"there is no run {run_id} of {workflow_id}") from error
            raise TemporalUnreachable("Temporal does not answer") from error
        return PeriodRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_id=run_id,
            run_url=self._url(workflow_id, run_id),
            status=run_status(status),
        )

    async def _reported(self, workflow_id: str, kind: type[_Report]) -> tuple[RunStatus, str | None, _Report]:
        """The newest run's own word, whether it runs, waits or is over; its status and address."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                description = await handle.describe()
                report: _Report = await handle.query("report", result_type=kind)
        except WorkflowQueryFailedError as error:
            raise StateConflict(f"the run could not answer: {error.message}") from error
        except TimeoutError as error:
            raise TemporalUnreachable("the run has not answered in time") from error
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise ContractOrExceptionNotFound(f"no run {workflow_id} is known to Temporal") from error
            raise TemporalUnreachable("Temporal does not answer") from error
        return run_status(description.status), self._url(workflow_id, description.run_id), report


def run_status(status: WorkflowExecutionStatus | None) -> RunStatus:
    """A run that was cancelled or terminated has failed."""
    match status:
        case WorkflowExecutionStatus.RUNNING | WorkflowExecutionStatus.CONTINUED_AS_NEW:
            return "running"
        case WorkflowExecutionStatus.COMPLETED:
            return "done"
        case _:
            return "failed"
