"""From the event log to the workflows: which event concerns which workflow, and how it is told.

An event about a contract goes to the contract's workflow by update-with-start, the event's id being the
update's, so that a repetition changes nothing. An event about a document starts the document's own workflow.
Everything else is acknowledged and ignored, with the reason.
"""

from collections.abc import Mapping

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from canonical.ids import contract_workflow_id, document_workflow_id
from canonical.lifecycle import ContractState, Notice
from gateway.relay import HandoffUnavailable, Outcome
from store.event_log import LoggedEvent
from workflows._attributes import CONTRACT, STATUS
from workflows._document import DocumentInput, DocumentNotice
from workflows._options import WORKFLOW_QUEUE
from workflows.contract import ContractWorkflow
from workflows.credit_memo import CreditMemoWorkflow
from workflows.dispute import DisputeWorkflow
from workflows.invoice import InvoiceWorkflow
from workflows.payment import PaymentWorkflow
from workflows.payout import PayoutWorkflow
from workflows.refund import RefundWorkflow

INVOICE_EVENTS = frozenset(
    {
        "invoice.created",
        "invoice.finalized",
        "invoice.voided",
        "invoice.marked_uncollectible",
        "invoice.deleted",
    }
)
INVOICE_NEWS = frozenset({"invoice.paid"})
"""What only an invoice's workflow that runs has use for: what was paid is the payment's story."""
CREDIT_EVENTS = frozenset({"credit_note.created", "credit_note.voided"})
EDIT_EVENTS = frozenset({"invoice.updated", "credit_note.updated"})
"""A document was edited. The vendor's own reading says which of these are edits that touch money, and gives
the others no kind that concerns us."""
DocumentWorkflow = type[
    InvoiceWorkflow | CreditMemoWorkflow | PaymentWorkflow | RefundWorkflow | DisputeWorkflow | PayoutWorkflow
]
CASH_WORKFLOWS: Mapping[str, tuple[str, DocumentWorkflow]] = {
    "payment_intent.succeeded": ("payment", PaymentWorkflow),
    "refund.created": ("refund", RefundWorkflow),
    "refund.updated": ("refund", RefundWorkflow),
    "charge.dispute.funds_withdrawn": ("dispute", DisputeWorkflow),
    "charge.dispute.funds_reinstated": ("dispute", DisputeWorkflow),
    "charge.dispute.closed": ("dispute", DisputeWorkflow),
    "payout.paid": ("payout", PayoutWorkflow),
}
"""Events about money and the workflows that see it through, by the event's type. That a payment has failed is
none of them: no money has moved."""
CASH_EVENTS = frozenset(CASH_WORKFLOWS)


class TemporalHandoff:
    """`crm` is the platform whose events start contracts; `tenant` goes into every idempotency key."""

    def __init__(self, client: Client, tenant: str) -> None:
        self._client = client
        self._tenant = tenant

    async def hand_on(self, event: LoggedEvent) -> Outcome:
        """Raises HandoffUnavailable where Temporal can't be reached, or can't answer now."""
        try:
            if event.object_kind == "contract" and event.contract is not None:
                return await self._to_contract(event, event.contract)
            if event.object_kind == "invoice" and event.type in INVOICE_EVENTS | EDIT_EVENTS:
                return await self._to_document(event, "invoice", InvoiceWorkflow)
            if event.object_kind == "invoice" and event.type in INVOICE_NEWS:
                return await self._news_of(event, "invoice")
            if event.object_kind == "credit_memo" and event.type in CREDIT_EVENTS | EDIT_EVENTS:
                return await self._to_document(event, "credit-memo", CreditMemoWorkflow)
            if event.type in CASH_WORKFLOWS and event.object_kind == CASH_WORKFLOWS[event.type][0]:
                return await self._to_document(event, *CASH_WORKFLOWS[event.type])
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return Outcome.retry("the workflow has not answered in time")
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:  # the event's fault: others are not held up
                return Outcome.dead(f"Temporal does not take it: {error.message}")
            raise HandoffUnavailable(error.status.name) from error
        return Outcome.ignored(f"{event.type} concerns no workflow")

    async def _to_contract(self, event: LoggedEvent, contract: str) -> Outcome:
        workflow_id = contract_workflow_id(contract)
        notice = Notice(
            event_id=event.event_id,
            contract=contract,
            platform=event.platform,
            type=event.type,
            version=event.version,
            occurred_at=event.occurred_at or event.received_at,
            correlation_id=event.correlation_id,
        )
        try:
            ticket = await self._client.execute_update_with_start_workflow(
                ContractWorkflow.notify,
                notice,
                id=event.event_id,
                start_workflow_operation=start_of_contract(contract, self._tenant, event.platform),
            )
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError):
                return Outcome.dead(error.cause.message)
            raise
        if ticket.accepted or ticket.reason == SEEN_BEFORE:
            return Outcome.applied(workflow_id)
        return Outcome.ignored(ticket.reason or "not taken", workflow_id)

    async def _news_of(self, event: LoggedEvent, kind: str) -> Outcome:
        """To the document's workflow, where it runs: it may be asking a person about what has passed."""
        workflow_id = document_workflow_id(kind, event.platform, event.object_id)
        try:
            await self._client.get_workflow_handle(workflow_id).signal("notify", _notice(event))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return Outcome.ignored(f"{event.type}: nobody is asked about the document")
        return Outcome.applied(workflow_id)

    async def _to_document(self, event: LoggedEvent, kind: str, workflow: DocumentWorkflow) -> Outcome:
        workflow_id = document_workflow_id(kind, event.platform, event.object_id)
        pairs = [SearchAttributePair(STATUS, "running")]
        if event.contract is not None:
            pairs.append(SearchAttributePair(CONTRACT, event.contract))
        await self._client.start_workflow(
            workflow.run,
            DocumentInput(tenant=self._tenant, platform=event.platform, document_id=event.object_id),
            id=workflow_id,
            task_queue=WORKFLOW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="notify",
            start_signal_args=[_notice(event)],
            search_attributes=TypedSearchAttributes(pairs),
            static_summary=f"{kind} {event.object_id} of {event.platform} to the ledger",
        )
        return Outcome.applied(workflow_id)


def _notice(event: LoggedEvent) -> DocumentNotice:
    return DocumentNotice(
        event_id=event.event_id,
        type=event.type,
        occurred_at=event.occurred_at or event.received_at,
        correlation_id=event.correlation_id,
    )


SEEN_BEFORE = "seen before"


def start_of_contract(
    contract: str, tenant: str, crm: str
) -> WithStartWorkflowOperation[ContractWorkflow, None]:
    """Starts the contract's workflow where it does not run yet; it runs for the contract's whole life."""
    return WithStartWorkflowOperation(
        ContractWorkflow.run,
        ContractState(id=contract, tenant=tenant, crm=crm),
        id=contract_workflow_id(contract),
        task_queue=WORKFLOW_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=TypedSearchAttributes(
            [SearchAttributePair(CONTRACT, contract), SearchAttributePair(STATUS, "activating")]
        ),
        static_summary=f"Contract {contract}",
        static_details="The contract's whole life; its changes are chapters of their own.",
    )
