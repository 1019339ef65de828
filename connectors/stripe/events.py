"""Stripe's own list of events, in which a webhook that was lost is found again."""

import datetime as dt
from collections.abc import AsyncIterator

from connectors.http import exact_json
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.webhook import event_of
from connectors.stripe.wire import Event
from connectors.webhooks import NotAnEvent
from ports.errors import UnexpectedAnswer
from ports.events import EventPage, ListedEvent

KEPT = dt.timedelta(days=30)
"""How long Stripe lists an event (docs.stripe.com/api/events: "going back up to 30 days")."""

TYPES = (
    "invoice.created",
    "invoice.finalized",
    "invoice.voided",
    "invoice.paid",
    "invoice.marked_uncollectible",
    "invoice.updated",
    "invoice.deleted",
    "credit_note.created",
    "credit_note.voided",
    "credit_note.updated",
    "payment_intent.succeeded",
    "refund.created",
    "refund.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
    "payout.paid",
)
"""Those that lead to something here; Stripe takes up to 20 in one question."""
_PAGE = 100


class Events:
    def __init__(self, client: StripeClient) -> None:
        self._client = client

    async def pages(self, since: dt.datetime) -> AsyncIterator[EventPage]:
        found: list[ListedEvent] = []
        asked = {"types": TYPES, "created": {"gte": int(since.timestamp())}}
        async for event in self._client.list(Event, "/v1/events", params=asked):
            found.append(_listed(event))
            if len(found) == _PAGE:
                yield self._page(found, since)
                found = []
        yield self._page(found, since)

    def _page(self, found: list[ListedEvent], since: dt.datetime) -> EventPage:
        """To be made after an answer: only then is it known what time Stripe has."""
        return EventPage(events=tuple(found), complete_since=max(since, self._client.now() - KEPT))


def _listed(event: Event) -> ListedEvent:
    body = exact_json(event.model_dump())
    try:
        return ListedEvent(event=event_of(body), body=body)
    except NotAnEvent as error:
        message = f"{event.id} is listed and is no event: {error}"
        raise UnexpectedAnswer(message, platform=PLATFORM, operation="events") from error
