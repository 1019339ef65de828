"""SOQL: what a query finds, in which order and form, and what is refused."""

# ruff: noqa: S608 - queries are what is tested

from datetime import date

import pytest

from sandbox.salesforce import Salesforce
from sandbox.salesforce.soql_dates import span
from tests.sandbox.salesforce.conftest import Api
from tests.sandbox.salesforce.scenarios import SCENARIO

ACCOUNTS = [
    {"Name": "Alpha", "NumberOfEmployees": 5, "AnnualRevenue": 10, "Type": "Customer"},
    {"Name": "beta", "NumberOfEmployees": 50, "AnnualRevenue": 2.5, "Type": "Prospect"},
    {"Name": 'Gamma\'s "x" \\ 100%', "NumberOfEmployees": 500, "Type": "Customer"},
    {"Name": "Δelta_1", "AnnualRevenue": 1000},
]


@pytest.fixture
async def api(api: Api) -> Api:
    for fields in ACCOUNTS:
        await api.create("Account", **fields)
    return api


A, B, C, D = (each["Name"] for each in ACCOUNTS)

FOUND = [
    ("Name = 'alpha'", [A]),
    ("Name != 'Alpha'", [B, C, D]),
    ("Name = 'Gamma\\'s \\\"x\\\" \\\\ 100%'", [C]),
    ("Name LIKE 'A%'", [A]),
    ("Name LIKE '%\\%'", [C]),
    ("Name LIKE '_eta'", [B]),
    ("Name LIKE '%\\_1'", [D]),
    ("Name = '\\u0394elta_1'", [D]),
    ("Name IN ('Alpha', 'BETA')", [A, B]),
    ("Name NOT IN ('Alpha', 'beta')", [C, D]),
    ("NumberOfEmployees > 5", [B, C]),
    ("NumberOfEmployees >= 5 AND NumberOfEmployees < 500", [A, B]),
    ("NumberOfEmployees <= 5 OR AnnualRevenue >= 1000", [A, D]),
    ("AnnualRevenue = 3", [B]),
    ("NumberOfEmployees = null", [D]),
    ("NumberOfEmployees != null AND NOT (Type = 'Customer')", [B]),
    ("(Type = 'Customer' OR Type = 'Prospect') AND NOT Name = 'beta'", [A, C]),
    ("NOT Type IN ('Customer')", [B, D]),
    ("IsDeleted = false", [A, B, C, D]),
    ("IsDeleted = TRUE", []),
    ("CreatedDate > 2020-01-01T00:00:00Z AND CreatedDate > 2020-01-01T00:00:00.000+01:00", [A, B, C, D]),
    ("CreatedDate = LAST_N_DAYS:1", [A, B, C, D]),
    ("CreatedDate != LAST_N_DAYS:1 OR CreatedDate < yesterday OR CreatedDate > NEXT_N_DAYS:3", []),
    ("CreatedDate <= TODAY AND CreatedDate >= LAST_N_DAYS:7 AND CreatedDate < TOMORROW", [A, B, C, D]),
    ("CreatedBy.Name = 'Q2C Integration'", [A, B, C, D]),
    ("OwnerId IN (SELECT Id FROM User WHERE LastName = 'Integration')", [A, B, C, D]),
    ("Id NOT IN (SELECT AccountId FROM Contact)", [A, B, C, D]),
]


# From the vendor's table of date literals, on a Saturday.
DAYS = [
    ("YESTERDAY", "2026-11-27", "2026-11-28"),
    ("TODAY", "2026-11-28", "2026-11-29"),
    ("LAST_WEEK", "2026-11-15", "2026-11-22"),
    ("THIS_WEEK", "2026-11-22", "2026-11-29"),
    ("NEXT_WEEK", "2026-11-29", "2026-12-06"),
    ("THIS_MONTH", "2026-11-01", "2026-12-01"),
    ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
    ("LAST_90_DAYS", "2026-08-30", "2026-11-29"),
    ("NEXT_90_DAYS", "2026-11-29", "2027-02-27"),
    ("LAST_N_DAYS:7", "2026-11-21", "2026-11-29"),
    ("NEXT_N_DAYS:7", "2026-11-29", "2026-12-06"),
    ("N_DAYS_AGO:7", "2026-11-21", "2026-11-22"),
    ("LAST_N_MONTHS:2", "2026-09-01", "2026-11-01"),
    ("N_MONTHS_AGO:11", "2025-12-01", "2026-01-01"),
    ("NEXT_N_WEEKS:2", "2026-11-29", "2026-12-13"),
    ("LAST_QUARTER", "2026-07-01", "2026-10-01"),
    ("NEXT_N_QUARTERS:2", "2027-01-01", "2027-07-01"),
    ("LAST_FISCAL_YEAR", "2025-01-01", "2026-01-01"),
    ("N_YEARS_AGO:2", "2024-01-01", "2025-01-01"),
]


