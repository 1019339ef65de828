"""Who asks, and whether they may: operator tokens, roles, and what every API route must declare."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from typing import Annotated, Protocol, get_args

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from gateway.operations import Actor
from gateway.problems import Problem
from store.operators import KnownOperator, OperatorList, Role

COOKIE = "q2c_session"
RANKS: dict[str, int] = {role: rank for rank, role in enumerate(get_args(Role))}
"""Each role may do what those before it may: viewer, operator, finance, approver, admin."""


class Authenticator(Protocol):
    """Knows operators by their bearer tokens; by their names for sessions that it has admitted before."""

    async def by_token(self, token: str) -> KnownOperator | None: ...

    async def by_name(self, name: str) -> KnownOperator | None: ...


class Sessions:
    """The console's cookie: the operator's name and an end, signed. Nothing is kept on the server."""

    def __init__(self, key: bytes | None, *, hours: int) -> None:
        self._key = key if key is not None else secrets.token_bytes(32)
        self.seconds = hours * 3600

    def issue(self, name: str) -> str:
        text = f"{int(time.time()) + self.seconds}.{name}"
        return f"{self._sign(text)}.{text}"

    def name(self, cookie: str) -> str | None:
        """The operator's name, or None for a cookie that is not ours or is over."""
        signature, _, text = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(text).encode()):
            return None
        end, _, name = text.partition(".")
        return name if int(end) > time.time() else None

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


class Access:
    """Finds out who asks: by `Authorization: Bearer`, or by the console's cookie."""

    def __init__(self, operators: Authenticator | OperatorList, sessions: Sessions) -> None:
        self._operators = operators
        self.sessions = sessions

    async def of(self, request: Request, *, cookie: bool) -> KnownOperator | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return await self._operators.by_token(token.strip())
        if cookie and COOKIE in request.cookies:
            name = self.sessions.name(request.cookies[COOKIE])
            return None if name is None else await self._operators.by_name(name)
        return None

    async def by_token(self, token: str) -> KnownOperator | None:
        return await self._operators.by_token(token)


class RequiresRole:
    """A route's declaration: the least role that may use it. Gives the actor."""

    def __init__(self, role: Role, *, cookie: bool = False) -> None:
        self.role: Role = role
        self._cookie = cookie

    async def __call__(self, request: Request) -> Actor:
        access: Access = request.app.state.access
        operator = await access.of(request, cookie=self._cookie)
        if operator is None:
            headers = {"WWW-Authenticate": "Bearer"}
            raise Problem(401, "unauthorized", "an operator token is needed (Q2C_TOKEN)", headers=headers)
        if RANKS[operator.role] < RANKS[self.role]:
            raise Problem(
                403, "forbidden", f"the role {self.role} is needed; {operator.name} is {operator.role}"
            )
        given = request.headers.get("idempotency-key", "")
        return Actor(name=operator.name, role=operator.role, request_id=given[:200] or secrets.token_hex(16))


Viewer = Annotated[Actor, Depends(RequiresRole("viewer"))]
OperatorRole = Annotated[Actor, Depends(RequiresRole("operator"))]
Finance = Annotated[Actor, Depends(RequiresRole("finance"))]
Approver = Annotated[Actor, Depends(RequiresRole("approver"))]
Admin = Annotated[Actor, Depends(RequiresRole("admin"))]


def declared_role(route: RouteContext) -> Role | None:
    """The role that a route declares, wherever in its dependencies; None where it declares none."""
    dependant = getattr(route, "dependant", None)
    waiting: list[Dependant] = [] if dependant is None else [dependant]
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, RequiresRole):
            return dependant.call.role
        waiting += dependant.dependencies
    return None


def routes_under(app: FastAPI, prefix: str) -> list[RouteContext]:
    """All routes whose whole path begins so, those of included routers too."""
    return [route for route in iter_route_contexts(app.routes) if (route.path or "").startswith(prefix)]


def undeclared(routes: Iterable[RouteContext]) -> list[str]:
    """Those that declare no role: under the API's path there must be none."""
    return [f"{sorted(route.methods or ())} {route.path}" for route in routes if declared_role(route) is None]
