"""What is refused before anything happens: keys, versions, parameters; and what a repeated key gives."""

import asyncio
import base64

import httpx
import pytest

from sandbox.kit.faults import Fault
from sandbox.stripe import StripePlatform
from tests.sandbox.stripe.api import Api, Json


async def test_no_key_wrong_key_and_publishable_key_are_401(api: Api, platform: StripePlatform) -> None:
    publishable = platform.credentials()["publishable_key"]
    for header in ("", "Bearer sk_test_wrong", f"Bearer {publishable}", "Basic ###"):
        answer = await api.client.get("/v1/customers", headers={"Authorization": header})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="Stripe"')
        assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_key_as_user_name_is_taken(api: Api, platform: StripePlatform) -> None:
    pair = base64.b64encode(f"{platform.credentials()['api_key']}:".encode()).decode()
    assert (
        await api.client.get("/v1/customers", headers={"Authorization": f"Basic {pair}"})
    ).status_code == 200


@pytest.mark.parametrize(
    ("version", "status"),
    [("2026-05-27.dahlia", 200), ("2026-10-28.endive", 200), ("2020-08-27", 400), ("today", 400)],
)
async def test_versions_that_are_not_known_are_400(api: Api, version: str, status: int) -> None:
    assert (await api.client.get("/v1/customers", headers={"Stripe-Version": version})).status_code == status


async def test_every_answer_has_a_request_id(api: Api) -> None:
    for path in ("customers", "nothing/of/the/kind", "customers/cus_no"):
        answer = await api.client.get(f"/v1/{path}")
        assert answer.headers["request-id"].startswith("req_")


async def test_unknown_addresses_are_404(api: Api) -> None:
    error = await api.refused("unicorns", "GET")
    assert error["status"] == 404
    assert "Unrecognized request URL" in error["message"]


async def test_json_bodies_are_refused(api: Api) -> None:
    answer = await api.client.post("/v1/customers", json={"name": "N"})
    assert (answer.status_code, "POST content type" in answer.json()["error"]["message"]) == (400, True)


WRONG: list[tuple[str, Json, str, str]] = [
    ("customers", {"nmae": "x"}, "parameter_unknown", "nmae"),
    ("customers", {"address": {"zip": "1"}}, "parameter_unknown", "address[zip]"),
    ("customers", {"address": "Rome"}, "parameter_invalid_object", "address"),
    ("customers", {"name": {"first": "x"}}, "parameter_invalid_string", "name"),
    ("customers", {"balance": "1.5"}, "parameter_invalid_integer", "balance"),
    ("customers", {"email": "nobody"}, "email_invalid", "email"),
    ("customers", {"tax_exempt": "maybe"}, "parameter_invalid_enum", "tax_exempt"),
    ("customers", {"shipping": {"name": "N"}}, "parameter_missing", "shipping[address]"),
    ("products", {}, "parameter_missing", "name"),
    ("products", {"name": ""}, "parameter_invalid_empty", "name"),
    ("prices", {"currency": "usd", "product": "no", "unit_amount": 1}, "resource_missing", "product"),
    ("prices", {"currency": "usd", "unit_amount": 1}, "parameter_missing", "product"),
    ("invoices", {"customer": "cus_no"}, "resource_missing", "customer"),
    ("invoices", {"auto_advance": "yes"}, "parameter_invalid_boolean", "auto_advance"),
    ("subscriptions", {"customer": "c", "items": "p"}, "parameter_invalid_array", "items"),
    (
        "tax_rates",
        {"display_name": "T", "inclusive": False, "percentage": "x"},
        "parameter_invalid_decimal",
        "percentage",
    ),
]


@pytest.mark.parametrize(("path", "params", "code", "param"), WRONG)
async def test_wrong_parameters_are_named(api: Api, path: str, params: Json, code: str, param: str) -> None:
    error = await api.refused(path, **params)
    assert (error["status"], error["code"], error["param"]) == (400, code, param)
    assert error["doc_url"].endswith(code.replace("_", "-"))


async def test_several_unknown_parameters_are_named_together(api: Api) -> None:
    error = await api.refused("customers", nmae="x", mail="y")
    assert error["message"] == "Received unknown parameters: nmae, mail"


