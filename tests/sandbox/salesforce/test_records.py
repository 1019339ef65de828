"""Records over REST: created, read, changed and refused as the vendor says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.kit.faults import Fault
from sandbox.salesforce import Salesforce, ids
from tests.sandbox.salesforce.conftest import ROOT, Api
from tests.sandbox.salesforce.scenarios import SCENARIO

NAMES = st.text(st.sampled_from("abcXYZ0189"), min_size=15, max_size=15)


def test_checksum_is_the_vendors() -> None:
    """Ids of the vendor's own documentation."""
    for whole in ("001D000000IqhSLIAZ", "001R00000064wdtIAA", "00590000000GTSSAA4", "01gD0000002HU6KIAW"):
        assert ids.with_checksum(whole[:15]) == whole


@given(NAMES)
def test_both_lengths_of_an_id_are_one(id15: str) -> None:
    whole = ids.with_checksum(id15)
    assert ids.canonical(id15) == ids.canonical(whole) == ids.canonical(whole.lower()) == whole


@pytest.mark.parametrize("text", ["", "001", "001D000000IqhSL5AZ", "001D000000IqhS!", "001D000000IqhSL999"])
def test_wrong_ids_are_none(text: str) -> None:
    assert ids.canonical(text) is None


async def test_created_record_is_read_back(api: Api) -> None:
    record_id = await api.create(
        "Account", Name='O\'Neill & "Söhne" 日本', BillingCity="Köln", AnnualRevenue=5
    )
    answer = await api.call("GET", f"/sobjects/Account/{record_id}")
    record = answer.json()
    assert (record["Name"], record["BillingCity"]) == ('O\'Neill & "Söhne" 日本', "Köln")
    assert record["BillingAddress"]["city"] == "Köln"
    assert record["attributes"] == {"type": "Account", "url": f"{ROOT}/sobjects/Account/{record_id}"}
    assert record["CreatedDate"].endswith("+0000")
    assert record_id.startswith("001")
    assert len(record_id) == 18
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=2/")


async def test_fields_choose_what_is_read_and_short_ids_are_taken(api: Api) -> None:
    record_id = await api.create("Account", Name="A")
    answer = await api.call("GET", f"/sobjects/account/{record_id[:15]}", params={"fields": "Name,Phone"})
    assert answer.json().keys() == {"attributes", "Name", "Phone"}
    assert await api.refused("GET", f"/sobjects/Account/{record_id}?fields=Nope") == (400, "INVALID_FIELD")


