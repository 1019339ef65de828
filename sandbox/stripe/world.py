"""The account as it is: its objects, its time, and the events that tell of their changes.

Objects are kept as the API shows them, with ids where it could expand, and with private fields that begin
with an underscore (`_lines` of an invoice); `sandbox.stripe.views` makes of them what is answered.
"""

import json
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.kit.clock import Clock
from sandbox.kit.state import State
from sandbox.stripe import views
from sandbox.stripe.errors import missing

if TYPE_CHECKING:
    from sandbox.kit.webhooks import Outbox

Document = dict[str, Any]

API_VERSION = "2026-05-27.dahlia"
ACCOUNT = "acct_1SandboxQ2C00000"
EVENT_DAYS = 30
DAY = 86_400
_ALPHABET = string.ascii_letters + string.digits
_BILLED_KINDS = ("subscription", "subscription_schedule", "invoice")
_QUIET_KEYS = ("webhooks_delivered_at",)


@dataclass(frozen=True)
class RequestInfo:
    """The API request that is being carried out; events name it."""

    id: str
    idempotency_key: str | None


class World:
    def __init__(self, state: State, clock: Clock, outbox: "Outbox") -> None:
        self.state, self.clock, self.outbox = state, clock, outbox
        self.request: RequestInfo | None = None
        self._moment: int | None = None
        self._held = False
        self.quiet = False  # while something is only tried out, nothing is told
        self.touched: set[tuple[str, str]] = set()  # what billing has to look at again
        self.next_due: int | None = None  # the earliest that is not due yet; None: not known

    # Time: the platform's clock, a test clock's for its customers, or the moment that is being billed.

    def now(self) -> int:
        return self.clock_time() if self._moment is None else self._moment

    def clock_time(self) -> int:
        return int(self.clock.now().timestamp())

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """Within the block it is `moment` for everybody."""
        before = self._moment, self._held
        self._moment, self._held = moment, True
        try:
            yield
        finally:
            self._moment, self._held = before

    def begin(self, request: RequestInfo | None) -> None:
        self.request, self._moment, self._held = request, None, False

    def follow_clock(self, obj: Document) -> None:
        """From now on it is the time of the object's test clock, if it has one."""
        if self._held:
            return
        customer = self.get("customer", obj["customer"]) if isinstance(obj.get("customer"), str) else None
        clock_id = obj.get("test_clock") or (customer or {}).get("test_clock")
        clock = self.get("test_helpers.test_clock", clock_id) if clock_id else None
        if clock is not None:
            self._moment = clock["frozen_time"]

    # Objects

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"

    def get(self, kind: str, id: str) -> Document | None:
        return self.state.get(kind, id)

    def require(self, kind: str, id: str, param: str = "id") -> Document:
        """The object, 404 if there is none; its test clock is followed."""
        found = self.get(kind, id) if id else None
        if found is None or found.get("_deleted"):
            raise missing(kind, id, param)
        self.follow_clock(found)
        return found

    def all(self, kind: str, **equals: Any) -> list[Document]:
        """Newest first; deleted ones are left out."""
        found = self.state.find(kind, **equals) if equals else self.state.all(kind)
        return [obj for obj in reversed(found) if not obj.get("_deleted")]

    def put(self, obj: Document) -> Document:
        self.state.put(obj["object"], obj["id"], obj)
        if obj["object"] in _BILLED_KINDS:
            self.touched.add((obj["object"], obj["id"]))
        return obj

    def create(self, obj: Document, event: str | None = None) -> Document:
        obj["_written_at"] = self.now()
        self.put(obj)
        if event:
            self.emit(event, obj)
        return obj

    def update(self, obj: Document, event: str | None, *more_events: str) -> Document:
        """Keep the changed object; `event` tells what was before; nothing is told if nothing changed."""
        stored = self.state.get(obj["object"], obj["id"])
        before = views.view(self, stored) if stored else {}
        self.put(obj)
        after = views.view(self, obj)
        for name in more_events:
            self.emit(name, obj)
        changed = _previous(before, after)
        if event and changed:
            self.emit(event, obj, changed)
        return obj

    def delete(self, obj: Document, event: str | None = None) -> Document:
        """Gone from lists and look-ups."""
        if event:
            self.emit(event, obj)
        self.state.delete(obj["object"], obj["id"])
        return {"id": obj["id"], "object": obj["object"], "deleted": True}

    # Events

    def emit(self, type: str, obj: Document, previous: Document | None = None) -> None:
        if self.quiet:
            return
        data: Document = {"object": views.view(self, obj)}
        if previous is not None:
            data["previous_attributes"] = previous
        request = self.request
        event: Document = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.clock_time(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {
                "id": request.id if request else None,
                "idempotency_key": request.idempotency_key if request else None,
            },
            "type": type,
        }
        self.state.put("event", event["id"], event)
        self._send(event)

    def _send(self, event: Document) -> None:
        endpoints = [
            endpoint
            for endpoint in self.state.all("webhook_endpoint")
            if endpoint["status"] == "enabled" and not endpoint.get("_deleted")
            if "*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"]
        ]
        for endpoint in endpoints:
            version = endpoint["api_version"] or API_VERSION
            shown = {**event, "api_version": version, "pending_webhooks": len(endpoints)}
            body = json.dumps(shown, ensure_ascii=False).encode()
            name = event["id"] if endpoint.get("_default") else f"{event['id']}@{endpoint['id']}"
            self.outbox.enqueue(
                endpoint["url"],
                body,
                event_id=name,
                topic=event["type"],
                content_type="application/json; charset=utf-8",
                headers={"user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)"},
            )


def _previous(before: Document, after: Document) -> Document:
    """What the changed top-level attributes were; of metadata and other hashes only what changed."""
    changed: Document = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new or key in _QUIET_KEYS:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and old.get("object") != "list":
            changed[key] = {
                name: old.get(name) for name in old.keys() | new.keys() if old.get(name) != new.get(name)
            }
        else:
            changed[key] = old
    return changed
