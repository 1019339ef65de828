"""How we log on to vendors: `httpx.Auth` flows over cached tokens, with one refresh at a time.

    BearerToken, BasicAuth     what we have is what we send
    OAuthClientCredentials     RFC 6749, 4.4: client id and secret for a token
    JwtBearer                  RFC 7523, 2.1: a signed assertion for a token (Salesforce)
    ClientAssertion            RFC 7523, 2.2: client credentials proven by a signed assertion (NetSuite)
    OAuth1HmacSha256           RFC 5849: each request signed (NetSuite token-based authentication)

A token source that gets a 401 takes a fresh token and sends the request once more: a 401 has changed nothing.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import uuid
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

Now = Callable[[], datetime]

_MARGIN = timedelta(seconds=60)
_ASSERTION_LIFE = timedelta(minutes=3)
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def utc_now() -> datetime:
    return datetime.now(UTC)


class TokenRefused(Exception):
    """The authorisation server does not accept our credentials."""

    def __init__(self, status: int, code: str | None) -> None:
        super().__init__(f"{status} {code or ''}".rstrip())
        self.status = status
        self.code = code


class TokenUnavailable(Exception):
    """The authorisation server could not answer now."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class BearerToken(httpx.Auth):
    """A token that does not change (an API key)."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


class BasicAuth(httpx.Auth):
    def __init__(self, username: str, password: SecretStr) -> None:
        self._username, self._password = username, password

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = _basic(self._username, self._password)
        yield request


@dataclass(frozen=True)
class _Token:
    value: SecretStr
    expires_at: datetime | None  # None: until it is refused


class TokenSource(httpx.Auth):
    """A cached token, taken anew shortly before it expires or after a 401."""

    requires_response_body = True

    def __init__(self, *, now: Now = utc_now) -> None:
        self._now = now
        self._token: _Token | None = None
        self._refreshing = asyncio.Lock()

    @abstractmethod
    def token_request(self) -> httpx.Request:
        """The request that asks for a fresh token."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = self._token
        if not self._good(token):
            async with self._refreshing:
                if not self._good(self._token):
                    self._token = await self._taken((yield self._ask_within_time_of(request)))
                token = self._token
        request.headers["Authorization"] = _bearer(token)
        response = yield request
        if response.status_code != 401:
            return
        async with self._refreshing:
            if self._token is None or self._token is token:
                self._token = None
                self._token = await self._taken((yield self._ask_within_time_of(request)))
            token = self._token
        request.headers["Authorization"] = _bearer(token)
        yield request

    def _ask_within_time_of(self, request: httpx.Request) -> httpx.Request:
        """Without the timeouts of the request that needs the token, asking for it could last for ever."""
        asking = self.token_request()
        asking.extensions["timeout"] = request.extensions["timeout"]
        return asking

    def _good(self, token: _Token | None) -> bool:
        return token is not None and (token.expires_at is None or self._now() < token.expires_at - _MARGIN)

    async def _taken(self, response: httpx.Response) -> _Token:
        """The token of the answer; only a code of the error is ever shown, never the body."""
        await response.aread()
        if response.status_code == 429 or response.status_code >= 500:
            raise TokenUnavailable(f"status {response.status_code}")
        answer = _json_object(response)
        if response.status_code != 200:
            raise TokenRefused(response.status_code, _text(answer, "error"))
        value = _text(answer, "access_token")
        if value is None:
            raise TokenUnavailable("an answer without access_token")
        return _Token(SecretStr(value), self._expiry(answer.get("expires_in")))

    def _expiry(self, expires_in: Any) -> datetime | None:
        """Vendors give a number or a string of digits, or nothing."""
        if not str(expires_in).isdigit():
            return None
        return self._now() + timedelta(seconds=int(expires_in))


class OAuthClientCredentials(TokenSource):
    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        client_secret: SecretStr,
        scope: str | None = None,
        extra: Mapping[str, str] | None = None,
        sent_in: Literal["basic", "body"] = "basic",
        now: Now = utc_now,
    ) -> None:
        super().__init__(now=now)
        self._token_url, self._client_id, self._client_secret = token_url, client_id, client_secret
        self._scope, self._extra, self._sent_in = scope, dict(extra or {}), sent_in

    def token_request(self) -> httpx.Request:
        form = {"grant_type": "client_credentials", **self._extra}
        if self._scope:
            form["scope"] = self._scope
        if self._sent_in == "basic":
            quoted_id = quote(self._client_id, safe="")
            quoted_secret = SecretStr(quote(self._client_secret.get_secret_value(), safe=""))
            return _form_post(self._token_url, form, {"Authorization": _basic(quoted_id, quoted_secret)})
        form |= {"client_id": self._client_id, "client_secret": self._client_secret.get_secret_value()}
        return _form_post(self._token_url, form)


