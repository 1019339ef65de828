"""Around every activity: lineage of what it made, a heartbeat, a word to the workflow when it keeps failing.

Lineage is written by the attempt that succeeded, before Temporal learns of it: an attempt whose worker dies
in between is repeated, finds the object that is there, and writes the same line.
"""

import asyncio
import contextlib
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, get_args

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.crm import ContractQuestion, ContractReading
from canonical.ids import contract_of_change, contract_workflow_id, idempotency_key
from canonical.lifecycle import ChangeType
from canonical.origin import NOT_NEEDED, Origin, Reference
from connectors.http import correlation_id
from ports.billing import IssuedDocument
from ports.crm import CrmWriteBack
from ports.records import ContractRecord, LineageEntry, PublishedEvent, Records
from ports.tax import TaxResult
from workflows._messages import Waiting

_log = structlog.get_logger("worker")

_QUIET_SECONDS = 1.5
"""A call that is done by then beats no heart: most are, and each beat is a request to the server."""

_SPEAK_UP_ATTEMPT = 3
"""From this attempt on the workflow shows what it waits for."""

_FIRST = "1"
"""The SDK numbers a workflow's activities from 1 where they are given no id."""

EVENTS = {
    "billing.set_subscription": "q2c.subscription.set",
    "billing.cancel_subscription": "q2c.subscription.ended",
    "billing.finalize_invoice": "q2c.invoice.issued",
    "billing.discard_invoice": "q2c.invoice.voided",
    "billing.issue_credit_memo": "q2c.credit_memo.issued",
    "billing.void_credit_memo": "q2c.credit_memo.voided",
    "tax.commit": "q2c.tax.recorded",
    "tax.adjust": "q2c.tax.adjusted",
    "tax.void": "q2c.tax.voided",
    "erp.post_document": "q2c.document.posted",
    "erp.void_document": "q2c.document.voided",
    "erp.post_cash": "q2c.cash.posted",
    "payments.refund_payment": "q2c.refund.made",
    "erp.post_journal": "q2c.journal.posted",
}
"""The steps that count, as others hear of them."""


class Recorder(Interceptor):
    """Worker interceptor. `client` signals workflows; None (tests without a server) leaves that out."""

    def __init__(self, records: Records, client: Client | None) -> None:
        self._records = records
        self._client = client

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Recording(next, self._records, self._client)


class _Recording(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, records: Records, client: Client | None) -> None:
        super().__init__(next)
        self._records = records
        self._client = client

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        if info.is_local:
            return await super().execute_activity(input)
        origin = getattr(input.args[0], "origin", None) if input.args else None
        await self._list_as_changing(info)
        token = correlation_id.set(origin.correlation_id if isinstance(origin, Origin) else None)
        try:
            async with _heartbeat():
                result = await super().execute_activity(input)
        except ApplicationError as error:
            if info.attempt == _SPEAK_UP_ATTEMPT and not error.non_retryable:
                await self._speak_up(info, error)
            raise
        finally:
            correlation_id.reset(token)
        await self._list_contract(input.args[0] if input.args else None, result)
        if isinstance(origin, Origin):
            await self._record(info, origin, result)
        return result

    async def _list_as_changing(self, info: activity.Info) -> None:
        """With a chapter's first call, since the chapter itself would pay for a call of its own to say so. An
        activation's contract is listed as activating by the reading before it.
        """
        if info.activity_id != _FIRST or info.workflow_type is None or info.workflow_id is None:
            return
        change = "cancellation" if info.workflow_type == "Merged" else info.workflow_type.lower()
        if change == "activation" or change not in get_args(ChangeType):
            return
        contract = contract_of_change(info.workflow_id, change)
        if contract is not None:
            await self._records.record_status(contract, "changing", 0, dt.datetime.now(dt.UTC))

    async def _list_contract(self, request: object, result: object) -> None:
        """Keeps the list of contracts up to date from what passes by."""
        now = dt.datetime.now(dt.UTC)
        if isinstance(request, CrmWriteBack):
            await self._records.record_status(
                request.contract, request.status, request.version, now, request.account
            )
        if isinstance(request, ContractQuestion) and isinstance(result, ContractReading):
            contract = result.snapshot.contract
            record = ContractRecord(
                id=contract.id,
                account=request.account or contract.account.id,
                legal_entity=contract.legal_entity,
                currency=contract.currency,
                status="activating" if request.status == "pending" else request.status,
                version=result.snapshot.version,
                workflow_id=contract_workflow_id(contract.id),
                updated_at=now,
            )
            await self._records.record_contract(record)

    async def _record(self, info: activity.Info, origin: Origin, result: object) -> None:
        reference, currency = _made(result)
        if reference is None or reference.status == NOT_NEEDED:
            return
        entry = LineageEntry(
            origin=origin,
            reference=reference,
            currency=currency,
            workflow_id=info.workflow_id or "",
            run_id=info.workflow_run_id or "",
            activity=info.activity_type,
            attempt=info.attempt,
        )
        counts = info.activity_type in EVENTS
        events = (_event(info, origin, reference),) if counts else ()
        await self._records.record_lineage((entry,), events)

    async def _speak_up(self, info: activity.Info, error: ApplicationError) -> None:
        if self._client is None or info.workflow_id is None or error.type == "ContractBusy":
            return
        handle = self._client.get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
        platform = info.task_queue.removeprefix("q2c-")
        waiting = Waiting(
            platform=platform,
            activity=info.activity_type,
            attempts=info.attempt,
            code=error.type or "unknown",
        )
        try:
            await handle.signal("waiting", waiting)
        except RPCError as problem:  # only a notice: the call itself is tried again whatever happens to it
            _log.warning("could not say what waits", platform=platform, status=str(problem.status))


def _made(result: object) -> tuple[Reference | None, str | None]:
    """The platform object that an activity's result stands for."""
    if isinstance(result, Reference):
        return result, None
    if isinstance(result, IssuedDocument):
        reference = Reference(
            platform=result.platform,
            kind=result.kind,
            id=result.id,
            business_key=result.key or result.id,
            number=result.number,
            url=result.url,
            date=result.date,
            total=result.total,
            status=result.status,
        )
        return reference, result.currency
    if isinstance(result, TaxResult):
        reference = Reference(
            platform=activity.info().task_queue.removeprefix("q2c-"),
            kind="tax_document",
            id=result.id,
            business_key=result.code,
            number=result.code,
            total=abs(result.total_tax),
            status=result.status,
        )
        return reference, None
    return None, None


def _event(info: activity.Info, origin: Origin, reference: Reference) -> PublishedEvent:
    data = {
        "contract": origin.contract,
        "change": origin.change,
        "platform": reference.platform,
        "kind": reference.kind,
        "id": reference.id,
        "key": reference.business_key,
    }
    if isinstance(reference.total, Decimal):
        data["total"] = format(reference.total, "f")
    name = idempotency_key(origin, f"{info.activity_type}/{reference.id}")
    return PublishedEvent(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        type=EVENTS[info.activity_type],
        subject=f"contract/{origin.contract}",
        time=info.scheduled_time,
        data=data,
    )


@contextlib.asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    """Beats while the call lasts longer than most, so that a worker's death is noticed in seconds."""
    task = asyncio.create_task(_beat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _beat() -> None:
    await asyncio.sleep(_QUIET_SECONDS)
    while True:
        activity.heartbeat()
        await asyncio.sleep(_QUIET_SECONDS)
