"""Approvals as the org's own records have them."""

import datetime as dt
from typing import Any

import pytest

from connectors.salesforce.connector import Salesforce
from ports.events import PlatformEvent
from sandbox.salesforce import Salesforce as Org
from tests.connectors.contract_crm import HOSTILE_IDS
from tests.connectors.crm_scenarios import EVERYTHING, SMALL, with_id

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


async def listed(crm: Salesforce, since: dt.datetime = LONG_AGO) -> list[PlatformEvent]:
    [page] = [page async for page in crm.events(since)]
    assert page.complete_since == since
    return [each.event for each in page.events]


def drafted(scenario: dict[str, Any]) -> dict[str, Any]:
    return {"scenario": scenario, "approve": None}


async def test_approved_orders_are_listed_with_the_version_that_their_callouts_tell(
    org: Org, crm: Salesforce
) -> None:
    contract = EVERYTHING["contract"]["id"]
    change = {"id": "CA-1", "type": "cancellation", "effective_date": EVERYTHING["contract"]["start_date"]}
    scenario = {**EVERYTHING, "changes": [change]}
    await org.load({"scenario": scenario, "approve": "contract"})
    made = await org.load({"scenario": scenario, "approve": "CA-1"})
    await org.load(drafted(with_id(SMALL, "C-draft")))
    first, second = await listed(crm)
    assert (first.type, first.contract, first.version) == ("contract.approved", contract, 1)
    assert (second.id, second.contract, second.version) == (f"{made['order']}/2", contract, 2)
    assert second.object_kind == "contract"
    told = {body["topic"] for body in org.outbox.entries()}
    assert {first.type, second.type} <= told


async def test_what_was_saved_before_is_not_listed(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "contract"})
    [event] = await listed(crm)
    assert [each.id for each in await listed(crm, event.occurred_at)] == [event.id]
    assert await listed(crm, event.occurred_at + dt.timedelta(seconds=1)) == []


@pytest.mark.parametrize("id_", HOSTILE_IDS[:3])
async def test_contracts_are_named_as_they_are(org: Org, crm: Salesforce, id_: str) -> None:
    await org.load({"scenario": with_id(SMALL, id_), "approve": "contract"})
    assert [event.contract for event in await listed(crm)] == [id_]
