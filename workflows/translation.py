"""A report for the group: an entity's balances at a month's end in the group's currency.

It posts nothing, asks nobody, and can be run at any time; what keeps it from its end is told.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.revenue import RevenueActivities
from activities.translation import TranslationActivities, TranslationQuestion
from canonical.policy import PolicyExcerpt
from canonical.translation import TranslationOrder, TranslationReport
from workflows._messages import Waiting
from workflows._options import WORKFLOW_QUEUE, in_contracts, in_listing, platform_queue


@workflow.defn(name="Translation")
class TranslationWorkflow:
    @workflow.init
    def __init__(self, order: TranslationOrder) -> None:
        self.order = order
        self.done: TranslationReport | None = None

    @workflow.query(name="report")
    def report(self) -> TranslationReport:
        order = self.order
        return self.done or TranslationReport(entity=order.entity, period=order.period, outcome="running")

    @workflow.signal(name="waiting")
    def waiting(self, waiting: Waiting) -> None:
        """A worker says that a call keeps failing: shown, so that everybody sees what waits on what."""
        workflow.set_current_details(f"Waits for **{waiting.platform}** ({waiting.code})")

    @workflow.run
    async def run(self, order: TranslationOrder) -> TranslationReport:
        policy = await workflow.execute_activity_method(
            RevenueActivities.policy, order.entity, **in_contracts(WORKFLOW_QUEUE)
        )
        self.done = await self._translated(policy)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.done

    async def _translated(self, policy: PolicyExcerpt) -> TranslationReport:
        order, terms = self.order, policy.currencies
        if terms is None or terms.group_currency is None:
            missing = f"functional_currency of {order.entity}" if terms is None else "group_currency"
            return TranslationReport(
                entity=order.entity,
                period=order.period,
                outcome="no_group",
                words=f"currencies.yaml says no {missing}",
            )
        question = TranslationQuestion(
            entity=order.entity,
            period=order.period,
            terms=terms,
            group_currency=terms.group_currency,
            accounts=policy.accounts,
        )
        options = in_listing(platform_queue(policy.route.erp), f"Translate {order.entity}, {order.period}")
        try:
            return await workflow.execute_activity_method(
                TranslationActivities.translate, question, **options
            )
        except (ActivityError, ApplicationError) as error:
            if is_cancelled_exception(error):
                raise
            words = str(error.cause or error)
            return TranslationReport(entity=order.entity, period=order.period, outcome="left", words=words)
