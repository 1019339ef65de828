"""The event log: what came in, what became of it, and once more from the log."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from canonical.base import Noun
from connectors.webhooks import NotAnEvent, SignatureInvalid
from gateway.access import OperatorRole, Viewer
from gateway.api.audit import record
from gateway.api.exceptions import Reason
from gateway.api.views import LineageView, lineage_view
from gateway.deps import Stores, TheStores
from gateway.problems import Problem
from gateway.webhooks import WebhookDesk
from store.accounting import Accounting, account
from store.event_log import EventState, LoggedEvent
from store.new_events import UNREADABLE

router = APIRouter(tags=["events"])
EventNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


class EventDetail(Noun):
    """An event with what it came with and what came of it; `body` as text, undecodable bytes escaped."""

    event: LoggedEvent
    headers: dict[str, str]
    body: str
    objects: list[LineageView]
    exceptions: list[str]


@router.get("/events")
async def list_events(
    actor: Viewer,
    stores: TheStores,
    state: EventState | None = None,
    platform: str | None = None,
    contract: str | None = None,
    limit: Limit = 100,
    before: Before = None,
) -> list[LoggedEvent]:
    """Newest first; `before` is the id from which to go on."""
    return await stores.events.list(
        state=state, platform=platform, contract=contract, limit=limit, before=before
    )


@router.get("/events/accounting")
async def show_accounting(actor: Viewer, stores: TheStores) -> Accounting:
    """How many events were accepted, and where each of them is."""
    return await account(stores.database)


@router.get("/events/{event}")
async def show_event(event: EventNumber, actor: OperatorRole, stores: TheStores) -> EventDetail:
    found = await _known(stores, event)
    payload = await stores.events.payload(event)
    assert payload is not None, "an event is never deleted"
    entries = await stores.lineage.of_event(found.event_id)
    exceptions = await stores.exceptions.of_correlation(found.correlation_id)
    return EventDetail(
        event=found,
        headers=payload[1],
        body=payload[0].decode("utf-8", "backslashreplace"),
        objects=[lineage_view(entry) for entry in entries],
        exceptions=[item.id for item in exceptions],
    )


@router.post("/events/{event}/replay")
async def replay_event(
    event: EventNumber, decision: Reason, actor: OperatorRole, stores: TheStores, request: Request
) -> list[LoggedEvent]:
    """Hands the event on once more; a dead letter that could not be read is read again first."""
    found = await _known(stores, event)
    desk: WebhookDesk = request.app.state.webhooks
    if found.type == UNREADABLE:
        replayed = await _read_again(found, stores, desk)
    else:
        again = await stores.events.replay(event)
        replayed = [] if again is None else [again]
    await record(
        stores, actor, "event.replay", "event", str(event), contract=found.contract, reason=decision.reason
    )
    desk.wake()
    return replayed


async def _read_again(letter: LoggedEvent, stores: Stores, desk: WebhookDesk) -> list[LoggedEvent]:
    payload = await stores.events.payload(letter.id)
    assert payload is not None, "an event is never deleted"
    try:
        events = desk.read_again(letter.platform, payload[0], payload[1], letter.received_at)
    except (SignatureInvalid, NotAnEvent) as error:
        raise Problem(409, "not_an_event", f"it can't be read still: {error}") from error
    await stores.events.replace_unreadable(letter.id, events)
    found = [await stores.events.find(each.platform, each.event_id) for each in events]
    return [each for each in found if each is not None]


@router.get("/deadletters")
async def list_dead_letters(
    actor: Viewer, stores: TheStores, limit: Limit = 100, before: Before = None
) -> list[LoggedEvent]:
    """Events that could not be read or handed on, newest first; replayed as `/events/{id}/replay`."""
    return await stores.events.list(state="dead", limit=limit, before=before)


@router.get("/outbound-events")
async def list_outbound_events(
    actor: Viewer, stores: TheStores, subject: str | None = None, limit: Limit = 100
) -> list[dict[str, Any]]:
    """What we have published, newest first, as CloudEvents."""
    return await stores.outbox.list(subject=subject, limit=limit)


async def _known(stores: Stores, event: int) -> LoggedEvent:
    found = await stores.events.get(event)
    if found is None:
        raise Problem(404, "not_found", f"there is no event {event}")
    return found
