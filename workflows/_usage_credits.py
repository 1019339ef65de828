"""Credit memos that late corrections of usage make due: tax, then issue, each once."""

from temporalio import workflow

from activities.billing import BillingActivities
from activities.tax import TaxActivities
from canonical.contract import Contract
from canonical.lifecycle import ContractAnswer, DueCredit
from canonical.origin import Origin
from ports.billing import CreditOrder, IssuedDocument
from rules.tax_document import credit_tax_document
from workflows._options import on_platform
from workflows._refusal import check_tax
from workflows._steps import Step, Steps


async def issue_usage_credits(steps: Steps, billing: str, answer: ContractAnswer) -> None:
    """Issues what is due beside a cycle's invoice. What it leads to in the ledger is the credit memo's own
    story, once the platform tells of it.
    """
    if answer.contract is None or answer.policy is None:
        return
    for due in answer.credits:
        contract = answer.contract
        if due.account is not None:
            contract = contract.model_copy(update={"account": due.account})
        await _commit_tax(steps, answer.policy.route.tax, contract, due)
        await _issue(steps, billing, answer.contract, due)


async def _commit_tax(steps: Steps, tax: str, contract: Contract, due: DueCredit) -> None:
    credit = due.credit
    step = Step(
        f"tax {credit.key}",
        "tax.commit",
        tax,
        f"Record the tax of {credit.tax} {credit.currency} that is given back",
        amount=credit.total,
        currency=credit.currency,
    )

    async def commit(origin: Origin) -> None:
        result = await workflow.execute_activity_method(
            TaxActivities.commit,
            credit_tax_document(origin, contract, credit),
            **on_platform(tax, step.summary),
        )
        check_tax(tax, step.activity, result, credit)

    await steps.run(step, commit)


async def _issue(steps: Steps, billing: str, contract: Contract, due: DueCredit) -> None:
    credit = due.credit
    step = Step(
        f"issue {credit.key}",
        "billing.issue_credit_memo",
        billing,
        f"Issue the credit memo of {credit.date} over {credit.total} {credit.currency} for corrected usage",
        amount=credit.total,
        currency=credit.currency,
    )

    async def issue(origin: Origin) -> IssuedDocument:
        order = CreditOrder(
            origin=origin,
            key=credit.key,
            contract=contract.id,
            currency=credit.currency,
            date=credit.date,
            invoice_key=credit.invoice_key,
            reason="correction",
            lines=credit.lines,
            credited=due.credited,
        )
        return await workflow.execute_activity_method(
            BillingActivities.issue_credit_memo, order, **on_platform(billing, step.summary)
        )

    await steps.run(step, issue)
