"""What we need from whoever tells us of events: its own list of them, in which lost ones are found again."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Literal, Protocol

from canonical.base import Noun

ObjectKind = Literal[
    "contract",
    "customer",
    "subscription",
    "invoice",
    "credit_memo",
    "payment",
    "refund",
    "dispute",
    "payout",
    "other",
]


class PlatformEvent(Noun):
    """One event of a platform: that something happened to an object, which is read again before it counts.

    `id` is the sender's own, the same at each delivery of the same event. `type` is the sender's word
    ("contract.approved", "invoice.paid"). `contract` is our contract id where the event says it, else None
    (it is then found from the object). `version` is the contract's version where the sender counts them.
    """

    id: str
    platform: str
    type: str
    occurred_at: dt.datetime
    contract: str | None = None
    object_kind: ObjectKind
    object_id: str
    version: int | None = None


class ListedEvent(Noun):
    """An event as the platform's own list has it, with its body for our log."""

    event: PlatformEvent
    body: bytes


class EventPage(Noun):
    """Some of what the platform lists. `complete_since`: what is older than that it lists no more."""

    events: tuple[ListedEvent, ...]
    complete_since: dt.datetime


class EventSource(Protocol):
    def events(self, since: dt.datetime) -> AsyncIterator[EventPage]:
        """The events from `since` on that we would be told of, at least one page, in no particular order.

        An event has the id that its webhook has; where the platform's records do not know that one, contract
        and version say which approval it is. Errors: `ports.errors`.
        """
        ...
