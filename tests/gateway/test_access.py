"""Every route of the API says who may use it, and holds to it."""

import json
import re

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import RouteContext

from gateway import api
from gateway.access import RANKS, RequiresRole, Sessions, declared_role, routes_under, undeclared
from store.operators import OperatorList, new_token
from tests.gateway.fakes import Gateway, bearer


def _api_routes(app: FastAPI) -> list[RouteContext]:
    return routes_under(app, api.PREFIX)


def test_every_api_route_declares_its_role(app: FastAPI) -> None:
    assert len(_api_routes(app)) >= 25
    assert undeclared(_api_routes(app)) == []


def test_route_without_a_role_is_found() -> None:
    router = APIRouter(prefix=api.PREFIX)

    @router.get("/open-door")
    async def open_door() -> str:
        return "come in"

    app = FastAPI()
    app.include_router(router)
    assert undeclared(routes_under(app, api.PREFIX)) == ["['GET'] /api/v1/open-door"]


def test_what_writes_needs_more_than_a_viewer(app: FastAPI) -> None:
    writing = [route for route in _api_routes(app) if "POST" in (route.methods or ())]
    assert writing
    assert [route.path for route in writing if RANKS[declared_role(route) or "viewer"] == 0] == []


async def test_every_api_route_refuses_who_shows_no_token(app: FastAPI, gateway: Gateway) -> None:
    for route in _api_routes(app):
        path = re.sub(r"{\w+}", "1", (route.path or "").replace("{action}", "retry"))
        for method in route.methods or ():
            answer = await gateway.client.request(method, path, json={})
            assert (method, path, answer.status_code) == (method, path, 401)


@pytest.mark.parametrize(
    "header", [b"Bearer x", b"Bearer ", b"Basic eDp5", b"token-of-admin", b"Bearer \xff"]
)
async def test_wrong_token_is_refused(gateway: Gateway, header: bytes) -> None:
    answer = await gateway.client.get("/api/v1/whoami", headers=[(b"Authorization", header)])
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_role_below_the_declared_one_is_refused(gateway: Gateway) -> None:
    answer = await gateway.tell("/contracts", {}, role="viewer")
    assert answer.status_code in (400, 403)
    answer = await gateway.ask("/audit", role="operator")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert (await gateway.ask("/audit", role="finance")).status_code == 200


async def test_token_of_a_disabled_operator_is_refused(gateway: Gateway) -> None:
    assert (await gateway.ask("/whoami")).json() == {"name": "viewer-person", "role": "viewer"}
    await gateway.stores.operators.disable("viewer-person")
    assert (await gateway.ask("/whoami")).status_code == 401


async def test_only_the_hash_of_a_token_is_kept(gateway: Gateway) -> None:
    token = new_token()
    operators = OperatorList(gateway.stores.database)
    await operators.put("zoe", "viewer", token)
    async with gateway.stores.database.read() as session:
        from sqlalchemy import text

        rows = (await session.execute(text("SELECT * FROM operator"))).all()
    assert token not in repr(rows)
    known = await operators.by_token(token)
    assert known is not None
    assert known.name == "zoe"


async def test_sign_in_gives_a_cookie_that_opens_the_console_and_no_api(gateway: Gateway) -> None:
    assert "Operator token" in (await gateway.client.get("/")).text
    answer = await gateway.client.post("/login", data={"token": "token-of-viewer"})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "token-of-viewer" not in cookie
    assert "viewer-person" in (await gateway.client.get("/")).text
    assert (await gateway.client.get("/api/v1/whoami")).status_code == 401
    await gateway.client.post("/logout")
    assert "Operator token" in (await gateway.client.get("/")).text


async def test_wrong_token_does_not_sign_in(gateway: Gateway) -> None:
    answer = await gateway.client.post("/login", data={"token": "<script>"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "<script>" not in answer.text


@pytest.mark.parametrize("cookie", ["", ".", "a.b.c", "x.99999999999.admin-person", "é.1.2"])
def test_forged_session_is_not_known(cookie: str) -> None:
    assert Sessions(b"key", hours=1).name(cookie) is None


def test_session_ends_and_belongs_to_its_key() -> None:
    sessions = Sessions(b"key", hours=1)
    assert sessions.name(sessions.issue("ann.lee")) == "ann.lee"
    assert Sessions(b"other", hours=1).name(sessions.issue("ann")) is None
    ended = Sessions(b"key", hours=-1)
    assert sessions.name(ended.issue("ann")) is None


async def test_codec_decodes_for_operators_only(gateway: Gateway) -> None:
    payloads = {"payloads": [{"metadata": {"encoding": "YmluYXJ5L3JldmVyc2Vk"}, "data": "Y2Jh"}]}
    assert (await gateway.client.post("/codec/decode", json=payloads)).status_code == 401
    answer = await gateway.client.post("/codec/decode", json=payloads, headers=bearer("viewer"))
    assert answer.json() == {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "YWJj"}]}


async def test_codec_gives_back_what_it_encoded(gateway: Gateway) -> None:
    plain = {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "YWJj"}]}
    encoded = await gateway.client.post("/codec/encode", json=plain, headers=bearer("viewer"))
    decoded = await gateway.client.post("/codec/decode", content=encoded.content, headers=bearer("viewer"))
    assert decoded.json() == plain


async def test_codec_takes_the_console_cookie(gateway: Gateway) -> None:
    await gateway.client.post("/login", data={"token": "token-of-viewer"})
    answer = await gateway.client.post("/codec/decode", json={"payloads": []})
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b'{"payloads": 1}', b'{"other": 1}', b"\xff"])
async def test_codec_refuses_what_is_no_list_of_payloads(gateway: Gateway, body: bytes) -> None:
    answer = await gateway.client.post("/codec/decode", content=body, headers=bearer("viewer"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


async def test_codec_does_not_say_why_a_payload_cannot_be_read(gateway: Gateway) -> None:
    body = json.dumps({"payloads": [{"metadata": {}, "data": "YWJj"}]})
    answer = await gateway.client.post("/codec/decode", content=body, headers=bearer("viewer"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_decodable")
    assert "42" not in answer.text


async def test_only_the_web_uis_origin_may_call_the_codec_from_a_browser(gateway: Gateway) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-namespace"}
    ours = {"Origin": "http://127.0.0.1:8233"}
    allowed = await gateway.client.options("/codec/decode", headers=asked | ours)
    assert allowed.headers["access-control-allow-origin"] == "http://127.0.0.1:8233"
    assert allowed.headers["access-control-allow-credentials"] == "true"
    theirs = {"Origin": "http://evil.example"}
    refused = await gateway.client.options("/codec/decode", headers=asked | theirs)
    assert "access-control-allow-origin" not in refused.headers
    elsewhere = await gateway.client.options("/api/v1/contracts", headers=asked | ours)
    assert "access-control-allow-origin" not in elsewhere.headers


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/whoami", "/nowhere", "/webhooks/nobody"])
async def test_every_answer_carries_the_security_headers(gateway: Gateway, path: str) -> None:
    answer = await gateway.client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_role_is_declared_by_a_dependency() -> None:
    assert RequiresRole("finance").role == "finance"
