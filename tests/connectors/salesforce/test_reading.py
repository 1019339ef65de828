"""What the org must say, and what happens where it does not."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.fields import load_fields
from connectors.salesforce.records import plain
from connectors.salesforce.soql import contracts_query, quoted
from ports.errors import Conflict, NotFound, Rejected, UnexpectedAnswer
from sandbox.kit.faults import Fault
from sandbox.salesforce import Salesforce as Org
from sandbox.salesforce.soql_syntax import Comparison, parsed
from tests.connectors.crm_scenarios import EVERYTHING, SMALL, expected_contract
from tests.connectors.salesforce.conftest import Recorded

EMPTIED = [
    ("Contract", "StartDate"),
    ("Contract", "Legal_Entity__c"),
    ("Contract", "Billing_Frequency__c"),
    ("Contract", "Billing_Timing__c"),
    ("Contract", "Payment_Terms_Days__c"),
    ("Contract", "Renewal_Type__c"),
    ("Contract", "Initial_Term_Months__c"),
    ("Account", "Q2C_Id__c"),
    ("Account", "BillingStreet"),
    ("Account", "BillingCity"),
    ("Account", "BillingPostalCode"),
    ("Account", "BillingCountry"),
    ("Product2", "ProductCode"),
    ("OrderItem", "Line_Id__c"),
    ("OrderItem", "Action__c"),
    ("OrderItem", "Charge_Type__c"),
    ("OrderItem", "Pricing_Model__c"),
    ("OrderItem", "Price_Period__c"),
    ("OrderItem", "Exact_Unit_Price__c"),
    ("OrderItem", "Billed_Quantity__c"),
    ("OrderItem", "Discount__c"),
    ("Order", "Version__c"),
    ("Order", "Type"),
    ("ProcessInstance", "CompletedDate"),
    ("ProcessInstance", "LastActorId"),
]


def changed(org: Org, object_name: str, **fields: Any) -> None:
    """Change the first record behind the org's back, past its own rules."""
    row = org.records.all(object_name)[0]
    org.state.put(object_name, row["Id"], row | fields)


@pytest.mark.parametrize(("object_name", "field"), EMPTIED)
async def test_missing_figure_is_rejected_by_its_name_and_never_defaulted(
    org: Org, crm: Salesforce, object_name: str, field: str
) -> None:
    await org.load({"scenario": SMALL, "approve": "CH-1"})
    changed(org, object_name, **{field: None})
    with pytest.raises(Rejected) as raised:
        await crm.read_contract("C-1001")
    assert field.removesuffix("Id") in str(raised.value.field)


CONTRADICTIONS = [
    ("Contract", {"Evergreen__c": True}),
    ("Contract", {"Renewal_Type__c": "Manual", "Renewal_Evergreen__c": True, "Renewal_Term_Months__c": "12"}),
    ("Contract", {"Payment_Terms_Days__c": "-1.0"}),
    ("Account", {"BillingCountry": "Germany"}),
    ("Account", {"BillingStreet": " \n "}),
    ("OrderItem", {"Flat_Amount__c": "5.000000"}),
    ("OrderItem", {"Pricing_Model__c": "Volume", "Exact_Unit_Price__c": None}),
    ("OrderItem", {"Action__c": "Change"}),
    ("OrderItem", {"Commitment_Amount__c": "5.000000"}),
    ("Order", {"Type": "Renewal"}),
    ("ProcessInstance", {"Status": "Rejected"}),
]


@pytest.mark.parametrize(("object_name", "fields"), CONTRADICTIONS)
async def test_contradiction_is_rejected(
    org: Org, crm: Salesforce, object_name: str, fields: dict[str, Any]
) -> None:
    await org.load({"scenario": SMALL, "approve": "contract"})
    changed(org, object_name, **fields)
    with pytest.raises((Rejected, NotFound)):
        await crm.read_contract("C-1001")


STRANGE = [
    ("Contract", "Billing_Frequency__c", "Weekly"),
    ("Contract", "Renewal_Type__c", "none"),
    ("Order", "Type", "Upgrade"),
    ("OrderItem", "Charge_Type__c", "Milestone"),
    ("OrderItem", "Pricing_Model__c", "Stairstep"),
]


@pytest.mark.parametrize(("object_name", "field", "value"), STRANGE)
async def test_unknown_picklist_value_is_refused(
    org: Org, crm: Salesforce, object_name: str, field: str, value: str
) -> None:
    await org.load({"scenario": SMALL, "approve": "contract"})
    changed(org, object_name, **{field: value})
    with pytest.raises(UnexpectedAnswer) as raised:
        await crm.read_contract("C-1001")
    assert field in str(raised.value.field)
    assert value not in str(raised.value)


