"""`gateway.revenue_operations.RevenueOperations` over Temporal."""

import asyncio
import datetime as dt
from collections.abc import Sequence

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from assembly.period_operations import TemporalPeriods
from assembly.revenue_states import TemporalContractStates
from canonical.ids import revenue_workflow_id
from canonical.revenue import RevenueOrder, RevenueReport
from gateway.operations import Actor, TemporalUnreachable
from gateway.revenue_operations import RevenueRun
from rules.month_end import sold_of
from rules.waterfall import WaterfallRow, waterfall
from rules.zones import day_of
from workflows.revenue import RevenueWorkflow

_AT_ONCE = 16


class TemporalRevenue(TemporalPeriods):
    """A part of the operations, as `TemporalPeriods` is."""

    async def start_revenue(
        self, entity: str, period: str, as_of: dt.date | None, actor: Actor
    ) -> RevenueRun:
        order = RevenueOrder(
            tenant=self._tenant,
            entity=entity,
            period=period,
            requested_by=actor.name,
            correlation_id=actor.request_id,
            as_of=as_of,
        )
        workflow_id = revenue_workflow_id(entity, period)
        started = await self._started(RevenueWorkflow.run, order, workflow_id, entity, period)
        return RevenueRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_url=started.run_url,
            as_of=as_of,
            requested_by=actor.name,
        )

    async def revenue_run(self, entity: str, period: str) -> RevenueRun:
        """The newest run's own word, whether it runs or is over."""
        workflow_id = revenue_workflow_id(entity, period)
        status, run_url, report = await self._reported(workflow_id, RevenueReport)
        return RevenueRun(
            entity=entity,
            period=period,
            workflow_id=workflow_id,
            run_url=run_url,
            status=status,
            as_of=report.as_of,
            requested_by=report.requested_by,
            tally=report.tally,
        )

    async def waterfalls(
        self, contracts: Sequence[str], first: dt.date, last: dt.date
    ) -> tuple[tuple[WaterfallRow, ...] | None, ...]:
        """By each contract's own state, as its entity's today has it; `_AT_ONCE` of them are asked at a
        time, for one that is out of the worker's cache is replayed.
        """
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(contract: str) -> tuple[WaterfallRow, ...] | None:
            async with places:
                return await self._waterfall(contract, first, last)

        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(one(contract)) for contract in contracts]
        except* RPCError as errors:
            raise TemporalUnreachable("Temporal does not answer") from errors
        return tuple(each.result() for each in asked)

    async def _waterfall(
        self, contract: str, first: dt.date, last: dt.date
    ) -> tuple[WaterfallRow, ...] | None:
        """None where the contract is not in force, or does not answer in time. Raises RPCError."""
        try:
            found = await TemporalContractStates(self._client).state_of(contract)
        except (WorkflowQueryFailedError, TimeoutError):
            return None
        sold = None if found is None else sold_of(found[0])
        if found is None or sold is None:
            return None
        state, _ = found
        zone = state.policy.time_zone if state.policy is not None else "UTC"
        today = day_of(dt.datetime.now(dt.UTC), zone)
        as_of = max(today, state.business_date or today)
        return await asyncio.to_thread(waterfall, sold, as_of, first, last)
