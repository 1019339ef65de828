"""A contract's month that the run could not post: it waits for a person, and is posted when they say so."""

from temporalio import workflow

from canonical.origin import Origin
from canonical.revenue import ContractMonth, ContractRevenueResult
from workflows._decisions import Decisions
from workflows._desk import Desk, invalid
from workflows._month import post_month
from workflows._steps import Step, Steps, Undo


@workflow.defn(name="ContractRevenue")
class ContractRevenueWorkflow(Decisions):
    """Tries once more, then asks. What is skipped is taken up by the next month's run, as all that is earned
    and not posted is."""

    @workflow.init
    def __init__(self, month: ContractMonth) -> None:
        self.desk = Desk(
            contract=month.contract,
            change=None,
            correlation_id=month.correlation_id,
            policy=month.policy,
            check_corrections=_none_fits,
        )
        self.desk.topic = month.correlation_id
        origin = Origin(
            tenant=month.tenant,
            contract=month.contract,
            change=month.contract,
            step="",
            correlation_id=month.correlation_id,
        )
        self.steps = Steps(desk=self.desk, origin=origin, correct=_none_fits)

    @workflow.run
    async def run(self, month: ContractMonth) -> ContractRevenueResult:
        step = Step(
            f"revenue {month.period}",
            "erp.post_journal",
            month.policy.route.erp,
            f"Post what {month.contract} earned in {month.period}",
        )
        left = ContractRevenueResult(contract=month.contract, outcome="exception")
        try:
            result = await self.steps.run(step, lambda origin: post_month(month))
        except Undo as undo:
            await self.desk.close(undo.answer, "left as it is: the next run posts what is missing")
            result = None
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result or left


def _none_fits(pairs: dict[str, str]) -> None:
    raise invalid("set: nothing of a revenue entry can be set; correct the cause, then retry")
