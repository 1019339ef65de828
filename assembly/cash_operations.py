"""`gateway.cash_operations.CashOperations` over Temporal."""

import asyncio
import datetime as dt
from collections.abc import Sequence

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError

from assembly.over_temporal import OverTemporal
from canonical.base import Dec
from canonical.cash import CashDecision, CashOrder, DecisionKind, UnappliedListing, UnappliedQuestion
from canonical.ids import cash_decision_workflow_id, document_workflow_id
from gateway.operations import Actor, InvalidRequest, TemporalUnreachable
from workflows._attributes import CONTRACT, STATUS
from workflows._document import DocumentInput, DocumentNotice
from workflows._options import WORKFLOW_QUEUE
from workflows.bank_receipt import BankReceiptWorkflow
from workflows.cash_decision import CashDecisionInput, CashDecisionWorkflow
from workflows.unapplied_cash import UnappliedCashWorkflow

_AT_ONCE = 10
_LISTED_WITHIN = dt.timedelta(minutes=5)


class TemporalCash(OverTemporal):
    """A part of the operations."""

    async def start_receipts(self, names: Sequence[tuple[str, str]], actor: Actor) -> int:
        places = asyncio.Semaphore(_AT_ONCE)

        async def start(bank: str, ref: str) -> None:
            async with places:
                await self._start_receipt(bank, ref, actor)

        try:
            async with asyncio.TaskGroup() as group:
                for bank, ref in names:
                    group.create_task(start(bank, ref))
        except* RPCError as errors:
            raise TemporalUnreachable("Temporal does not answer: import the file again") from errors
        return len(names)

    async def _start_receipt(self, bank: str, ref: str, actor: Actor) -> None:
        notice = DocumentNotice(
            event_id=f"import/{actor.request_id}",
            type="bank_receipt",
            occurred_at=dt.datetime.now(dt.UTC),
            correlation_id=actor.request_id,
        )
        await self._client.start_workflow(
            BankReceiptWorkflow.run,
            DocumentInput(tenant=self._tenant, platform=bank, document_id=ref),
            id=document_workflow_id("cash", bank, ref),
            task_queue=WORKFLOW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="notify",
            start_signal_args=[notice],
            search_attributes=TypedSearchAttributes([SearchAttributePair(STATUS, "running")]),
            static_summary=f"Receipt {ref} of {bank} to the ledger",
        )

    async def unapplied_cash(self, entity: str) -> UnappliedListing:
        found: UnappliedListing = await self._asked(
            self._client.execute_workflow(
                UnappliedCashWorkflow.run,
                UnappliedQuestion(entity=entity),
                id=f"unapplied-cash/{entity}",
                task_queue=WORKFLOW_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                execution_timeout=_LISTED_WITHIN,
                static_summary=f"Unapplied money of {entity}",
            )
        )
        return found

    async def decide_cash(
        self,
        kind: DecisionKind,
        contract: str,
        reason: str,
        actor: Actor,
        *,
        source: str | None = None,
        invoices: dict[str, Dec | None] | None = None,
        amount: Dec | None = None,
        entry: str | None = None,
        date: dt.date | None = None,
    ) -> CashDecision:
        order = CashOrder(
            tenant=self._tenant,
            kind=kind,
            contract=contract,
            source=source,
            invoices=invoices or {},
            amount=amount,
            entry=entry,
            date=date or dt.datetime.now(dt.UTC).date(),
            reason=reason,
            requested_by=actor.name,
            role=actor.role,
            correlation_id=actor.request_id,
        )
        workflow_id = cash_decision_workflow_id(kind, order.id)
        start = WithStartWorkflowOperation(
            CashDecisionWorkflow.run,
            CashDecisionInput(tenant=self._tenant, platform="q2c", document_id=order.id, order=order),
            id=workflow_id,
            task_queue=WORKFLOW_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(CONTRACT, contract), SearchAttributePair(STATUS, "running")]
            ),
            static_summary=f"{kind.replace('_', '-')} decided by {actor.name}, {contract}",
        )
        decision: CashDecision = await self._asked(
            self._client.execute_update_with_start_workflow(
                "asked",
                id=actor.request_id,
                start_workflow_operation=start,
                result_type=CashDecision,
            )
        )
        if decision.status == "refused":
            raise InvalidRequest(decision.message, field=decision.field)
        return decision
