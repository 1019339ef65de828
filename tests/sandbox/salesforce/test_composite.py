"""Composite requests, collections and trees."""

from typing import Any

import pytest

from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import ROOT, Api


def sub(method: str, path: str, reference: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = {"method": method, "url": ROOT + path, "referenceId": reference}
    return request | ({"body": body} if body is not None else {})


async def composite(api: Api, *requests: dict[str, Any], all_or_none: bool = True) -> list[dict[str, Any]]:
    body = {"allOrNone": all_or_none, "compositeRequest": list(requests)}
    answer = await api.call("POST", "/composite", json=body)
    assert answer.status_code == 200, answer.text
    responses: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return responses


async def count(api: Api, name: str = "Account") -> int:
    return int((await api.query(f"SELECT COUNT() FROM {name}"))["totalSize"])  # noqa: S608


async def test_later_requests_refer_to_earlier_answers(api: Api) -> None:
    responses = await composite(
        api,
        sub("POST", "/sobjects/Account", "parent", {"Name": "P"}),
        sub("POST", "/sobjects/Account", "child", {"Name": "C", "ParentId": "@{parent.id}"}),
        sub("GET", "/query?q=SELECT+Id,ParentId+FROM+Account+WHERE+Id='@{child.id}'", "found"),
        sub("PATCH", "/sobjects/Account/@{found.records[0].ParentId}", "renamed", {"Name": "P2"}),
        sub("GET", "/sobjects/Account/@{parent.id}?fields=Name", "read"),
    )
    assert [each["httpStatusCode"] for each in responses] == [201, 201, 200, 204, 200]
    assert responses[-1]["body"]["Name"] == "P2"
    assert responses[0]["httpHeaders"]["Location"].endswith(responses[0]["body"]["id"])


async def test_all_or_none_rolls_everything_back(api: Api) -> None:
    responses = await composite(
        api,
        sub("POST", "/sobjects/Account", "good", {"Name": "A"}),
        sub("POST", "/sobjects/Account", "bad", {"Nope": "A"}),
        sub("POST", "/sobjects/Account", "late", {"Name": "B"}),
    )
    codes = [each["body"][0]["errorCode"] for each in responses]
    assert codes == ["PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED"]
    assert {each["httpStatusCode"] for each in responses} == {400}
    assert await count(api) == 0


async def test_otherwise_each_request_stands_for_itself(api: Api) -> None:
    responses = await composite(
        api,
        sub("POST", "/sobjects/Account", "bad", {}),
        sub("POST", "/sobjects/Account", "good", {"Name": "A"}),
        sub("POST", "/sobjects/Account", "hanging", {"Name": "B", "ParentId": "@{bad.id}"}),
        all_or_none=False,
    )
    assert [each["httpStatusCode"] for each in responses] == [400, 201, 400]
    assert responses[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert await count(api) == 1


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [sub("GET", "/limits", f"r{number}") for number in range(26)],
        [sub("GET", "/query?q=SELECT+Id+FROM+Account", f"r{number}") for number in range(6)],
        [sub("GET", "/limits", "same"), sub("GET", "/limits", "same")],
        [sub("GET", "/limits", "no-dash")],
        [{"method": "GET", "url": f"{ROOT}/limits"}],
        [{**sub("GET", "/limits", "r"), "httpHeaders": {"Authorization": "x"}}],
    ],
)
async def test_wrong_composites_are_refused(api: Api, requests: list[dict[str, Any]]) -> None:
    answer = await api.call("POST", "/composite", json={"compositeRequest": requests})
    assert answer.status_code == 400


async def test_subrequests_may_be_conditional(api: Api) -> None:
    record_id = await api.create("Account", Name="A")
    request = sub("PATCH", f"/sobjects/Account/{record_id}", "r", {"Name": "B"})
    request["httpHeaders"] = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    (response,) = await composite(api, request)
    assert response["httpStatusCode"] == 412


def records(*names: str | None) -> list[dict[str, Any]]:
    return [
        {"attributes": {"type": "Account"}, **({"Name": name} if name is not None else {})} for name in names
    ]


async def test_collections_tell_each_records_result(api: Api) -> None:
    body = {"allOrNone": False, "records": records("A", None, "B")}
    results = (await api.call("POST", "/composite/sobjects", json=body)).json()
    assert [each["success"] for each in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    changes = [{**each, "id": results[0]["id"]} for each in records("C")]
    assert (await api.call("PATCH", "/composite/sobjects", json={"records": changes})).json()[0]["success"]
    wanted = f"ids={results[0]['id']},{results[2]['id']}"
    deleted = (await api.call("DELETE", f"/composite/sobjects?{wanted}")).json()
    assert [each["success"] for each in deleted] == [True, True]
    assert await count(api) == 0


async def test_collections_of_all_or_none(api: Api) -> None:
    body = {"allOrNone": True, "records": records("A", None)}
    results = (await api.call("POST", "/composite/sobjects", json=body)).json()
    codes = [each["errors"][0]["statusCode"] for each in results]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert await count(api) == 0


async def test_collections_are_upserted_by_external_id(api: Api) -> None:
    path = "/composite/sobjects/Account/Q2C_Id__c"
    body = {"records": [{**each, "Q2C_Id__c": each["Name"]} for each in records("A", "B")]}
    first = (await api.call("PATCH", path, json=body)).json()
    second = (await api.call("PATCH", path, json={"records": [*body["records"], *records("C")]})).json()
    assert [each["created"] for each in first] == [True, True]
    assert [each.get("created") for each in second] == [False, False, None]
    assert second[2]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"


async def test_collections_have_two_hundred_records_at_most(api: Api) -> None:
    body = {"records": records(*["A"] * 201)}
    assert await api.refused("POST", "/composite/sobjects", json=body) == (400, "EXCEEDED_ID_LIMIT")


def tree(*contacts: dict[str, Any]) -> dict[str, Any]:
    children = [
        {"attributes": {"type": "Contact", "referenceId": f"c{number}"}, **each}
        for number, each in enumerate(contacts)
    ]
    account = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "A"}
    return {"records": [{**account, "Contacts": {"records": children}}]}


async def test_trees_are_planted_whole_or_not_at_all(api: Api) -> None:
    answer = await api.call(
        "POST", "/composite/tree/Account", json=tree({"LastName": "L"}, {"LastName": "M"})
    )
    assert answer.status_code == 201
    assert [each["referenceId"] for each in answer.json()["results"]] == ["a", "c0", "c1"]
    names = await api.query("SELECT Name, Account.Name FROM Contact ORDER BY Name")
    assert [(each["Name"], each["Account"]["Name"]) for each in names["records"]] == [("L", "A"), ("M", "A")]
    refused = await api.call("POST", "/composite/tree/Account", json=tree({"LastName": "N"}, {}))
    assert (refused.status_code, refused.json()["hasErrors"]) == (400, True)
    assert refused.json()["results"][0]["referenceId"] == "c1"
    assert (await count(api), await count(api, "Contact")) == (1, 2)


async def test_row_locked_by_another_transaction(org: Salesforce, api: Api) -> None:
    await api.create("Account", Name="A", Q2C_Id__c="A-1")
    await org.load({"lock_rows": {"Account": {"A-1": 2}}})
    path, body = "/sobjects/Account/Q2C_Id__c/A-1", {"Name": "B"}
    for _ in range(2):
        assert await api.refused("PATCH", path, json=body) == (400, "UNABLE_TO_LOCK_ROW")
    assert (await api.call("PATCH", path, json=body)).status_code == 200
