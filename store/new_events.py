"""An event on its way into the log: what it says, and what no database could hold of it."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ports.events import PlatformEvent

MAX_NAME = 500
"""The longest id or type, in bytes, that every database can index."""
_MAX_VERSION = 2**63 - 1
NOTHING = "nothing"
"""The type of a body whose sender is known and which holds no event for us."""
UNREADABLE = "unreadable"
"""The type of a dead letter whose body is not an event."""


class NewEvent(BaseModel):
    """An event as it came. A signed body that is not the event is `dead`, one that says nothing `ignored`."""

    model_config = ConfigDict(frozen=True)

    platform: str
    event_id: str
    type: str
    received_at: dt.datetime
    occurred_at: dt.datetime | None
    contract: str | None
    object_kind: str
    object_id: str
    version: int | None
    body: bytes
    headers: Mapping[str, str]
    correlation_id: str
    state: Literal["waiting", "dead", "ignored"] = "waiting"
    reason: str | None = None

    @property
    def stream(self) -> str:
        """Events of one stream are handed on in order of receipt: the contract's, else the object's."""
        if self.contract is not None:
            return f"contract/{self.contract}"
        return f"{self.object_kind}/{self.platform}/{self.object_id}"


def new_event(
    event: PlatformEvent, platform: str, body: bytes, headers: Mapping[str, str], now: dt.datetime
) -> NewEvent:
    return NewEvent(
        platform=platform,
        event_id=event.id,
        type=event.type,
        received_at=now,
        occurred_at=event.occurred_at,
        contract=event.contract,
        object_kind=event.object_kind,
        object_id=event.object_id,
        version=event.version,
        body=body,
        headers=headers,
        correlation_id=event.id,
    )


def letter(
    platform: str,
    body: bytes,
    headers: Mapping[str, str],
    now: dt.datetime,
    *,
    dead_because: str | None,
    named: str | None = None,
) -> NewEvent:
    """A body without an event in it: dead with its reason, or (None) ignored.

    It is named by its body's hash, so that the event which its sender may mend and send again under the
    same id (`named`) is not taken for a duplicate of it.
    """
    digest = hashlib.sha256(body).hexdigest()
    kind = NOTHING if dead_because is None else UNREADABLE
    return NewEvent(
        platform=platform,
        event_id=f"{kind}:{digest}",
        type=kind,
        received_at=now,
        occurred_at=None,
        contract=None,
        object_kind="other",
        object_id=digest if named is None or _flaw(named) else named,
        version=None,
        body=body,
        headers=headers,
        correlation_id=f"{kind}:{digest[:16]}",
        state="ignored" if dead_because is None else "dead",
        reason=dead_because or "the sender says nothing that concerns us",
    )


def flaw_of(event: PlatformEvent) -> str | None:
    """What no database can hold of the event: names too long, with NUL, not Unicode; naive times."""
    names = {"id": event.id, "type": event.type, "contract": event.contract, "object_id": event.object_id}
    for field, value in names.items():
        flaw = None if value is None else _flaw(value)
        if flaw is not None:
            return f"{field} {flaw}"
    if event.occurred_at.tzinfo is None or not 1970 <= event.occurred_at.year < 9999:
        return "occurred_at has no time zone, or is no time of this world"
    if event.version is not None and not 0 <= event.version <= _MAX_VERSION:
        return "version is out of range"
    return None


def _flaw(name: str) -> str | None:
    """What is wrong with a name, in words that don't repeat it."""
    if name == "" or "\x00" in name:
        return "is empty or holds a NUL"
    if any("\ud800" <= character <= "\udfff" for character in name):
        return "is not Unicode text"
    if len(name.encode()) > MAX_NAME:
        return f"is longer than {MAX_NAME} bytes"
    return None
