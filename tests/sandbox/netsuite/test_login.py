"""OAuth 2.0 for machines and token-based authentication, as the vendor checks them."""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest

from sandbox.kit.faults import Fault
from sandbox.netsuite import NetSuite
from tests.sandbox.netsuite.conftest import (
    BASE_URL,
    RECORD,
    Account,
    ask_token,
    assertion,
    claims,
    code_of,
)


async def test_a_good_assertion_gives_a_token_of_an_hour(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    answer = await ask_token(http, assertion(netsuite))
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert int(answer.json()["expires_in"]) == 3600


async def test_elliptic_curves_are_taken_too(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    signed = assertion(netsuite, "ES256", netsuite.keys.certificate_id_ec, netsuite.keys.ec_private_key)
    assert (await ask_token(http, signed)).status_code == 200


async def test_rs256_is_not_in_the_list(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    answer = await ask_token(http, assertion(netsuite, "RS256"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "seconds_from_now"),
    [
        ({"iss": "another-client"}, {}),
        ({"aud": "https://another.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"}, {}),
        ({}, {"exp": -1}),
        ({}, {"iat": 0, "exp": 3600}),
        ({}, {"iat": 1000, "exp": 1100}),
    ],
)
async def test_an_assertion_that_claims_something_else_is_refused(
    netsuite: NetSuite, http: httpx.AsyncClient, changes: dict[str, Any], seconds_from_now: dict[str, int]
) -> None:
    now = int(time.time())  # of the test, not of the import: the suite may run for longer than a claim lasts
    changes = changes | {claim: now + seconds for claim, seconds in seconds_from_now.items()}
    assert (await ask_token(http, assertion(netsuite, **changes))).json()["error"] == "invalid_grant"


async def test_an_unknown_certificate_is_refused(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    answer = await ask_token(http, assertion(netsuite, kid="another"))
    assert answer.json()["error"] == "invalid_grant"


async def test_another_key_is_refused(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    signed = jwt.encode(
        claims(netsuite),
        netsuite.keys.ec_private_key,
        algorithm="ES256",
        headers={"kid": netsuite.keys.certificate_id},
    )
    assert (await ask_token(http, signed)).json()["error"] == "invalid_grant"


async def test_an_unknown_scope_is_refused(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    answer = await ask_token(http, assertion(netsuite, scope=["everything"]))
    assert answer.json()["error"] == "invalid_scope"


async def test_another_grant_is_refused(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    answer = await ask_token(http, assertion(netsuite), grant_type="password")
    assert answer.json()["error"] == "unsupported_grant_type"


async def test_a_token_for_restlets_may_not_use_rest(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    token = (await ask_token(http, assertion(netsuite, scope="restlets"))).json()["access_token"]
    answer = await Account(http, netsuite, token).send("GET", "customer")
    assert (answer.status_code, code_of(answer)) == (403, "INSUFFICIENT_PERMISSION")


async def test_a_token_ends_after_an_hour(account: Account) -> None:
    account.platform.gate.real_now = lambda: datetime.now(UTC) + timedelta(minutes=61)
    answer = await account.send("GET", "customer")
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_LOGIN")


async def test_nothing_is_answered_without_login(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{RECORD}/customer")
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_LOGIN")


async def test_a_token_that_expires_by_fault_is_gone(account: Account) -> None:
    account.platform.faults.add(Fault("token-expired"))
    assert (await account.send("GET", "customer")).status_code == 401
    assert (await account.send("GET", "customer")).status_code == 401


def _signed(
    netsuite: NetSuite,
    changes: dict[str, str] | None = None,
    *,
    nonce: str = "n1",
    age_seconds: int = 0,
    q: str = "",
) -> dict[str, str]:
    changes = changes or {}
    keys = netsuite.keys
    fields = {
        "oauth_consumer_key": keys.client_id,
        "oauth_token": keys.token_id,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time()) - age_seconds),
        "oauth_nonce": nonce,
        "oauth_version": "1.0",
    } | {name: value for name, value in changes.items() if name != "realm"}
    pairs = {**fields, **({"q": q} if q else {})}
    listed = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(pairs.items()))
    url = f"{BASE_URL}{RECORD}/customer"
    base = "&".join(quote(part, safe="~") for part in ("GET", url, listed))
    key = f"{keys.consumer_secret}&{keys.token_secret}"
    digest = hmac.digest(key.encode(), base.encode(), hashlib.sha256)
    fields["oauth_signature"] = base64.b64encode(digest).decode()
    realm = changes.get("realm", keys.account_id)
    listed = ", ".join(f'{name}="{quote(value, safe="~")}"' for name, value in fields.items())
    return {"Authorization": f'OAuth realm="{realm}", {listed}'}


async def test_a_signed_request_is_answered(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{RECORD}/customer", headers=_signed(netsuite))).status_code == 200


async def test_the_query_is_signed_too(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    q = 'companyName IS "A & B"'
    headers = _signed(netsuite, q=q)
    assert (await http.get(f"{RECORD}/customer", headers=headers, params={"q": q})).status_code == 200
    other = _signed(netsuite, q=q, nonce="n2")
    assert (await http.get(f"{RECORD}/customer", headers=other, params={"q": "x IS y"})).status_code == 401


async def test_a_nonce_is_good_once(netsuite: NetSuite, http: httpx.AsyncClient) -> None:
    headers = _signed(netsuite)
    assert (await http.get(f"{RECORD}/customer", headers=headers)).status_code == 200
    answer = await http.get(f"{RECORD}/customer", headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_LOGIN_ATTEMPT")


@pytest.mark.parametrize("age_seconds", [301, -301])
async def test_a_clock_that_is_five_minutes_off_is_refused(
    netsuite: NetSuite, http: httpx.AsyncClient, age_seconds: int
) -> None:
    answer = await http.get(f"{RECORD}/customer", headers=_signed(netsuite, age_seconds=age_seconds))
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_LOGIN_ATTEMPT")


@pytest.mark.parametrize(
    "changes",
    [
        {"realm": "OTHER"},
        {"oauth_token": "other"},
        {"oauth_consumer_key": "other"},
        {"oauth_signature_method": "HMAC-SHA1"},
    ],
)
async def test_another_identity_is_refused(
    netsuite: NetSuite, http: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    answer = await http.get(f"{RECORD}/customer", headers=_signed(netsuite, changes))
    assert (answer.status_code, code_of(answer)) == (401, "INVALID_LOGIN_ATTEMPT")
