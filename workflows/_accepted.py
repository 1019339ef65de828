"""What follows where a person has accepted a document otherwise than it was expected."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.tax import TaxActivities
from canonical.document import CreditMemo, Invoice
from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractAnswer
from canonical.origin import Origin
from ports.billing import IssuedDocument
from rules.accepted import accepted_document
from rules.subledger import unassigned_lines
from rules.tax_document import accepted_tax_document
from workflows._options import on_platform
from workflows._refusal import check_tax
from workflows._steps import Step, Steps


async def tell_of_accepted(
    issued: IssuedDocument, expected: Invoice | CreditMemo | None, taken: Invoice | CreditMemo | None
) -> None:
    """From then on it bills, earns and credits what the document says. A contract whose life is over is not
    told.
    """
    if issued.contract is None or expected is None or taken is None:
        return
    told = accepted_document(expected, taken, unassigned_lines(expected, taken, issued))
    handle = workflow.get_external_workflow_handle(contract_workflow_id(issued.contract))
    try:
        await handle.signal("document_accepted", told)
    except FailureError as error:
        workflow.logger.warning("the contract was not told of what was accepted: %s", error.message)


async def record_accepted_tax(steps: Steps, issued: IssuedDocument, answer: ContractAnswer) -> None:
    """The tax engine's document of the same code says what the accepted one does: neither more is reported
    than was billed nor less. Where that was reported by now, a person is asked.
    """
    contract, policy, taken = answer.contract, answer.policy, answer.expected
    if contract is None or policy is None or taken is None:
        raise ValueError("an accepted document has a contract and a policy")
    tax = policy.route.tax
    step = Step(
        f"tax {taken.key} as accepted",
        "tax.adjust",
        tax,
        f"Record the tax of {issued.number or taken.key} as it was accepted",
        amount=taken.total,
        currency=taken.currency,
    )

    async def adjust(origin: Origin) -> None:
        result = await workflow.execute_activity_method(
            TaxActivities.adjust,
            accepted_tax_document(origin, contract, taken),
            **on_platform(tax, step.summary),
        )
        check_tax(tax, step.activity, result, taken, "was accepted")

    await steps.run(step, adjust)
