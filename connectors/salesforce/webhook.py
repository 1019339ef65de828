"""Who says that something was approved: the org's signed callout, or its Outbound Message.

Both say only that something happened; the contract itself is read from the CRM.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException
from pydantic import SecretStr

from connectors.webhooks import NotAnEvent, PlatformEvent, SignatureInvalid

ApprovalEvent: TypeAlias = PlatformEvent

PLATFORM = "salesforce"
TOLERANCE = dt.timedelta(minutes=5)
_PREFIX = "whsec_"
_TYPES = ("contract.approved", "amendment.approved", "renewal.approved", "cancellation.approved")
_KEYS = {"event_id", "event_type", "occurred_at", "contract_id", "version"}
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_SOBJECT = "{urn:sobject.enterprise.soap.sforce.com}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_MOST_NOTIFICATIONS = 100
_LONGEST_ID = 255
_TYPE_OF_ORDER = {
    "New": "contract.approved",
    "Amendment": "amendment.approved",
    "Renewal": "renewal.approved",
    "Cancellation": "cancellation.approved",
    "Transfer": "amendment.approved",
    "Merge": "amendment.approved",
}
_ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)


def verify_approval(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[SecretStr], now: dt.datetime
) -> ApprovalEvent:
    """The event of a callout signed after Standard Webhooks; header names in any case.

    SignatureInvalid: a header is missing, none of the signatures is by one of the secrets, or the timestamp
    is more than five minutes off. NotAnEvent: signed, but not the JSON that INTERFACES describes.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id = lowered.get("webhook-id", "")
    _check_signature(lowered, message_id, body, secrets, now)
    return _approval(body, message_id)


def parse_outbound_message(
    body: bytes, organization_ids: Collection[str], now: dt.datetime
) -> list[ApprovalEvent]:
    """The notifications of an Outbound Message (SOAP) about orders or contracts, in their order.

    There is no signature: SignatureInvalid unless the organization is one of ours. NotAnEvent: no such SOAP
    message, or about something else. The notification's id is the event's.
    """
    envelope = _xml(body)
    notifications = envelope.find(f"{_SOAP}Body/{_OUTBOUND}notifications")
    if envelope.tag != f"{_SOAP}Envelope" or notifications is None:
        raise SignatureInvalid("no Outbound Message: no organization")
    known = [each[:15] for each in organization_ids]
    organization = (notifications.findtext(f"{_OUTBOUND}OrganizationId") or "")[:15]
    if not any(hmac.compare_digest(organization.encode(), each.encode()) for each in known):
        raise SignatureInvalid("an organization that is not ours")
    found = notifications.findall(f"{_OUTBOUND}Notification")
    if not 0 < len(found) <= _MOST_NOTIFICATIONS:
        raise NotAnEvent(f"{len(found)} notifications")
    return [_notification(each, now) for each in found]


def ack() -> bytes:
    """What an Outbound Message must be answered with (text/xml), lest it be sent again."""
    return _ACK.encode()


def _check_signature(
    headers: Mapping[str, str], message_id: str, body: bytes, secrets: Iterable[SecretStr], now: dt.datetime
) -> None:
    timestamp, signatures = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    if not message_id or not timestamp or not signatures:
        raise SignatureInvalid("webhook-id, webhook-timestamp or webhook-signature is missing")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise SignatureInvalid("webhook-timestamp is no time")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise SignatureInvalid("webhook-timestamp is more than five minutes off")
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    given = [each.removeprefix("v1,").encode() for each in signatures.split() if each.startswith("v1,")]
    matches = False
    for secret in secrets:
        expected = base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256))
        for each in given:
            matches |= hmac.compare_digest(expected, each)
    if not matches:
        raise SignatureInvalid("no signature by one of our secrets")


def _key(secret: SecretStr) -> bytes:
    """ValueError for a secret that is not whsec_ and base64: a mistake of ours, not of the sender."""
    text = secret.get_secret_value()
    if not text.startswith(_PREFIX):
        raise ValueError(f"a webhook secret begins with {_PREFIX}")
    return base64.b64decode(text.removeprefix(_PREFIX), validate=True)


