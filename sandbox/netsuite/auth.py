"""Who may call: OAuth 2.0 for machines (signed assertion, bearer token) and token-based authentication.

Tokens and signatures live in real time, whatever the account's clock says.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.kit.clock import real_now
from sandbox.kit.secret_files import SecretFiles
from sandbox.kit.state import State
from sandbox.netsuite.errors import NsError

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
SCOPE = "rest_webservices"
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE = timedelta(minutes=60)
_SKEW_SECONDS = 300
_TOKEN, _NONCE = "_access_token", "_nonce"
_CHECKED = "netsuite.login"
_FIELD = re.compile(r'(\w+)="([^"]*)"')


class Credentials:
    """The account's integration record with its certificate mappings and access token."""

    def __init__(self, files: SecretFiles, account_id: str) -> None:
        self._files = files
        self.account_id = account_id
        self.client_id = self._hex("client-id")
        self.certificate_id = files.text("certificate-id", lambda: secrets.token_urlsafe(32))
        self.certificate_id_ec = files.text("certificate-id-ec", lambda: secrets.token_urlsafe(32))
        self.consumer_secret, self.token_id = self._hex("consumer-secret"), self._hex("token-id")
        self.token_secret = self._hex("token-secret")

    @property
    def private_key_file(self) -> str:
        return str(self._files.private_key_file("private-key.pem"))

    @property
    def ec_private_key(self) -> str:
        return self._files.text("private-key-ec.pem", _ec_pem)

    def public_key(self, certificate_id: str) -> str | None:
        if hmac.compare_digest(certificate_id, self.certificate_id):
            return self._files.public_key("private-key.pem")
        if hmac.compare_digest(certificate_id, self.certificate_id_ec):
            key = serialization.load_pem_private_key(self.ec_private_key.encode(), password=None)
            encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            return key.public_key().public_bytes(encoding, form).decode()
        return None

    def shown(self) -> dict[str, str]:
        return {
            "account_id": self.account_id,
            "client_id": self.client_id,
            "certificate_id": self.certificate_id,
            "private_key_file": self.private_key_file,
            "consumer_key": self.client_id,
            "consumer_secret": self.consumer_secret,
            "token_id": self.token_id,
            "token_secret": self.token_secret,
        }

    def _hex(self, name: str) -> str:
        return self._files.text(name, lambda: secrets.token_hex(32))


class Gate:
    """Gives tokens and checks requests."""

    def __init__(self, state: State, credentials: Credentials, token_url: str) -> None:
        self._state, self._credentials, self._token_url = state, credentials, token_url
        self.real_now: Callable[[], datetime] = real_now

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if form.get("client_assertion_type") != _ASSERTION_TYPE or "client_assertion" not in form:
            return JSONResponse({"error": "invalid_request"}, 400)
        claims = self._asserted(form["client_assertion"])
        if claims is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        scopes = _scopes(claims.get("scope"))
        if not scopes or not scopes <= {"restlets", SCOPE, "suite_analytics"}:
            return JSONResponse({"error": "invalid_scope"}, 400)
        value = secrets.token_urlsafe(48)
        expires_at = (self.real_now() + _LIFE).isoformat()
        self._state.put(_TOKEN, value, {"expires_at": expires_at, "scopes": sorted(scopes)})
        answer = {
            "access_token": value,
            "expires_in": str(int(_LIFE.total_seconds())),
            "token_type": "bearer",
        }
        return JSONResponse(answer)

    def check(self, request: Request) -> None:
        """Raises 401 INVALID_LOGIN or INVALID_LOGIN_ATTEMPT, 403 INSUFFICIENT_PERMISSION."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        extensions = request.scope.get("extensions") or {}
        if extensions.get(_CHECKED):
            return  # one request that is executed twice is not a replay
        if scheme == "Bearer":
            self._check_bearer(rest)
        elif scheme == "OAuth":
            self._check_oauth1(request, dict(_FIELD.findall(rest)))
        else:
            raise _login("INVALID_LOGIN")
        extensions[_CHECKED] = True

    def revoke(self, request: Request) -> None:
        """Forget the request's access token, if it has one."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            self._state.delete(_TOKEN, value)

    def _asserted(self, assertion: str) -> dict[str, Any] | None:
        """The claims of an assertion that holds."""
        try:
            certificate_id = str(jwt.get_unverified_header(assertion).get("kid"))
            key = self._credentials.public_key(certificate_id)
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                assertion,
                key,
                algorithms=_ALGORITHMS,
                audience=self._token_url,
                issuer=self._credentials.client_id,
                options={"require": ["iss", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
            issued, expires, now = int(claims["iat"]), int(claims["exp"]), self.real_now().timestamp()
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        if expires <= now or issued > now + _SKEW_SECONDS or expires - issued >= _LIFE.total_seconds():
            return None
        return claims

    def _check_bearer(self, value: str) -> None:
        token = self._state.get(_TOKEN, value)
        if token is None or datetime.fromisoformat(token["expires_at"]) <= self.real_now():
            raise _login("INVALID_LOGIN", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if SCOPE not in token["scopes"]:
            raise NsError(
                "INSUFFICIENT_PERMISSION", "The token has no permission for REST web services.", status=403
            )

    def _check_oauth1(self, request: Request, escaped: dict[str, str]) -> None:
        fields = {name: unquote(value) for name, value in escaped.items()}
        expected = {
            "realm": self._credentials.account_id.upper().replace("-", "_"),
            "oauth_consumer_key": self._credentials.client_id,
            "oauth_token": self._credentials.token_id,
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        }
        if any(fields.get(name) != value for name, value in expected.items()):
            raise _login("INVALID_LOGIN_ATTEMPT")
        signature = fields.pop("oauth_signature", "")
        fields.pop("realm")
        if not hmac.compare_digest(signature, self._signature(request, fields)):
            raise _login("INVALID_LOGIN_ATTEMPT")
        self._check_freshness(fields.get("oauth_timestamp", ""), fields.get("oauth_nonce", ""))

    def _check_freshness(self, timestamp: str, nonce: str) -> None:
        now = self.real_now().timestamp()
        if not timestamp.isdigit() or abs(now - int(timestamp)) > _SKEW_SECONDS:
            raise _login("INVALID_LOGIN_ATTEMPT")
        if not nonce or self._state.get(_NONCE, nonce) is not None:
            raise _login("INVALID_LOGIN_ATTEMPT")
        self._state.put(_NONCE, nonce, {"at": timestamp})

    def _signature(self, request: Request, fields: dict[str, str]) -> str:
        query = parse_qsl(request.url.query, keep_blank_values=True)
        pairs = sorted((_escaped(k), _escaped(v)) for k, v in [*fields.items(), *query])
        raw_path = request.scope.get("raw_path", request.url.path.encode()).decode()
        url = f"{request.url.scheme}://{request.url.netloc.lower()}{raw_path.partition('?')[0]}"
        parts = (request.method, url, "&".join(f"{k}={v}" for k, v in pairs))
        base = "&".join(_escaped(part) for part in parts)
        key = f"{self._credentials.consumer_secret}&{self._credentials.token_secret}"
        return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha256)).decode()


def _scopes(claim: Any) -> set[str]:
    if isinstance(claim, str):
        return {scope.strip() for scope in claim.split(",")}
    return {str(scope) for scope in claim} if isinstance(claim, list) else set()


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _ec_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _login(code: str, headers: dict[str, str] | None = None) -> NsError:
    detail = "Invalid login attempt. For more details, see the Login Audit Trail."
    return NsError(code, detail, status=401, headers=headers)
