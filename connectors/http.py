"""HTTP as all vendors' clients speak it: one request, one answer, and failures as port errors.

There is no retry here (Temporal retries), except once after a 401 with a fresh token. What a failure means
is decided by status and vendor code in the vendor's `ErrorTable`, and by whether the request could have
changed something:

    not sent (no connection)                      Transient
    lost on the way (timeout, cut, closed)        write: OutcomeUnknown     read: Transient
    listed in the vendor's table                  what the table says
    401 / 404 / 429 / other 4xx                   AuthenticationFailed / NotFound / RateLimited / Rejected
    5xx                                           write: OutcomeUnknown     read: Transient
    any other status, or an unreadable answer     write: OutcomeUnknown     read: UnexpectedAnswer

Messages and logs carry no bodies, headers or values: only vendor codes, field names and the vendor's short
message with what looks like personal data or a secret struck out.
"""

import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from connectors.auth import TokenRefused, TokenUnavailable
from ports.errors import (
    AuthenticationFailed,
    NotFound,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Rejected,
    Transient,
    UnexpectedAnswer,
)

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""Set by the caller (an activity); shows in each log line."""

Wire = TypeVar("Wire", bound=BaseModel)
Query = Mapping[str, str | int | Sequence[str]]
Form = Mapping[str, str | Sequence[str]]

_MESSAGE_LENGTH = 200
_IDLE_SECONDS = 4.0  # below the servers' own, lest a request meets a connection that is being closed
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_PRIVATE = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail addresses
    r"|\b(?:\d[ -]?){11,}\d\b"  # card and account numbers
    r"|\b[\w+/=.-]{32,}"  # tokens and keys
)

logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines would show addresses with their queries
logging.getLogger("httpcore").setLevel(logging.WARNING)  # and its, headers
_log = structlog.get_logger("connectors.http")


@dataclass(frozen=True)
class Timeouts:
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    write_seconds: float = 30.0
    pool_seconds: float = 10.0


@dataclass(frozen=True)
class VendorError:
    """What a vendor's error body says."""

    code: str | None = None
    field: str | None = None
    message: str = ""


@dataclass(frozen=True)
class ErrorTable:
    """How a vendor's errors are classed: by (status, vendor code), then by (status, None)."""

    rows: Mapping[tuple[int, str | None], type[PortError]]
    parse_error: Callable[[httpx.Response], VendorError]

    def read(self, response: httpx.Response) -> VendorError:
        """The vendor's error; empty if the body is none (a proxy's page)."""
        try:
            return self.parse_error(response)
        except (ValueError, LookupError, TypeError, AttributeError):
            return VendorError()

    def class_of(self, status: int, code: str | None, *, write: bool) -> type[PortError]:
        listed = self.rows.get((status, code)) or self.rows.get((status, None))
        if listed is None:
            return _by_status(status, write=write)
        if listed is OutcomeUnknown and not write:
            return Transient
        return listed


def _by_status(status: int, *, write: bool) -> type[PortError]:
    match status:
        case 401:
            return AuthenticationFailed
        case 404:
            return NotFound
        case 429:
            return RateLimited
        case 408:
            return OutcomeUnknown if write else Transient
        case _ if 400 <= status < 500:
            return Rejected
        case _ if status >= 500:
            return OutcomeUnknown if write else Transient
        case _:
            return OutcomeUnknown if write else UnexpectedAnswer


