"""The shapes that the API answers with (INTERFACES, "Shapes of -o json")."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal

from canonical.base import Dec, Noun
from gateway.operations import ContractView, PlatformView
from store.exceptions import RecordedException, StoryLine
from store.lineage import RecordedLineage


class PlatformObject(Noun):
    kind: str
    business_key: str
    id: str
    url: str | None


class Posting(Noun):
    """Where a document stands in the ledger."""

    platform: str
    id: str


class DocumentView(Noun):
    """An invoice or credit memo of the billing platform; `total` in the contract's currency."""

    kind: Literal["invoice", "credit_memo"]
    id: str
    number: str | None
    date: dt.date | None
    total: Dec | None
    posted: Posting | None


class ContractDetail(ContractView):
    platforms: dict[str, list[PlatformObject]]
    documents: list[DocumentView]
    exceptions: list[str]


class LineageView(Noun):
    """One object and where it came from, flat."""

    contract: str
    change: str
    step: str
    workflow_id: str
    run_id: str
    activity: str
    attempt: int
    platform: str
    kind: str
    id: str
    business_key: str
    number: str | None
    date: dt.date | None
    total: Dec | None
    currency: str | None
    url: str | None
    event_id: str | None
    correlation_id: str
    recorded_at: dt.datetime


class ExceptionView(Noun):
    """An exception as the list shows it; `amount` in `currency`."""

    id: str
    contract: str
    change: str | None
    step: str
    platform: str | None
    code: str
    summary: str
    owner: str
    amount: Dec | None
    currency: str | None
    opened_at: dt.datetime
    due_at: dt.datetime
    status: Literal["open", "resolved"]
    actions: tuple[str, ...]


class ExceptionDetail(ExceptionView):
    workflow_id: str
    field: str | None
    legal_entity: str | None
    correlation_id: str
    escalations: int
    resolution: dict[str, str] | None
    resolved_at: dt.datetime | None
    story: list[StoryLine]


def exception_view(item: RecordedException) -> ExceptionView:
    return ExceptionView.model_validate(item.model_dump(include=set(ExceptionView.model_fields)))


def exception_detail(item: RecordedException, story: Sequence[StoryLine]) -> ExceptionDetail:
    known = item.model_dump(include=set(ExceptionDetail.model_fields))
    return ExceptionDetail.model_validate(known | {"story": list(story)})


def lineage_view(entry: RecordedLineage) -> LineageView:
    origin, reference = entry.origin, entry.reference
    return LineageView(
        contract=origin.contract,
        change=origin.change,
        step=origin.step,
        workflow_id=entry.workflow_id,
        run_id=entry.run_id,
        activity=entry.activity,
        attempt=entry.attempt,
        platform=reference.platform,
        kind=reference.kind,
        id=reference.id,
        business_key=reference.business_key,
        number=reference.number,
        date=reference.date,
        total=reference.total,
        currency=entry.currency,
        url=reference.url,
        event_id=origin.event_id,
        correlation_id=origin.correlation_id,
        recorded_at=entry.recorded_at,
    )


def contract_detail(
    view: ContractView,
    entries: Iterable[RecordedLineage],
    exceptions: Iterable[RecordedException],
    platforms: Iterable[PlatformView],
) -> ContractDetail:
    """Composes the workflow's word with the store's."""
    objects = _merged(entries)
    capabilities = {platform.name: platform.capabilities for platform in platforms}
    by_platform: dict[str, list[PlatformObject]] = {}
    for entry in objects:
        reference = entry.reference
        by_platform.setdefault(reference.platform, []).append(
            PlatformObject(
                kind=reference.kind,
                business_key=reference.business_key,
                id=reference.id,
                url=reference.url,
            )
        )
    return ContractDetail(
        **{name: getattr(view, name) for name in ContractView.model_fields},
        platforms=by_platform,
        documents=_documents(objects, capabilities),
        exceptions=[item.id for item in exceptions],
    )


def _merged(entries: Iterable[RecordedLineage]) -> list[RecordedLineage]:
    """One entry per object: what a later step has learnt (a number, a date, a total) goes over the first."""
    found: dict[tuple[str, str, str], RecordedLineage] = {}
    for entry in entries:
        key = (entry.reference.platform, entry.reference.kind, entry.reference.id)
        if key not in found:
            found[key] = entry
            continue
        learnt = {
            name: getattr(entry.reference, name)
            for name in ("number", "url", "date", "total", "status")
            if getattr(entry.reference, name) is not None
        }
        reference = found[key].reference.model_copy(update=learnt)
        found[key] = found[key].model_copy(update={"reference": reference})
    return list(found.values())


def _documents(
    objects: list[RecordedLineage], capabilities: dict[str, tuple[str, ...]]
) -> list[DocumentView]:
    """The billing platforms' documents, each with its posting in an ERP, found by its business key."""
    postings: dict[tuple[str, str], Posting] = {}
    for entry in objects:
        reference = entry.reference
        if "erp" in capabilities.get(reference.platform, ()):
            key = (reference.kind, reference.business_key)
            postings[key] = Posting(platform=reference.platform, id=reference.id)
    documents = [
        DocumentView(
            kind=entry.reference.kind,
            id=entry.reference.id,
            number=entry.reference.number,
            date=entry.reference.date,
            total=entry.reference.total,
            posted=postings.get((entry.reference.kind, entry.reference.business_key)),
        )
        for entry in objects
        if entry.reference.kind in ("invoice", "credit_memo")
        and "billing" in capabilities.get(entry.reference.platform, ())
    ]
    return sorted(documents, key=lambda each: (each.date or dt.date.max, each.kind != "invoice", each.id))