async def test_missing_object_is_404_in_the_path_and_400_in_a_parameter(api: Api) -> None:
    assert (await api.refused("customers/cus_no", "GET"))["status"] == 404
    assert (await api.refused("invoiceitems", customer="cus_no", amount=1, currency="usd"))["status"] == 400


@pytest.mark.parametrize("metadata", [{"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}])
async def test_metadata_has_its_limits(api: Api, metadata: dict[str, str]) -> None:
    assert (await api.refused("customers", metadata=metadata))["status"] == 400


async def test_metadata_is_merged_and_unset_by_empty_strings(api: Api) -> None:
    id = await api.customer(metadata={"a": "1", "b": "2"})
    assert (await api.post(f"customers/{id}", metadata={"a": "", "c": "3"}))["metadata"] == {
        "b": "2",
        "c": "3",
    }
    assert (await api.post(f"customers/{id}", metadata=""))["metadata"] == {}


@pytest.mark.parametrize(
    ("currency", "amount", "status"),
    [("kwd", 12_340, 200), ("kwd", 12_345, 400), ("jpy", 7, 200), ("xxx", 1, 400)],
)
async def test_three_decimal_currencies_end_in_a_zero(
    api: Api, currency: str, amount: int, status: int
) -> None:
    params = {"customer": await api.customer(), "amount": amount, "currency": currency}
    assert (await api.send("POST", "invoiceitems", params)).status_code == status


# Idempotency


async def test_repeated_key_gives_the_first_answer_and_says_so(api: Api, platform: StripePlatform) -> None:
    answers = [await api.send("POST", "customers", {"name": "N"}, "key") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]
    assert platform.state.count("customer") == 1


async def test_key_used_otherwise_is_an_idempotency_error(api: Api) -> None:
    await api.post("customers", key="key", name="N")
    for path, params in (("customers", {"name": "M"}), ("products", {"name": "N"})):
        answer = await api.send("POST", path, params, "key")
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")


async def test_refusals_of_parameters_are_not_kept_and_those_of_endpoints_are(api: Api) -> None:
    assert (await api.send("POST", "customers", {"nmae": "x"}, "one")).status_code == 400
    assert (await api.send("POST", "customers", {"name": "x"}, "one")).status_code == 200
    params = {"customer": "cus_no", "amount": 1, "currency": "usd"}
    for replayed in (None, "true"):
        answer = await api.send("POST", "invoiceitems", params, "two")
        assert (answer.status_code, answer.headers.get("idempotent-replayed")) == (400, replayed)


@pytest.mark.parametrize(("outcome", "made"), [("500", 0), ("applied-then-500", 1)])
async def test_server_error_is_kept_as_the_keys_result(
    api: Api, platform: StripePlatform, outcome: str, made: int
) -> None:
    platform.faults.add(Fault(outcome))
    for replayed in (None, "true", "true"):
        answer = await api.send("POST", "customers", {"name": "N"}, "key")
        assert (answer.status_code, answer.headers.get("idempotent-replayed")) == (500, replayed)
    assert platform.state.count("customer") == made


async def test_server_error_does_not_replace_a_kept_result(api: Api, platform: StripePlatform) -> None:
    first = await api.post("customers", key="key", name="N")
    platform.faults.add(Fault("500"))
    assert (await api.send("POST", "customers", {"name": "N"}, "key")).status_code == 500
    assert await api.post("customers", key="key", name="N") == first


@pytest.mark.parametrize("outcome", ["429", "503"])
async def test_limits_and_outages_are_not_kept(api: Api, platform: StripePlatform, outcome: str) -> None:
    platform.faults.add(Fault(outcome))
    assert (await api.send("POST", "customers", {"name": "N"}, "key")).status_code == int(outcome)
    assert (await api.send("POST", "customers", {"name": "N"}, "key")).status_code == 200


async def test_key_in_use_is_409(api: Api, platform: StripePlatform) -> None:
    together = [api.send("POST", "customers", {"name": "N"}, "key") for _ in range(3)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*together))
    assert statuses[0] == 200
    assert set(statuses) <= {200, 409}
    assert platform.state.count("customer") == 1


async def test_keys_are_forgotten_after_a_day_and_when_told(api: Api, platform: StripePlatform) -> None:
    first = await api.post("customers", key="key", name="N")
    assert await platform.load({"forget_idempotency_keys": True}) == {"forgotten": 1}
    second = await api.post("customers", key="key", name="N")
    from datetime import timedelta

    await platform.advance_clock(platform.clock.now() + timedelta(hours=23))
    assert await api.post("customers", key="key", name="N") == second
    await platform.advance_clock(platform.clock.now() + timedelta(hours=2))
    third = await api.post("customers", key="key", name="N")
    assert len({first["id"], second["id"], third["id"]}) == 3


async def test_keys_of_reads_and_deletions_mean_nothing(api: Api) -> None:
    id = await api.customer()
    headers = {"Idempotency-Key": "key"}
    answers: list[httpx.Response] = [
        await api.client.get(f"/v1/customers/{id}", headers=headers) for _ in "ab"
    ]
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, None]


async def test_rate_limit_names_its_reason(api: Api, platform: StripePlatform) -> None:
    platform.faults.add(Fault("429", seconds=3))
    answer = await api.client.get("/v1/customers")
    assert answer.headers["stripe-rate-limited-reason"] == "global-rate"
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["error"]["code"] == "rate_limit"


# Expansion and lists


async def test_ids_expand_to_objects_some_levels_deep(api: Api) -> None:
    customer = await api.customer()
    subscription = await api.post(
        "subscriptions",
        customer=customer,
        items=[{"price": await api.price()}],
        collection_method="send_invoice",
        days_until_due=1,
        expand=["latest_invoice.customer.tax_ids", "items.data.price.product"],
    )
    assert subscription["latest_invoice"]["customer"]["tax_ids"]["object"] == "list"
    assert subscription["items"]["data"][0]["price"]["product"]["name"] == "Seat"
    listed = await api.get("subscriptions", expand=["data.customer"])
    assert listed["data"][0]["customer"]["id"] == customer


@pytest.mark.parametrize("path", ["name", "nothing", "a.b.c.d.e"])
async def test_what_can_not_be_expanded_is_refused(api: Api, path: str) -> None:
    assert (await api.refused(f"customers/{await api.customer()}", "GET", expand=[path]))["param"] == "expand"


async def test_refused_expansion_of_a_creation_makes_nothing(api: Api, platform: StripePlatform) -> None:
    await api.refused("customers", name="N", expand=["nothing"])
    assert platform.state.count("customer") == 0


@pytest.mark.parametrize("limit", [0, 101])
async def test_pages_hold_1_to_100(api: Api, limit: int) -> None:
    assert (await api.refused("customers", "GET", limit=limit))["code"] == "parameter_invalid_integer"


async def test_lists_are_filtered_by_time_and_field(api: Api) -> None:
    made = [await api.post("customers", name=str(n), email=f"{n}@x.test") for n in range(3)]
    now = made[0]["created"]
    assert len((await api.get("customers", created={"gte": now - 5}))["data"]) == 3
    assert (await api.get("customers", created={"gt": now + 60}))["data"] == []
    assert [one["id"] for one in (await api.get("customers", email="1@x.test"))["data"]] == [made[1]["id"]]
    error = await api.refused("customers", "GET", starting_after="cus_no")
    assert (error["status"], error["param"]) == (400, "starting_after")


async def test_search_lags_behind_and_then_finds(api: Api, platform: StripePlatform) -> None:
    from datetime import timedelta

    odd = "A'1 AND \\ name:'x' OR \"2\""
    id = await api.customer(metadata={"crm": odd}, email="n@x.test")
    quoted = odd.replace("\\", "\\\\").replace("'", "\\'")
    queries = (f"metadata['crm']:'{quoted}'", 'email:"n@x.test"', "name~'north' AND created>0", "-name:'x'")
    for query in queries:
        assert (await api.get("customers/search", query=query))["data"] == []
    await platform.advance_clock(platform.clock.now() + timedelta(minutes=1))
    for query in queries:
        assert [one["id"] for one in (await api.get("customers/search", query=query))["data"]] == [id]
    assert (await api.get("customers/search", query="name:'x' OR email:'n@x.test'"))["data"]
    mixed = "name:'x' OR email:'n@x.test' AND created>0"
    for wrong in ("", "name", "shoe:'7'", "metadata['crm']:'A'1'", mixed, "email>5", "created>'x'"):
        assert (await api.refused("customers/search", "GET", query=wrong))["status"] == 400