async def test_update_changes_what_it_names(api: Api) -> None:
    record_id = await api.create("Account", Name="A", Phone="1")
    answer = await api.call(
        "PATCH", f"/sobjects/Account/{record_id}", json={"Name": "B", "BillingCity": None}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    record = (await api.call("GET", f"/sobjects/Account/{record_id}")).json()
    assert (record["Name"], record["Phone"]) == ("B", "1")


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Account", {}, "REQUIRED_FIELD_MISSING"),
    ("Account", {"Name": ""}, "REQUIRED_FIELD_MISSING"),
    ("Account", {"Name": "A", "Nope__c": 1}, "INVALID_FIELD"),
    ("Account", {"Name": "N" * 256}, "STRING_TOO_LONG"),
    ("Account", {"Name": "A", "AnnualRevenue": 10**18}, "NUMBER_OUTSIDE_VALID_RANGE"),
    ("Account", {"Name": "A", "AnnualRevenue": "1e999999"}, "NUMBER_OUTSIDE_VALID_RANGE"),
    ("Account", {"Name": "A", "AnnualRevenue": "many"}, "JSON_PARSER_ERROR"),
    ("Account", {"Name": "A", "NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR"),
    ("Account", {"Name": ["A"]}, "JSON_PARSER_ERROR"),
    ("Account", {"Name": "A", "CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ("Account", {"Name": "A", "Id": "001D000000IqhSLIAZ"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ("Account", {"Name": "A", "Billing_Email__c": "nobody"}, "INVALID_EMAIL_ADDRESS"),
    ("Account", {"Name": "A", "ParentId": "xyz"}, "MALFORMED_ID"),
    ("Account", {"Name": "A", "ParentId": ids.new_id("003", 1)}, "MALFORMED_ID"),
    ("Account", {"Name": "A", "ParentId": ids.new_id("001", 99)}, "INVALID_CROSS_REFERENCE_KEY"),
    ("Account", {"Name": "A", "CurrencyIsoCode": "XXX1"}, "STRING_TOO_LONG"),
    ("Account", {"Name": "A", "CurrencyIsoCode": "ZZZ"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ("Account", {"Name": "A", "Parent": {"Q2C_Id__c": "A-9"}}, "INVALID_FIELD"),
    ("Opportunity", {"Name": "O", "StageName": "Won", "CloseDate": "soon"}, "JSON_PARSER_ERROR"),
    ("Product2", {"Name": "P", "IsActive": None}, "JSON_PARSER_ERROR"),
    ("Product2", {"Name": "P", "IsActive": "perhaps"}, "JSON_PARSER_ERROR"),
    ("User", {"Username": "x"}, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
]  # fmt: skip


@pytest.mark.parametrize(("object_name", "fields", "code"), REFUSED)
async def test_wrong_record_is_refused(api: Api, object_name: str, fields: dict[str, Any], code: str) -> None:
    assert await api.refused("POST", f"/sobjects/{object_name}", json=fields) == (400, code)


async def test_unique_external_id_is_held_in_any_case(api: Api) -> None:
    await api.create("Account", Name="A", Q2C_Id__c="A-1")
    assert await api.refused("POST", "/sobjects/Account", json={"Name": "B", "Q2C_Id__c": "a-1"}) == (
        400,
        "DUPLICATE_VALUE",
    )


async def test_parent_may_be_given_by_its_external_id(api: Api) -> None:
    parent = await api.create("Account", Name="P", Q2C_Id__c="A-0")
    child = await api.create("Account", Name="C", Parent={"Q2C_Id__c": "A-0"})
    assert (await api.call("GET", f"/sobjects/Account/{child}")).json()["ParentId"] == parent


async def test_upsert_creates_then_updates_and_values_are_encoded(api: Api) -> None:
    path = "/sobjects/Account/Q2C_Id__c/A%2F1%20%C3%BC%3F"
    first = await api.call("PATCH", path, json={"Name": "A"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    second = await api.call("PATCH", path, json={"Name": "B"})
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert first.json()["id"] == second.json()["id"]
    record = (await api.call("GET", path)).json()
    assert (record["Name"], record["Q2C_Id__c"]) == ("B", "A/1 ü?")


async def test_update_only_makes_nothing(api: Api) -> None:
    path = "/sobjects/Account/Q2C_Id__c/A-1?updateOnly=true"
    assert await api.refused("PATCH", path, json={"Name": "A"}) == (404, "NOT_FOUND")
    assert (await api.query("SELECT COUNT() FROM Account"))["totalSize"] == 0


async def test_upsert_refuses_the_key_in_the_body_and_other_fields_as_keys(api: Api) -> None:
    body = {"Name": "A", "Q2C_Id__c": "A-1"}
    assert await api.refused("PATCH", "/sobjects/Account/Q2C_Id__c/A-1", json=body) == (400, "INVALID_FIELD")
    assert await api.refused("PATCH", "/sobjects/Account/Name/A", json={}) == (404, "NOT_FOUND")


async def test_several_matches_of_an_external_id_are_listed(org: Salesforce, api: Api) -> None:
    made = [await api.create("Account", Name="A", Q2C_Id__c=key) for key in ("A-1", "A-2")]
    row = org.records.by_id("Account", made[1])
    assert row is not None
    org.state.put("Account", made[1], row | {"Q2C_Id__c": "A-1", "lower:Q2C_Id__c": "a-1"})
    answer = await api.call("PATCH", "/sobjects/Account/Q2C_Id__c/A-1", json={"Name": "B"})
    assert answer.status_code == 300
    assert answer.json() == [f"{ROOT}/sobjects/Account/{each}" for each in made]


async def test_conditional_requests(org: Salesforce, api: Api) -> None:
    record_id = await api.create("Account", Name="A")
    path = f"/sobjects/Account/{record_id}"
    modified = (await api.call("GET", path)).headers["Last-Modified"]
    answer = await api.call("GET", path, headers={"If-Modified-Since": modified})
    assert (answer.status_code, answer.content) == (304, b"")
    old = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    assert await api.refused("PATCH", path, json={"Name": "B"}, headers=old) == (412, "PRECONDITION_FAILED")
    ahead = datetime.now(UTC).replace(year=2040)
    await org.advance_clock(ahead)
    await api.call("PATCH", path, json={"Name": "B"})
    assert (await api.call("GET", path, headers={"If-Modified-Since": modified})).status_code == 200


async def test_deleted_record_is_gone(api: Api) -> None:
    record_id = await api.create("Account", Name="A", Q2C_Id__c="A-1")
    assert (await api.call("DELETE", f"/sobjects/Account/{record_id}")).status_code == 204
    assert await api.refused("GET", f"/sobjects/Account/{record_id}") == (404, "ENTITY_IS_DELETED")
    assert await api.refused("GET", "/sobjects/Account/Q2C_Id__c/A-1") == (404, "NOT_FOUND")
    assert await api.create("Account", Name="A", Q2C_Id__c="A-1") != record_id


LOCKED = [
    ("Contract", {"StartDate": "2026-02-01"}, "FIELD_INTEGRITY_EXCEPTION"),
    ("Contract", {"CurrencyIsoCode": "EUR"}, "FIELD_INTEGRITY_EXCEPTION"),
    ("Contract", {"Status": "Draft"}, "INVALID_STATUS"),
    ("Order", {"EffectiveDate": "2026-02-01"}, "FIELD_INTEGRITY_EXCEPTION"),
    ("Order", {"Approval_Status__c": "Rejected"}, "FIELD_INTEGRITY_EXCEPTION"),
    ("OrderItem", {"Billed_Quantity__c": 11}, "FIELD_INTEGRITY_EXCEPTION"),
    ("OrderItem", {"Quantity": 11}, "FIELD_INTEGRITY_EXCEPTION"),
    ("Price_Tier__c", {"Tier_Price__c": 1}, "FIELD_INTEGRITY_EXCEPTION"),
    ("Ramp_Step__c", {"Flat_Amount__c": 1}, "FIELD_INTEGRITY_EXCEPTION"),
]


@pytest.mark.parametrize(("object_name", "fields", "code"), LOCKED)
async def test_activated_terms_cannot_be_changed(
    org: Salesforce, api: Api, object_name: str, fields: dict[str, Any], code: str
) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    record_id = org.dump()[object_name][0]["Id"]
    path = f"/sobjects/{object_name}/{record_id}"
    assert await api.refused("PATCH", path, json=fields) == (400, code)
    assert await api.refused("DELETE", path) == (400, "INSUFFICIENT_ACCESS_OR_READONLY")


async def test_integration_fields_of_the_activated_stay_open(org: Salesforce, api: Api) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    body = {"Integration_Status__c": "Active", "First_Invoice_Total__c": 13065.05}
    answer = await api.call("PATCH", "/sobjects/Contract/Q2C_Id__c/C-1", json=body)
    assert answer.status_code == 200
    read = await api.call("GET", "/sobjects/Contract/Q2C_Id__c/C-1?fields=First_Invoice_Total__c")
    assert '"First_Invoice_Total__c":13065.05' in read.text


async def test_orders_are_activated_with_a_product_only(org: Salesforce, api: Api) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    dump = org.dump()
    first, item = dump["Order"][0], dump["OrderItem"][0]
    fields = {name: first[name] for name in ("AccountId", "ContractId", "Pricebook2Id", "CurrencyIsoCode")}
    draft = fields | {"EffectiveDate": "2026-03-01", "Status": "Draft"}
    assert await api.refused("POST", "/sobjects/Order", json=draft | {"Status": "Activated"}) == (
        400,
        "FAILED_ACTIVATION",
    )
    early = draft | {"EffectiveDate": "2025-12-31"}
    assert await api.refused("POST", "/sobjects/Order", json=early) == (400, "FIELD_INTEGRITY_EXCEPTION")
    order = await api.create("Order", **draft)
    activate = {"Status": "Activated"}
    assert await api.refused("PATCH", f"/sobjects/Order/{order}", json=activate) == (400, "FAILED_ACTIVATION")
    product = {"OrderId": order, "PricebookEntryId": item["PricebookEntryId"], "Quantity": 1}
    await api.create("OrderItem", **product)
    assert (await api.call("PATCH", f"/sobjects/Order/{order}", json=activate)).status_code == 204
    assert await api.refused("POST", "/sobjects/OrderItem", json=product) == (
        400,
        "FIELD_INTEGRITY_EXCEPTION",
    )
    read = (await api.call("GET", f"/sobjects/Order/{order}")).json()
    assert (read["StatusCode"], read["Contract_Key__c"], read["OrderNumber"]) == (
        "Activated",
        "C-1",
        "00000002",
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/sobjects/Nope", 404, "NOT_FOUND"),
        ("GET", "/nope", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/nope", 404, "NOT_FOUND"),
        ("GET", f"/sobjects/Account/{ids.new_id('001', 9)}", 404, "NOT_FOUND"),
        ("PUT", "/sobjects/Account", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/query", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/query", 400, "MALFORMED_QUERY"),
    ],
)
async def test_wrong_resources_are_refused(api: Api, method: str, path: str, status: int, code: str) -> None:
    assert await api.refused(method, path) == (status, code)


async def test_body_must_be_json(api: Api) -> None:
    path, typed = "/sobjects/Account", {"Content-Type": "application/json"}
    assert await api.refused("POST", path, content=b"{", headers=typed) == (400, "JSON_PARSER_ERROR")
    assert await api.refused("POST", path, content=b"[]", headers=typed) == (400, "JSON_PARSER_ERROR")
    assert await api.refused("POST", path, content=b'{"Name": NaN}', headers=typed) == (
        400,
        "JSON_PARSER_ERROR",
    )
    assert await api.refused("POST", path, data={"Name": "A"}) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("version", ["v20.0", "v58.0", "v69.0", "60.0", "v60", "vX"])
async def test_other_versions_are_not_there(api: Api, version: str) -> None:
    answer = await api.http.get(f"/services/data/{version}/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


async def test_versions_and_resources_are_listed(api: Api) -> None:
    versions = (await api.http.get("/services/data/")).json()
    assert [each["version"] for each in versions][0::9] == ["59.0", "68.0"]
    assert (await api.call("GET", "/")).json()["sobjects"] == f"{ROOT}/sobjects"
    assert (await api.call("GET", "/limits/")).json()["DailyApiRequests"]["Max"] == 100_000


@pytest.mark.parametrize("status", ["429", "500", "503"])
async def test_faults_speak_the_vendors_words(org: Salesforce, api: Api, status: str) -> None:
    org.faults.add(Fault(status))
    answer = await api.call("GET", "/limits")
    assert answer.status_code == int(status)
    assert answer.json()[0].keys() == {"message", "errorCode"}


async def test_hidden_fields_are_not_there(org: Salesforce, api: Api) -> None:
    await org.load({"hide_fields": {"Account": ["Phone"]}})
    record_id = await api.create("Account", Name="A")
    assert "Phone" not in (await api.call("GET", f"/sobjects/Account/{record_id}")).json()
    described = (await api.call("GET", "/sobjects/Account/describe")).json()
    assert "Phone" not in [each["name"] for each in described["fields"]]
    assert await api.refused("PATCH", f"/sobjects/Account/{record_id}", json={"Phone": "1"}) == (
        400,
        "INVALID_FIELD",
    )
