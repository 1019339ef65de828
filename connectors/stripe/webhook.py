"""Stripe's webhooks: that something happened to an object, which is read again before it counts."""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from connectors.webhooks import NotAnEvent, ObjectKind, PlatformEvent, SignatureInvalid

PLATFORM = "stripe"
TOLERANCE = dt.timedelta(minutes=5)
_HEADER = "stripe-signature"
_LONGEST_ID = 255

_KINDS: Mapping[str, ObjectKind] = {
    "customer": "customer",
    "subscription": "subscription",
    "subscription_schedule": "subscription",
    "invoice": "invoice",
    "credit_note": "credit_memo",
    "charge": "payment",
    "payment_intent": "payment",
    "invoice_payment": "payment",
    "refund": "refund",
    "dispute": "dispute",
    "payout": "payout",
}


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[SecretStr], now: dt.datetime
) -> PlatformEvent:
    """The event of a webhook that one of the endpoint's secrets signed; header names in any case.

    SignatureInvalid: the header is missing or malformed, no signature is by one of the secrets, or the
    timestamp is more than five minutes off. NotAnEvent: signed, but not an event of the v1 API.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    stamp, signatures = _parsed(lowered.get(_HEADER, ""))
    signed = f"{stamp}.".encode() + body
    known = [hmac.new(s.get_secret_value().encode(), signed, hashlib.sha256).hexdigest() for s in secrets]
    matches = [hmac.compare_digest(ours.encode(), theirs.encode()) for ours in known for theirs in signatures]
    if not any(matches):
        raise SignatureInvalid("no signature is by a known secret")
    if abs(now.timestamp() - stamp) > TOLERANCE.total_seconds():
        raise SignatureInvalid("the timestamp is more than five minutes off")
    return event_of(body)


def _parsed(header: str) -> tuple[int, list[str]]:
    """(t, the v1 signatures) of `t=…,v1=…,v1=…,v0=…`."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1" and value]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()) or len(stamps[0]) > 12:
        raise SignatureInvalid("the header has no timestamp")
    if not signatures:
        raise SignatureInvalid("the header has no v1 signature")
    return int(stamps[0]), signatures


def event_of(body: bytes) -> PlatformEvent:
    """What the body says, whoever has brought it. NotAnEvent."""
    event = _object(body)
    id = event.get("id")
    named = id if isinstance(id, str) and 0 < len(id) <= _LONGEST_ID else None
    data = event.get("data")
    about = data.get("object") if isinstance(data, dict) else None
    kind, type, created = event.get("object"), event.get("type"), event.get("created")
    if named is None or kind != "event" or not isinstance(type, str) or not isinstance(about, dict):
        raise NotAnEvent("not an event of the v1 API", event_id=named)
    if not isinstance(created, int) or isinstance(created, bool):
        raise NotAnEvent("the event has no time", event_id=named)
    return PlatformEvent(
        id=named,
        platform=PLATFORM,
        type=type,
        occurred_at=_moment(created, named),
        contract=_contract(about),
        object_kind="other" if _is_idle_edit(type, data) else _KINDS.get(str(about.get("object")), "other"),
        object_id=_object_id(about, named),
    )


_MONEY = frozenset(
    {
        "amount",
        "currency",
        "customer",
        "due_date",
        "effective_at",
        "lines",
        "subtotal",
        "total",
        "total_taxes",
    }
)
_OURS = frozenset({"q2c_key", "q2c_contract", "q2c_date", "q2c_due_date"})
"""Metadata by which a document is read: which it is, whose, and when it is due."""


def _is_idle_edit(type: str, data: Any) -> bool:
    """Whether the event tells of an edit that touches no money of an issued document.

    A draft may be edited at will: it is compared once it is issued. What changes together with the status
    (finalized, paid, voided) has an event of its own.
    """
    if not type.endswith(".updated") or type.partition(".")[0] not in ("invoice", "credit_note"):
        return False
    before, about = data.get("previous_attributes"), data["object"]
    if not isinstance(before, dict):
        return False  # it does not say what was edited: better looked at
    metadata = before.get("metadata")
    ours = _OURS & metadata.keys() if isinstance(metadata, dict) else set()
    is_moved = about.get("status") == "draft" or "status" in before
    return is_moved or not (_MONEY & before.keys() or ours)


def _object(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is not JSON") from None
    if not isinstance(event, dict):
        raise NotAnEvent("the body is not an object")
    return event


def _moment(created: int, event_id: str) -> dt.datetime:
    try:
        return dt.datetime.fromtimestamp(created, dt.UTC)
    except (OverflowError, OSError, ValueError):
        raise NotAnEvent("the event's time is out of range", event_id=event_id) from None


def _object_id(about: Mapping[str, Any], event_id: str) -> str:
    """The object's id; a customer's deleted discount and the like have none that can be read again."""
    id = about.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= _LONGEST_ID:
        raise NotAnEvent("the event's object has no id", event_id=event_id)
    return id


def _contract(about: Mapping[str, Any]) -> str | None:
    """Our contract, where the object's metadata or its subscription's say it."""
    for holder in (about, _subscription_details(about)):
        metadata = holder.get("metadata") if isinstance(holder, dict) else None
        contract = metadata.get("q2c_contract") if isinstance(metadata, dict) else None
        if isinstance(contract, str) and contract:
            return contract
    return None


def _subscription_details(about: Mapping[str, Any]) -> Any:
    parent = about.get("parent")
    return parent.get("subscription_details") if isinstance(parent, dict) else None
