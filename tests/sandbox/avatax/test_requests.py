"""What the API refuses before it computes, how it lists, who may call it."""

import base64
from typing import Any

import httpx
import pytest

from sandbox.kit.faults import Fault
from sandbox.kit.platform import Platform
from tests.sandbox.avatax.conftest import ADDRESS, BASE_URL, Api
from tests.sandbox.avatax.documents import line, one, sale

CREATE = "/transactions/create"
LIST = "/companies/US01/transactions"


def _without(name: str) -> dict[str, Any]:
    request = sale()
    del request[name]
    return request


def _to(**changes: Any) -> dict[str, Any]:
    return sale(addresses={"shipTo": {**ADDRESS, **changes}})


REFUSED: list[tuple[dict[str, Any], str, str | None]] = [
    (_without("customerCode"), "ValueRequiredError", "customerCode"),
    (_without("date"), "ValueRequiredError", "date"),
    (_without("lines"), "ValueRequiredError", "lines"),
    (sale(lines=[]), "MissingLine", "lines"),
    (sale(date="01/02/2026"), "DateFormatError", "date"),
    (sale(type="Invoice"), "InvalidEnumValue", "type"),
    (sale(type="PurchaseInvoice"), "InvalidDocumentType", "type"),
    (sale(code="x" * 51), "StringLengthError", "code"),
    (sale(line(itemCode="x" * 51)), "StringLengthError", "lines.0.itemCode"),
    (sale(customer="A-77"), "ModelStateInvalid", "customer"),
    (sale({"number": "1", "amount": "100.00"}), "ModelStateInvalid", "lines.0.amount"),
    (sale(line(), line()), "GetTaxError", "lines.1.number"),
    (sale(line("-1")), "RangeError", "lines.0.amount"),
    (sale(line("1"), type="ReturnInvoice"), "RangeError", "lines.0.amount"),
    (sale(line(quantity=-1)), "RangeError", "lines.0.quantity"),
    (sale(taxOverride={"type": "TaxDate"}), "GetTaxError", "taxOverride.taxDate"),
    (sale(line(taxOverride={"type": "TaxAmount"})), "GetTaxError", "lines.0.taxOverride.taxAmount"),
    (sale(addresses={}), "MissingAddress", "addresses.shipTo"),
    (_to(postalCode=None, line1=None), "InvalidAddress", None),
    (_to(postalCode="92614"), "InvalidPostalCode", None),
    (_to(postalCode="1O118"), "InvalidPostalCode", None),
    (_to(region="ZZ"), "InvalidCountryRegion", "addresses.shipTo.region"),
    (_to(country="ZZ"), "InvalidCountry", "addresses.shipTo.country"),
    (_to(country="DE", region=None, postalCode="1011"), "InvalidPostalCode", None),
    (_to(country="CA", region="ON", postalCode="H2X 1Y4"), "InvalidPostalCode", None),
]


@pytest.mark.parametrize(("request_body", "code", "field"), REFUSED)
async def test_request_that_is_wrong_is_refused_and_nothing_recorded(
    platform: Platform,
    transport: httpx.AsyncBaseTransport,
    request_body: dict[str, Any],
    code: str,
    field: str | None,
) -> None:
    """Sent past the check against the description, which would refuse some of these itself."""
    unchecked = getattr(transport, "inner", transport)
    known = platform.credentials()
    auth = (known["account_id"], known["license_key"])
    async with httpx.AsyncClient(transport=unchecked, base_url=BASE_URL, auth=auth) as client:
        api = Api(client)
        assert await api.refused("POST", CREATE, request_body) == (400, code, field)
    assert platform.state.count("transaction") == 0


