"""The months of a simulated life, run once it is lived: each with all that is known by then, as preview has
them. They are the runs that the schedule and people start, one month after the other.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator

from assembly.in_process import InProcess
from canonical.ids import revaluation_key, revenue_workflow_id
from canonical.revaluation import RevaluationOrder
from canonical.revenue import RevenueOrder
from rules.calendar import add_months, month_end, month_key
from workflows._options import WORKFLOW_QUEUE
from workflows.revaluation import RevaluationWorkflow
from workflows.revenue import RevenueWorkflow

_BY = "simulation"


async def run_months(
    system: InProcess,
    entity: str,
    first: dt.date,
    last: dt.date,
    *,
    revalues: bool,
    until_done: Callable[[], Awaitable[bool]],
) -> None:
    """The legal entity's months from `first`'s to the last one that has ended by `last`: revenue, and what is
    open in other currencies where it `revalues`. `until_done` lets a run end, and says whether to go on.
    """
    for month in _months(first, last):
        await _start_revenue(system, entity, month)
        if not await until_done():
            return
        if revalues:
            await _start_revaluation(system, entity, month)
            if not await until_done():
                return


def _months(first: dt.date, last: dt.date) -> Iterator[str]:
    month = first.replace(day=1)
    while month_end(month) <= last:
        yield month_key(month)
        month = add_months(month, 1)


async def _start_revenue(system: InProcess, entity: str, month: str) -> None:
    order = RevenueOrder(
        tenant=system.settings.tenant,
        entity=entity,
        period=month,
        requested_by=_BY,
        correlation_id=f"{_BY}/{month}",
    )
    await system.client.start_workflow(
        RevenueWorkflow.run, order, id=revenue_workflow_id(entity, month), task_queue=WORKFLOW_QUEUE
    )


async def _start_revaluation(system: InProcess, entity: str, month: str) -> None:
    order = RevaluationOrder(
        tenant=system.settings.tenant,
        entity=entity,
        period=month,
        requested_by=_BY,
        correlation_id=f"{_BY}/{month}",
    )
    await system.client.start_workflow(
        RevaluationWorkflow.run, order, id=revaluation_key(entity, month, 0), task_queue=WORKFLOW_QUEUE
    )
