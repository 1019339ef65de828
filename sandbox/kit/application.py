"""The ASGI application around a platform: one exchange after the other, with the faults that happen to it."""

import asyncio
import json
import logging
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from sandbox.kit.control import CONTROL_PREFIX, control_routes
from sandbox.kit.drift import drifted
from sandbox.kit.faults import DRIFT_OUTCOMES, STATUS_OUTCOMES, Fault
from sandbox.kit.wire import Answer, wire_of

if TYPE_CHECKING:
    from sandbox.kit.platform import Platform

_log = logging.getLogger(__name__)
_LOG_LENGTH = 20_000
_WEBHOOK_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class LoggedRequest:
    """One line of the request log. `status` is what the platform answered, whether it arrived or not;
    None: the platform never saw the request."""

    number: int
    method: str
    path: str
    query: str
    status: int | None
    fault: str | None


class RequestLog:
    def __init__(self) -> None:
        self.count = 0
        self._latest: deque[LoggedRequest] = deque(maxlen=_LOG_LENGTH)

    def add(self, request: Request, status: int | None, fault: Fault | None) -> None:
        self.count += 1
        outcome = fault.outcome if fault else None
        path, query = request.url.path, request.url.query
        self._latest.append(LoggedRequest(self.count, request.method, path, query, status, outcome))

    def latest(self) -> list[LoggedRequest]:
        return list(self._latest)

    def clear(self) -> None:
        self.count = 0
        self._latest.clear()


class BodyTooLarge(Exception):
    """The request's body is over the platform's limit."""


