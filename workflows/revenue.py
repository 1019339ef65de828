"""A legal entity's month end: what each of its contracts has earned, posted as one entry a contract.

The run goes through the entity's contracts page by page, a child for each page, and continues as new after
some pages, so that no history grows with the number of contracts. It can be started again at any time: what
is posted stays, what is missing is added. A contract that can't be posted waits for a person in a workflow of
its own (`workflows.contract_revenue`) and holds nobody up.

`close/<entity>/<period>` runs it as a child: `RevenueOrder` in, `RevenueReport` out.
"""

import asyncio
import contextlib

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from activities.revenue import RevenueActivities
from canonical.ids import contract_revenue_workflow_id, revenue_workflow_id
from canonical.revenue import (
    ContractMonth,
    ContractRevenueResult,
    EntityContracts,
    EntityQuestion,
    RevenueBatchOrder,
    RevenueOrder,
    RevenueReport,
    RevenueTally,
    first_day,
)
from rules.calendar import month_end
from rules.month_end import added, tally_of
from rules.zones import day_of
from workflows._attributes import CONTRACT, LEGAL_ENTITY
from workflows._messages import Resolve, Waiting
from workflows._month import post_month
from workflows._options import WORKFLOW_QUEUE, in_contracts
from workflows.contract_revenue import ContractRevenueWorkflow

_AT_ONCE = 8
"""How many contracts of a page are asked and posted at a time."""


@workflow.defn(name="Revenue")
class RevenueWorkflow:
    @workflow.init
    def __init__(self, order: RevenueOrder) -> None:
        self.order = order
        self.done = False

    @workflow.query(name="report")
    def report(self) -> RevenueReport:
        order = self.order
        return RevenueReport(
            entity=order.entity,
            period=order.period,
            as_of=order.as_of,
            requested_by=order.requested_by,
            status="done" if self.done else "running",
            tally=order.tally,
        )

    @workflow.run
    async def run(self, order: RevenueOrder) -> RevenueReport:
        if order.as_of is None or order.policy is None:
            await self._begin()
        for _ in range(order.batches_per_run):
            page = await self._page()
            if not page.contracts:
                break
            tally = added(self.order.tally, await self._batch(page))
            self.order = self.order.model_copy(update={"tally": tally, "after": page.contracts[-1]})
            workflow.set_current_details(f"{tally.contracts} contracts, {tally.exceptions} exceptions")
        else:
            workflow.continue_as_new(self.order)
        self.done = True
        return self.report()

    async def _begin(self) -> None:
        """Fixes the day and the policy for all of the run. Raises ApplicationError InvalidInput."""
        order = self.order
        policy = order.policy
        if policy is None:
            policy = await workflow.execute_activity_method(
                RevenueActivities.policy, order.entity, **in_contracts(WORKFLOW_QUEUE)
            )
        as_of = order.as_of or day_of(workflow.now(), policy.time_zone)
        if as_of < month_end(first_day(order.period)):
            raise ApplicationError(
                f"period: {order.period} has not ended on {as_of}", type="InvalidInput", non_retryable=True
            )
        self.order = order.model_copy(update={"as_of": as_of, "policy": policy})

    async def _page(self) -> EntityContracts:
        order = self.order
        question = EntityQuestion(
            entity=order.entity, period=order.period, after=order.after, limit=order.batch_size
        )
        return await workflow.execute_activity_method(
            RevenueActivities.contracts, question, **in_contracts(WORKFLOW_QUEUE)
        )

    async def _batch(self, page: EntityContracts) -> RevenueTally:
        """A page as a child with a history of its own; it ends with the run, and the next does it again."""
        order = self.order
        if order.as_of is None or order.policy is None:
            raise ValueError("a run that has begun has its day and its policy")
        given = RevenueBatchOrder(
            contracts=page.contracts,
            waiting=page.waiting,
            tenant=order.tenant,
            entity=order.entity,
            period=order.period,
            as_of=order.as_of,
            correlation_id=order.correlation_id,
            policy=order.policy,
        )
        return await workflow.execute_child_workflow(
            RevenueBatchWorkflow.run,
            given,
            id=f"{revenue_workflow_id(order.entity, order.period)}/page/{page.contracts[0]}",
            task_queue=WORKFLOW_QUEUE,
            static_summary=f"revenue of {order.period}: {page.contracts[0]} to {page.contracts[-1]}",
        )


@workflow.defn(name="RevenueBatch")
class RevenueBatchWorkflow:
    """A page of a run: its contracts side by side, some at a time."""

    @workflow.init
    def __init__(self, order: RevenueBatchOrder) -> None:
        self.order = order
        self._places = asyncio.Semaphore(_AT_ONCE)

    @workflow.signal(name="waiting")
    def waiting(self, waiting: Waiting) -> None:
        """A worker says that a call keeps failing: shown, so that everybody sees what waits on what."""
        workflow.set_current_details(
            f"Waits for **{waiting.platform}** ({waiting.activity}, {waiting.attempts} attempts, "
            f"{waiting.code}); it is tried again until the platform is back."
        )

    @workflow.run
    async def run(self, order: RevenueBatchOrder) -> RevenueTally:
        results = await asyncio.gather(*(self._contract(contract) for contract in order.contracts))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return tally_of(results)

    async def _contract(self, contract: str) -> ContractRevenueResult:
        order = self.order
        names = {name: getattr(order, name) for name in ContractMonth.model_fields if name != "contract"}
        month = ContractMonth(contract=contract, **names)
        async with self._places:
            try:
                result = await post_month(month)
            except (ActivityError, ApplicationError) as error:
                if is_cancelled_exception(error):
                    raise
                await self._leave_to_somebody(month)
                return ContractRevenueResult(contract=contract, outcome="exception")
        if contract in order.waiting:
            await self._nothing_waits(month)
        return result

    async def _leave_to_somebody(self, month: ContractMonth) -> None:
        """A workflow of its own has the exception; one that waits already goes on waiting."""
        with contextlib.suppress(WorkflowAlreadyStartedError):
            await workflow.start_child_workflow(
                ContractRevenueWorkflow.run,
                month,
                id=_workflow_id(month),
                task_queue=WORKFLOW_QUEUE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(CONTRACT, month.contract),
                        SearchAttributePair(LEGAL_ENTITY, month.entity),
                    ]
                ),
                static_summary=f"revenue of {month.contract}, {month.period}: waits for a decision",
            )

    async def _nothing_waits(self, month: ContractMonth) -> None:
        """What an earlier run left to a person is done by now: its workflow looks once more, and ends."""
        order = Resolve(
            action="retry", reason="posted by a later run", actor="month-end run", role="operator"
        )
        try:
            await workflow.get_external_workflow_handle(_workflow_id(month)).signal("resolve", order)
        except FailureError as error:
            workflow.logger.warning("exception of %s not closed: %s", month.contract, error.message)


def _workflow_id(month: ContractMonth) -> str:
    return contract_revenue_workflow_id(month.entity, month.period, month.contract)
