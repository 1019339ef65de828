"""An entity's month end for receivables in other currencies: revalued on its last day, back on the next.

It can be started again at any time: what is posted is found by its key (`revaluation/<entity>/<month>`), what
has changed since is posted as the difference, and an entry that is not taken back yet is. Nothing is posted
into a closed month: its receivables are not revalued any more.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.erp import ErpActivities, JournalReversal
from activities.revaluation import PositionQuestion, RevaluationActivities
from activities.revenue import RevenueActivities
from canonical.origin import Origin
from canonical.policy import CurrencyTerms, PolicyExcerpt
from canonical.revaluation import Positions, RevaluationOrder, RevaluationReport
from canonical.revenue import first_day
from rules.calendar import days_after, month_end
from rules.revaluation import revaluation_journal, still_due, still_to_revalue
from rules.zones import day_of
from workflows._decisions import Decisions
from workflows._desk import Desk, invalid
from workflows._options import WORKFLOW_QUEUE, in_contracts, in_listing, on_platform, platform_queue
from workflows._steps import Step, Steps, Undo, failure_of


@workflow.defn(name="Revaluation")
class RevaluationWorkflow(Decisions):
    @workflow.init
    def __init__(self, order: RevaluationOrder) -> None:
        self.order = order
        self.done: RevaluationReport | None = None
        name = f"{order.entity}/{order.period}"
        self.desk = Desk(contract=name, change=None, correlation_id=order.correlation_id, policy=None)
        self.desk.topic = order.correlation_id
        origin = Origin(
            tenant=order.tenant,
            contract=name,
            change=f"revaluation/{name}",
            step="",
            correlation_id=order.correlation_id,
        )
        self.steps = Steps(desk=self.desk, origin=origin, correct=_none_fits)

    @workflow.query(name="report")
    def report(self) -> RevaluationReport:
        if self.done is not None:
            return self.done
        waiting = self.desk.open
        return RevaluationReport(
            entity=self.order.entity,
            period=self.order.period,
            outcome="waiting" if waiting else "running",
            words=f"{waiting[0].id}: {waiting[0].summary}" if waiting else None,
        )

    @workflow.run
    async def run(self, order: RevaluationOrder) -> RevaluationReport:
        policy = await workflow.execute_activity_method(
            RevenueActivities.policy, order.entity, **in_contracts(WORKFLOW_QUEUE)
        )
        self._refuse_running_month(policy)
        self.desk.adopt(policy)
        if policy.currencies is None:
            self.done = self._report("one_currency")
        elif order.looks:
            self.done = await self._looked(policy, policy.currencies)
        elif order.asks:
            self.done = await self._with_a_person(policy, policy.currencies)
        else:
            self.done = await self._alone(policy, policy.currencies)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.done

    def _refuse_running_month(self, policy: PolicyExcerpt) -> None:
        as_of = self.order.as_of or day_of(workflow.now(), policy.time_zone)
        if as_of < month_end(first_day(self.order.period)):
            raise ApplicationError(
                f"period: {self.order.period} has not ended on {as_of}",
                type="InvalidInput",
                non_retryable=True,
            )

    async def _with_a_person(self, policy: PolicyExcerpt, terms: CurrencyTerms) -> RevaluationReport:
        try:
            found = await self.steps.run(self._step(policy), lambda _: self._revalued(policy, terms))
        except Undo as undo:
            await self.desk.close(undo.answer, "left as it is")
            return self._report("left", words=undo.answer.reason)
        return found or self._report("left", words="left by a person")

    async def _alone(self, policy: PolicyExcerpt, terms: CurrencyTerms) -> RevaluationReport:
        try:
            return await self._revalued(policy, terms)
        except (ActivityError, ApplicationError) as error:
            if is_cancelled_exception(error):
                raise
            return self._report("left", words=failure_of(self._step(policy), error).summary)

    async def _looked(self, policy: PolicyExcerpt, terms: CurrencyTerms) -> RevaluationReport:
        """What a run would post; it posts nothing, and asks nobody."""
        try:
            found = await self._positions(policy, terms)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            return self._report("left", words=failure_of(self._step(policy), error).summary)
        books = terms.functional_currency
        said = {"books_currency": books, "positions": found.positions}
        if not found.open_in_erp:
            return self._report("closed", **said)
        words = still_due(found, books)
        return self._report("due" if words else "unchanged", words=words, **said)

    def _step(self, policy: PolicyExcerpt) -> Step:
        erp, period = policy.route.erp, self.order.period
        return Step(f"revaluation {period}", "erp.post_journal", erp, f"Revalue what is open of {period}")

    async def _revalued(self, policy: PolicyExcerpt, terms: CurrencyTerms) -> RevaluationReport:
        found = await self._positions(policy, terms)
        books = terms.functional_currency
        left = still_to_revalue(found, books)
        said = {"books_currency": books, "positions": found.positions}
        if left and not found.open_in_erp:
            words = f"{self.order.period} is closed in {policy.route.erp}: nothing is revalued in it any more"
            return self._report("closed", words=words, **said)
        keys = [*found.unreversed]
        if left:
            journal = revaluation_journal(self.order, policy, books, found, left)
            await workflow.execute_activity_method(
                ErpActivities.post_journal, journal, **on_platform(policy.route.erp, f"Post {journal.key}")
            )
            keys.append(journal.key)
        for key in keys:
            await self._reverse(policy, key)
        if not left:
            return self._report("unchanged", **said)
        return self._report("posted", posted=left, key=keys[-1], **said)

    async def _positions(self, policy: PolicyExcerpt, terms: CurrencyTerms) -> Positions:
        question = PositionQuestion(entity=self.order.entity, period=self.order.period, terms=terms)
        options = in_listing(platform_queue(policy.route.erp), f"What is open of {self.order.period}")
        return await workflow.execute_activity_method(
            RevaluationActivities.open_positions, question, **options
        )

    async def _reverse(self, policy: PolicyExcerpt, key: str) -> None:
        """On the next day, or the first open one after it."""
        order = JournalReversal(
            origin=self.steps.origin.model_copy(update={"step": f"reverse {key}"}),
            key=key,
            legal_entity=self.order.entity,
            date=days_after(month_end(first_day(self.order.period)), 1),
            reason="what was revalued at the month's end is back at its documents' rates",
        )
        await workflow.execute_activity_method(
            ErpActivities.reverse_journal, order, **on_platform(policy.route.erp, f"Reverse {key}")
        )

    def _report(self, outcome: str, **more: object) -> RevaluationReport:
        said = {"entity": self.order.entity, "period": self.order.period, "outcome": outcome}
        return RevaluationReport.model_validate(said | more)


def _none_fits(pairs: dict[str, str]) -> None:
    raise invalid("set: nothing of a revaluation can be set; correct the cause, then retry")
