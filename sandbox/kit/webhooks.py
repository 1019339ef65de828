"""Outgoing webhooks: a durable queue, delivered at least once, signed when they are sent."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from sandbox.kit.clock import Clock, real_now
from sandbox.kit.faults import Fault, Faults
from sandbox.kit.state import State

Sign = Callable[[str, bytes, datetime], Mapping[str, str]]
Accepted = Callable[[httpx.Response], bool]

WAITING, DELIVERED, LOST, GIVEN_UP = "waiting", "delivered", "lost", "given up"
_KIND = "_webhook"
_GIVE_UP_AFTER = timedelta(days=3)
_LATE_SECONDS = 30.0
_HELD_SECONDS = 5.0


def unsigned(_event_id: str, _body: bytes, _now: datetime) -> Mapping[str, str]:
    return {}


def success(response: httpx.Response) -> bool:
    return response.is_success


class Outbox:
    """Webhooks waiting for a receiver. Dues follow the platform's clock; signatures carry the real time.

    A vendor sets `sign` (headers for event id, body, now) and, where 2xx is not enough, `accepted`; who
    delivers in the same process (by `flush`) may set `queued`, which is called for each webhook.
    """

    def __init__(
        self,
        state: State,
        clock: Clock,
        faults: Faults,
        *,
        base_seconds: float = 0.5,
        limit_seconds: float = 10,
    ) -> None:
        self._state, self._clock, self._faults = state, clock, faults
        self._base_seconds, self._limit_seconds = base_seconds, limit_seconds
        self._news = asyncio.Event()
        self._flushing = asyncio.Lock()
        self.sign: Sign = unsigned
        self.accepted: Accepted = success
        self.queued: Callable[[], None] = self._news.set
        self.real_now: Callable[[], datetime] = real_now

    def enqueue(
        self,
        url: str,
        body: bytes,
        *,
        event_id: str,
        topic: str = "",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Queue one webhook; inside a `state.transaction()` it is queued only if that commits."""
        entry = {
            "number": self._state.next_number(_KIND),
            "id": event_id,
            "topic": topic,
            "url": url,
            "headers": {"content-type": content_type, **(headers or {})},
            "body": base64.b64encode(body).decode(),
            "status": WAITING,
            "copies": 1,
            "held": False,
            "attempts": 0,
            "answers": [],
            "queued_at": self._clock.now().isoformat(),
            "due_at": self._clock.now().isoformat(),
        }
        self._release_held()
        self._suffer(entry, self._faults.for_webhook(topic))
        self._keep(entry)
        self.queued()

    def entries(self) -> list[dict[str, Any]]:
        """All webhooks ever queued, with what became of them; bodies as text."""
        shown = []
        for entry in self._state.all(_KIND):
            text = base64.b64decode(entry["body"]).decode(errors="replace")
            shown.append({**entry, "body": text})
        return shown

    def waiting(self) -> int:
        return len(self._state.find(_KIND, status=WAITING))

    async def flush(self, client: httpx.AsyncClient, *, force: bool = False) -> int:
        """Try once each webhook that is due (with `force`: each that waits); returns how many got through."""
        async with self._flushing:
            now = self._clock.now()
            due = [e for e in self._in_order() if force or datetime.fromisoformat(e["due_at"]) <= now]
            return sum([await self._deliver(client, entry) for entry in due])

    async def run(self, client: httpx.AsyncClient) -> None:
        """Deliver for ever, as a background task of a serving process; ends by cancellation."""
        while True:
            self._news.clear()
            await self.flush(client)
            try:
                await asyncio.wait_for(self._news.wait(), self._seconds_to_next())
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Look again what is due (the clock was moved)."""
        self._news.set()

    async def _deliver(self, client: httpx.AsyncClient, entry: dict[str, Any]) -> int:
        """Send all copies of one webhook; stop at the first that the receiver does not accept."""
        delivered = 0
        while entry["status"] == WAITING:
            answer, accepted = await self._send(client, entry)
            entry["attempts"] += 1
            entry["answers"] = [*entry["answers"][-9:], answer]
            if accepted:
                delivered += 1
                entry["copies"] -= 1
                entry["status"] = WAITING if entry["copies"] else DELIVERED
            else:
                self._put_off(entry)
            if self._state.get(_KIND, _key(entry)) is None:
                return delivered  # the platform was reset meanwhile
            self._keep(entry)
            if not accepted:
                return delivered
        return delivered

    async def _send(self, client: httpx.AsyncClient, entry: dict[str, Any]) -> tuple[int | str, bool]:
        body = base64.b64decode(entry["body"])
        headers = {**entry["headers"], **self.sign(entry["id"], body, self.real_now())}
        try:
            response = await client.post(entry["url"], content=body, headers=headers)
        except httpx.TransportError as error:
            return type(error).__name__, False
        return response.status_code, self.accepted(response)

    def _put_off(self, entry: dict[str, Any]) -> None:
        now = self._clock.now()
        if now - datetime.fromisoformat(entry["queued_at"]) > _GIVE_UP_AFTER:
            entry["status"] = GIVEN_UP
        doublings = min(entry["attempts"] - 1, 30)
        wait = min(self._base_seconds * 2**doublings, self._limit_seconds)
        entry["due_at"] = (now + timedelta(seconds=wait)).isoformat()

    def _suffer(self, entry: dict[str, Any], fault: Fault | None) -> None:
        match fault.outcome if fault else None:
            case "webhook-lost":
                entry["status"] = LOST
            case "webhook-duplicate":
                entry["copies"] = 2
            case "webhook-late":
                seconds = fault.seconds if fault and fault.seconds is not None else _LATE_SECONDS
                entry["due_at"] = (self._clock.now() + timedelta(seconds=seconds)).isoformat()
            case "webhook-reorder":
                entry["held"] = True
                entry["due_at"] = (self._clock.now() + timedelta(seconds=_HELD_SECONDS)).isoformat()

    def _release_held(self) -> None:
        """A webhook held back for a reorder goes out right after the one that is being queued now."""
        for entry in self._state.find(_KIND, held=True):
            self._state.delete(_KIND, _key(entry))
            entry |= {"held": False, "due_at": self._clock.now().isoformat()}
            entry["number"] = self._state.next_number(_KIND)
            self._keep(entry)

    def _in_order(self) -> list[dict[str, Any]]:
        return sorted(self._state.find(_KIND, status=WAITING), key=lambda entry: int(entry["number"]))

    def _seconds_to_next(self) -> float | None:
        waiting = self._in_order()
        if not waiting:
            return None
        due_at = min(datetime.fromisoformat(entry["due_at"]) for entry in waiting)
        return max((due_at - self._clock.now()).total_seconds(), 0.05)

    def _keep(self, entry: dict[str, Any]) -> None:
        self._state.put(_KIND, _key(entry), entry)


def _key(entry: dict[str, Any]) -> str:
    return str(entry["number"])
