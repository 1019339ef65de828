"""What each failure becomes, and what never shows."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import structlog
from pydantic import BaseModel
from structlog.testing import capture_logs

from connectors.http import (
    ApiClient,
    ApiResponse,
    ErrorTable,
    VendorError,
    correlation_id,
    exact_json,
    retry_after_seconds,
    short,
)
from ports.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PeriodClosed,
    PortError,
    RateLimited,
    Rejected,
    Transient,
    UnexpectedAnswer,
)

Handler = Callable[[httpx.Request], httpx.Response]


class Pet(BaseModel):
    id: str
    price: Decimal


def parse_error(response: httpx.Response) -> VendorError:
    error = response.json()["error"]
    return VendorError(error["code"], error.get("field"), error.get("message", ""))


TABLE = ErrorTable(
    rows={
        (400, "DUPLICATE"): AlreadyExists,
        (400, "PERIOD"): PeriodClosed,
        (409, None): Conflict,
        (503, "NOT_APPLIED"): Transient,
        (500, "MAYBE"): OutcomeUnknown,
    },
    parse_error=parse_error,
)


def client_of(handler: Handler, base_url: str = "https://vendor.test/api") -> ApiClient:
    transport = httpx.MockTransport(handler)
    return ApiClient(platform="vendor", base_url=base_url, errors=TABLE, transport=transport)


async def _request(handler: Handler, method: str, *, write: bool | None = None) -> ApiResponse:
    async with client_of(handler) as client:
        return await client.request(method, "/pets", write=write)


async def _failure(handler: Handler, method: str, *, write: bool | None = None) -> PortError:
    with pytest.raises(PortError) as caught:
        await _request(handler, method, write=write)
    assert caught.value.platform == "vendor"
    assert caught.value.operation == f"{method} /pets"
    return caught.value


LOSSES = [
    (httpx.ConnectError, Transient, Transient),
    (httpx.ConnectTimeout, Transient, Transient),
    (httpx.PoolTimeout, Transient, Transient),
    (httpx.ReadTimeout, OutcomeUnknown, Transient),
    (httpx.WriteTimeout, OutcomeUnknown, Transient),
    (httpx.WriteError, OutcomeUnknown, Transient),
    (httpx.ReadError, OutcomeUnknown, Transient),
    (httpx.RemoteProtocolError, OutcomeUnknown, Transient),
    (httpx.DecodingError, OutcomeUnknown, Transient),
]


@pytest.mark.parametrize(("error", "on_write", "on_read"), LOSSES)
async def test_lost_exchange_is_unknown_for_writes_only(
    error: type[httpx.RequestError], on_write: type[PortError], on_read: type[PortError]
) -> None:
    def lose(_request: httpx.Request) -> httpx.Response:
        raise error("secret detail")

    assert type(await _failure(lose, "POST")) is on_write
    assert type(await _failure(lose, "GET")) is on_read
    assert type(await _failure(lose, "POST", write=False)) is on_read
    assert "secret detail" not in (await _failure(lose, "POST")).message


STATUSES = [
    (400, "DUPLICATE", AlreadyExists, AlreadyExists),
    (400, "PERIOD", PeriodClosed, PeriodClosed),
    (400, "OTHER", Rejected, Rejected),
    (401, "X", AuthenticationFailed, AuthenticationFailed),
    (404, "X", NotFound, NotFound),
    (408, "X", OutcomeUnknown, Transient),
    (409, "ANY", Conflict, Conflict),
    (418, "X", Rejected, Rejected),
    (429, "X", RateLimited, RateLimited),
    (500, "X", OutcomeUnknown, Transient),
    (500, "MAYBE", OutcomeUnknown, Transient),
    (503, "NOT_APPLIED", Transient, Transient),
    (599, "X", OutcomeUnknown, Transient),
    (202, "X", OutcomeUnknown, UnexpectedAnswer),
    (302, "X", OutcomeUnknown, UnexpectedAnswer),
    (700, "X", OutcomeUnknown, Transient),
]


@pytest.mark.parametrize(("status", "code", "on_write", "on_read"), STATUSES)
async def test_status_and_vendor_code_decide_the_class(
    status: int, code: str, on_write: type[PortError], on_read: type[PortError]
) -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"error": {"code": code, "field": "price"}})

    written, read = await _failure(refuse, "POST"), await _failure(refuse, "GET")
    assert (type(written), type(read)) == (on_write, on_read)
    assert (written.status, written.vendor_code, written.field) == (status, code, "price")


async def test_proxys_page_is_classed_by_its_status() -> None:
    error = await _failure(lambda _: httpx.Response(502, html="<h1>Bad gateway</h1>"), "POST")
    assert type(error) is OutcomeUnknown
    assert error.message == "POST /pets: 502"


async def test_retry_after_travels_with_what_is_transient() -> None:
    def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429 if request.method == "POST" else 503, headers={"retry-after": "7"})

    for method in ("POST", "GET"):
        error = await _failure(busy, method)
        assert isinstance(error, RateLimited)
        assert error.retry_after_seconds == 7


def test_retry_after_may_be_a_date_or_nonsense() -> None:
    assert retry_after_seconds({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert (retry_after_seconds({"retry-after": "Wed, 21 Oct 2150 07:28:00 GMT"}) or 0) > 1e9
    assert retry_after_seconds({"retry-after": "soon"}) is retry_after_seconds({}) is None


UNREADABLE = [
    (b"", "the answer is not JSON", None),
    (b'{"id": "p', "the answer is not JSON", None),
    (b'{"price": "1"}', "Pet.id: missing", "id"),
    (b'{"id": "p", "price": {"value": 1}}', "Pet.price: decimal_type", "price"),
    (b"[]", "Pet.body: model_type", "body"),
]


@pytest.mark.parametrize(("content", "what", "field"), UNREADABLE)
async def test_success_that_cannot_be_read_is_unknown_or_unexpected(
    content: bytes, what: str, field: str | None
) -> None:
    for method, kind in (("POST", OutcomeUnknown), ("GET", UnexpectedAnswer)):
        response = await _request(lambda _: httpx.Response(200, content=content), method)
        with pytest.raises(PortError) as caught:
            response.parse(Pet)
        assert type(caught.value) is kind
        assert (caught.value.message, caught.value.field) == (f"{method} /pets: {what}", field)
        assert caught.value.__cause__ is caught.value.__context__ is None  # they would hold the body


async def test_numbers_are_read_and_sent_exactly() -> None:
    seen = []

    def echo(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=request.content)

    price = Decimal("12345678901234567890.10")
    async with client_of(echo) as client:
        response = await client.request(
            "POST", "/pets", json={"id": "p", "price": price, "tags": [None, True]}
        )
    assert seen[0].content == b'{"id":"p","price":12345678901234567890.10,"tags":[null,true]}'
    assert seen[0].headers["content-type"] == "application/json"
    assert response.parse(Pet).price == price


@pytest.mark.parametrize("value", [1.5, [{"a": 0.1}], Decimal("NaN")])
def test_floats_and_nan_are_never_sent(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        exact_json(value)


def test_json_is_the_same_as_the_standard_librarys() -> None:
    value = {'ä\n"': ["x", 1, None, False, {}, []], "n": {"m": -3}}
    assert json.loads(exact_json(value)) == value


async def test_path_values_are_quoted() -> None:
    def show(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.url.raw_path.decode())

    async with client_of(show) as client:
        response = await client.request(
            "GET", "/pets/{id}", path_values={"id": "../a b?c"}, params={"q": "x y"}
        )
    assert response.content == b"/api/pets/..%2Fa%20b%3Fc?q=x+y"


async def test_form_bodies_and_expected_statuses() -> None:
    def show(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, content=request.content)

    async with client_of(show) as client:
        form = {"expand[]": ["a", "b"], "items[0][price]": "p"}
        response = await client.request("POST", "/pets", form=form, expect={200, 404})
    assert (response.status, response.content) == (
        404,
        b"expand%5B%5D=a&expand%5B%5D=b&items%5B0%5D%5Bprice%5D=p",
    )


async def test_only_configured_hosts_are_called() -> None:
    called = []

    def note(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        return httpx.Response(302, headers={"location": "https://evil.test/"})

    async with client_of(note) as client:
        for address in ("https://evil.test/x", "http://vendor.test/x", "https://vendor.test:444/x"):
            with pytest.raises(UnexpectedAnswer, match="outside of the configured hosts"):
                await client.request("GET", address)
        await client.request("GET", "https://vendor.test:443/next?page=2", expect={302})
    assert called == ["https://vendor.test/next?page=2"]


async def test_messages_and_logs_hold_nothing_private() -> None:
    secrets = ["ann@example.com", "4111 1111 1111 1111", "sk_test_" + "a1" * 20, "Bearer-of-news"]
    said = f"no {secrets[0]} with {secrets[1]} and {secrets[2]} " + "long " * 100

    def refuse(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"error": {"code": "BAD", "message": said}})

    structlog.reset_defaults()  # whatever another test's server has silenced
    token = correlation_id.set("contract/C-1")
    try:
        with capture_logs() as logs:
            async with client_of(refuse) as client:
                with pytest.raises(Rejected) as caught:
                    await client.request(
                        "POST",
                        "/pets/{id}?mail=ann@example.com",
                        path_values={"id": "p1"},
                        json={"mail": secrets[0]},
                        headers={"authorization": secrets[3]},
                    )
    finally:
        correlation_id.reset(token)
    assert not [secret for secret in secrets if secret in f"{caught.value.message} {logs}"]
    assert caught.value.message.startswith("POST /pets/{id}: 400 BAD no […] with […] and […]")
    assert len(caught.value.message) < 260
    [line] = logs
    assert line["path"] == "/pets/{id}"
    assert (line["status"], line["correlation_id"]) == (400, "contract/C-1")


def test_short_keeps_ids_and_amounts() -> None:
    assert short("Invoice 0061x00000ABCDeFG of 1,234.56\n was  there") == (
        "Invoice 0061x00000ABCDeFG of 1,234.56 was there"
    )


async def test_error_inside_of_an_answer_is_classed_by_the_same_table() -> None:
    response = await _request(lambda _: httpx.Response(200, json=[]), "POST")
    assert type(response.error(400, VendorError("DUPLICATE"))) is AlreadyExists


def test_certificates_of_the_given_authority_only(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ApiClient(platform="v", base_url="https://v.test", errors=TABLE, ca_file=tmp_path / "none.pem")
