"""Customer master data that is wrong stops a contract before its first write, with nothing to undo."""

from typing import Any

import httpx
import pytest

from sandbox.kit.transport import SandboxTransport
from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.sales import BERLIN, account, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("exceptions")


def sold_to(**fields: Any) -> dict[str, Any]:
    customer = {**account("A-1", BERLIN), **fields}
    return scenario(
        sold(seats(), start=month(-2), account=customer, currency="EUR", legal_entity="DE01", every=1)
    )


async def mend_in_the_crm(made: World, fields: dict[str, Any], account: str = "A-1") -> None:
    """What a person in sales does to the account."""
    session = made.platforms["salesforce"].credentials()["session_id"]
    async with httpx.AsyncClient(
        transport=SandboxTransport(made.apps["salesforce"]),
        base_url="https://salesforce.test",
        headers={"Authorization": f"Bearer {session}"},
    ) as api:
        answer = await api.patch(f"/services/data/v60.0/sobjects/Account/Q2C_Id__c/{account}", json=fields)
        assert answer.is_success, answer.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"tax_registration": "DE12345678"}, "account.tax_registration"),
        ({"parent": "A-1"}, "account.parent"),
        ({"exemption_code": "g"}, "account.exemption_code"),
    ],
)
async def test_wrong_master_data_is_an_exception_before_anything_is_written(
    made: World, fields: dict[str, Any], field: str
) -> None:
    await made.load(sold_to(**fields))
    found = await made.until_exception("C-1")
    assert (found.code, found.platform, found.owner) == ("rejected", "salesforce", "sales-operations")
    assert field in found.summary
    for name, kinds in (("stripe", {"customer", "subscription", "invoice"}), ("netsuite", {"customer"})):
        assert not kinds & made.platforms[name].dump().keys(), name
    assert not made.platforms["avatax"].dump().get("transaction")


async def test_registration_that_is_fixed_here_is_taken(made: World) -> None:
    await made.load(sold_to(tax_registration="DE12345678"))
    found = await made.until_exception("C-1")
    await made.decide("fiona", found, "fix", **{"account.tax_registration": "DE123456789"})
    await until_agreed(made, sold_to(tax_registration="DE123456789"))
    customers = made.platforms["stripe"].dump()["customer"]
    assert [c["metadata"]["q2c_tax_registration"] for c in customers] == ["DE123456789"]


async def test_registration_that_was_mended_in_the_crm_is_taken_on_retry(made: World) -> None:
    await made.load(sold_to(tax_registration="DE12345678"))
    found = await made.until_exception("C-1")
    await mend_in_the_crm(made, {"Tax_Registration__c": "DE123456789"})
    await made.decide("olivia", found, "retry")
    await until_agreed(made, sold_to(tax_registration="DE123456789"))


async def test_parents_that_go_round_in_a_circle_stop_a_contract_before_anything_is_written(
    made: World,
) -> None:
    told = sold_to(parent="P-1")
    await made.load(told, approve=None)
    await mend_in_the_crm(made, {"Parent": {"Q2C_Id__c": "A-1"}}, account="P-1")
    await made.load(told)
    found = await made.until_exception("C-1")
    assert (found.code, found.owner, found.field) == ("rejected", "sales-operations", "account.parent")
    assert "account.parent: goes round in a circle: A-1 → P-1 → A-1" in found.summary
    assert "customer" not in made.platforms["stripe"].dump()
    await mend_in_the_crm(made, {"ParentId": None}, account="P-1")
    await made.decide("olivia", found, "retry")
    await until_agreed(made, told)


async def test_a_parent_that_the_crm_does_not_have_is_named(made: World) -> None:
    document = sold_to(parent="P-404")
    assert (await made.act("fiona", "POST", "/contracts", document)).status_code == 201
    found = await made.until_exception("C-1")
    assert "leads to 'P-404', which the CRM does not have: A-1 → P-404" in found.summary
    assert "customer" not in made.platforms["stripe"].dump()
