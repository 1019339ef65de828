"""A contract's story: what event log, lineage, exceptions, overrides, audit and workflows know."""

import asyncio
from collections.abc import Iterator

from gateway.deps import Stores
from gateway.operations import ContractOrExceptionNotFound, Operations, TimelineItem
from ports.records import OverrideRecord
from store.audit import AuditRecord
from store.event_log import LoggedEvent
from store.exceptions import RecordedException
from store.lineage import RecordedLineage

_TOLD_ELSEWHERE = ("exception.", "override.")
_MOST_EVENTS = 1000


async def timeline_of(contract: str, stores: Stores, operations: Operations) -> list[TimelineItem]:
    """In order of time; empty for a contract that nobody knows."""
    events, lineage, exceptions, overrides, audit, workflows = await asyncio.gather(
        stores.events.list(contract=contract, limit=_MOST_EVENTS),
        stores.lineage.of_contract(contract),
        stores.exceptions.list(contract=contract),
        stores.overrides.list(contract=contract),
        stores.audit.list(contract=contract),
        _of_workflows(contract, operations),
    )
    items = [*workflows, *map(_event, events), *map(_object, lineage)]
    for exception in exceptions:
        items += _exception(exception)
    for override in overrides:
        items += _override(override)
    items += [_audit(entry) for entry in audit if not entry.action.startswith(_TOLD_ELSEWHERE)]
    return sorted(items, key=lambda item: item.at)


async def _of_workflows(contract: str, operations: Operations) -> tuple[TimelineItem, ...]:
    try:
        return await operations.contract_timeline(contract)
    except ContractOrExceptionNotFound:
        return ()


def _event(event: LoggedEvent) -> TimelineItem:
    fate = event.state.replace("_", " ") + (f": {event.reason}" if event.reason else "")
    return TimelineItem(
        at=event.received_at,
        kind="event",
        summary=f"{event.platform} says {event.type} ({fate})",
        actor=event.platform,
        correlation_id=event.correlation_id,
        links={"event": str(event.id)},
    )


def _object(entry: RecordedLineage) -> TimelineItem:
    reference = entry.reference
    figures = (
        " over " + f"{reference.total:f} {entry.currency or ''}".strip()
        if reference.total is not None
        else ""
    )
    links = {"workflow": entry.workflow_id}
    if reference.url is not None:
        links["url"] = reference.url
    return TimelineItem(
        at=entry.recorded_at,
        kind="object",
        summary=f"{reference.platform}: {reference.kind.replace('_', ' ')} "
        f"{reference.number or reference.id}{figures} ({entry.origin.step})",
        actor="q2c",
        correlation_id=entry.origin.correlation_id,
        links=links,
    )


def _exception(item: RecordedException) -> Iterator[TimelineItem]:
    links = {"exception": item.id, "workflow": item.workflow_id}
    yield TimelineItem(
        at=item.opened_at,
        kind="exception",
        summary=f"{item.id} opened for {item.owner}: {item.summary} ({item.code})",
        actor="q2c",
        correlation_id=item.correlation_id,
        links=links,
    )
    if item.resolved_at is not None and item.resolution is not None:
        said = item.resolution
        yield TimelineItem(
            at=item.resolved_at,
            kind="resolution",
            summary=f"{item.id} {said['action']}: {said['outcome']} ({said['reason']})",
            actor=said["actor"],
            correlation_id=item.correlation_id,
            links=links,
        )


def _override(override: OverrideRecord) -> Iterator[TimelineItem]:
    links = {"override": override.id, "exception": override.exception_id}
    yield TimelineItem(
        at=override.requested_at,
        kind="override",
        summary=f"{override.id} requested: {override.action} ({override.reason})",
        actor=override.requested_by,
        correlation_id=None,
        links=links,
    )
    if override.decided_at is not None:
        yield TimelineItem(
            at=override.decided_at,
            kind="override",
            summary=f"{override.id} {override.status}: {override.outcome or override.action}",
            actor=override.decided_by or "system",
            correlation_id=None,
            links=links,
        )


def _audit(entry: AuditRecord) -> TimelineItem:
    reason = f" ({entry.reason})" if entry.reason else ""
    return TimelineItem(
        at=entry.at,
        kind="operator",
        summary=f"{entry.action} {entry.object_id}{reason}",
        actor=entry.actor,
        correlation_id=entry.correlation_id,
        links={},
    )
