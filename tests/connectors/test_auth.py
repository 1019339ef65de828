"""Logging on: what is sent, when a token is taken anew, and that no secret shows."""

import asyncio
import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from connectors.auth import (
    BasicAuth,
    BearerToken,
    ClientAssertion,
    JwtBearer,
    OAuth1HmacSha256,
    OAuthClientCredentials,
    oauth1_base_string,
)
from connectors.http import ApiClient, ErrorTable, VendorError
from ports.errors import AuthenticationFailed, Transient

TOKEN_URL = "https://vendor.test/token"
START = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = ErrorTable(rows={}, parse_error=lambda _: VendorError())

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = SecretStr(
    _KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
)


class Vendor:
    """Gives tokens t1, t2, … and accepts the latest, until `revoke` is called."""

    def __init__(self, *, expires_in: object = None) -> None:
        self.now = START
        self.forms: list[dict[str, str]] = []
        self.token_headers: list[httpx.Headers] = []
        self.expires_in = expires_in
        self.good = "?"
        self.token_status = 200
        self.token_timeouts: list[object] = []
        self.calls = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKEN_URL:
            return self._token(request)
        self.calls += 1
        accepted = request.headers["authorization"] == f"Bearer {self.good}"
        return httpx.Response(200 if accepted else 401, json={})

    def revoke(self) -> None:
        self.good = "revoked"

    def _token(self, request: httpx.Request) -> httpx.Response:
        self.token_headers.append(request.headers)
        self.token_timeouts.append(request.extensions["timeout"])
        self.forms.append({name: value for name, [value] in parse_qs(request.content.decode()).items()})
        if self.token_status != 200:
            return httpx.Response(self.token_status, json={"error": "invalid_client", "secret": "hush"})
        self.good = f"t{len(self.forms)}"
        answer: dict[str, object] = {"access_token": self.good}
        return httpx.Response(200, json=answer | ({"expires_in": self.expires_in} if self.expires_in else {}))

    def client(self, auth: httpx.Auth) -> ApiClient:
        transport = httpx.MockTransport(self.answer)
        return ApiClient(
            platform="vendor", base_url="https://vendor.test", errors=TABLE, auth=auth, transport=transport
        )

    def credentials(self, **more: Any) -> OAuthClientCredentials:
        secret = SecretStr("s3cret")
        return OAuthClientCredentials(
            token_url=TOKEN_URL, client_id="me", client_secret=secret, now=lambda: self.now, **more
        )


async def test_token_is_kept_until_shortly_before_its_end() -> None:
    vendor = Vendor(expires_in="3600")
    async with vendor.client(vendor.credentials()) as client:
        for minutes in (0, 58, 59):
            vendor.now = START + timedelta(minutes=minutes, seconds=minutes - 58 if minutes else 0)
            await client.request("GET", "/x")
    assert len(vendor.forms) == 2


async def test_one_refresh_for_all_that_wait() -> None:
    vendor = Vendor()
    async with vendor.client(vendor.credentials()) as client:
        await asyncio.gather(*(client.request("GET", "/x") for _ in range(10)))
        vendor.revoke()
        await asyncio.gather(*(client.request("GET", "/x") for _ in range(10)))
    assert len(vendor.forms) == 2


async def test_a_401_is_tried_once_with_a_fresh_token_and_no_more() -> None:
    vendor = Vendor()
    async with vendor.client(vendor.credentials()) as client:
        await client.request("POST", "/x")
        vendor.revoke()
        await client.request("POST", "/x")
        assert vendor.calls == 3

        def never(_request: httpx.Request) -> httpx.Response:
            vendor.calls += 1
            return httpx.Response(401)

    async with ApiClient(
        platform="vendor",
        base_url="https://vendor.test",
        errors=TABLE,
        auth=BearerToken(SecretStr("k")),
        transport=httpx.MockTransport(never),
    ) as client:
        with pytest.raises(AuthenticationFailed):
            await client.request("POST", "/x")
    assert vendor.calls == 4


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_credentials_are_for_a_person(status: int) -> None:
    vendor = Vendor()
    vendor.token_status = status
    async with vendor.client(vendor.credentials()) as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.request("POST", "/x")
    assert (caught.value.status, caught.value.vendor_code) == (status, "invalid_client")
    assert "hush" not in str(caught.value)
    assert vendor.calls == 0


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_token_server_down_is_transient_even_for_a_write(status: int) -> None:
    vendor = Vendor()
    vendor.token_status = status
    async with vendor.client(vendor.credentials()) as client:
        with pytest.raises(Transient):
            await client.request("POST", "/x")


async def test_token_request_lost_means_that_the_write_was_not_sent() -> None:
    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    async with ApiClient(
        platform="vendor",
        base_url="https://vendor.test",
        errors=TABLE,
        auth=Vendor().credentials(),
        transport=httpx.MockTransport(lose),
    ) as client:
        with pytest.raises(Transient):
            await client.request("POST", "/x")


