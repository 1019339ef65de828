"""`gateway.revaluation_operations.RevaluationOperations` over Temporal."""

import asyncio
import datetime as dt
from typing import TypeVar

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from assembly.period_operations import TemporalPeriods, run_status
from canonical.base import Noun
from canonical.ids import revaluation_key
from canonical.revaluation import RevaluationOrder, RevaluationReport
from gateway.operations import Actor, ContractOrExceptionNotFound, StateConflict, TemporalUnreachable
from gateway.period_operations import RunStatus
from gateway.revaluation_operations import RevaluationRun
from workflows.revaluation import RevaluationWorkflow

_PATIENCE_SECONDS = 15
_Report = TypeVar("_Report", bound=Noun)


class TemporalRevaluations(TemporalPeriods):
    """A mixin, as `TemporalPeriods` is."""

    async def start_revaluation(
        self, entity: str, period: str, as_of: dt.date | None, actor: Actor
    ) -> RevaluationRun:
        order = RevaluationOrder(
            tenant=self._tenant,
            entity=entity,
            period=period,
            requested_by=actor.name,
            correlation_id=actor.request_id,
            as_of=as_of,
        )
        workflow_id = revaluation_key(entity, period, 0)
        started = await self._started(RevaluationWorkflow.run, order, workflow_id, entity, period)
        return RevaluationRun(entity=entity, period=period, workflow_id=workflow_id, run_url=started.run_url)

    async def revaluation_run(self, entity: str, period: str) -> RevaluationRun:
        workflow_id = revaluation_key(entity, period, 0)
        status, run_url, report = await self._reported(workflow_id, RevaluationReport)
        return RevaluationRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_url=run_url,
            status=status,
            report=report,
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
