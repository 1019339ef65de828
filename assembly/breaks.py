"""`activities.breaks.BreakDesk` over Temporal."""

import datetime as dt

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from canonical.ids import document_workflow_id, repair_workflow_id
from canonical.reconciliation import BreakReport, DocumentRestart
from workflows._attributes import CONTRACT, LEGAL_ENTITY, STATUS
from workflows._document import DocumentInput, DocumentNotice, DocumentResult
from workflows._options import WORKFLOW_QUEUE
from workflows.credit_memo import CreditMemoWorkflow
from workflows.dispute import DisputeWorkflow
from workflows.invoice import InvoiceWorkflow
from workflows.payment import PaymentWorkflow
from workflows.refund import RefundWorkflow
from workflows.repair import RepairWorkflow

_Story = (
    type[InvoiceWorkflow]
    | type[CreditMemoWorkflow]
    | type[PaymentWorkflow]
    | type[RefundWorkflow]
    | type[DisputeWorkflow]
)
_KINDS: dict[str, tuple[str, _Story]] = {
    "invoice": ("invoice", InvoiceWorkflow),
    "credit_memo": ("credit-memo", CreditMemoWorkflow),
    "payment": ("payment", PaymentWorkflow),
    "refund": ("refund", RefundWorkflow),
    "dispute": ("dispute", DisputeWorkflow),
}


class TemporalBreakDesk:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def see(self, report: BreakReport) -> None:
        pairs = [SearchAttributePair(LEGAL_ENTITY, report.entity), SearchAttributePair(STATUS, "running")]
        if report.found.contract is not None:
            pairs.append(SearchAttributePair(CONTRACT, report.found.contract))
        start = WithStartWorkflowOperation(
            RepairWorkflow.run,
            report,
            id=repair_workflow_id(report.found.id),
            task_queue=WORKFLOW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=TypedSearchAttributes(pairs),
            static_summary=f"{report.found.type} of {report.entity}, {report.period}",
        )
        await self._client.execute_update_with_start_workflow("asked", start_workflow_operation=start)

    async def gone(self, break_id: str) -> None:
        handle = self._client.get_workflow_handle(repair_workflow_id(break_id))
        try:
            await handle.signal("gone")
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    async def restart(self, order: DocumentRestart) -> None:
        kind, story = _KINDS[order.kind]
        notice = DocumentNotice(
            event_id=order.event_id,
            type="reconciliation",
            occurred_at=dt.datetime.now(dt.UTC),
            correlation_id=order.correlation_id,
        )
        pairs = [SearchAttributePair(STATUS, "running")]
        if order.contract is not None:
            pairs.append(SearchAttributePair(CONTRACT, order.contract))
        await self._client.start_workflow(
            story.run,
            DocumentInput(tenant=order.tenant, platform=order.platform, document_id=order.document_id),
            id=document_workflow_id(kind, order.platform, order.document_id),
            task_queue=WORKFLOW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="notify",
            start_signal_args=[notice],
            search_attributes=TypedSearchAttributes(pairs),
            static_summary=f"{kind} {order.document_id} of {order.platform} to the ledger, handed on again",
        )

    async def outcome(self, order: DocumentRestart) -> str | None:
        kind, _ = _KINDS[order.kind]
        workflow_id = document_workflow_id(kind, order.platform, order.document_id)
        handle = self._client.get_workflow_handle(workflow_id, result_type=DocumentResult)
        status = (await handle.describe()).status
        if status == WorkflowExecutionStatus.RUNNING:
            return None
        if status != WorkflowExecutionStatus.COMPLETED:
            return f"its workflow has ended as {status.name.lower() if status else 'unknown'}"
        result: DocumentResult = await handle.result()
        return result.outcome
