"""Who a new customer is: checked before the first write, the accounts above it asked of the CRM."""

from temporalio import workflow

from activities.crm import CrmActivities, HierarchyQuestion
from canonical.contract import Account
from canonical.lifecycle import ApprovedItem
from rules.customer_checks import customer_problems, hierarchy_problems
from rules.problems import Problem
from workflows._options import on_platform


def is_to_be_checked(item: ApprovedItem, account: Account) -> bool:
    """Whether something is wrong with it already, or the accounts above have to be asked for."""
    return any(customer_problems(account)) or _has_accounts_above(item, account)


async def problems_of(crm: str, item: ApprovedItem, account: Account) -> list[Problem]:
    found = list(customer_problems(account))
    if found or not _has_accounts_above(item, account):
        return found
    hierarchy = await workflow.execute_activity_method(
        CrmActivities.accounts_above,
        HierarchyQuestion(parent=account.parent or ""),
        **on_platform(crm, "Read the accounts above the customer"),
    )
    return list(hierarchy_problems(account, hierarchy.above))


def _has_accounts_above(item: ApprovedItem, account: Account) -> bool:
    """Of a change that brings a customer, who is not the head of a group."""
    brings = item.type in ("activation", "transfer", "merge")
    return brings and account.parent is not None
