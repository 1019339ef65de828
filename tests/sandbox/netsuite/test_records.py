"""Records: names, references, external ids, sublists, collections."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.netsuite.conftest import RECORD, Account, code_of, path_of


async def test_an_unknown_field_is_an_error_or_dropped_as_the_header_asks(account: Account) -> None:
    body = {"companyName": "A", "subsidiary": account.ref("subsidiary", externalId="US01"), "nickName": "a"}
    answer = await account.send("POST", "customer", body)
    assert (answer.status_code, code_of(answer), path_of(answer)) == (400, "NONEXISTENT_FIELD", "nickName")
    account.strict = False
    id_ = await account.make("customer", body)
    assert "nickName" not in await account.get("customer", id_)


async def test_an_unknown_field_of_a_line_is_named_with_its_place(account: Account) -> None:
    body = account.sale(await account.customer())
    body["item"]["items"][0]["colour"] = "red"
    answer = await account.send("POST", "invoice", body)
    assert (code_of(answer), path_of(answer)) == ("NONEXISTENT_FIELD", "item.items[0].colour")


@pytest.mark.parametrize(
    ("field", "value"),
    [("tranDate", "01/15/2026"), ("tranDate", "2026-02-30"), ("memo", 7), ("entity", "7"), ("item", [])],
)
async def test_a_value_of_another_type_is_refused(account: Account, field: str, value: Any) -> None:
    body = account.sale(await account.customer(), **{field: value})
    answer = await account.send("POST", "invoice", body)
    assert (answer.status_code, code_of(answer), path_of(answer)) == (400, "INVALID_CONTENT", field)


async def test_what_is_not_there_cannot_be_referred_to(account: Account) -> None:
    answer = await account.send("POST", "invoice", account.sale({"id": "999"}))
    assert (answer.status_code, code_of(answer), path_of(answer)) == (400, "USER_ERROR", "entity")


async def test_references_go_by_external_id_too(account: Account) -> None:
    id_ = await account.make("customer", {"companyName": "A", "subsidiary": {"externalId": "US01"}})
    assert (await account.get("customer", id_))["subsidiary"]["refName"] == "Subsidiary US01"


async def test_put_by_external_id_makes_and_then_changes(account: Account) -> None:
    body = {"companyName": "A", "subsidiary": {"externalId": "US01"}}
    first = await account.send("PUT", "customer/eid:q2c:A-1", body)
    second = await account.send("PUT", "customer/eid:q2c:A-1", {"companyName": "B"})
    assert first.headers["location"] == second.headers["location"]
    assert (await account.get("customer", "eid:q2c:A-1"))["companyName"] == "B"
    assert account.platform.state.count("customer") == 1


async def test_put_by_internal_id_is_refused(account: Account) -> None:
    customer = await account.customer()
    answer = await account.send("PUT", f"customer/{customer['id']}", {"companyName": "B"})
    assert answer.status_code == 400


async def test_an_external_id_is_taken_once_over_all_transactions(account: Account) -> None:
    customer = await account.customer()
    await account.make("invoice", account.sale(customer, externalId="q2c:K"))
    for record in ("invoice", "creditMemo"):
        answer = await account.send("POST", record, account.sale(customer, externalId="Q2C:k"))
        assert (answer.status_code, code_of(answer)) == (400, "DUP_RCRD")
    assert account.platform.state.count("creditMemo") == 0


async def test_put_again_adds_lines_unless_they_are_replaced(account: Account) -> None:
    """Why the connector never puts a transaction."""
    body = account.sale(await account.customer())
    await account.send("PUT", "invoice/eid:K", body)
    await account.send("PUT", "invoice/eid:K", body)
    assert (await account.get("invoice", "eid:K"))["total"] == Decimal(200)
    await account.send("PUT", "invoice/eid:K", body, replace="item")
    assert (await account.get("invoice", "eid:K"))["total"] == Decimal(100)


async def test_patch_merges_lines_by_their_key(account: Account) -> None:
    id_ = await account.make("invoice", account.sale(await account.customer()))
    changed = {"item": {"items": [{"line": 1, "amount": 70}]}}
    assert (await account.send("PATCH", f"invoice/{id_}", changed)).status_code == 204
    found = await account.get("invoice", id_)
    assert (found["total"], found["item"]["totalResults"]) == (Decimal(70), Decimal(1))


async def test_sublists_are_links_unless_expanded(account: Account) -> None:
    id_ = await account.make("invoice", account.sale(await account.customer()))
    assert set((await account.get("invoice", id_, expandSubResources="false"))["item"]) == {"links"}
    assert (await account.get("invoice", id_))["item"]["count"] == 1


async def test_fields_can_be_chosen(account: Account) -> None:
    id_ = await account.make("invoice", account.sale(await account.customer()))
    assert set(await account.get("invoice", id_, fields="total")) == {"links", "id", "total"}


async def test_a_record_that_is_not_there_is_404(account: Account) -> None:
    for path in ("customer/999", "customer/eid:none", "noSuchRecord", "noSuchRecord/1"):
        assert (await account.send("GET", path)).status_code == 404


async def test_nothing_can_be_deleted(account: Account) -> None:
    id_ = await account.make("invoice", account.sale(await account.customer()))
    answer = await account.send("DELETE", f"invoice/{id_}")
    assert (answer.status_code, code_of(answer)) == (403, "INSUFFICIENT_PERMISSION")
    assert (await account.send("GET", f"invoice/{id_}")).status_code == 200


async def test_a_collection_has_ids_only_in_pages(account: Account) -> None:
    for number in range(5):
        await account.customer(f"C{number}")
    page = (await account.send("GET", "customer", limit=2, offset=2)).json()
    assert (page["count"], page["totalResults"], page["hasMore"], page["offset"]) == (2, 5, True, 2)
    assert set(page["items"][0]) == {"links", "id"}


@pytest.mark.parametrize("params", [{"limit": 1001}, {"limit": 0}, {"limit": 2, "offset": 1}, {"limit": "x"}])
async def test_a_page_is_as_the_vendor_has_them(account: Account, params: dict[str, Any]) -> None:
    answer = await account.send("GET", "customer", **params)
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    ("q", "count"),
    [
        ('companyName IS "Alpha"', 1),
        ('companyName CONTAIN "a"', 2),
        ('companyName START_WITH "B" AND isPerson IS false', 1),
        ('externalId IS "none"', 0),
        ("isInactive IS true", 0),
        ("email EMPTY", 2),
    ],
)
async def test_collections_can_be_filtered(account: Account, q: str, count: int) -> None:
    await account.customer("Alpha")
    await account.customer("Beta")
    assert (await account.send("GET", "customer", q=q)).json()["totalResults"] == count


@pytest.mark.parametrize("q", ["companyName", "noSuch IS 1", 'companyName GREATER "1"'])
async def test_a_filter_that_is_none_is_refused(account: Account, q: str) -> None:
    assert (await account.send("GET", "customer", q=q)).status_code == 400


async def test_a_customer_needs_a_name_and_a_subsidiary(account: Account) -> None:
    answer = await account.send("POST", "customer", {"companyName": "A"})
    assert (code_of(answer), path_of(answer)) == ("USER_ERROR", "subsidiary")
    answer = await account.send("POST", "customer", {"subsidiary": {"externalId": "US01"}})
    assert (code_of(answer), path_of(answer)) == ("USER_ERROR", "companyName")


async def test_a_customer_with_transactions_stays_in_its_books(account: Account) -> None:
    await account.platform.load(
        {"scenario": {"contract": {"legal_entity": "DE01", "currency": "EUR", "lines": []}}}
    )
    customer = await account.customer()
    await account.make("invoice", account.sale(customer))
    moved = {"subsidiary": {"externalId": "DE01"}}
    assert (await account.send("PATCH", f"customer/{customer['id']}", moved)).status_code == 400


async def test_a_record_that_somebody_else_saves_is_a_conflict(account: Account) -> None:
    customer = await account.customer()
    account.platform.contend("customer", customer["id"])
    answer = await account.send("PATCH", f"customer/{customer['id']}", {"email": "a@b.example"})
    assert code_of(answer) == "RCRD_HAS_BEEN_CHANGED"
    assert (await account.send("PATCH", f"customer/{customer['id']}", {"email": "a@b.example"})).is_success


async def test_a_body_must_be_json(account: Account) -> None:
    headers = {"Authorization": f"Bearer {account.token}", "Content-Type": "application/json"}
    answer = await account.http.post(f"{RECORD}/customer", content=b"{", headers=headers)
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_CONTENT")
    headers["Content-Type"] = "text/plain"
    answer = await account.http.post(f"{RECORD}/customer", content=b"{}", headers=headers)
    assert answer.status_code == 415
