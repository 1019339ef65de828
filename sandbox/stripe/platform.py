"""The simulator: log-on, version, routing, idempotency and errors around the operations of Stripe's API."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.kit.clock import Clock
from sandbox.kit.faults import Faults
from sandbox.kit.platform import Platform, PlatformConfig
from sandbox.kit.state import State
from sandbox.kit.webhooks import Outbox
from sandbox.stripe import billing, form, people, resources
from sandbox.stripe.errors import StripeError, malformed
from sandbox.stripe.expansion import expanded
from sandbox.stripe.idempotency import Keys, fingerprint
from sandbox.stripe.operations import OPERATIONS, Call, Operation
from sandbox.stripe.resources import payments
from sandbox.stripe.schema import read
from sandbox.stripe.views import view
from sandbox.stripe.world import API_VERSION, RequestInfo, World

Document = dict[str, Any]

VERSIONS = (
    "2026-03-25.dahlia",
    "2026-04-22.dahlia",
    API_VERSION,
    "2026-06-24.dahlia",
    "2026-07-29.dahlia",
    "2026-08-26.dahlia",
    "2026-09-30.endive",
    "2026-10-28.endive",
)
"""The versions that are answered, all in the shapes of 2026-05-27.dahlia; the last is the pinned one of
the `stripe` library 16.1. Older versions have other shapes and are refused."""

_METHODS = ["GET", "POST", "DELETE"]
_TICK_SECONDS = 1.0
_RATE_REASON = "global-rate"
_KEY_ALPHABET = string.ascii_letters + string.digits

assert resources.__doc__  # importing the resources registers their operations


def _key(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(48))


class StripePlatform(Platform):
    name = "stripe"
    read_only_posts = ("/v1/invoices/create_preview",)
    enum_fields = ("status", "state", "billing_reason", "type")

    def __init__(self, state: State, *, config: PlatformConfig, clock: Clock | None = None) -> None:
        super().__init__(state, config=config, clock=clock)
        self.outbox = _TickingOutbox(state, self.clock, self.faults, tick=self.tick)
        self.world = World(state, self.clock, self.outbox)
        self.keys = Keys(state)
        self.outbox.sign = self._signed
        self.on_clock(self._bill)

    def start(self) -> None:
        super().start()
        with self.state.transaction():
            resources.webhook_endpoints.keep_default(
                self.world, self.config.webhook_url, self._webhook_secret()
            )

    def credentials(self) -> dict[str, str]:
        return {
            "api_key": self._secret_key(),
            "publishable_key": self.secrets.text("publishable-key", lambda: _key("pk_test_51Q2C")),
            "webhook_secret": self._webhook_secret(),
            "api_version": API_VERSION,
        }

    async def load(self, document: dict[str, Any]) -> dict[str, Any]:
        """Nothing of a scenario is Stripe's own. `{"forget_idempotency_keys": true}` is the control to have
        all Idempotency-Keys forgotten, as Stripe may after a day; those of `people` have customers pay."""
        if document.get("forget_idempotency_keys"):
            return {"forgotten": self.keys.forget()}
        self.world.begin(None)
        with self.state.transaction():
            return people.act(self.world, document)

    def dump(self) -> dict[str, list[Document]]:
        return {kind: [view(self.world, obj) for obj in self.state.all(kind)] for kind in self.state.kinds()}

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/{path:path}", self._endpoint, methods=[*_METHODS, "PUT", "PATCH"])]

    def error_response(self, status: int, request: Request) -> Response:
        request_id = _request_id()
        error, headers = _trouble(status, request)
        body = json.dumps(error.body(request_id), indent=2)
        key = request.headers.get("idempotency-key")
        if status == 500 and key and request.method == "POST":
            exchange = request.scope.get("extensions")
            self.keys.keep_failure(key, self.world.clock_time(), body, request_id, exchange)
        return self._response(status, body, request_id, {**error.headers, **headers})

    # One request

    async def _endpoint(self, request: Request) -> Response:
        request_id = _request_id()
        try:
            self._check_log_on(request)
            self._check_version(request)
            operation, ids = _found(request)
            sent = await _sent(request)
            return await self._carried_out(request, request_id, operation, ids, sent)
        except StripeError as error:
            return self._refused(error, request_id)

    async def _carried_out(
        self, request: Request, request_id: str, operation: Operation, ids: dict[str, str], sent: Document
    ) -> Response:
        params = read(operation.parameters, sent)
        info = RequestInfo(request_id, request.headers.get("idempotency-key"))
        call = Call(self.world, request.url.path, ids, params)
        key = info.idempotency_key if request.method == "POST" else None
        if not key:
            return self._response(200, self._result(operation, call, info), request_id)
        print_ = fingerprint(request.method, request.url.path, sent)
        kept = self.keys.found(key, print_, self.world.clock_time())
        if kept is not None:
            headers = {
                "Idempotent-Replayed": "true",
                "Original-Request": kept["request_id"],
                "Idempotency-Key": key,
            }
            return self._response(kept["status"], kept["body"], request_id, headers)
        self.keys.start(key)
        try:
            await asyncio.sleep(0)  # others come in while this one is carried out
            with self.state.transaction():  # what is done and what is remembered, or neither
                return self._first_result(operation, call, info, print_, request.scope.get("extensions"))
        finally:
            self.keys.end(key)

    def _first_result(
        self, operation: Operation, call: Call, info: RequestInfo, print_: str, exchange: object
    ) -> Response:
        key = str(info.idempotency_key)
        headers = {"Idempotency-Key": key, "Original-Request": info.id}
        try:
            status, body = 200, self._result(operation, call, info)
        except StripeError as error:
            if not error.recorded or error.status in (409, 429):
                raise
            status, body = error.status, json.dumps(error.body(info.id), indent=2)
        self.keys.keep(key, print_, self.world.clock_time(), status, body, info.id, exchange)
        return self._response(status, body, info.id, headers)

    def _result(self, operation: Operation, call: Call, info: RequestInfo) -> str:
        """The answer's body; what is written is written as a whole or, at an error, not at all."""
        self.world.begin(info)
        declined: StripeError | None = None
        answer: Document = {}
        try:
            with self.state.transaction():
                try:
                    answer = view(self.world, operation.endpoint(call))
                    answer = expanded(self.world, answer, call.get("expand", []))
                except StripeError as error:
                    if not error.leaves_traces:
                        raise
                    declined = error
        except StripeError as error:
            if error.missing_id is not None and error.missing_id not in call.ids.values():
                error.status = 400
            raise
        finally:
            self.world.begin(None)
        if declined is not None:
            raise declined
        return json.dumps(answer, ensure_ascii=False)

    def _refused(self, error: StripeError, request_id: str) -> Response:
        return self._response(
            error.status, json.dumps(error.body(request_id), indent=2), request_id, error.headers
        )

    def _response(
        self, status: int, body: str, request_id: str, more: Mapping[str, str] | None = None
    ) -> Response:
        headers = {
            "Date": format_datetime(self.clock.now(), usegmt=True),
            "Request-Id": request_id,
            "Stripe-Version": API_VERSION,
            "Cache-Control": "no-cache, no-store",
            **(more or {}),
        }
        return Response(body, status, headers, media_type="application/json")

    # Who asks, and in which version

    def _check_log_on(self, request: Request) -> None:
        shown = _shown_key(request.headers.get("authorization", ""))
        if shown is None:
            message = (
                "You did not provide an API key. You need to provide your API key in the"
                " Authorization header, using"
                " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            )
            raise _unauthorized(message, None)
        if hmac.compare_digest(shown.encode(), self._secret_key().encode()):
            self._check_account(request)
            return
        if shown.startswith("pk_"):
            message = (
                "This API call cannot be made with a publishable API key. Please use a secret API"
                " key. You can find"
                " a list of your API keys at https://dashboard.stripe.com/account/apikeys."
            )
            raise _unauthorized(message, "secret_key_required")
        raise _unauthorized(f"Invalid API Key provided: {_struck_out(shown)}", None)

    def _check_account(self, request: Request) -> None:
        account = request.headers.get("stripe-account")
        if account is not None:
            message = (
                f"The provided key '{_struck_out(self._secret_key())}' does not have access to"
                f" account '{account}'"
                " (or that account does not exist). Application access may have been revoked."
            )
            raise StripeError(403, message, code="account_invalid", recorded=False)

    def _check_version(self, request: Request) -> None:
        version = request.headers.get("stripe-version", API_VERSION)
        if version not in VERSIONS:
            message = f"Invalid Stripe API version: {version}. This sandbox answers: {', '.join(VERSIONS)}."
            raise malformed(message, None, None)

    def _secret_key(self) -> str:
        return self.secrets.text("api-key", lambda: _key("sk_test_51Q2C"))

    # Webhooks

    def _webhook_secret(self) -> str:
        return self.secrets.text("webhook-secret", lambda: _key("whsec_"))

    def _signed(self, event_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
        _, _, endpoint_id = event_id.partition("@")
        endpoint = self.state.get("webhook_endpoint", endpoint_id) if endpoint_id else None
        secret = endpoint["secret"] if endpoint else self._webhook_secret()
        stamp = int(now.timestamp())
        digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"stripe-signature": f"t={stamp},v1={digest}"}

    # The clock

    async def _bill(self, _old: datetime, _new: datetime) -> None:
        self.tick()

    def tick(self) -> None:
        """Bill what has fallen due by now, each cycle after the other."""
        self.world.begin(None)
        billing.run(self.world)
        with self.state.transaction():
            payments.settle_debits(self.world)
        self.keys.prune(self.world.clock_time())


class _TickingOutbox(Outbox):
    """Where webhooks are delivered (in a serving process), time goes by and things fall due."""

    def __init__(self, state: State, clock: Clock, faults: Faults, *, tick: Callable[[], None]) -> None:
        super().__init__(state, clock, faults)
        self._tick = tick

    async def run(self, client: httpx.AsyncClient) -> None:
        ticking = asyncio.create_task(self._tick_for_ever())
        try:
            await super().run(client)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._tick()


def _request_id() -> str:
    return "req_" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(14))


