"""Log-on: what gets a token, and in which words the rest is refused."""

import base64
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.kit.faults import Fault
from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import BASE_URL, ROOT, Api

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(org: Salesforce, *, key: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
    given = org.credentials()
    claims = {
        "iss": given["consumer_key"],
        "sub": given["username"],
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 170,
    }
    signed_by = key or Path(given["private_key_file"]).read_text()
    return jwt.encode({**claims, **changes}, signed_by, algorithm=algorithm)


async def token(api: Api, form: dict[str, str], **headers: str) -> httpx.Response:
    return await api.http.post("/services/oauth2/token", data=form, headers=headers)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": "https://test.salesforce.com"},
        {"aud": BASE_URL},
        {"aud": ["https://login.salesforce.com"]},
    ],
)
async def test_assertion_gets_a_session(org: Salesforce, api: Api, changes: dict[str, Any]) -> None:
    answer = await token(api, {"grant_type": GRANT, "assertion": assertion(org, **changes)})
    body = answer.json()
    assert body.keys() == {
        "access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope",
    }  # fmt: skip
    assert body["instance_url"] == BASE_URL
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await api.http.get(f"{ROOT}/limits", headers=headers)).status_code == 200


async def test_expiry_may_be_written_as_text(org: Salesforce, api: Api) -> None:
    in_time = str(int(time.time()) + 170)  # made here: a suite may run for longer than an assertion lives
    answer = await token(api, {"grant_type": GRANT, "assertion": assertion(org, exp=in_time)})
    assert answer.status_code == 200


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"exp": int(time.time()) - 120}, "invalid_grant", "expired authorization code"),
    ({"exp": int(time.time()) + 3600}, "invalid_grant", "expired authorization code"),
    ({"exp": None}, "invalid_grant", "invalid assertion"),
    ({"sub": "stranger@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
    ({"aud": "https://evil.example"}, "invalid_grant", "audience is invalid"),
    ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
]


@pytest.mark.parametrize(("changes", "error", "said"), REFUSED)
async def test_wrong_assertion_is_refused(
    org: Salesforce, api: Api, changes: dict[str, Any], error: str, said: str
) -> None:
    answer = await token(api, {"grant_type": GRANT, "assertion": assertion(org, **changes)})
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": said}


async def test_assertion_of_another_key_is_refused(org: Salesforce, api: Api) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for forged in (assertion(org, key=other), assertion(org, key="s" * 32, algorithm="HS256"), "x.y.z", ""):
        answer = await token(api, {"grant_type": GRANT, "assertion": forged})
        assert answer.status_code == 400
        assert "access_token" not in answer.text


async def test_client_credentials_by_header_and_by_body(org: Salesforce, api: Api) -> None:
    given = org.credentials()
    key, secret = given["consumer_key"], given["consumer_secret"]
    basic = "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    assert (await token(api, form, Authorization=basic)).status_code == 200
    in_body = form | {"client_id": key, "client_secret": secret}
    assert (await token(api, in_body)).status_code == 200
    wrong = await token(api, in_body | {"client_secret": "x"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    unknown = await token(api, in_body | {"client_id": "x"})
    assert unknown.json()["error"] == "invalid_client_id"


@pytest.mark.parametrize("form", [{}, {"grant_type": "password"}, {"grant_type": GRANT}])
async def test_other_grants_are_refused(api: Api, form: dict[str, str]) -> None:
    answer = await token(api, form)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("unsupported_grant_type", "invalid_request")


@pytest.mark.parametrize("header", ["", "Bearer nobody", "Basic eDp5", "Bearer"])
async def test_unknown_sessions_are_refused(api: Api, header: str) -> None:
    answer = await api.http.get(f"{ROOT}/limits", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


async def test_revoked_token_stays_revoked_and_the_handed_out_session_stays(
    org: Salesforce, api: Api
) -> None:
    answer = await token(api, {"grant_type": GRANT, "assertion": assertion(org)})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    org.faults.add(Fault("token-expired", times=2))
    statuses = [(await api.http.get(f"{ROOT}/limits", headers=headers)).status_code for _ in range(3)]
    assert statuses == [401, 401, 401]
    assert (await api.http.get(f"{ROOT}/limits")).status_code == 200


async def test_daily_requests_run_out(org: Salesforce, api: Api) -> None:
    await org.load({"daily_requests": 2})
    answers = [await api.http.get(f"{ROOT}/limits") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 403]
    assert answers[1].headers["Sforce-Limit-Info"] == "api-usage=2/2"
    assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


async def test_tokens_are_not_in_the_state(org: Salesforce, api: Api) -> None:
    issued = (await token(api, {"grant_type": GRANT, "assertion": assertion(org)})).json()["access_token"]
    assert issued not in str(org.state.all("_session"))
    assert issued not in str(org.dump())
