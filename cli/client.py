"""The gateway's operations API, as the commands call it."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from cli.configuration import settings
from cli.exits import FAILED, INVALID, REFUSED, UNREACHABLE, leave

if TYPE_CHECKING:
    import httpx

    from assembly.settings import Settings

Role = Literal["viewer", "operator", "finance", "approver", "admin"]

ACTS_FOR = "Q2C_TOKEN"
API = "/api/v1"
_TIMEOUT_SECONDS = 60.0
_EXITS = {400: INVALID, 401: INVALID, 403: REFUSED, 413: INVALID, 422: INVALID}
_EXITS |= {502: UNREACHABLE, 503: UNREACHABLE, 504: UNREACHABLE}

Parameters = Mapping[str, str | int | bool | None]


def ask(
    path: str, *, role: Role = "viewer", params: Parameters | None = None, none_if_unknown: bool = False
) -> Any:
    """GET; ends the command with its exit code where the gateway refuses or is not there.

    `none_if_unknown`: None where the gateway does not know what is asked about.
    """
    return _call("GET", path, role=role, params=params, none_if_unknown=none_if_unknown)


@contextlib.contextmanager
def telling(role: Role) -> Iterator[Callable[[str, Any], Any]]:
    """The same for many requests one after the other, on one connection."""
    configured = settings()
    with _connected(configured) as client:
        yield lambda path, body: _send(client, configured, "POST", path, role=role, json=body)


def tell(path: str, body: Any = None, *, role: Role, params: Parameters | None = None) -> Any:
    """POST; the same. Nothing is sent twice: whoever is not sure calls the command again."""
    return _call("POST", path, role=role, params=params, json=body)


def _call(
    method: str,
    path: str,
    *,
    role: Role,
    params: Parameters | None = None,
    json: Any = None,
    none_if_unknown: bool = False,
) -> Any:
    configured = settings()
    with _connected(configured) as client:
        return _send(
            client,
            configured,
            method,
            path,
            role=role,
            params=params,
            json=json,
            none_if_unknown=none_if_unknown,
        )


def _connected(configured: "Settings") -> "httpx.Client":
    import httpx

    return httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=not _on_this_machine(configured.gateway_url))


def _send(
    client: "httpx.Client",
    configured: "Settings",
    method: str,
    path: str,
    *,
    role: Role,
    params: Parameters | None = None,
    json: Any = None,
    none_if_unknown: bool = False,
) -> Any:
    import httpx

    headers = {
        "Authorization": f"Bearer {acting_token(configured, role)}",
        "Idempotency-Key": secrets.token_hex(16),
    }
    wanted = {name: value for name, value in (params or {}).items() if value is not None}
    url = configured.gateway_url + API + path
    try:
        answer = client.request(method, url, params=wanted, json=json, headers=headers)
    except httpx.TransportError as error:
        leave(
            UNREACHABLE,
            f"the gateway at {configured.gateway_url} is not reachable ({type(error).__name__}): "
            "`q2c up` starts a local one",
        )
    if none_if_unknown and answer.status_code == 404:
        return None
    if not answer.is_success:
        _refused(answer)
    return answer.json() if answer.content else None


def acting_token(configured: "Settings", role: Role) -> str:
    """Q2C_TOKEN, else the token of the local stack's first operator of the role."""
    own = os.environ.get(ACTS_FOR)
    if own:
        return own
    found = next((each.token for each in configured.gateway.operators if each.role == role), None)
    if found is None and not configured.gateway.operators and configured.gateway.url is None:
        leave(UNREACHABLE, f"no stack runs in {configured.home} (`q2c up`), and gateway.url names no gateway")
    if found is None:
        leave(INVALID, f"{ACTS_FOR}: is not set, and there is no local operator with the role {role}")
    return found.get_secret_value()


def _on_this_machine(url: str) -> bool:
    """Then no proxy of the environment is asked."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def _refused(answer: "httpx.Response") -> None:
    """Ends the command with what the gateway says is wrong."""
    code = _EXITS.get(answer.status_code, FAILED)
    if answer.status_code == 401:
        leave(code, f"{ACTS_FOR}: the gateway does not know this token")
    try:
        error = answer.json()["error"]
        message, field = str(error["message"]), error.get("field")
    except (ValueError, KeyError, TypeError):
        leave(code, f"the gateway answered {answer.status_code}")
    leave(code, f"{field}: {message}" if field else message)
