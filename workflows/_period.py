"""How every workflow over a legal entity's period begins: whom it asks, and by which steps."""

from typing import Literal

from temporalio import workflow

from canonical.close import CloseOrder
from canonical.origin import Origin
from canonical.reconciliation import ReconciliationOrder
from workflows._decisions import Decisions
from workflows._desk import Desk
from workflows._steps import Steps


class OverPeriod(Decisions):
    """Sets `desk` and `steps`; the policy is adopted once it has been read. An exception's key tells the runs
    of one workflow id apart.
    """

    def _begin(
        self, story: Literal["close", "reconciliation"], order: CloseOrder | ReconciliationOrder
    ) -> None:
        name = f"{order.entity}/{order.period}"
        self.desk = Desk(contract=name, change=None, correlation_id=order.correlation_id, policy=None)
        self.desk.topic = workflow.info().first_execution_run_id
        origin = Origin(
            tenant=order.tenant,
            contract=name,
            change=f"{story}/{name}",
            step="",
            correlation_id=order.correlation_id,
        )
        self.steps = Steps(desk=self.desk, origin=origin, correct=lambda pairs: None)
