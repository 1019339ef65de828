"""Scenario data in the org, and what approvals send out."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox.kit.faults import Fault
from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.scenarios import SCENARIO


@pytest.fixture
def org(org: Salesforce) -> Salesforce:
    org.start()
    return org


class Gateway:
    """Answers what it is told to, and keeps what it gets."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers.pop(0) if self._answers else httpx.Response(202)

    async def receive(self, org: Salesforce) -> int:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self)) as client:
            return await org.outbox.flush(client, force=True)


async def test_approval_sends_the_signed_callout(org: Salesforce) -> None:
    made = await org.load({"scenario": SCENARIO, "approve": "contract"})
    gateway = Gateway()
    assert await gateway.receive(org) == 1
    (sent,) = gateway.requests
    assert str(sent.url) == "http://gateway.test/webhooks/salesforce/approvals"
    body = json.loads(sent.content)
    assert body.keys() == {"event_id", "event_type", "occurred_at", "contract_id", "version"}
    assert (body["event_type"], body["contract_id"], body["version"]) == ("contract.approved", "C-1", 1)
    assert body["event_id"] == made["event_id"] == sent.headers["webhook-id"]
    assert datetime.fromisoformat(body["occurred_at"]).tzinfo == UTC
    key = base64.b64decode(org.credentials()["webhook_secret"].removeprefix("whsec_"))
    signed = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}.".encode() + sent.content
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert sent.headers["webhook-signature"] == f"v1,{expected}"


async def test_the_same_approval_again_changes_nothing_and_sends_the_same_event(org: Salesforce) -> None:
    first = await org.load({"scenario": SCENARIO, "approve": "CH-1"})
    before = org.dump()
    again = await org.load({"scenario": SCENARIO, "approve": "CH-1", "times": 2})
    assert again == first
    assert org.dump() == before
    assert [each["id"] for each in org.outbox.entries()] == [first["event_id"]] * 3


async def test_versions_follow_the_files_order(org: Salesforce) -> None:
    made = [await org.load({"scenario": SCENARIO, "approve": what}) for what in ("CH-2", "CH-1", "contract")]
    assert [each["version"] for each in made] == [3, 2, 1]
    assert org.dump()["Contract"][0]["Version__c"] == 3.0
    assert len({each["event_id"] for each in made}) == 3


async def test_change_that_is_not_approved_is_a_draft_or_not_there(org: Salesforce) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    assert len(org.dump()["Order"]) == 1
    await org.load({"scenario": SCENARIO, "approve": None})
    assert [each["Status"] for each in org.dump()["Order"]] == ["Activated", "Draft", "Draft"]
    assert len(org.outbox.entries()) == 1


async def test_bare_contract_has_account_and_products_only(org: Salesforce) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract", "bare": True})
    assert org.dump().keys() & {"Opportunity", "Quote", "QuoteLineItem"} == set()
    assert {"Account", "Product2", "Contract", "Order"} <= org.dump().keys()


async def test_tax_rates_are_not_in_the_crm(org: Salesforce) -> None:
    taxed = json.loads(json.dumps(SCENARIO))
    taxed["contract"]["lines"][0]["tax_rate_percent"] = "7.654321"
    await org.load({"scenario": taxed, "approve": "contract"})
    assert "7.654321" not in json.dumps(org.dump())


WRONG: list[dict[str, Any]] = [
    {"scenario": SCENARIO, "approve": "CH-9"},
    {"scenario": SCENARIO, "approve": "contract", "unknown": 1},
    {"scenario": SCENARIO, "approve": "contract", "times": -1},
    {"scenario": SCENARIO, "approve": "contract", "times": True},
    {"scenario": SCENARIO, "approve": "contract", "notify": "fax"},
]


