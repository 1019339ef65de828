"""Closing a legal entity's period: reconciled anew, held against the gate, closed in the ERP and recorded.

Nothing is closed while a break holds it up; who wants to override that explains the break, and a second
person approves (`workflows.repair`). The evidence, who, when, on which sides, is kept with an audit entry.
"""

import datetime as dt

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ChildWorkflowError, WorkflowAlreadyStartedError

from activities.closes import CloseActivities, CloseQuestion, CloseState
from activities.erp import ErpActivities, PeriodClose
from canonical.base import Noun
from canonical.close import CloseOrder, CloseResult
from canonical.ids import reconciliation_workflow_id, revaluation_key, revenue_workflow_id
from canonical.origin import Origin
from canonical.reconciliation import ReconciliationOrder
from canonical.revaluation import RevaluationOrder, RevaluationReport
from canonical.revenue import RevenueOrder
from ports.erp import PostingPeriod
from ports.periods import CloseRecord
from rules.close import Gate, refusals
from rules.period_entries import first_day, last_day
from workflows._ending import answered
from workflows._options import WORKFLOW_QUEUE, in_contracts, on_platform
from workflows._period import OverPeriod
from workflows._steps import Step, Undo

_TRY_AGAIN_SECONDS = 2


@workflow.defn(name="Close")
class CloseWorkflow(OverPeriod):
    @workflow.init
    def __init__(self, order: CloseOrder) -> None:
        self.order = order
        self.unrevalued: str | None = None
        self._begin("close", order)

    @workflow.run
    async def run(self, order: CloseOrder) -> CloseResult:
        state = await self._state()
        if state.closed is not None:
            return self._already(state.closed)
        self.desk.adopt(state.policy)
        recognized = await self._recognize(state)
        await self._reconcile()
        state = await self._state()
        if not recognized and await self._recognize(state):  # the run has seen a platform's later day
            await self._reconcile()
            state = await self._state()
        gate = self._gate(state)
        if reasons := refusals(gate):
            return self._result("refused", reasons=reasons, blocking=tuple(b.id for b in gate.breaks))
        return await answered(self._decided(state, gate))

    async def _decided(self, state: CloseState, gate: Gate) -> CloseResult:
        try:
            return await self._closed(state, gate)
        except Undo as undo:
            await self.desk.close(undo.answer, "not closed")
            return self._result("refused", reasons=(f"given up: {undo.answer.reason}",))

    async def _state(self) -> CloseState:
        question = CloseQuestion(entity=self.order.entity, period=self.order.period)
        return await workflow.execute_activity_method(
            CloseActivities.state, question, **in_contracts(WORKFLOW_QUEUE)
        )

    async def _recognize(self, state: CloseState) -> bool:
        """The month-end run, which posts what is missing of the month's revenue; False before the month is
        over. Contracts that it can't post wait for a person, and show as breaks.
        """
        as_of = max(state.today, state.as_of or state.today)
        if as_of <= last_day(self.order.period):
            return False
        order = RevenueOrder(
            tenant=self.order.tenant,
            entity=self.order.entity,
            period=self.order.period,
            requested_by=self.order.requested_by,
            correlation_id=self.order.correlation_id,
            as_of=as_of,
        )
        await self._child("Revenue", order, revenue_workflow_id(order.entity, order.period))
        if state.policy.currencies is not None:
            await self._revalue(as_of)
        return True

    async def _revalue(self, as_of: dt.date) -> None:
        """What is open in other currencies than the books', on the month's last day; nobody is asked."""
        order = RevaluationOrder(
            tenant=self.order.tenant,
            entity=self.order.entity,
            period=self.order.period,
            requested_by=self.order.requested_by,
            correlation_id=self.order.correlation_id,
            as_of=as_of,
            asks=False,
        )
        try:
            report = await workflow.execute_child_workflow(
                "Revaluation",
                order,
                id=revaluation_key(order.entity, order.period, 0),
                result_type=RevaluationReport,
                task_queue=WORKFLOW_QUEUE,
                static_summary=f"Revaluation of {order.entity}, {order.period}, for its close",
            )
        except WorkflowAlreadyStartedError:
            self.unrevalued = "a run is under way, or waits for a decision: q2c revaluation show says"
        except ChildWorkflowError as error:
            self.unrevalued = f"the run has failed: {error.cause}"
        else:
            self.unrevalued = report.words if report.outcome == "left" else None

    async def _reconcile(self) -> None:
        """A run of its own, after the one that may be under way: what that has seen may be older."""
        order = ReconciliationOrder(
            tenant=self.order.tenant,
            entity=self.order.entity,
            period=self.order.period,
            requested_by=self.order.requested_by,
            correlation_id=self.order.correlation_id,
        )
        await self._child("Reconciliation", order, reconciliation_workflow_id(order.entity, order.period))

    async def _child(self, story: str, order: Noun, workflow_id: str) -> None:
        while True:
            try:
                await workflow.execute_child_workflow(
                    story,
                    order,
                    id=workflow_id,
                    task_queue=WORKFLOW_QUEUE,
                    static_summary=f"{story} of {self.order.entity}, {self.order.period}, for its close",
                )
                return
            except WorkflowAlreadyStartedError:
                await workflow.sleep(_TRY_AGAIN_SECONDS, summary="another run is under way")
            except ChildWorkflowError as error:
                raise ApplicationError(
                    f"{story} has failed: {error.cause}", type="NotReconciled", non_retryable=True
                ) from error

    def _gate(self, state: CloseState) -> Gate:
        return Gate(
            entity=self.order.entity,
            period=self.order.period,
            as_of=max(state.today, state.as_of or state.today),
            breaks=state.blocking,
            before_period_end=state.before_period_end,
            open_entities=state.open_entities,
            unrevalued=self.unrevalued,
        )

    async def _closed(self, state: CloseState, gate: Gate) -> CloseResult:
        note, in_erp = await self._close_in_erp(state, gate)
        record = await self._recorded(state, note, in_erp=in_erp)
        if not in_erp and gate.open_entities:  # the last of them may have closed in the meantime
            now = self._gate(await self._state())
            if not now.open_entities:
                note, in_erp = await self._close_in_erp(state, now)
                record = await self._recorded(state, note, in_erp=in_erp)
        return self._result(
            "closed", closed_at=record.closed_at, closed_by=record.closed_by, digest=record.digest, note=note
        )

    async def _recorded(self, state: CloseState, note: str, *, in_erp: bool) -> CloseRecord:
        run = state.run
        if run is None:
            raise ApplicationError("there is no reconciliation", type="NotReconciled", non_retryable=True)
        record = CloseRecord(
            entity=self.order.entity,
            period=self.order.period,
            closed_at=workflow.now(),
            closed_by=self.order.requested_by,
            reason=self.order.reason,
            run=run.run,
            digest=run.digest,
            sides=run.sides,
            explained=state.explained,
            closed_in_erp=in_erp,
            note=note,
        )
        await workflow.execute_activity_method(CloseActivities.record, record, **in_contracts(WORKFLOW_QUEUE))
        return record

    async def _close_in_erp(self, state: CloseState, gate: Gate) -> tuple[str, bool]:
        """The ERP's period is shared by the entities of its books: the last of them to close closes it."""
        erp = state.policy.route.erp
        if gate.open_entities:
            others = ", ".join(gate.open_entities)
            return f"{erp} closes {gate.period} once {others} have closed it too", False
        step = Step("close the period", "erp.close_period", erp, f"Close {gate.period} in {erp}")

        async def close(origin: Origin) -> PostingPeriod:
            order = PeriodClose(origin=origin, legal_entity=gate.entity, date=first_day(gate.period))
            return await workflow.execute_activity_method(
                ErpActivities.close_period, order, **on_platform(erp, step.summary)
            )

        period = await self.steps.run(step, close)
        if period is None:
            return f"close {gate.period} in {erp} by hand: a person has skipped it", False
        return f"{period.name} is closed in {erp}", True

    def _already(self, closed: CloseRecord) -> CloseResult:
        return self._result(
            "already_closed",
            closed_at=closed.closed_at,
            closed_by=closed.closed_by,
            digest=closed.digest,
            note=closed.note,
        )

    def _result(self, status: str, **more: tuple[str, ...] | str | dt.datetime | None) -> CloseResult:
        said = {"entity": self.order.entity, "period": self.order.period, "status": status}
        return CloseResult.model_validate(said | more)