@pytest.mark.parametrize(("literal", "start", "end"), DAYS)
def test_a_date_literal_is_reckoned_from_today(literal: str, start: str, end: str) -> None:
    days = span(literal, date(2026, 11, 28))
    assert days is not None
    assert [day.isoformat() for day in days] == [start, end]


@pytest.mark.parametrize(("where", "names"), FOUND)
async def test_where_finds(api: Api, where: str, names: list[str]) -> None:
    assert await api.names(f"SELECT Name FROM Account WHERE {where} ORDER BY CreatedDate, Id") == names


ORDERED = [
    ("ORDER BY Name", [A, B, C, D]),
    ("ORDER BY Name DESC", [D, C, B, A]),
    ("ORDER BY NumberOfEmployees", [D, A, B, C]),
    ("ORDER BY NumberOfEmployees NULLS LAST", [A, B, C, D]),
    ("ORDER BY NumberOfEmployees DESC NULLS LAST", [C, B, A, D]),
    ("ORDER BY Type DESC NULLS LAST, Name DESC", [B, C, A, D]),
    ("ORDER BY Name ASC LIMIT 2", [A, B]),
    ("ORDER BY Name LIMIT 2 OFFSET 1", [B, C]),
    ("ORDER BY Name LIMIT 0", []),
]


@pytest.mark.parametrize(("tail", "names"), ORDERED)
async def test_order_limit_and_offset(api: Api, tail: str, names: list[str]) -> None:
    assert await api.names(f"select Name from account {tail}") == names


async def test_count_has_no_records(api: Api) -> None:
    answer = await api.query("SELECT COUNT() FROM Account WHERE Type = 'Customer'")
    assert answer == {"totalSize": 2, "done": True, "records": []}


async def test_records_have_attributes_and_only_what_was_selected(api: Api) -> None:
    (record,) = (await api.query("SELECT Id, annualrevenue FROM Account WHERE Name = 'beta'"))["records"]
    url = f"/services/data/v60.0/sobjects/Account/{record['Id']}"
    assert record == {
        "attributes": {"type": "Account", "url": url},
        "Id": record["Id"],
        "AnnualRevenue": 3.0,
    }


async def test_parents_are_nested_and_null_where_there_are_none(org: Salesforce, api: Api) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    answer = await api.query(
        "SELECT Account.Parent.Name, Account.Parent.Parent.Name, Account.Name FROM Contract"
    )
    account = answer["records"][0]["Account"]
    assert account["Name"] == SCENARIO["contract"]["account"]["name"]
    assert account["Parent"]["Name"] == "A-0"
    assert account["Parent"]["Parent"] is None
    assert account["attributes"]["type"] == "Account"


async def test_children_are_queried_five_levels_deep(org: Salesforce, api: Api) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    tiers = "(SELECT Tier_Price__c FROM Price_Tiers__r ORDER BY Sequence__c)"
    items = f"(SELECT Line_Id__c, {tiers}, (SELECT From_Date__c, {tiers} FROM Ramp_Steps__r) FROM OrderItems)"
    answer = await api.query(f"SELECT Id, (SELECT Type, {items} FROM Orders) FROM Contract")
    (order,) = answer["records"][0]["Orders"]["records"]
    first, second = order["OrderItems"]["records"]
    assert (first["Price_Tiers__r"], second["Ramp_Steps__r"]) == (None, None)
    assert [each["Tier_Price__c"] for each in second["Price_Tiers__r"]["records"]] == [0.0, 0.02]
    assert first["Ramp_Steps__r"]["records"][0]["From_Date__c"] == "2026-07-01"
    too_deep = f"SELECT Id, (SELECT Id, (SELECT Id, {items[:-1]}) FROM Orders) FROM Contracts) FROM Account"
    assert await api.refused("GET", "/query", params={"q": too_deep}) == (400, "MALFORMED_QUERY")