@pytest.mark.parametrize("document", WRONG)
async def test_wrong_documents_are_refused_and_nothing_is_made(
    org: Salesforce, document: dict[str, Any]
) -> None:
    before = org.dump()
    with pytest.raises(ValueError, match=r"CH-9|unknown|times|notify"):
        await org.load(document)
    assert org.dump() == before
    assert org.outbox.entries() == []


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("unit_price", "0.0000000001"),
        ("unit_price", "1e3x"),
        ("unit_price", "99999999999"),
        ("unit_price", "9" * 40),
        ("unit_price", "1E+999999"),
        ("unit_price", "NaN"),
    ],
)
async def test_figure_that_the_org_cannot_hold_is_refused_and_never_rounded(
    org: Salesforce, figure: str, value: str
) -> None:
    wrong = json.loads(json.dumps(SCENARIO))
    wrong["contract"]["lines"][0]["pricing"][figure] = value
    with pytest.raises(ValueError, match="OrderItem"):
        await org.load({"scenario": wrong, "approve": "contract"})
    assert "Contract" not in org.dump()


ACK = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{}</Ack>'
    "</notificationsResponse></s:Body></s:Envelope>"
)


async def test_outbound_message_is_sent_until_its_ack(org: Salesforce) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract", "notify": "outbound-message"})
    gateway = Gateway(
        httpx.Response(500),
        httpx.Response(200),
        httpx.Response(200, text="not XML"),
        httpx.Response(202, text=ACK.format("true")),
        httpx.Response(200, text=ACK.format("false")),
        httpx.Response(200, text=ACK.format("true")),
    )
    assert [await gateway.receive(org) for _ in range(7)] == [0, 0, 0, 0, 0, 1, 0]
    assert {str(each.url) for each in gateway.requests} == {
        "http://gateway.test/webhooks/salesforce/outbound-messages"
    }
    assert len({each.content for each in gateway.requests}) == 1
    assert b"<OrganizationId>00D" in gateway.requests[0].content


async def test_both_and_none_can_be_sent(org: Salesforce) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract", "notify": "none"})
    assert org.outbox.entries() == []
    await org.load({"scenario": SCENARIO, "approve": "contract", "notify": "both"})
    assert [each["url"].rpartition("/")[2] for each in org.outbox.entries()] == [
        "approvals",
        "outbound-messages",
    ]


async def test_webhook_faults_follow_the_event_type(org: Salesforce) -> None:
    org.faults.add(Fault("webhook-lost", route="amendment.approved"))
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    await org.load({"scenario": SCENARIO, "approve": "CH-1"})
    assert [each["status"] for each in org.outbox.entries()] == ["waiting", "lost"]


async def test_reset_forgets_everything_but_the_credentials(org: Salesforce) -> None:
    before = org.credentials()
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    event = org.outbox.entries()[0]["id"]
    org.reset()
    assert "Contract" not in org.dump()
    assert org.credentials() == before
    again = await org.load({"scenario": SCENARIO, "approve": "contract"})
    assert again["event_id"] != event


def test_credentials_have_the_vendors_names(org: Salesforce) -> None:
    assert org.credentials().keys() == {
        "username",
        "consumer_key",
        "consumer_secret",
        "private_key_file",
        "session_id",
        "instance_url",
        "organization_id",
        "webhook_secret",
        "outbound_message_path",
    }


async def test_merged_contracts_are_approved_with_the_files_own(org: Salesforce) -> None:
    other = json.loads(json.dumps(SCENARIO["contract"])) | {"id": "C-OTHER"}
    for line in other["lines"]:
        line["id"] = f"other-{line['id']}"
    merge = {"id": "M", "type": "merge", "effective_date": "2026-06-01", "contracts": [other]}
    told = {**SCENARIO, "changes": [merge]}
    await org.load({"scenario": told, "approve": "contract"})
    assert {c["Q2C_Id__c"]: c["Status"] for c in org.dump()["Contract"]} == {
        SCENARIO["contract"]["id"]: "Activated",
        "C-OTHER": "Activated",
    }
    assert len(org.outbox.entries()) == 2
    await org.load({"scenario": told, "approve": "M"})
    assert [c["Version__c"] for c in org.dump()["Contract"]] == [2.0, 1.0]
