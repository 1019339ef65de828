"""Tells a contract that a person has accepted a document otherwise than it was expected."""

from temporalio import workflow
from temporalio.exceptions import FailureError

from canonical.document import CreditMemo, Invoice
from canonical.ids import contract_workflow_id
from rules.accepted import accepted_document


async def tell_of_accepted(
    contract: str | None, expected: Invoice | CreditMemo | None, taken: Invoice | CreditMemo | None
) -> None:
    """From then on it bills and earns what the document says. A contract whose life is over is not told."""
    if contract is None or expected is None or taken is None or taken == expected:
        return
    handle = workflow.get_external_workflow_handle(contract_workflow_id(contract))
    try:
        await handle.signal("document_accepted", accepted_document(expected, taken))
    except FailureError as error:
        workflow.logger.warning("the contract was not told of what was accepted: %s", error.message)