@dataclass(frozen=True)
class Call:
    """What was asked for; knows how to say that it failed."""

    platform: str
    operation: str
    write: bool
    errors: ErrorTable

    def lost(self, what: str) -> PortError:
        """The request or its answer got lost on the way."""
        kind = OutcomeUnknown if self.write else Transient
        return kind(f"{self.operation}: {what}", platform=self.platform, operation=self.operation)

    def not_sent(self, what: str) -> PortError:
        return Transient(f"{self.operation}: {what}", platform=self.platform, operation=self.operation)

    def unreadable(self, what: str, status: int, field: str | None = None) -> PortError:
        """An answer that says success and isn't what the API describes."""
        kind = OutcomeUnknown if self.write else UnexpectedAnswer
        return kind(
            f"{self.operation}: {what}",
            platform=self.platform,
            operation=self.operation,
            status=status,
            field=field,
        )

    def refused(self, status: int, error: VendorError, headers: Mapping[str, str]) -> PortError:
        kind = self.errors.class_of(status, error.code, write=self.write)
        said = " ".join(part for part in (error.code, short(error.message)) if part)
        message = f"{self.operation}: {status} {said}".rstrip()
        about = {"platform": self.platform, "operation": self.operation}
        after = retry_after_seconds(headers)
        if kind is RateLimited or (kind is Transient and after is not None):
            return RateLimited(
                message,
                **about,
                status=status,
                vendor_code=error.code,
                field=error.field,
                retry_after_seconds=after,
            )
        return kind(message, **about, status=status, vendor_code=error.code, field=error.field)


@dataclass(frozen=True)
class ApiResponse:
    """An answer with an expected status."""

    status: int
    headers: httpx.Headers
    content: bytes = field(repr=False)
    call: Call = field(repr=False)

    def json(self) -> Any:
        """The JSON body, numbers with a point as Decimal."""
        try:
            return json.loads(self.content, parse_float=Decimal)
        except ValueError:
            pass
        raise self.call.unreadable("the answer is not JSON", self.status)

    def parse(self, model: type[Wire]) -> Wire:
        """The JSON body as a wire model; what does not fit is an error that names the first field."""
        return self.fit(model, self.json())

    def fit(self, model: type[Wire], value: Any) -> Wire:
        """A part of the answer as a wire model."""
        where = ""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            where = ".".join(str(step) for step in first["loc"]) or "body"
            what = f"{model.__name__}.{where}: {first['type']}"
        raise self.call.unreadable(what, self.status, field=where)

    def error(self, status: int, error: VendorError) -> PortError:
        """The port error of a failure told inside of an answer (a batch's row), to be raised."""
        return self.call.refused(status, error, {})


