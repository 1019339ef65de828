"""Usage of a contract whose workflow runs no more: nobody bills it, so a person is asked.

A contract's workflow lives on after its end and bills late usage by itself (`workflows._contract_usage`); one
that goes on is asked by each draft. One that was terminated in Temporal can't; what is reported for it is an
exception with its amount, until the contract takes it or somebody lets it be.
"""

from temporalio import workflow

from activities.contracts import ContractActivities, UsageAnswer
from canonical.base import Noun
from canonical.metering import LateUsageInput
from canonical.origin import Origin
from workflows._decisions import Decisions
from workflows._desk import Desk
from workflows._options import WORKFLOW_QUEUE, in_contracts
from workflows._refusal import rejected
from workflows._steps import NOTHING_AT_STAKE, Stake, Step, Steps, Undo

_TEMPORAL = "temporal"


class LateUsageResult(Noun):
    """What became of it: taken in by the contract, or left unbilled by a person."""

    outcome: str


@workflow.defn(name="LateUsage")
class LateUsageWorkflow(Decisions):
    @workflow.init
    def __init__(self, given: LateUsageInput) -> None:
        self.contract = given.contract
        self.reports = 0
        self.stake: Stake = NOTHING_AT_STAKE
        correlation = f"usage/{given.contract}"
        origin = Origin(
            tenant=given.tenant,
            contract=given.contract,
            change=given.contract,
            step="",
            correlation_id=correlation,
        )
        self.desk = Desk(contract=given.contract, change=None, correlation_id=correlation, policy=None)
        self.steps = Steps(
            desk=self.desk, origin=origin, correct=lambda pairs: None, at_stake=lambda: self.stake
        )

    @workflow.signal(name="reported")
    def reported(self) -> None:
        """More has been reported: what is at stake is asked anew when somebody tries again."""
        self.reports += 1

    @workflow.run
    async def run(self, given: LateUsageInput) -> LateUsageResult:
        while True:
            seen = self.reports
            self.desk.topic = f"{workflow.info().run_id}/{seen}"
            outcome = await self._told()
            await workflow.wait_condition(workflow.all_handlers_finished)
            if self.reports == seen:
                return LateUsageResult(outcome=outcome)

    async def _told(self) -> str:
        step = Step(
            "tell the contract",
            "contract.tell_of_usage",
            _TEMPORAL,
            f"Have contract {self.contract} bill the usage that is reported",
        )
        try:
            told = await self.steps.run(step, self._tell)
        except Undo as undo:
            await self.desk.close(undo.answer, "left unbilled")
            return f"left unbilled: {undo.answer.reason}"
        return "taken in by the contract" if told is not None else "left unbilled: skipped by a person"

    async def _tell(self, origin: Origin) -> UsageAnswer:
        answer = await workflow.execute_activity_method(
            ContractActivities.tell_of_usage,
            self.contract,
            **in_contracts(WORKFLOW_QUEUE),
        )
        self.desk.adopt(answer.policy)
        if answer.taken:
            return answer
        self.stake = answer.amount, answer.currency
        raise rejected(
            _TEMPORAL, "contract.tell_of_usage", answer.reason, field="contract", code="ContractClosed"
        )
