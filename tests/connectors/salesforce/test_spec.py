"""What the connector asks and is answered, against the vendor's description of the standard objects."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.fields import RecordRule, load_fields
from sandbox.salesforce import Salesforce as Org
from tests.connectors.contract_crm import write_back
from tests.connectors.crm_scenarios import EVERYTHING
from tests.connectors.salesforce.conftest import Recorded
from tests.sandbox.salesforce.spec import NOT_DESCRIBED, mistakes, nested_records, standard_objects


def undescribed(rule: RecordRule, objects: dict[str, dict[str, Any]]) -> list[str]:
    described = objects.get(rule.object)
    return [
        f"{rule.object}.{each.field}"
        for each in rule.fields.values()
        if described is not None and "." not in each.field and not each.field.endswith("__c")
        if each.field not in described
        and each.field not in NOT_DESCRIBED
        and f"{rule.object}.{each.field}" not in NOT_DESCRIBED
    ]


def test_standard_fields_of_the_map_are_described() -> None:
    objects = standard_objects()
    assert [each for _, rule in load_fields() for each in undescribed(rule, objects)] == []


async def test_what_is_read_and_written_is_as_described(
    org: Org, crm: Salesforce, transport: Recorded
) -> None:
    objects = standard_objects()
    for change in EVERYTHING["changes"]:
        await org.load({"scenario": EVERYTHING, "approve": change["id"]})
    await crm.read_contract("C-2001")
    await crm.write_back(write_back(contract="C-2001", change="CH-1", change_status="done"))
    wrong: list[str] = []
    for request in transport.api_requests:
        wrong += await _answers(transport, request, objects)
        wrong += _written(request, objects)
    assert wrong == []


async def _answers(
    transport: Recorded, request: httpx.Request, objects: dict[str, dict[str, Any]]
) -> list[str]:
    """Ask again what was asked, and look at each record of the answer."""
    if "q" not in parse_qs(urlsplit(str(request.url)).query):
        return []
    answer = await transport._inner.handle_async_request(request)
    records = json.loads(await answer.aread())["records"]
    return [
        mistake
        for record in records
        for name, each in nested_records(record)
        for mistake in mistakes(name, each, objects)
    ]


def _written(request: httpx.Request, objects: dict[str, dict[str, Any]]) -> list[str]:
    """Only fields of the customer's own are written to standard objects."""
    if request.method != "POST":
        return []
    requests = json.loads(request.content)["compositeRequest"]
    return [
        f"{each['url']}: {field}" for each in requests for field in each["body"] if not field.endswith("__c")
    ]