class ApiClient:
    """One vendor's API. Only the hosts of `base_url` and `other_base_urls` are ever called, redirects are
    not followed, and the environment's proxies and netrc are not looked at."""

    def __init__(
        self,
        *,
        platform: str,
        base_url: str,
        errors: ErrorTable,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        other_base_urls: Sequence[str] = (),
        timeouts: Timeouts = Timeouts(),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._platform = platform
        self._errors = errors
        self._base_url = base_url.rstrip("/")
        self._http = httpx.AsyncClient(
            transport=_ConfiguredHosts(transport or _sockets(ca_file), [base_url, *other_base_urls]),
            auth=auth,
            headers=headers,
            timeout=httpx.Timeout(
                connect=timeouts.connect_seconds,
                read=timeouts.read_seconds,
                write=timeouts.write_seconds,
                pool=timeouts.pool_seconds,
            ),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        path_values: Mapping[str, str] | None = None,
        params: Query | None = None,
        json: Any = None,
        form: Form | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: frozenset[int] | set[int] = frozenset({200}),
        operation: str | None = None,
        write: bool | None = None,
    ) -> ApiResponse:
        """Send once and return an answer whose status is in `expect`; everything else raises a port error.

        `path` is a template ("/v1/invoices/{id}") filled with quoted `path_values`, or an absolute URL of a
        configured host. `write` is told by the method unless given (a query by POST: False).
        """
        writes = method not in ("GET", "HEAD") if write is None else write
        call = Call(self._platform, operation or f"{method} {path.partition('?')[0]}", writes, self._errors)
        request = self._http.build_request(
            method,
            self._url(path, path_values or {}),
            params=params,
            content=exact_json(json) if json is not None else content,
            data=form,
            headers={**({"content-type": "application/json"} if json is not None else {}), **(headers or {})},
        )
        response = await self._sent(request, call, path)
        if response.status_code not in expect:
            raise call.refused(response.status_code, self._errors.read(response), response.headers)
        return ApiResponse(response.status_code, response.headers, response.content, call)

    def _url(self, path: str, path_values: Mapping[str, str]) -> str:
        quoted = {name: quote(value, safe="") for name, value in path_values.items()}
        filled = path.format_map(quoted) if quoted else path
        return filled if filled.startswith(("https://", "http://")) else self._base_url + filled

    async def _sent(self, request: httpx.Request, call: Call, template: str) -> httpx.Response:
        started = time.monotonic()
        outcome: int | str = "cancelled"
        try:
            response = await self._http.send(request)
            outcome = response.status_code
            return response
        except ForbiddenAddress:
            outcome = "forbidden address"
            failure = call.unreadable("an address outside of the configured hosts", 0)
        except TokenRefused as error:
            outcome = "token refused"
            failure = AuthenticationFailed(
                f"{call.operation}: no token: {error}",
                platform=call.platform,
                operation=call.operation,
                status=error.status,
                vendor_code=error.code,
            )
        except TokenUnavailable as error:
            outcome = "token unavailable"
            failure = call.not_sent(f"no token: {error}")
        except httpx.RequestError as error:
            outcome = type(error).__name__
            sent = error.request is request and not isinstance(error, _NOT_SENT)
            failure = call.lost(outcome) if sent else call.not_sent(outcome)
        finally:
            self._told(request.method, template, outcome, started)
        raise failure

    def _told(self, method: str, template: str, outcome: int | str, started: float) -> None:
        _log.info(
            "request",
            platform=self._platform,
            method=method,
            path=template.partition("?")[0],
            status=outcome,
            duration_ms=round((time.monotonic() - started) * 1000),
            correlation_id=correlation_id.get(),
        )


class ForbiddenAddress(httpx.TransportError):
    """A request to a host that is not configured; nothing was sent."""


class _ConfiguredHosts(httpx.AsyncBaseTransport):
    """Lets only requests to the configured origins pass, tokens' too."""

    def __init__(self, inner: httpx.AsyncBaseTransport, base_urls: Sequence[str]) -> None:
        self._inner = inner
        self._origins = {_origin(httpx.URL(url)) for url in base_urls}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if _origin(request.url) not in self._origins:
            raise ForbiddenAddress("not a configured host", request=request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _sockets(ca_file: Path | None) -> httpx.AsyncBaseTransport:
    """HTTP/1.1 that trusts this authority only; none given: those of the system."""
    return httpx.AsyncHTTPTransport(
        verify=ssl.create_default_context(cafile=ca_file),
        trust_env=False,
        limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)


_encoded_scalar = json.JSONEncoder(ensure_ascii=False).encode
"""One encoder for all: `json.dumps` with an option makes another for each call."""


def exact_json(value: Any) -> bytes:
    """JSON in which a Decimal is a number with all its digits; a float is an error, never money."""
    return _encoded(value).encode()


def _encoded(value: Any) -> str:
    match value:
        case Decimal():
            if not value.is_finite():
                raise ValueError("only finite numbers can be sent")
            return format(value, "f")
        case float():
            raise TypeError("floats are not sent; use Decimal or str")
        case Mapping():
            members = (f"{_encoded_scalar(str(key))}:{_encoded(member)}" for key, member in value.items())
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(_encoded(member) for member in value) + "]"
        case _:
            return _encoded_scalar(value)


def short(message: str) -> str:
    """A vendor's message on one line, without what looks private, at most 200 characters."""
    plain = _PRIVATE.sub("[…]", " ".join(message.split()))
    return plain if len(plain) <= _MESSAGE_LENGTH else plain[: _MESSAGE_LENGTH - 1] + "…"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The Retry-After header: seconds or a date; None if absent or neither."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())
