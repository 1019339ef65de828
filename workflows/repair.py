"""One break, from the day on which it is found until it is put right, explained, or gone.

It asks its owner by an exception. The proposed repair is carried out once a second person has approved it; so
is an explanation, after which the break holds up no close. The approval is bound to the content: the
exception's key holds the digest of break and repair.
"""

import asyncio
import hashlib

from temporalio import workflow

from activities.breaks import BreakActivities, BreakMark
from canonical.origin import Origin
from canonical.policy import CodedRule, PolicyExcerpt
from canonical.reconciliation import Break, BreakReport, RepairResult
from workflows._decisions import Decisions
from workflows._desk import Desk, Failure
from workflows._messages import Resolve
from workflows._options import WORKFLOW_QUEUE, in_contracts
from workflows._repairs import Repairs
from workflows._steps import Steps, Undo

CODE = "reconciliation_break"
_SECOND_APPROVER = ("fix", "accept", "skip")
"""What a second person must approve of a break, whatever governance says of other exceptions."""


@workflow.defn(name="Repair")
class RepairWorkflow(Decisions):
    @workflow.init
    def __init__(self, report: BreakReport) -> None:
        self.report = report
        found = report.found
        name = found.contract or f"{report.entity}/{report.period}"
        self.desk = Desk(
            contract=name, change=None, correlation_id=report.correlation_id, policy=desk_policy(report)
        )
        self.desk.topic = hashlib.sha256(found.model_dump_json().encode()).hexdigest()[:16]
        origin = Origin(
            tenant=report.tenant,
            contract=name,
            change=found.id,
            step="",
            correlation_id=report.correlation_id,
        )
        self.steps = Steps(
            desk=self.desk,
            origin=origin,
            correct=lambda pairs: None,
            at_stake=lambda: (abs(found.effect), report.currency),
        )
        self.gone = False
        self.answered = False

    @workflow.signal(name="gone")
    def on_gone(self) -> None:
        """A reconciliation has not found the break again."""
        self.gone = True

    @workflow.update(name="asked")
    async def asked(self) -> None:
        """Returns once the break's owner has been asked (or has answered): it is in hand."""
        await workflow.wait_condition(lambda: bool(self.desk.open) or self.answered)

    @workflow.run
    async def run(self, report: BreakReport) -> RepairResult:
        answer = await self._decided()
        result = await self._carried_out(answer)
        await self.desk.close(answer, f"{result.outcome}: {result.note}")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result

    async def _decided(self) -> Resolve:
        """Waits for its owner's decision, or until the break has gone by itself."""
        found = self.report.found
        failure = Failure(
            step=f"{found.type} {found.document}",
            summary=f"{found.type.replace('_', ' ')}: {found.document}: {found.cause}. "
            f"Proposal: {found.proposal}",
            platform=found.repair.platform if found.repair else None,
            code=CODE,
            amount=abs(found.effect),
            currency=self.report.currency,
        )
        asked = asyncio.create_task(self.desk.ask(failure))
        await workflow.wait_condition(lambda: asked.done() or (self.gone and bool(self.desk.open)))
        if not asked.done():
            self.desk.answer(self.desk.open[0].id, "retry", "the break is gone")
        answer = await asked
        self.answered = True
        return answer

    async def _carried_out(self, answer: Resolve) -> RepairResult:
        match answer.action:
            case "fix":
                return await self._repaired(answer)
            case "accept" | "skip":
                await self._mark("explained", answer.reason)
                return self._result("explained", answer.reason)
            case _ if self.gone:
                return self._result("gone", "not found again")
            case _:
                return self._result("left", "looked at again by the next reconciliation")

    async def _repaired(self, answer: Resolve) -> RepairResult:
        try:
            note = await Repairs(self.report, self.steps).carry_out()
        except Undo as undo:
            await self.desk.close(undo.answer, "left as it is")
            return self._result("left", undo.answer.reason)
        if note is None:
            return self._result("left", "a step was skipped by a person")
        await self._mark("repaired", note)
        return self._result("repaired", note)

    async def _mark(self, status: str, note: str) -> None:
        mark = BreakMark.model_validate({"id": self.report.found.id, "status": status, "note": note})
        await workflow.execute_activity_method(BreakActivities.mark, mark, **in_contracts(WORKFLOW_QUEUE))

    def _result(self, outcome: str, note: str) -> RepairResult:
        said = {"break_id": self.report.found.id, "outcome": outcome, "note": note}
        return RepairResult.model_validate(said)


def desk_policy(report: BreakReport) -> PolicyExcerpt:
    """The policy as it holds for this break: its own owner, a fix only where a machine has one, and a second
    approver for whatever ends it.
    """
    policy = report.policy
    rule = policy.exception_rule(CODE, None)
    own = rule.model_copy(
        update={"owner": report.found.owner, "actions": allowed(rule.actions, report.found)}
    )
    others = tuple(coded for coded in policy.exception_rules if coded.code != CODE)
    return policy.model_copy(
        update={
            "exception_rules": (CodedRule(code=CODE, platform=None, rule=own), *others),
            "second_approver_actions": tuple({*policy.second_approver_actions, *_SECOND_APPROVER}),
        }
    )


def allowed(actions: tuple[str, ...], found: Break) -> tuple[str, ...]:
    return tuple(action for action in actions if action != "fix" or found.repair is not None)