class JwtBearer(TokenSource):
    """Salesforce's JWT bearer flow; the answer names no expiry, so a token lasts until it is refused."""

    def __init__(
        self,
        *,
        token_url: str,
        consumer_key: str,
        username: str,
        audience: str,
        private_key: SecretStr,
        now: Now = utc_now,
    ) -> None:
        super().__init__(now=now)
        self._token_url, self._private_key = token_url, private_key
        self._claims = {"iss": consumer_key, "sub": username, "aud": audience}

    def token_request(self) -> httpx.Request:
        claims = {**self._claims, "exp": self._now() + _ASSERTION_LIFE}
        assertion = jwt.encode(claims, _rsa_key(self._private_key), algorithm="RS256")
        return _form_post(self._token_url, {"grant_type": _JWT_BEARER, "assertion": assertion})


@lru_cache(maxsize=16)
def _rsa_key(pem: SecretStr) -> rsa.RSAPrivateKey:
    """Read once for each key: reading one checks it, which takes a tenth of a second."""
    key = serialization.load_pem_private_key(pem.get_secret_value().encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the private key is not an RSA key")
    return key


class ClientAssertion(TokenSource):
    """NetSuite's OAuth 2.0 for machines: client credentials proven by a PS256 assertion."""

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        certificate_id: str,
        private_key: SecretStr,
        scopes: tuple[str, ...] = ("rest_webservices", "restlets"),
        now: Now = utc_now,
    ) -> None:
        super().__init__(now=now)
        self._token_url, self._private_key = token_url, private_key
        self._client_id, self._certificate_id, self._scopes = client_id, certificate_id, scopes

    def token_request(self) -> httpx.Request:
        issued_at = self._now()
        claims = {
            "iss": self._client_id,
            "scope": list(self._scopes),
            "aud": self._token_url,
            "iat": issued_at,
            "exp": issued_at + _ASSERTION_LIFE,
            "jti": str(uuid.uuid4()),
        }
        assertion = jwt.encode(
            claims, _rsa_key(self._private_key), algorithm="PS256", headers={"kid": self._certificate_id}
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _CLIENT_ASSERTION,
            "client_assertion": assertion,
        }
        return _form_post(self._token_url, form)


class OAuth1HmacSha256(httpx.Auth):
    """Each request signed by RFC 5849 with HMAC-SHA256."""

    requires_request_body = True

    def __init__(
        self,
        *,
        consumer_key: str,
        consumer_secret: SecretStr,
        token_id: str,
        token_secret: SecretStr,
        realm: str | None = None,
        now: Now = utc_now,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._consumer_key, self._consumer_secret = consumer_key, consumer_secret
        self._token_id, self._token_secret = token_id, token_secret
        self._realm, self._now, self._nonce = realm, now, nonce

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        protocol = {
            "oauth_consumer_key": self._consumer_key,
            "oauth_token": self._token_id,
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self._now().timestamp())),
            "oauth_nonce": self._nonce(),
            "oauth_version": "1.0",
        }
        parameters = [*protocol.items(), *_signed_parameters(request)]
        base = oauth1_base_string(request.method, request.url, parameters)
        protocol["oauth_signature"] = self._signature(base)
        realm = [f'realm="{self._realm}"'] if self._realm else []
        fields = [f'{_escaped(name)}="{_escaped(value)}"' for name, value in protocol.items()]
        request.headers["Authorization"] = "OAuth " + ", ".join([*realm, *fields])
        yield request

    def _signature(self, base: str) -> str:
        halves = (self._consumer_secret, self._token_secret)
        key = "&".join(_escaped(half.get_secret_value()) for half in halves)
        return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha256)).decode()


def oauth1_base_string(method: str, url: httpx.URL, parameters: list[tuple[str, str]]) -> str:
    """The signature base string of RFC 5849, 3.4.1; `parameters` are decoded, the query's among them."""
    default_port = {"https": 443, "http": 80}.get(url.scheme)
    port = "" if url.port in (None, default_port) else f":{url.port}"
    path = url.raw_path.partition(b"?")[0].decode() or "/"
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base_url = f"{url.scheme}://{url.host.lower()}{port}{path}"
    return "&".join(_escaped(part) for part in (method.upper(), base_url, joined))


def _signed_parameters(request: httpx.Request) -> list[tuple[str, str]]:
    """The query's parameters, and a form body's."""
    found = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        found += parse_qsl(request.content.decode(), keep_blank_values=True)
    return found


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _basic(username: str, password: SecretStr) -> str:
    pair = f"{username}:{password.get_secret_value()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _bearer(token: _Token | None) -> str:
    if token is None:
        raise TokenUnavailable("no token")
    return f"Bearer {token.value.get_secret_value()}"


def _form_post(url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> httpx.Request:
    return httpx.Request("POST", url, data=form, headers={"Accept": "application/json", **(headers or {})})


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    return value if isinstance(value, str) and value else None