@pytest.mark.parametrize(
    "place",
    [
        {"country": "DE", "region": None, "postalCode": "10115", "city": "Berlin"},
        {"country": "CA", "region": "QC", "postalCode": "H2X 1Y4", "city": "Montreal"},
        {"country": "GB", "region": None, "postalCode": "EC1A 1BB", "city": "London"},
        {"country": "KW", "region": None, "postalCode": "13001", "city": "Kuwait"},
        {"country": "US", "region": "NY", "postalCode": "10118-0110", "city": "New York"},
        {"country": "US", "region": "WA", "postalCode": "98101", "city": "Seattle"},
    ],
)
async def test_address_that_exists_is_taken(api: Api, place: dict[str, Any]) -> None:
    given = {key: value for key, value in {**ADDRESS, **place}.items() if value is not None}
    made = await api.post(CREATE, sale(addresses={"shipTo": given}))
    assert made["country"] == place["country"]
    answer = await api.post("/addresses/resolve", given)
    assert answer["validatedAddresses"][0]["city"] == place["city"].upper()


async def test_resolution_tells_about_a_bad_address_in_its_messages(api: Api) -> None:
    answer = await api.get("/addresses/resolve", **{**ADDRESS, "postalCode": "92614"})
    assert answer["resolutionQuality"] == "NotCoded"
    assert answer["messages"][0]["severity"] == "Error"


async def test_company_that_is_not_there_is_not_found(api: Api) -> None:
    assert await api.refused("POST", CREATE, sale(companyCode="XX")) == (404, "EntityNotFoundError", None)
    assert await api.refused("GET", "/companies/XX/transactions") == (404, "EntityNotFoundError", None)


async def test_company_without_a_location_needs_an_origin(api: Api) -> None:
    await api.post("/companies", [{"companyCode": "NEW", "name": "New", "defaultCountry": "US"}])
    assert await api.refused("POST", CREATE, sale(companyCode="NEW")) == (
        400,
        "MissingAddress",
        "addresses.shipFrom",
    )
    duplicate = [{"companyCode": "NEW", "name": "New", "defaultCountry": "US"}]
    assert (await api.refused("POST", "/companies", duplicate))[1] == "DuplicateCompanyCode"


async def test_body_that_is_no_json_is_refused(api: Api) -> None:
    answer = await api.client.post("/api/v2/transactions/create", content=b"{", headers={"accept": "*/*"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "JsonFormatError")


# Who may call


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "AuthenticationIncomplete"),
        ({"authorization": "Basic %%%"}, "BasicAuthIncorrect"),
        ({"authorization": "Basic " + base64.b64encode(b"1:2").decode()}, "AuthenticationException"),
        ({"authorization": "Bearer abc="}, "BasicAuthIncorrect"),
    ],
)
async def test_wrong_credentials_are_refused(
    transport: httpx.AsyncBaseTransport, headers: dict[str, str], code: str
) -> None:
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        answer = await client.get("/api/v2/companies", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


async def test_ping_says_whether_one_is_known(api: Api, transport: httpx.AsyncBaseTransport) -> None:
    assert (await api.get("/utilities/ping"))["authenticated"] is True
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        assert (await client.get("/api/v2/utilities/ping")).json()["authenticated"] is False


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("429", 429, "RequestLimitExceeded"),
        ("500", 500, "UnhandledException"),
        ("503", 503, "ServerUnreachable"),
        ("504", 504, "RemoteServerError"),
        ("token-expired", 401, "AuthenticationException"),
    ],
)
async def test_faults_answer_in_the_vendors_words(
    api: Api, platform: Platform, outcome: str, status: int, code: str
) -> None:
    platform.faults.add(Fault(outcome))
    assert (await api.refused("GET", "/companies"))[:2] == (status, code)


async def test_forced_timeout_waits_and_records_nothing(api: Api, platform: Platform) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await api.call("POST", CREATE, sale(), **{"$include": "ForceTimeout"})
    assert platform.state.count("transaction") == 0
    api.client.timeout = httpx.Timeout(60)
    assert (await api.refused("POST", CREATE, sale(), **{"$include": "ForceTimeout"}))[
        1
    ] == "TimeoutRequested"


# Lists


