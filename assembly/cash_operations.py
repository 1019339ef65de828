"""`gateway.cash_operations.CashOperations` over Temporal."""

import asyncio
import datetime as dt
from collections.abc import Sequence

from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError

from canonical.ids import document_workflow_id
from gateway.operations import Actor, TemporalUnreachable
from workflows._attributes import STATUS
from workflows._document import DocumentInput, DocumentNotice
from workflows._options import WORKFLOW_QUEUE
from workflows.bank_receipt import BankReceiptWorkflow

_AT_ONCE = 10


class TemporalCash:
    """A mixin, as `TemporalPeriods` is."""

    _client: Client
    _tenant: str

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
