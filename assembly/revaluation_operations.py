"""`gateway.revaluation_operations.RevaluationOperations` over Temporal."""

import datetime as dt

from assembly.period_operations import TemporalPeriods
from canonical.ids import revaluation_key
from canonical.revaluation import RevaluationOrder, RevaluationReport
from gateway.operations import Actor
from gateway.revaluation_operations import RevaluationRun
from workflows.revaluation import RevaluationWorkflow


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