def _found(request: Request) -> tuple[Operation, dict[str, str]]:
    found = OPERATIONS.find(request.method, request.url.path)
    if found is None:
        message = (
            f"Unrecognized request URL ({request.method}: {request.url.path}). If you are trying to"
            " list objects,"
            " remove the trailing slash. If you are trying to retrieve an object, make sure you"
            " passed a valid"
            " (non-empty) identifier in your code. Please see https://stripe.com/docs or we can help at"
            " https://support.stripe.com/."
        )
        raise StripeError(404, message, recorded=False)
    return found


async def _sent(request: Request) -> Document:
    """The parameters of the query and, for POST and DELETE, of the form."""
    text = request.url.query
    body = await request.body()
    if body and request.method != "GET":
        kind = request.headers.get("content-type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            message = (
                "Invalid request (check that your POST content type is"
                " application/x-www-form-urlencoded). If you"
                " have any questions, we can help at https://support.stripe.com/."
            )
            raise malformed(message, None, None)
        try:
            text = "&".join(part for part in (text, body.decode()) if part)
        except UnicodeDecodeError:
            raise malformed("Invalid request: the body is not UTF-8.", None, None) from None
    return form.parsed(text)


def _shown_key(authorization: str) -> str | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(value, validate=True).decode().partition(":")[0] or None
    return None


