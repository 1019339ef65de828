"""The account as a whole: scenarios, concurrency, asynchronous jobs, metadata, its own description."""

import asyncio
from typing import Any

import pytest

from sandbox.kit.faults import Fault
from sandbox.netsuite import NetSuite
from sandbox.netsuite.fields import RECORDS, Field
from tests.connectors.netsuite.vendor_description import description_file, schema_of
from tests.sandbox.netsuite.conftest import SCENARIO, Account, code_of

_ASYNC = {"Prefer": "respond-async"}


async def test_a_scenario_brings_its_entity_and_its_items(netsuite: NetSuite) -> None:
    state = netsuite.state
    assert [s["externalId"] for s in state.all("subsidiary")] == ["US01"]
    names = [item["itemId"] for item in state.all("serviceSaleItem")]
    assert names == [
        name
        for product in ("PLATFORM-SEAT", "API-CALLS", "SUPPORT")
        for name in (product, f"{product}-ARREARS")
    ]


async def test_loading_again_makes_nothing_twice(netsuite: NetSuite) -> None:
    made = await netsuite.load({"scenario": SCENARIO})
    assert made == {"subsidiary": [], "item": [], "closed": []}


async def test_bare_brings_nothing_but_closed_periods(netsuite: NetSuite) -> None:
    netsuite.reset()
    await netsuite.load({"scenario": {**SCENARIO, "periods": {"closed": ["2026-01"]}}, "bare": True})
    assert netsuite.state.count("subsidiary") == netsuite.state.count("serviceSaleItem") == 0
    assert [p["periodName"] for p in netsuite.state.find("accountingPeriod", closed=True)] == ["Jan 2026"]


async def test_a_currency_with_three_decimals_is_not_netsuites(netsuite: NetSuite) -> None:
    with pytest.raises(ValueError, match="KWD"):
        await netsuite.load(
            {"scenario": {"contract": {"legal_entity": "KW01", "currency": "KWD", "lines": []}}}
        )
    assert netsuite.state.find("subsidiary", externalId="KW01") == []


async def test_the_account_has_periods_for_ten_years(netsuite: NetSuite) -> None:
    periods = netsuite.state.all("accountingPeriod")
    assert len(periods) == 120
    assert (periods[0]["startDate"], periods[-1]["endDate"]) == ("2023-01-01", "2032-12-31")
    february = next(p for p in periods if p["periodName"] == "Feb 2024")
    assert february["endDate"] == "2024-02-29"


async def test_credentials_have_the_vendors_names(netsuite: NetSuite) -> None:
    assert set(netsuite.credentials()) == {
        "account_id", "client_id", "certificate_id", "private_key_file", "consumer_key", "consumer_secret",
        "token_id", "token_secret",
    }  # fmt: skip


async def test_too_many_requests_at_once_are_refused(account: Account) -> None:
    account.platform.concurrency_limit = 3
    answers = await asyncio.gather(*(account.send("GET", "customer") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert code_of(refused) == "CONCURRENCY_LIMIT_EXCEEDED"
    assert (await account.send("GET", "customer")).status_code == 200


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("429", 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        ("500", 500, "UNEXPECTED_ERROR"),
        ("503", 503, "SERVICE_UNAVAILABLE"),
    ],
)
async def test_faults_have_the_vendors_bodies(account: Account, outcome: str, status: int, code: str) -> None:
    account.platform.faults.add(Fault(outcome))
    answer = await account.send("GET", "customer")
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.headers["content-type"] == "application/vnd.oracle.resource+json; type=error"


async def test_an_asynchronous_write_is_a_job_with_a_result(account: Account) -> None:
    body = {"companyName": "A", "subsidiary": {"externalId": "US01"}}
    answer = await account.send("POST", "customer", body, _ASYNC)
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "respond-async")
    path = answer.headers["location"].removeprefix("https://netsuite.test")
    job = (await account.send("GET", path)).json()
    assert (job["completed"], job["progress"]) == (True, "succeeded")
    assert (await account.send("GET", f"{path}/task")).json()["count"] == 1
    assert (await account.send("GET", f"{path}/task/1")).json()["progress"] == "succeeded"
    result = await account.send("GET", f"{path}/task/1/result")
    assert result.status_code == 204
    assert "/customer/" in result.headers["location"]


async def test_an_idempotency_key_runs_a_job_once(account: Account) -> None:
    body = {"companyName": "A", "subsidiary": {"externalId": "US01"}}
    headers = {**_ASYNC, "X-NetSuite-Idempotency-Key": "8f14e45f-ceea-467f-9575-1b3d2a1d6f3a"}
    first = await account.send("POST", "customer", body, headers)
    second = await account.send("POST", "customer", body, headers)
    assert (second.status_code, code_of(second), second.json()["title"]) == (
        400,
        "IDEMPOTENCY_ERROR",
        "Conflict",
    )
    assert first.headers["location"] == second.headers["location"]
    assert account.platform.state.count("customer") == 1


async def test_an_idempotency_key_means_nothing_without_asynchrony(account: Account) -> None:
    body = {"companyName": "A", "subsidiary": {"externalId": "US01"}}
    for _ in range(2):
        await account.send("POST", "customer", body, {"X-NetSuite-Idempotency-Key": "k"})
    assert account.platform.state.count("customer") == 2


async def test_a_job_that_fails_keeps_its_error(account: Account) -> None:
    answer = await account.send("POST", "customer", {"companyName": "A"}, _ASYNC)
    path = answer.headers["location"].removeprefix("https://netsuite.test")
    assert (await account.send("GET", path)).json()["progress"] == "failed"
    assert code_of(await account.send("GET", f"{path}/task/1/result")) == "USER_ERROR"


async def test_the_catalog_describes_the_records(account: Account) -> None:
    listed = (await account.send("GET", "metadata-catalog")).json()
    assert {"customer", "invoice", "journalEntry"} <= {item["name"] for item in listed["items"]}
    described = (await account.send("GET", "metadata-catalog", select="customer,invoice")).json()
    assert "companyName" in described["components"]["schemas"]["customer"]["properties"]
    assert "/invoice/{id}" in described["paths"]
    one = (await account.send("GET", "metadata-catalog/invoice")).json()
    assert "tranDate" in one["properties"]


_TYPES = {"s": "string", "n": "number", "i": "integer", "b": "boolean", "d": "string", "t": "string"}


def _mismatches(table: dict[str, Field], schema: dict[str, Any]) -> list[str]:
    properties = schema["properties"]
    found = [f"{name} is not described" for name in table if name not in properties]
    for name, known in table.items():
        wanted = _TYPES.get(known.type)
        if name in properties and wanted and properties[name].get("type") != wanted:
            found.append(f"{name} is not a {wanted}")
    return found


WAIVED = {
    "customer": {"addressBook": "described as an object without its parts"},
}
"""Record → field → why the simulator's field is not as described."""


@pytest.mark.skipif(description_file() is None, reason="no vendor descriptions: set Q2C_SPECS")
@pytest.mark.parametrize("record", ["customer", "customerPayment", "journalEntry"])
def test_the_simulated_fields_are_the_described_ones(record: str) -> None:
    type_ = RECORDS[record]
    assert _mismatches(type_.fields, schema_of(record)) == []
    for element, table in type_.elements.items():
        if element not in WAIVED.get(record, {}):
            assert _mismatches(table, schema_of(f"{record}-{element}Element")) == []
