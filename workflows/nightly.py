"""Every night: each legal entity's running month, and the one before it until it is closed."""

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from activities.periods import DuePeriod, DueQuestion, PeriodActivities
from canonical.base import Noun
from canonical.ids import reconciliation_workflow_id
from canonical.reconciliation import ReconciliationOrder
from workflows._options import WORKFLOW_QUEUE, in_contracts


class NightlyOrder(Noun):
    tenant: str


class NightlyResult(Noun):
    """What was reconciled; `failed` names the runs that did not come to an end."""

    reconciled: int
    failed: tuple[str, ...]


@workflow.defn(name="NightlyReconciliation")
class NightlyWorkflow:
    @workflow.run
    async def run(self, order: NightlyOrder) -> NightlyResult:
        due = await workflow.execute_activity_method(
            PeriodActivities.due, DueQuestion(), **in_contracts(WORKFLOW_QUEUE)
        )
        failed = [each.name for each in due.periods if not await self._reconciled(order, each)]
        return NightlyResult(reconciled=len(due.periods) - len(failed), failed=tuple(failed))

    async def _reconciled(self, order: NightlyOrder, due: DuePeriod) -> bool:
        """One after another: nobody waits at night. A run that is under way already is as good."""
        given = ReconciliationOrder(
            tenant=order.tenant,
            entity=due.entity,
            period=due.period,
            requested_by="schedule",
            correlation_id=f"nightly/{due.name}",
        )
        try:
            await workflow.execute_child_workflow(
                "Reconciliation",
                given,
                id=reconciliation_workflow_id(due.entity, due.period),
                task_queue=WORKFLOW_QUEUE,
                static_summary=f"nightly reconciliation of {due.entity}, {due.period}",
            )
        except WorkflowAlreadyStartedError:
            return True
        except ChildWorkflowError as error:
            workflow.logger.warning("reconciliation of %s failed: %s", due.name, error.cause)
            return False
        return True