@pytest.fixture
async def five(api: Api) -> Api:
    for number in range(1, 6):
        await api.post(CREATE, sale(line(f"{number}00"), code=f"I-{number}", date=f"2026-0{number}-01"))
    await api.post(one("I-2", "commit"), {"commit": True})
    return api


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("date ge '2026-03-01'", "345"),
        ("date between '2026-02-01' and '2026-04-01'", "23"),
        ("date gt 2000-01-01 and status eq committed", "2"),
        ("date gt 2000-01-01 and (code = 'I-1' or code = 'I-5')", "15"),
        ("date gt 2000-01-01 and code in ('I-1', 'I-4')", "14"),
        ("date gt 2000-01-01 and code like 'I-%'", "12345"),
        ("date gt 2000-01-01 and totalAmount >= 400", "45"),
        ("date gt 2000-01-01 and totalAmount <> 400", "1235"),
        ("date lt '2026-02-01' and referenceCode is not null", "1"),
    ],
)
async def test_filter_finds_what_it_asks_for(five: Api, text: str, codes: str) -> None:
    found = await five.get(LIST, **{"$filter": text})
    assert [document["code"] for document in found["value"]] == [f"I-{number}" for number in codes]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("date gt 2000-01-01 and colour eq red", "InvalidQueryField"),
        ("date gt 2000-01-01 and lines eq 1", "InvalidQueryField"),
        ("date ge", "SyntaxError"),
        ("(date ge 1", "SyntaxError"),
        ("date about 1", "SyntaxError"),
        ("date ge '2000-01-01' date", "SyntaxError"),
    ],
)
async def test_filter_that_is_wrong_is_refused(five: Api, text: str, code: str) -> None:
    assert (await five.refused("GET", LIST, **{"$filter": text}))[1] == code


async def test_list_without_a_date_looks_at_the_last_thirty_days(five: Api, platform: Platform) -> None:
    assert (await five.get(LIST))["@recordsetCount"] == 0
    today = platform.clock.today().isoformat()
    await five.post(CREATE, sale(code="NOW", date=today))
    assert [document["code"] for document in (await five.get(LIST))["value"]] == ["NOW"]


async def test_pages_are_linked_until_the_last(five: Api) -> None:
    params = {"$filter": "date ge '2000-01-01'", "$top": "2", "$orderBy": "code DESC"}
    page, codes = await five.get(LIST, **params), []
    for _ in range(5):
        codes += [document["code"] for document in page["value"]]
        if "@nextLink" not in page:
            break
        assert page["@nextLink"].startswith(BASE_URL)
        page = await five.get(page["@nextLink"].removeprefix(f"{BASE_URL}/api/v2"))
    assert codes == ["I-5", "I-4", "I-3", "I-2", "I-1"]


async def test_list_refuses_wrong_pages(five: Api) -> None:
    assert (await five.refused("GET", LIST, **{"$top": "1001"}))[1] == "FetchLimit"
    assert (await five.refused("GET", LIST, **{"$top": "x"}))[1] == "InvalidQueryValue"


@pytest.mark.parametrize(
    ("include", "has_lines", "has_details", "has_summary"),
    [
        ("Lines", True, False, False),
        ("Details", True, True, False),
        ("Summary", True, True, True),
        ("SummaryOnly", False, False, True),
        ("LinesOnly", True, False, False),
        ("Addresses", False, False, False),
    ],
)
async def test_include_chooses_the_parts(
    five: Api, include: str, has_lines: bool, has_details: bool, has_summary: bool
) -> None:
    found = await five.get(one(), **{"$include": include})
    assert ("lines" in found, "summary" in found) == (has_lines, has_summary)
    assert bool(found.get("lines") and found["lines"][0]["details"]) == has_details


async def test_state_shows_the_objects_as_the_api_lists_them(five: Api, platform: Platform) -> None:
    dumped = platform.dump()
    assert set(dumped) == {"company", "nexus", "transaction"}
    assert dumped["transaction"][0]["totalTax"] == 8.88
    assert not [key for kind in dumped.values() for each in kind for key in each if key.startswith("_")]