class Application:
    def __init__(
        self, platform: "Platform", *, deliver_webhooks: bool = False, verify: ssl.SSLContext | bool = True
    ) -> None:
        self.platform = platform
        self.requests = RequestLog()
        self._verify = verify
        self._api = Starlette(
            routes=list(platform.routes()), exception_handlers=dict(platform.exception_handlers())
        )
        self._control = Starlette(
            routes=control_routes(self), lifespan=self._delivering if deliver_webhooks else None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope.get("path", "").startswith(CONTROL_PREFIX):
            await self._control(scope, receive, send)
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)

    async def reset(self) -> None:
        self.platform.reset()
        self.requests.clear()

    @asynccontextmanager
    async def _delivering(self, _app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=_WEBHOOK_TIMEOUT_SECONDS, verify=self._verify) as client:
            delivery = asyncio.create_task(self.platform.outbox.run(client))
            delivery.add_done_callback(_tell_failure)
            yield
            delivery.cancel()
            await asyncio.wait([delivery])

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One API request: what the platform does with it, and whether the answer reaches the client."""
        request = Request(scope, receive)
        try:
            body = await _whole_body(receive, self.platform.body_limit_bytes)
        except BodyTooLarge:
            self.requests.add(request, 413, None)
            return await _send(send, await self._error(413, request))
        method, path = request.method, request.url.path
        write, exempt = self.platform.writes(method, path), self.platform.spares(path)
        fault = self.platform.faults.for_request(method, path, write=write, exempt=exempt)
        stale = self._sees_stale(method, path, write=write, exempt=exempt)
        exchange = _Exchange(self, request, body, fault)
        if stale is None:
            await exchange.happen(send)
        else:
            with self.platform.state.reading_shadow():
                await exchange.happen(send)
            self._drop_needless_shadow()
        return None

    async def answer(self, scope: Scope, body: bytes) -> Answer:
        """What the platform answers to the request; the request has its effect."""
        captured = Answer()

        async def capture(message: Message) -> None:
            if message["type"] == "http.response.start":
                captured.status, captured.headers = message["status"], list(message.get("headers", []))
            elif message["type"] == "http.response.body":
                captured.body += message.get("body", b"")

        await self._api(dict(scope), _replay(body), capture)
        return captured

    async def _error(self, status: int, request: Request) -> Answer:
        return await rendered(self.platform.error_response(status, request))

    def _sees_stale(self, method: str, path: str, *, write: bool, exempt: bool) -> Fault | None:
        """Stale reads: the first write keeps a shadow of what was before; later reads see the shadow."""
        platform = self.platform
        if exempt or not platform.faults.active("stale-read"):
            return None
        if not write:
            if not platform.state.has_shadow:
                return None
            return platform.faults.consume("stale-read", method, path, write=False)
        if not platform.state.has_shadow:
            platform.state.keep_shadow()
            for fault in platform.faults.list():
                if fault.outcome == "stale-read" and fault.lasts and fault.ends_at is None:
                    platform.faults.begin(fault)
        return None

    def _drop_needless_shadow(self) -> None:
        if not self.platform.faults.active("stale-read"):
            self.platform.state.drop_shadow()


class _Exchange:
    """One request with the fault that happens to it, if any."""

    def __init__(self, app: Application, request: Request, body: bytes, fault: Fault | None) -> None:
        self._app, self._request, self._body, self._fault = app, request, body, fault
        self._scope = request.scope

    async def happen(self, send: Send) -> None:
        outcome = self._fault.outcome if self._fault else ""
        if outcome in ("refused", "down"):
            self._log(None)
            await wire_of(self._scope).refuse()
        elif outcome == "not-applied-then-timeout":
            self._log(None)
            await wire_of(self._scope).fall_silent()
        elif outcome == "applied-then-timeout":
            self._log((await self._answer()).status)
            await wire_of(self._scope).fall_silent()
        elif outcome == "applied-then-cut":
            answer = await self._answer()
            self._log(answer.status)
            await wire_of(self._scope).cut(answer)
        else:
            await self._answered(send, outcome)

    async def _answered(self, send: Send, outcome: str) -> None:
        answer = await self._answer_after(outcome)
        self._log(answer.status)
        if outcome == "slow":
            await wire_of(self._scope).delay(self._app.platform.slow_seconds)
        await _send(send, answer)

    async def _answer_after(self, outcome: str) -> Answer:
        platform = self._app.platform
        if outcome in STATUS_OUTCOMES:
            return await self._refusal(int(outcome))
        if outcome == "applied-then-500":
            await self._answer()
            return await self._refusal(500)
        if outcome == "twice":
            await self._answer()
        if outcome == "token-expired":
            refused = await platform.expire_token(self._request)
            if refused is not None:
                return await rendered(refused)
        answer = await self._answer()
        if self._fault is not None and outcome in DRIFT_OUTCOMES:
            self._drift(answer, self._fault)
        return answer

    async def _answer(self) -> Answer:
        return await self._app.answer(self._scope, self._body)

    async def _refusal(self, status: int) -> Answer:
        answer = await rendered(self._app.platform.error_response(status, self._request))
        if status == 429 and not any(name == b"retry-after" for name, _ in answer.headers):
            seconds = self._fault.seconds if self._fault and self._fault.seconds is not None else 1
            answer.headers.append((b"retry-after", str(int(seconds)).encode()))
        return answer

    def _drift(self, answer: Answer, fault: Fault) -> None:
        """Change the answer's JSON; a fault that finds nothing to change is kept for a later answer."""
        body = _json(answer)
        enum_fields = self._app.platform.enum_fields
        changed = drifted(body, fault.outcome, field=fault.field, enum_fields=enum_fields)
        if answer.status >= 300 or changed is None:
            self._app.platform.faults.give_back(fault)
            self._fault = None
            return
        answer.body = json.dumps(changed, ensure_ascii=False).encode()
        answer.headers = [(name, value) for name, value in answer.headers if name != b"content-length"]
        answer.headers.append((b"content-length", str(len(answer.body)).encode()))

    def _log(self, status: int | None) -> None:
        self._app.requests.add(self._request, status, self._fault)


def _tell_failure(delivery: "asyncio.Task[None]") -> None:
    """A delivery that fails is a bug of the simulator (its `sign`); it must not stop in silence."""
    error = None if delivery.cancelled() else delivery.exception()
    if error is not None:
        _log.error("webhook delivery stopped", exc_info=error)


async def rendered(response: Response) -> Answer:
    return Answer(response.status_code, list(response.raw_headers), bytes(response.body))


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


async def _whole_body(receive: Receive, limit_bytes: int) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit_bytes:
            raise BodyTooLarge
    return body


def _replay(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