def _approval(body: bytes, message_id: str) -> ApprovalEvent:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("the body is not JSON", event_id=message_id) from None
    if not isinstance(document, dict) or not document.keys() >= _KEYS:
        raise NotAnEvent(f"the body must have {', '.join(sorted(_KEYS))}", event_id=message_id)
    event_id, event_type, contract = (document[name] for name in ("event_id", "event_type", "contract_id"))
    if event_type not in _TYPES:
        raise NotAnEvent("event_type is not one of the approvals", event_id=message_id)
    if not _is_id(event_id) or not _is_id(contract):
        raise NotAnEvent("event_id and contract_id must be texts", event_id=message_id)
    return PlatformEvent(
        id=event_id,
        platform=PLATFORM,
        type=event_type,
        occurred_at=_moment(document["occurred_at"], message_id),
        contract=contract,
        object_kind="contract",
        object_id=contract,
        version=_version(document["version"], message_id),
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()


def _moment(value: Any, event_id: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise NotAnEvent("occurred_at is no date and time", event_id=event_id) from None
    if moment.tzinfo is None:
        raise NotAnEvent("occurred_at has no time zone", event_id=event_id)
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:  # the first or last hours of the calendar
        raise NotAnEvent("occurred_at is out of range", event_id=event_id) from None


def _version(value: Any, event_id: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise NotAnEvent("version must be a whole number from 1 on", event_id=event_id)
    return value


def _xml(body: bytes) -> Element:
    """The document's root; no DTD, no entities. What is no XML comes from nobody we know."""
    try:
        root: Element = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
    except (defusedxml.ElementTree.ParseError, DefusedXmlException, ValueError):
        raise SignatureInvalid("no Outbound Message: not XML") from None
    return root


def _notification(notification: Element, now: dt.datetime) -> ApprovalEvent:
    event_id = notification.findtext(f"{_OUTBOUND}Id") or ""
    record = notification.find(f"{_OUTBOUND}sObject")
    if not _is_id(event_id) or record is None:
        raise NotAnEvent("a notification without Id or sObject", event_id=event_id or None)
    values = {each.tag.removeprefix(_SOBJECT): each.text or "" for each in record}
    if record.get(_XSI_TYPE, "").rpartition(":")[2] == "Contract":
        return _of_contract(event_id, values, now)
    event_type = _TYPE_OF_ORDER.get(values.get("Type", ""))
    contract = values.get("Contract_Key__c", "")
    if event_type is None or not _is_id(contract):
        raise NotAnEvent("a notification that is not about a contract's order", event_id=event_id)
    return PlatformEvent(
        id=event_id,
        platform=PLATFORM,
        type=event_type,
        occurred_at=_moment(values.get("LastModifiedDate"), event_id),
        contract=contract,
        object_kind="contract",
        object_id=contract,
        version=_version(_whole(values.get("Version__c", "")), event_id),
    )


def _of_contract(event_id: str, values: Mapping[str, str], now: dt.datetime) -> ApprovalEvent:
    """A message about the contract itself. Without its version it is read again each time, and what
    is approved of it is found there; without its time it is of `now`."""
    contract, at, version = (values.get(name, "") for name in ("Q2C_Id__c", "LastModifiedDate", "Version__c"))
    if not _is_id(contract):
        raise NotAnEvent("a notification about a contract without its Q2C_Id__c", event_id=event_id)
    return PlatformEvent(
        id=event_id,
        platform=PLATFORM,
        type="contract.approved",
        occurred_at=_moment(at, event_id) if at else now,
        contract=contract,
        object_kind="contract",
        object_id=contract,
        version=_version(_whole(version), event_id) if version else None,
    )


def _whole(text: str) -> int | None:
    """SOAP writes a number field as 2.0."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return int(number) if number.is_finite() and number == number.to_integral_value() else None
