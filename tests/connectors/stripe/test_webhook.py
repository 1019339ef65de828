"""Stripe's signature: whose, of what, and when; and what a signed body must be."""

import datetime as dt
import hashlib
import hmac
import json
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.stripe.webhook import event_of, verify
from connectors.webhooks import NotAnEvent, ObjectKind, SignatureInvalid

NOW = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
SECRET, OLD = SecretStr("whsec_new"), SecretStr("whsec_old")
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.created",
    "created": int(NOW.timestamp()),
    "data": {
        "object": {
            "id": "in_1",
            "object": "invoice",
            "metadata": {},
            "parent": {"subscription_details": {"metadata": {"q2c_contract": "C-1"}}},
        }
    },
}


def signed(body: bytes, secret: SecretStr = SECRET, at: dt.datetime = NOW, version: str = "v1") -> str:
    stamp = int(at.timestamp())
    digest = hmac.new(secret.get_secret_value().encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},{version}={digest.hexdigest()}"


def body(**changes: Any) -> bytes:
    return json.dumps(EVENT | changes).encode()


def test_event_names_its_object_and_contract() -> None:
    event = verify({"Stripe-Signature": signed(body())}, body(), [SECRET], NOW)
    assert (event.id, event.type, event.platform) == ("evt_1", "invoice.created", "stripe")
    assert (event.object_kind, event.object_id, event.contract) == ("invoice", "in_1", "C-1")
    assert event.occurred_at == NOW


@pytest.mark.parametrize(
    ("object", "kind"),
    [
        ("customer", "customer"),
        ("subscription", "subscription"),
        ("subscription_schedule", "subscription"),
        ("credit_note", "credit_memo"),
        ("charge", "payment"),
        ("refund", "refund"),
        ("dispute", "dispute"),
        ("price", "other"),
        ("of_tomorrow", "other"),
    ],
)
def test_kinds_of_objects(object: str, kind: str) -> None:
    sent = body(data={"object": {"id": "x_1", "object": object, "metadata": {"q2c_contract": "C-2"}}})
    event = verify({"stripe-signature": signed(sent)}, sent, [SECRET], NOW)
    assert (event.object_kind, event.contract) == (kind, "C-2")


def test_one_of_several_secrets_is_enough_while_they_are_rotated() -> None:
    for secret in (SECRET, OLD):
        assert verify({"stripe-signature": signed(body(), secret)}, body(), [SECRET, OLD], NOW)


def test_one_of_several_signatures_is_enough() -> None:
    header = f"{signed(body(), OLD)},{signed(body()).partition(',')[2]},v0=abc"
    assert verify({"stripe-signature": header}, body(), [SECRET], NOW).id == "evt_1"


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_five_minutes_of_difference_are_allowed(minutes: int) -> None:
    header = signed(body(), at=NOW + dt.timedelta(minutes=minutes))
    assert verify({"stripe-signature": header}, body(), [SECRET], NOW)


HEADERS = [
    "",
    "t=1",
    "v1=abc",
    "t=x,v1=abc",
    f"t={int(NOW.timestamp())},v1=",
    f"t={int(NOW.timestamp())},v1=é",
    f"t={'9' * 40},v1=abc",
    signed(body(), SecretStr("whsec_other")),
    signed(body(), version="v0"),
    signed(body() + b" "),
    signed(body(), at=NOW - dt.timedelta(minutes=5, seconds=1)),
    signed(body(), at=NOW + dt.timedelta(minutes=5, seconds=1)),
    f"{signed(body())},t={int(NOW.timestamp())}",
]


@pytest.mark.parametrize("header", HEADERS)
def test_unsigned_wrong_and_old_are_refused(header: str) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        verify({"stripe-signature": header}, body(), [SECRET], NOW)
    assert "whsec" not in str(caught.value)


def test_nothing_is_signed_without_a_secret() -> None:
    with pytest.raises(SignatureInvalid):
        verify({"stripe-signature": signed(body())}, body(), [], NOW)


NO_EVENTS = [
    b"",
    b"[]",
    b"\xff",
    b"[" * 100_000,
    body(id=None),
    body(object="v2.core.event"),
    body(type=7),
    body(created="now"),
    body(created=10**30),
    body(data={}),
    body(data={"object": {"object": "invoice"}}),
    body(id="e" * 300),
]


@pytest.mark.parametrize("sent", NO_EVENTS)
def test_signed_bodies_that_are_no_events(sent: bytes) -> None:
    with pytest.raises(NotAnEvent):
        verify({"stripe-signature": signed(sent)}, sent, [SECRET], NOW)


def test_event_without_a_readable_object_keeps_its_id() -> None:
    sent = body(data=None)
    with pytest.raises(NotAnEvent) as caught:
        verify({"stripe-signature": signed(sent)}, sent, [SECRET], NOW)
    assert caught.value.event_id == "evt_1"


def told_of(type: str, before: dict[str, Any], **about: Any) -> ObjectKind:
    """The kind that an event about an invoice is read as."""
    kind = type.partition(".")[0]
    shown = {"id": "in_1", "object": kind, "status": "open", **about}
    event = {"id": "evt_1", "object": "event", "type": type, "created": 1}
    body = json.dumps(event | {"data": {"object": shown, "previous_attributes": before}})
    return event_of(body.encode()).object_kind


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        ({"total": 5}, "invoice"),
        ({"lines": {}, "amount_due": 5}, "invoice"),
        ({"due_date": 5}, "invoice"),
        ({"metadata": {"q2c_due_date": "2026-01-01"}}, "invoice"),
        ({"metadata": {"note": None}}, "other"),
        ({"amount_paid": 0, "amount_remaining": 5}, "other"),
        ({"pre_payment_credit_notes_amount": 0, "amount_due": 5}, "other"),
        ({"auto_advance": True}, "other"),
        ({"status": "draft", "number": None, "effective_at": None}, "other"),
    ],
)
def test_only_an_edit_that_touches_money_concerns_us(before: dict[str, Any], kind: str) -> None:
    assert told_of("invoice.updated", before) == kind
    assert told_of("invoice.updated", before, status="draft") == "other"
    assert told_of("invoice.voided", before) == "invoice"


def test_an_edited_credit_note_concerns_us_where_its_money_is_touched() -> None:
    assert told_of("credit_note.updated", {"memo": None}) == "other"
    assert told_of("credit_note.updated", {"metadata": {"q2c_key": "C-1/x"}}) == "credit_memo"
