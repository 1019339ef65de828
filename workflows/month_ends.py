"""At a month's end: each legal entity's revenue is posted once the month is over where the entity is, and
what is open in other currencies than its books' is revalued.

Started by a schedule. The runs are those that people and the close start too (`revenue/<entity>/<month>`,
`revaluation/<entity>/<month>`): what is posted stays, so that whoever comes later adds only what has changed
since.
"""

import contextlib
import datetime as dt

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

from activities.periods import MonthEnd, MonthEndsQuestion, PeriodActivities
from canonical.base import Noun
from canonical.ids import revaluation_key, revenue_workflow_id
from canonical.revaluation import RevaluationOrder
from canonical.revenue import RevenueOrder, RevenueReport
from workflows._attributes import LEGAL_ENTITY
from workflows._options import WORKFLOW_QUEUE, in_contracts


class MonthEndOrder(Noun):
    """`period` is the month ("2026-01"); None is the one that ends about now."""

    tenant: str
    period: str | None = None


class MonthEndResult(Noun):
    """How many entities' revenue was run, by this or by a run under way; `exceptions` counts contracts that
    wait for a decision, `failed` names runs that did not come to an end. `revaluations` counts those begun.
    """

    run: int = 0
    exceptions: int = 0
    failed: tuple[str, ...] = ()
    revaluations: int = 0


@workflow.defn(name="MonthEnds")
class MonthEndsWorkflow:
    @workflow.run
    async def run(self, order: MonthEndOrder) -> MonthEndResult:
        """One after another, in the order in which their months end: none is before its own midnight."""
        due = await workflow.execute_activity_method(
            PeriodActivities.month_ends,
            MonthEndsQuestion(period=order.period),
            **in_contracts(WORKFLOW_QUEUE),
        )
        result = MonthEndResult()
        for each in due.entities:
            if (left := each.over_at - workflow.now()) > dt.timedelta(0):
                await workflow.sleep(left, summary=f"{each.period} is not over in {each.entity}")
            result = await self._added(result, order, each)
            if each.revalues:
                await self._revalue(order, each)
                result = result.model_copy(update={"revaluations": result.revaluations + 1})
            workflow.set_current_details(
                f"{result.run} run, {result.exceptions} contracts wait for a decision"
            )
        return result

    async def _revalue(self, order: MonthEndOrder, each: MonthEnd) -> None:
        """Begun, and not waited for: where a rate is missing the run waits for a person, for days perhaps."""
        given = RevaluationOrder(
            tenant=order.tenant,
            entity=each.entity,
            period=each.period,
            requested_by="schedule",
            correlation_id=f"month-end/{each.entity}/{each.period}",
        )
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                "Revaluation",
                given,
                id=revaluation_key(each.entity, each.period, 0),
                task_queue=WORKFLOW_QUEUE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=TypedSearchAttributes([SearchAttributePair(LEGAL_ENTITY, each.entity)]),
                static_summary=f"revaluation of {each.entity}, {each.period}, at the month's end",
            )

    async def _added(self, so_far: MonthEndResult, order: MonthEndOrder, each: MonthEnd) -> MonthEndResult:
        given = RevenueOrder(
            tenant=order.tenant,
            entity=each.entity,
            period=each.period,
            requested_by="schedule",
            correlation_id=f"month-end/{each.entity}/{each.period}",
        )
        try:
            report: RevenueReport = await workflow.execute_child_workflow(
                "Revenue",
                given,
                id=revenue_workflow_id(each.entity, each.period),
                task_queue=WORKFLOW_QUEUE,
                result_type=RevenueReport,
                static_summary=f"revenue of {each.entity}, {each.period}, at the month's end",
            )
        except WorkflowAlreadyStartedError:
            return so_far.model_copy(update={"run": so_far.run + 1})
        except ChildWorkflowError as error:
            name = f"{each.entity}/{each.period}"
            workflow.logger.warning("revenue of %s failed: %s", name, error.cause)
            return so_far.model_copy(update={"failed": (*so_far.failed, name)})
        waiting = so_far.exceptions + report.tally.exceptions
        return so_far.model_copy(update={"run": so_far.run + 1, "exceptions": waiting})
