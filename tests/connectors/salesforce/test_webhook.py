"""Approvals as they arrive: what is taken, what is refused, and which refusal it is."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.salesforce.webhook import ack, parse_outbound_message, verify_approval
from connectors.webhooks import NotAnEvent, PlatformEvent, SignatureInvalid
from sandbox.salesforce import Salesforce as Org
from tests.connectors.crm_scenarios import SMALL, with_id

NOW = dt.datetime(2026, 4, 1, 12, 0, tzinfo=dt.UTC)
SECRET = SecretStr("whsec_" + base64.b64encode(b"s" * 32).decode())
OTHER = SecretStr("whsec_" + base64.b64encode(b"o" * 24).decode())
EVENT: dict[str, Any] = {
    "event_id": "evt-1",
    "event_type": "amendment.approved",
    "occurred_at": "2026-04-01T11:59:00Z",
    "contract_id": "C-1001",
    "version": 2,
}
ORG_ID = "00DHo0000000001MAA"


def signature(body: bytes, secret: SecretStr, *, message_id: str = "evt-1", at: dt.datetime = NOW) -> str:
    key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"))
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(body: bytes, *signatures: str, at: dt.datetime = NOW) -> dict[str, str]:
    return {
        "Webhook-Id": "evt-1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": " ".join(signatures or (signature(body, SECRET, at=at),)),
    }


def body_of(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def verified(body: bytes, secrets: tuple[SecretStr, ...] = (SECRET,)) -> PlatformEvent:
    return verify_approval(headers(body), body, secrets, NOW)


def test_signed_approval_is_the_event() -> None:
    event = verified(body_of())
    assert event == PlatformEvent(
        id="evt-1",
        platform="salesforce",
        type="amendment.approved",
        occurred_at=dt.datetime(2026, 4, 1, 11, 59, tzinfo=dt.UTC),
        contract="C-1001",
        object_kind="contract",
        object_id="C-1001",
        version=2,
    )


def test_the_specifications_own_example_verifies() -> None:
    """The example of the Standard Webhooks libraries: a known secret, id, timestamp and signature."""
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    now = dt.datetime.fromtimestamp(1614265330, dt.UTC)
    with pytest.raises(NotAnEvent):  # the signature is right, its body is not an approval
        verify_approval(given, b'{"test": 2432232314}', (secret,), now)


def test_several_secrets_and_signatures_serve_a_rotation() -> None:
    body = body_of()
    assert verified(body, (OTHER, SECRET)).id == "evt-1"
    both = headers(body, signature(body, OTHER), "v1a,b3RoZXI=", signature(body, SECRET))
    assert verify_approval(both, body, (SECRET,), NOW).id == "evt-1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_timestamp_may_be_five_minutes_off(seconds: int) -> None:
    body, at = body_of(), NOW + dt.timedelta(seconds=seconds)
    assert verify_approval(headers(body, at=at), body, (SECRET,), NOW).id == "evt-1"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_older_or_later_timestamp_is_refused(seconds: int) -> None:
    body, at = body_of(), NOW + dt.timedelta(seconds=seconds)
    with pytest.raises(SignatureInvalid):
        verify_approval(headers(body, at=at), body, (SECRET,), NOW)


BODY = body_of()
FORGED: list[dict[str, str]] = [
    {"Webhook-Signature": ""},
    {"Webhook-Signature": "v1,"},
    {"Webhook-Signature": "v1,AAAA"},
    {"Webhook-Signature": "é"},
    {"Webhook-Signature": signature(BODY, SECRET).replace("v1,", "v2,")},
    {"Webhook-Signature": signature(BODY, SECRET).removeprefix("v1,")},
    {"Webhook-Signature": signature(BODY, OTHER)},
    {"Webhook-Signature": signature(BODY + b" ", SECRET)},
    {"Webhook-Id": "evt-2"},
    {"Webhook-Id": ""},
    {"Webhook-Timestamp": ""},
    {"Webhook-Timestamp": str(int(NOW.timestamp()) + 1)},
    {"Webhook-Timestamp": "٣"},
    {"Webhook-Timestamp": "9" * 400},
    {"Webhook-Timestamp": "-1"},
]


@pytest.mark.parametrize("forged", FORGED)
def test_whatever_is_not_signed_by_us_is_refused(forged: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        verify_approval(headers(BODY) | forged, BODY, (SECRET,), NOW)


def test_without_secrets_nothing_is_taken() -> None:
    with pytest.raises(SignatureInvalid):
        verified(body_of(), ())


def test_signature_is_checked_before_the_body() -> None:
    with pytest.raises(SignatureInvalid):
        verify_approval(headers(b"{}", signature(b"other", SECRET)), b"not JSON", (SECRET,), NOW)


NO_EVENTS = [
    b"",
    b"not JSON",
    b"[]",
    b"\xff",
    b"[" * 100_000,
    json.dumps({key: value for key, value in EVENT.items() if key != "version"}).encode(),
    body_of(event_type="contract.deleted"),
    body_of(event_type=None),
    body_of(event_type=["contract.approved"]),
    body_of(version="2"),
    body_of(version=0),
    body_of(version=True),
    body_of(version=1.5),
    body_of(contract_id=""),
    body_of(contract_id=7),
    body_of(contract_id="C\n1"),
    body_of(contract_id="C" * 300),
    body_of(event_id=None),
    body_of(occurred_at="yesterday"),
    body_of(occurred_at="2026-04-01T11:59:00"),
    body_of(occurred_at=1775044740),
    body_of(occurred_at="0001-01-01T00:00:00+05:00"),
    body_of(occurred_at="9999-12-31T23:59:59-05:00"),
]


@pytest.mark.parametrize("body", NO_EVENTS)
def test_signed_body_that_is_no_approval_is_no_event(body: bytes) -> None:
    with pytest.raises(NotAnEvent) as raised:
        verified(body)
    assert raised.value.event_id == "evt-1"
    assert "C-1001" not in str(raised.value)


def test_fields_that_the_sender_added_are_ignored() -> None:
    assert verified(body_of(approved_by="Dana")).version == 2


# What the simulator's org sends is what is taken


async def received(org: Org, **document: Any) -> list[httpx.Request]:
    """Load, and deliver what is sent out."""
    taken: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        taken.append(request)
        return httpx.Response(200, content=ack() if request.url.path.endswith("messages") else b"")

    org.start()
    await org.load(document)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        await org.outbox.flush(client)
    return taken


async def test_what_the_org_sends_is_verified(org: Org) -> None:
    sent = await received(org, scenario=SMALL, approve="CH-1", times=3)
    secret = SecretStr(org.credentials()["webhook_secret"])
    now = dt.datetime.now(dt.UTC)
    events = [verify_approval(dict(each.headers), each.content, (secret,), now) for each in sent]
    assert [(each.type, each.contract, each.version) for each in events] == [
        ("amendment.approved", "C-1001", 2)
    ] * 3
    assert len({each.id for each in events}) == 1
    assert {each.url.path for each in sent} == {"/webhooks/salesforce/approvals"}


async def test_outbound_message_says_contract_version_and_type(org: Org) -> None:
    hostile = with_id(SMALL, 'C<&>"1" ü')
    (sent,) = await received(org, scenario=hostile, approve="CH-1", notify="outbound-message")
    assert sent.url.path == "/webhooks/salesforce/outbound-messages"
    assert sent.headers["content-type"].startswith("text/xml")
    assert "webhook-signature" not in sent.headers
    (event,) = parse_outbound_message(sent.content, [ORG_ID], NOW)
    assert (event.type, event.contract, event.version) == ("amendment.approved", 'C<&>"1" ü', 2)
    assert event.id.startswith("04l")


@pytest.mark.parametrize("ours", [[], ["00DHo0000000002MAA"], [""], ["x"]])
async def test_outbound_message_of_another_organization_is_refused(org: Org, ours: list[str]) -> None:
    (sent,) = await received(org, scenario=SMALL, approve="contract", notify="outbound-message")
    with pytest.raises(SignatureInvalid):
        parse_outbound_message(sent.content, ours, NOW)


async def test_organization_ids_compare_in_both_lengths(org: Org) -> None:
    (sent,) = await received(org, scenario=SMALL, approve="contract", notify="outbound-message")
    assert len(parse_outbound_message(sent.content, [ORG_ID[:15]], NOW)) == 1


def message(notifications: str, organization: str = ORG_ID) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId>{notifications}</notifications>"
        "</e:Body></e:Envelope>"
    ).encode()


def notification(**fields: str) -> str:
    given = {
        "Contract_Key__c": "C-1",
        "LastModifiedDate": "2026-04-01T00:00:00.000Z",
        "Type": "New",
        "Version__c": "1.0",
        **fields,
    }
    inner = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in given.items())
    return (
        "<Notification><Id>04l000000000001AAA</Id>"
        f'<sObject xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{inner}</sObject></Notification>'
    )


def about_contract(**fields: str) -> str:
    inner = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in fields.items())
    return (
        "<Notification><Id>04l000000000001AAA</Id>"
        '<sObject xsi:type="sf:Contract" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{inner}</sObject></Notification>'
    )


def test_one_message_may_have_a_hundred_notifications() -> None:
    assert len(parse_outbound_message(message(notification() * 100), [ORG_ID], NOW)) == 100
    with pytest.raises(NotAnEvent):
        parse_outbound_message(message(notification() * 101), [ORG_ID], NOW)


@pytest.mark.parametrize(
    "notifications",
    [
        "",
        "<Notification/>",
        "<Notification><Id>04l</Id></Notification>",
        notification(Type="Other"),
        notification(Version__c="x"),
        notification(Version__c="1.5"),
        notification(Version__c="NaN"),
        notification(Contract_Key__c=""),
        notification(LastModifiedDate="today"),
        about_contract(Id="800Ho0000000001IAA"),
        about_contract(Q2C_Id__c="C-1", Version__c="x"),
    ],
)
def test_message_of_ours_about_something_else_is_no_event(notifications: str) -> None:
    with pytest.raises(NotAnEvent):
        parse_outbound_message(message(notifications), [ORG_ID], NOW)


@pytest.mark.parametrize(("given", "version"), [({}, None), ({"Version__c": "2.0"}, 2)])
def test_message_about_the_contract_itself_has_it_read_again(
    given: dict[str, str], version: int | None
) -> None:
    body = message(about_contract(Id="800Ho0000000001IAA", Q2C_Id__c="C-1", **given))
    (event,) = parse_outbound_message(body, [ORG_ID], NOW)
    assert (event.type, event.contract, event.version) == ("contract.approved", "C-1", version)


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">&b;</e:Envelope>'
)


@pytest.mark.parametrize("body", [b"", b"{}", b"<a", BOMB.encode(), b"<a/>", message("", organization="")])
def test_what_is_no_outbound_message_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        parse_outbound_message(body, [ORG_ID], NOW)