def _struck_out(key: str) -> str:
    return key[:8] + "*" * max(len(key) - 12, 4) + key[-4:] if len(key) > 12 else "*" * len(key)


def _unauthorized(message: str, code: str | None) -> StripeError:
    headers = {"WWW-Authenticate": 'Basic realm="Stripe"'}
    return StripeError(401, message, code=code, recorded=False, headers=headers)


def _trouble(status: int, request: Request) -> tuple[StripeError, dict[str, str]]:
    """What Stripe says when it is not the request's fault, or not the endpoint's."""
    match status:
        case 401:
            return _unauthorized(
                f"Expired API Key provided: {_struck_out('sk_test_51Q2C0000')}", "api_key_expired"
            ), {}
        case 429:
            message = "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."
            headers = {"Stripe-Rate-Limited-Reason": _RATE_REASON, "Stripe-Should-Retry": "true"}
            return StripeError(429, message, code="rate_limit", recorded=False), headers
        case _ if status >= 500:
            message = (
                "An unknown error occurred. If this persists, please contact us: https://support.stripe.com/."
            )
            return StripeError(status, message, type="api_error"), {"Stripe-Should-Retry": "true"}
        case _:
            message = f"Unrecognized request URL ({request.method}: {request.url.path})."
            return StripeError(status, message, recorded=False), {}


def create(state: State, *, config: PlatformConfig) -> Platform:
    return StripePlatform(state, config=config)
