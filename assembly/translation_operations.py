"""`gateway.translation_operations.TranslationOperations` over Temporal."""

from assembly.revaluation_operations import TemporalRevaluations
from canonical.ids import translation_workflow_id
from canonical.translation import TranslationOrder, TranslationReport
from gateway.operations import Actor
from gateway.translation_operations import TranslationRun
from workflows.translation import TranslationWorkflow


class TemporalTranslations(TemporalRevaluations):
    """A mixin, as `TemporalPeriods` is."""

    async def start_translation(self, entity: str, period: str, actor: Actor) -> TranslationRun:
        order = TranslationOrder(
            tenant=self._tenant,
            entity=entity,
            period=period,
            requested_by=actor.name,
            correlation_id=actor.request_id,
        )
        workflow_id = translation_workflow_id(entity, period)
        started = await self._started(TranslationWorkflow.run, order, workflow_id, entity, period)
        return TranslationRun(entity=entity, period=period, workflow_id=workflow_id, run_url=started.run_url)

    async def translation_run(self, entity: str, period: str) -> TranslationRun:
        workflow_id = translation_workflow_id(entity, period)
        status, run_url, report = await self._reported(workflow_id, TranslationReport)
        return TranslationRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_url=run_url,
            status=status,
            report=report,
        )