async def test_numbers_lose_no_decimal(org: Salesforce, api: Api) -> None:
    await org.load({"scenario": SCENARIO, "approve": "contract"})
    answer = await api.call(
        "GET", "/query", params={"q": "SELECT Exact_Unit_Price__c FROM OrderItem WHERE Line_Id__c = 'L1'"}
    )
    assert '"Exact_Unit_Price__c":1200.123456789}' in answer.text


REFUSED = [
    ("SELECT Nope FROM Account", "INVALID_FIELD"),
    ("SELECT Name FROM Nope", "INVALID_TYPE"),
    ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
    ("SELECT (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE"),
    ("SELECT Name FROM Account WHERE Nope = 1", "INVALID_FIELD"),
    ("SELECT Name FROM Account ORDER BY Nope", "INVALID_FIELD"),
    ("SELECT Name FROM Account WHERE NumberOfEmployees = '5'", "INVALID_FIELD"),
    ("SELECT Name FROM Account WHERE Name = 5", "INVALID_FIELD"),
    ("SELECT Name FROM Account WHERE IsDeleted = 'false'", "INVALID_FIELD"),
    ("SELECT Name FROM Account WHERE CreatedDate > '2020-01-01'", "INVALID_FIELD"),
    ("SELECT Name FROM Account WHERE Name IN (SELECT Id FROM Contact)", "MALFORMED_QUERY"),
    ("SELECT * FROM Account", "MALFORMED_QUERY"),
    ("SELECT Name FORM Account", "MALFORMED_QUERY"),
    ("SELECT FROM Account", "MALFORMED_QUERY"),
    ("SELECT Name Account", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE Name = 'x' OR Type = 'y' AND IsDeleted = false", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE Name = 'it's'", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE Name = 'a\\x'", "MALFORMED_QUERY"),
    ('SELECT Name FROM Account WHERE Name = "Alpha"', "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE Name LIKE 5", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE CreatedDate = 2020-02-30", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE CreatedDate = SOME_DAY", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE CreatedDate = LAST_N_MOONS:3", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE CreatedDate > LAST_N_DAYS:99999999", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account WHERE Name = TODAY", "INVALID_FIELD"),
    ("SELECT Name FROM Account LIMIT many", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account; DELETE FROM Account", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account GROUP BY Name", "MALFORMED_QUERY"),
    ("", "MALFORMED_QUERY"),
    ("SELECT A.B.C.D.E.F.G FROM Account", "MALFORMED_QUERY"),
    ("SELECT Name FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
]


@pytest.mark.parametrize(("soql", "code"), REFUSED)
async def test_what_is_no_query_is_refused(api: Api, soql: str, code: str) -> None:
    assert await api.refused("GET", "/query", params={"q": soql}) == (400, code)


async def test_pages_follow_each_other(api: Api) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": f"N{number:03}"} for number in range(200)]
    for _ in range(2):
        await api.call("POST", "/composite/sobjects", json={"records": records})
    headers = {"Sforce-Query-Options": "batchSize=200"}
    page = await api.query("SELECT Name FROM Account", headers=headers)
    sizes = [len(page["records"])]
    while not page["done"]:
        page = (await api.http.get(page["nextRecordsUrl"])).json()
        assert page["totalSize"] == 404
        sizes.append(len(page["records"]))
    assert sizes == [200, 200, 4]
    assert "nextRecordsUrl" not in page
    assert await api.refused("GET", "/query/01gNope-200") == (400, "INVALID_QUERY_LOCATOR")


async def test_deleted_records_show_in_query_all_only(api: Api) -> None:
    gone = await api.create("Account", Name="Gone")
    assert (await api.call("DELETE", f"/sobjects/Account/{gone}")).status_code == 204
    soql = {"q": "SELECT Name, IsDeleted FROM Account WHERE Name = 'Gone'"}
    assert (await api.call("GET", "/query", params=soql)).json()["totalSize"] == 0
    (record,) = (await api.call("GET", "/queryAll", params=soql)).json()["records"]
    assert record["IsDeleted"] is True
