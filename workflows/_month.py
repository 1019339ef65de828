"""One contract's month: what it has earned, what of that is posted, and the rest as one journal entry.

Safe to repeat from the beginning, in any run: what is posted is looked up in the ERP by its key each time,
and an entry's key says of which contract and month it is and which number it has.
"""

from temporalio import workflow

from activities.billing import BillingActivities, KeyedDocuments
from activities.erp import ErpActivities
from activities.revenue import RevenueActivities, RevenueQuestion
from canonical.revenue import (
    ContractEarned,
    ContractMonth,
    ContractPosted,
    ContractRevenueResult,
    PostedQuestion,
)
from rules.month_end import revenue_journal, still_to_post
from workflows._options import of_contract, on_platform


async def post_month(month: ContractMonth) -> ContractRevenueResult:
    """Posts what is not posted yet. Raises ActivityError where a step of it comes to no end."""
    question = RevenueQuestion(
        contract=month.contract,
        entity=month.entity,
        period=month.period,
        as_of=month.as_of,
        currencies=month.policy.currencies,
    )
    earned = await _earned(question)
    if not earned.in_force:
        return ContractRevenueResult(contract=month.contract, outcome="not_in_force")
    posted = await _posted(month, earned)
    question = question.model_copy(update={"posted_rates": posted.rates})
    if posted.differing:
        earned = await _earned_as_accepted(question, month, posted)
    elif posted.rates:
        earned = await _earned(question)
    amounts = still_to_post(earned, posted)
    if not amounts:
        return ContractRevenueResult(contract=month.contract, outcome="unchanged")
    journal = revenue_journal(month, earned.change, earned.currency, amounts, posted.entries)
    erp = month.policy.route.erp
    await workflow.execute_activity_method(
        ErpActivities.post_journal, journal, **on_platform(erp, f"Post {journal.key}")
    )
    return ContractRevenueResult(
        contract=month.contract,
        outcome="posted",
        key=journal.key,
        currency=earned.currency,
        amounts=amounts,
    )


async def _earned(question: RevenueQuestion) -> ContractEarned:
    words = f"What {question.contract} has earned by the end of {question.period}"
    return await workflow.execute_activity_method(RevenueActivities.earned, question, **of_contract(words))


async def _posted(month: ContractMonth, earned: ContractEarned) -> ContractPosted:
    erp = month.policy.route.erp
    question = PostedQuestion(
        contract=month.contract,
        entity=month.entity,
        period=month.period,
        currency=earned.currency,
        accounts=month.policy.accounts,
        documents=earned.documents,
        rates=earned.rates,
    )
    return await workflow.execute_activity_method(
        ErpActivities.contract_revenue,
        question,
        **on_platform(erp, f"What of {month.contract} is posted by {month.period}"),
    )


async def _earned_as_accepted(
    question: RevenueQuestion, month: ContractMonth, posted: ContractPosted
) -> ContractEarned:
    """What is posted otherwise than expected was accepted so by a person: it earns what it says."""
    billing = month.policy.route.billing
    issued = await workflow.execute_activity_method(
        BillingActivities.contract_documents,
        KeyedDocuments(contract=month.contract, keys=posted.differing),
        **on_platform(billing, f"Documents of {month.contract} as they were issued"),
    )
    return await _earned(question.model_copy(update={"accepted": issued.documents}))
