"""The token endpoint of the org's My Domain, and the sessions that its tokens are."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from starlette.responses import JSONResponse, Response

from sandbox.kit.clock import real_now
from sandbox.kit.state import State

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SESSION = "_session"
_SESSION_LASTS = timedelta(hours=2)
_LONGEST_ASSERTION = timedelta(minutes=3)
_SKEW = timedelta(minutes=1)
_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")


class Refusal(Exception):
    """A token request that is refused, in OAuth's own form."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description

    def response(self) -> Response:
        return JSONResponse({"error": self.error, "error_description": self.description}, 400)


class Sessions:
    """Access tokens. They end two hours after their last use, by the real time; revoking is at once."""

    def __init__(self, state: State, organization_id: str, *, now: Callable[[], datetime] = real_now) -> None:
        self._state, self._organization_id, self._now = state, organization_id, now

    def open(self, user: str) -> str:
        token = f"{self._organization_id[:15]}!{secrets.token_urlsafe(60)}"
        self.keep(token, user, lasting=False)
        return token

    def keep(self, token: str, user: str, *, lasting: bool) -> None:
        self._state.put(
            _SESSION, _digest(token), {"user": user, "used": self._now().isoformat(), "lasting": lasting}
        )

    def user(self, token: str) -> str | None:
        """Whose session it is; None if it is unknown, revoked or too old."""
        session = self._state.get(_SESSION, _digest(token))
        if session is None:
            return None
        now = self._now()
        if not session["lasting"]:
            if now - datetime.fromisoformat(session["used"]) > _SESSION_LASTS:
                return None
            self._state.put(_SESSION, _digest(token), session | {"used": now.isoformat()})
        return str(session["user"])

    def revoke(self, token: str) -> bool:
        """False for the session that is handed out with the credentials: it stays."""
        session = self._state.get(_SESSION, _digest(token))
        if session is None or session["lasting"]:
            return False
        return self._state.delete(_SESSION, _digest(token))


class TokenEndpoint:
    def __init__(
        self,
        *,
        sessions: Sessions,
        base_url: str,
        consumer_key: str,
        consumer_secret: str,
        public_key: str,
        organization_id: str,
        find_user: Callable[[str], str | None],
        run_as: Callable[[], str],
        now: Callable[[], datetime] = real_now,
    ) -> None:
        """`find_user` tells the id of a pre-authorised user by name; `run_as` the client credentials' one."""
        self._sessions, self._base_url, self._now = sessions, base_url, now
        self._key, self._secret, self._public_key = consumer_key, consumer_secret, public_key
        self._organization_id = organization_id
        self._find_user, self._run_as = find_user, run_as

    def answer(self, form: Mapping[str, str], authorization: str | None) -> Response:
        try:
            match form.get("grant_type"):
                case None:
                    raise Refusal("invalid_request", "must provide grant_type")
                case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                    user = self._by_assertion(form.get("assertion"))
                case "client_credentials":
                    user = self._by_secret(form, authorization)
                case _:
                    raise Refusal("unsupported_grant_type", "grant type not supported")
        except Refusal as refusal:
            return refusal.response()
        return JSONResponse(self._token(user), headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    def _by_assertion(self, assertion: str | None) -> str:
        if not assertion:
            raise Refusal("invalid_request", "missing required parameter: assertion")
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self._public_key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            raise Refusal("invalid_grant", "invalid assertion") from None
        if claims.get("iss") != self._key:
            raise Refusal("invalid_client_id", "client identifier invalid")
        audiences = claims.get("aud")
        named = audiences if isinstance(audiences, list) else [audiences]
        if not {*_HOSTS, self._base_url} & {str(each).rstrip("/") for each in named}:
            raise Refusal("invalid_grant", "audience is invalid")
        self._check_expiry(claims.get("exp"))
        user = self._find_user(str(claims.get("sub", "")))
        if user is None:
            raise Refusal("invalid_grant", "user hasn't approved this consumer")
        return user

    def _check_expiry(self, expiry: Any) -> None:
        """`exp` is required, as a number or its digits, and lies at most three minutes ahead."""
        if not str(expiry).isdigit():
            raise Refusal("invalid_grant", "invalid assertion")
        now = self._now().timestamp()
        ahead = timedelta(seconds=int(expiry) - now)
        if ahead < -_SKEW or ahead > _LONGEST_ASSERTION + _SKEW:
            raise Refusal("invalid_grant", "expired authorization code")

    def _by_secret(self, form: Mapping[str, str], authorization: str | None) -> str:
        key, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization is not None and authorization.lower().startswith("basic "):
            key, _, secret = _decoded(authorization[6:]).partition(":")
        if key != self._key:
            raise Refusal("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            raise Refusal("invalid_client", "invalid client credentials")
        return self._run_as()

    def _token(self, user: str) -> dict[str, str]:
        identity = f"https://login.salesforce.com/id/{self._organization_id}/{user}"
        issued_at = str(int(self._now().timestamp() * 1000))
        signed = hmac.digest(self._secret.encode(), f"{identity}{issued_at}".encode(), hashlib.sha256)
        return {
            "access_token": self._sessions.open(user),
            "signature": base64.b64encode(signed).decode(),
            "scope": "api",
            "instance_url": self._base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _digest(token: str) -> str:
    """Tokens are kept as their hashes."""
    return hashlib.sha256(token.encode()).hexdigest()
