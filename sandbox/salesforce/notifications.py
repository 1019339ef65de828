"""What the org sends out on an approval: a signed JSON callout of a Flow, or an Outbound Message (SOAP)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import defusedxml.ElementTree
import httpx

APPROVALS, OUTBOUND_MESSAGES = "/approvals", "/outbound-messages"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_ACK = f".//{{{_OUTBOUND}}}Ack"
_PROLOGUE = b"<?xml"


def callout(event: Mapping[str, Any]) -> bytes:
    """The Flow's body."""
    wanted = ("event_id", "event_type", "occurred_at", "contract_id", "version")
    return json.dumps({name: event[name] for name in wanted}, ensure_ascii=False).encode()


def standard_webhook(secret: str) -> Any:
    """Headers after Standard Webhooks for JSON; none for SOAP, which has no signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))

    def sign(event_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
        if body.startswith(_PROLOGUE):
            return {}
        timestamp = str(int(now.timestamp()))
        signed = b".".join((event_id.encode(), timestamp.encode(), body))
        signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return {
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }

    return sign


def accepted(response: httpx.Response) -> bool:
    """2xx; for an Outbound Message 200 with its Ack."""
    if not response.request.url.path.endswith(OUTBOUND_MESSAGES):
        return response.is_success
    if response.status_code != 200:
        return False
    try:
        ack = defusedxml.ElementTree.fromstring(response.content).findtext(_ACK)
    except defusedxml.ElementTree.ParseError:
        return False
    return ack is not None and ack.strip().lower() == "true"


def outbound_message(
    *, organization_id: str, action_id: str, notification_id: str, base_url: str, order: Mapping[str, str]
) -> bytes:
    """One notification about an order, with the fields that the administrator chose."""
    org = organization_id[:15]
    fields = "".join(f"<sf:{name}>{escape(value)}</sf:{name}>" for name, value in order.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f'<notifications xmlns="{_OUTBOUND}">'
        f"<OrganizationId>{organization_id}</OrganizationId><ActionId>{action_id}</ActionId>"
        '<SessionId xsi:nil="true"/>'
        f"<EnterpriseUrl>{base_url}/services/Soap/c/60.0/{org}</EnterpriseUrl>"
        f"<PartnerUrl>{base_url}/services/Soap/u/60.0/{org}</PartnerUrl>"
        f"<Notification><Id>{notification_id}</Id>"
        '<sObject xsi:type="sf:Order" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"{fields}</sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()