async def test_contract_that_is_being_changed_is_a_conflict(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "CH-1"})
    changed(org, "Contract", Version__c="3.0")
    with pytest.raises(Conflict):
        await crm.read_contract("C-1001")


async def test_contract_that_changes_while_it_is_read_is_a_conflict(
    org: Org, crm: Salesforce, transport: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    await org.load({"scenario": SMALL, "approve": "contract"})
    await crm.read_contract("C-1001")
    handle = transport.handle_async_request

    async def and_then_approved(request: httpx.Request) -> httpx.Response:
        answer = await handle(request)
        await org.load({"scenario": SMALL, "approve": "CH-1"})
        return answer

    monkeypatch.setattr(transport, "handle_async_request", and_then_approved)
    with pytest.raises(Conflict):
        await crm.read_contract("C-1001")
    monkeypatch.undo()
    assert (await crm.read_contract("C-1001")).version == 2


async def test_two_changes_of_one_version_are_rejected(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "CH-1"})
    await org.load({"scenario": SMALL, "approve": "CH-2"})
    order = org.records.all("Order")[2]
    org.state.put("Order", order["Id"], order | {"Version__c": "2"})
    with pytest.raises(Rejected, match="Version__c"):
        await crm.read_contract("C-1001")


async def test_drafts_need_not_be_complete(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": None})
    await org.load({"scenario": SMALL, "approve": "contract"})
    for item in org.records.all("OrderItem")[1:]:
        org.state.put("OrderItem", item["Id"], item | {"Line_Id__c": None, "Action__c": None})
    assert (await crm.read_contract("C-1001")).changes == ()


async def test_lines_of_a_renewal_must_be_renewed(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "CH-2"})
    item = org.records.all("OrderItem")[1]
    org.state.put("OrderItem", item["Id"], item | {"Action__c": "Add"})
    with pytest.raises(Rejected, match="Action__c"):
        await crm.read_contract("C-1001")


async def test_contract_with_more_lines_than_a_page_is_read_whole(org: Org, crm: Salesforce) -> None:
    line = SMALL["contract"]["lines"][0]
    lines = [{**line, "id": f"L{number:05}"} for number in range(2101)]
    many = {**SMALL, "contract": {**SMALL["contract"], "lines": lines}}
    await org.load({"scenario": many, "approve": "contract", "bare": True})
    assert (await crm.read_contract("C-1001")).contract == expected_contract(many)


async def test_bare_contract_has_no_quote(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "contract", "bare": True})
    approval = (await crm.read_contract("C-1001")).approval
    assert (approval.quote, approval.opportunity) == (None, None)
    assert "Quote" not in org.dump()


async def test_errors_carry_no_figures_of_the_customer(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": EVERYTHING, "approve": "contract"})
    account = next(each for each in org.records.all("Account") if each["Q2C_Id__c"] == "A-77")
    org.state.put("Account", account["Id"], account | {"BillingCountry": "Secret Land"})
    with pytest.raises(Rejected) as raised:
        await crm.read_contract("C-2001")
    assert "Secret" not in str(raised.value)


async def test_drift_of_a_nested_field_is_noticed(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "contract"})
    org.faults.add(Fault("field-renamed", route="GET /services/data/*/query", field="Orders"))
    with pytest.raises(UnexpectedAnswer) as raised:
        await crm.read_contract("C-1001")
    assert raised.value.field == "Orders"


@given(st.text())
def test_quoted_text_is_one_literal_that_stands_for_itself(text: str) -> None:
    query = f"SELECT Id FROM Contract WHERE Q2C_Id__c = {quoted(text)}"  # noqa: S608 - how values are quoted is what is tested
    where = parsed(query, date(2026, 1, 31)).where
    assert isinstance(where, Comparison)
    assert where.literal.value == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=0, max_value=10**9))
def test_plain_is_the_same_number_without_exponent(value: Decimal) -> None:
    assert plain(value) == value
    assert not format(plain(value), "f").endswith(".0")
    assert plain(Decimal("1200.0")).as_tuple().exponent == 0


def test_the_query_fits_into_a_request_line() -> None:
    """A URI may have 16,384 bytes."""
    query = contracts_query(load_fields(), ["C" * 80] * 20)
    assert len(str(httpx.URL("https://q2c.my.salesforce.com", params={"q": query}))) < 12_000
