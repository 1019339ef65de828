"""`gateway.revaluation_operations.RevaluationOperations` over Temporal."""

import asyncio
import datetime as dt

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from assembly.period_operations import TemporalPeriods, run_status
from canonical.ids import revaluation_key
from canonical.revaluation import RevaluationOrder, RevaluationReport
from gateway.operations import Actor, ContractOrExceptionNotFound, StateConflict, TemporalUnreachable
from gateway.revaluation_operations import RevaluationRun
from workflows.revaluation import RevaluationWorkflow

_PATIENCE_SECONDS = 15


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
        """The newest run's own word, whether it runs, waits or is over."""
        workflow_id = revaluation_key(entity, period, 0)
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                description = await handle.describe()
                report = await handle.query("report", result_type=RevaluationReport)
        except WorkflowQueryFailedError as error:
            raise StateConflict(f"the run could not answer: {error.message}") from error
        except TimeoutError as error:
            raise TemporalUnreachable("the run has not answered in time") from error
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise ContractOrExceptionNotFound(
                    f"no revaluation of {entity} in {period} is known to Temporal"
                ) from error
            raise TemporalUnreachable("Temporal does not answer") from error
        return RevaluationRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_url=self._url(workflow_id, description.run_id),
            status=run_status(description.status),
            report=report,
        )