async def test_a_failed_refresh_does_not_stop_the_next() -> None:
    vendor = Vendor()
    async with vendor.client(vendor.credentials()) as client:
        vendor.token_status = 503
        with pytest.raises(Transient):
            await client.request("GET", "/x")
        vendor.token_status = 200
        assert (await client.request("GET", "/x")).status == 200
    assert vendor.token_timeouts[0] == {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": 10.0}


async def test_client_credentials_in_header_or_body() -> None:
    vendor = Vendor()
    async with vendor.client(vendor.credentials(scope="a b", extra={"audience": "api"})) as client:
        await client.request("GET", "/x")
    async with vendor.client(vendor.credentials(sent_in="body")) as client:
        await client.request("GET", "/x")
    basic = base64.b64encode(b"me:s3cret").decode()
    assert vendor.token_headers[0]["authorization"] == f"Basic {basic}"
    assert "authorization" not in vendor.token_headers[1]
    grant = {"grant_type": "client_credentials"}
    assert vendor.forms == [
        {**grant, "scope": "a b", "audience": "api"},
        {**grant, "client_id": "me", "client_secret": "s3cret"},
    ]


async def test_salesforces_jwt_is_kept_until_refused() -> None:
    vendor = Vendor()
    auth = JwtBearer(
        token_url=TOKEN_URL,
        consumer_key="ck",
        username="u@example.com",
        audience="https://login.salesforce.com",
        private_key=PRIVATE_KEY,
        now=lambda: vendor.now,
    )
    async with vendor.client(auth) as client:
        await client.request("GET", "/x")
        vendor.now += timedelta(days=30)
        await client.request("GET", "/x")
        assert len(vendor.forms) == 1
        vendor.revoke()
        await client.request("GET", "/x")
    assert vendor.forms[0]["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = _claims(vendor.forms[0]["assertion"], "RS256")
    assert claims == {
        "iss": "ck",
        "sub": "u@example.com",
        "aud": "https://login.salesforce.com",
        "exp": START.timestamp() + 180,
    }


async def test_netsuites_assertion_names_its_certificate() -> None:
    vendor = Vendor(expires_in=3600)
    auth = ClientAssertion(
        token_url=TOKEN_URL,
        client_id="ci",
        certificate_id="cert-1",
        private_key=PRIVATE_KEY,
        now=lambda: vendor.now,
    )
    async with vendor.client(auth) as client:
        await client.request("GET", "/x")
    form = vendor.forms[0]
    assert jwt.get_unverified_header(form["client_assertion"])["kid"] == "cert-1"
    claims = _claims(form["client_assertion"], "PS256")
    assert claims.pop("jti")
    assert claims == {
        "iss": "ci",
        "scope": ["rest_webservices", "restlets"],
        "aud": TOKEN_URL,
        "iat": START.timestamp(),
        "exp": START.timestamp() + 180,
    }
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _claims(assertion: str, algorithm: str) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(assertion, _KEY.public_key(), algorithms=[algorithm], options=options)
    return claims


def test_oauth1_base_string_is_the_one_of_rfc_5849() -> None:
    """RFC 5849, 3.4.1.1, the example in full."""
    url = httpx.URL("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b")
    parameters = [
        ("b5", "=%3D"),
        ("a3", "a"),
        ("c@", ""),
        ("a2", "r b"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    assert oauth1_base_string("post", url, parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D"
        "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a"
        "%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_oauth1_signature_is_what_openssl_computes() -> None:
    auth = OAuth1HmacSha256(
        consumer_key="ck",
        consumer_secret=SecretStr("c&s"),
        token_id="tk",
        token_secret=SecretStr("ts"),
        realm="123456",
        now=lambda: START,
        nonce=lambda: "abc",
    )
    host = "https://123456.suitetalk.api.netsuite.com"
    request = httpx.Request("POST", f"{host}/services/rest/record/v1/invoice?a=2%20b&a=1&q=%25", json={})
    next(auth.auth_flow(request))
    assert request.headers["authorization"] == (
        'OAuth realm="123456", oauth_consumer_key="ck", oauth_token="tk", '
        'oauth_signature_method="HMAC-SHA256", oauth_timestamp="1767225600", oauth_nonce="abc", '
        'oauth_version="1.0", oauth_signature="ThgB7kXX%2FmldHz1GHQGNWESu1D2XnM48HtA2Rc1Y3M0%3D"'
    )


def test_oauth1_signs_form_bodies_too() -> None:
    def signed(content: dict[str, str]) -> str:
        secret = SecretStr("s")
        auth = OAuth1HmacSha256(
            consumer_key="c", consumer_secret=secret, token_id="t", token_secret=secret, now=lambda: START
        )
        auth._nonce = lambda: "n"
        request = httpx.Request("POST", "https://v.test/", data=content)
        return next(auth.auth_flow(request)).headers["authorization"]

    assert signed({"a": "1"}) == signed({"a": "1"}) != signed({"a": "2"})


def test_basic_and_bearer() -> None:
    request = httpx.Request("GET", "https://v.test/")
    assert next(BearerToken(SecretStr("k")).auth_flow(request)).headers["authorization"] == "Bearer k"
    basic = next(BasicAuth("u", SecretStr("p")).auth_flow(request)).headers["authorization"]
    assert basic == "Basic " + base64.b64encode(b"u:p").decode()


SHOWN: list[Callable[[], object]] = [
    lambda: BearerToken(SecretStr("s3cret")),
    lambda: BasicAuth("u", SecretStr("s3cret")),
    lambda: Vendor().credentials(),
    lambda: vars(Vendor().credentials()),
]


@pytest.mark.parametrize("make", SHOWN)
def test_secrets_never_show(make: Callable[[], object]) -> None:
    assert "s3cret" not in repr(make())
