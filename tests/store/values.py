"""Values that the store's tests start from."""

import datetime as dt
from decimal import Decimal
from typing import Any

from canonical.origin import Origin, Reference
from ports.records import ExceptionItem, LineageEntry, OverrideRecord
from store.new_events import NewEvent

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


class StoppedClock:
    """A clock that goes only where a test sets it; or, with `step_seconds`, a step each time it is read."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self.now = now
        self.step_seconds = 0.0

    def __call__(self) -> dt.datetime:
        self.advance(self.step_seconds)
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


def new_event(event_id: str, contract: str | None = "C-1", **changed: Any) -> NewEvent:
    values: dict[str, Any] = {
        "platform": "salesforce",
        "event_id": event_id,
        "type": "contract.approved",
        "received_at": NOON,
        "occurred_at": NOON,
        "contract": contract,
        "object_kind": "contract",
        "object_id": contract or "object-1",
        "version": 1,
        "body": b'{"event_id": 1}',
        "headers": {"webhook-id": event_id},
        "correlation_id": event_id,
    }
    return NewEvent(**(values | changed))


def lineage_entry(object_id: str = "in_1", step: str = "invoice", **changed: Any) -> LineageEntry:
    origin = Origin(
        tenant="default",
        contract="C-1",
        change="CH-1",
        step=step,
        correlation_id="evt-1",
        event_id="evt-1",
    )
    reference = Reference(
        platform="stripe",
        kind="invoice",
        id=object_id,
        business_key="C-1/invoice/2026-01-01",
        number="N-1",
        date=dt.date(2026, 1, 1),
        total=Decimal("13065.00"),
    )
    entry = LineageEntry(
        origin=origin,
        reference=reference,
        currency="USD",
        workflow_id="contract/C-1/activation/C-1",
        run_id="run-1",
        activity="billing.draft_invoice",
        attempt=1,
    )
    return entry.model_copy(update=changed)


def exception_item(key: str = "contract/C-1#erp#1", **changed: Any) -> ExceptionItem:
    item = ExceptionItem(
        key=key,
        workflow_id="contract/C-1",
        contract="C-1",
        change="CH-1",
        step="erp.post_invoice",
        platform="netsuite",
        code="PeriodClosed",
        summary="The posting period is closed",
        amount=Decimal("100.10"),
        currency="USD",
        owner="finance-operations",
        opened_at=NOON,
        due_at=NOON + dt.timedelta(hours=24),
        actions=("retry", "fix", "skip", "compensate"),
        correlation_id="evt-1",
    )
    return item.model_copy(update=changed)


def override(status: str = "requested", **changed: Any) -> OverrideRecord:
    values: dict[str, Any] = {
        "id": "OV-1",
        "exception_id": "EX-1",
        "contract": "C-1",
        "action": "skip",
        "amount": Decimal("100.10"),
        "currency": "USD",
        "reason": "customer agreed",
        "requested_by": "fay",
        "requested_at": NOON,
        "status": status,
        "digest": "d" * 64,
    }
    if status != "requested":
        values |= {"decided_by": "ann", "decided_at": NOON + dt.timedelta(hours=1)}
    return OverrideRecord(**(values | changed))
