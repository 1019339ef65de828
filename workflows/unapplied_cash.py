"""What is unapplied in the ledger of an entity, asked of its ERP by whoever wants to decide on it."""

from temporalio import workflow

from activities.bank import BankActivities
from activities.cash import CashActivities
from canonical.cash import UnappliedListing, UnappliedQuestion
from workflows._options import WORKFLOW_QUEUE, in_contracts, on_platform


@workflow.defn(name="UnappliedCash")
class UnappliedCashWorkflow:
    @workflow.run
    async def run(self, question: UnappliedQuestion) -> UnappliedListing:
        policy = await workflow.execute_activity_method(
            BankActivities.policy, question, **in_contracts(WORKFLOW_QUEUE)
        )
        return await workflow.execute_activity_method(
            CashActivities.list_unapplied, question, **on_platform(policy.route.erp, "List unapplied money")
        )
