"""Each of AvaTax's errors as what to do next."""

import json
from typing import Any

import httpx
import pytest

from connectors.avatax import AvaTaxSettings, create
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
from tests.connectors.contract_tax import ENTITY, INVOICE_KEY, ORIGIN, invoice

BASE_URL = "https://avatax.test"


def body(code: str, **detail: Any) -> dict[str, Any]:
    details = [{"code": code, "number": 1, "message": "it says so", "faultCode": "Client", **detail}]
    return {"error": {"code": code, "message": "it says so", "target": "IncorrectData", "details": details}}


def engine_fault(code: str) -> dict[str, Any]:
    return body("GetTaxError", faultSubCode=code)


DOC_STATUS_AS_ONCE = {
    "error": {
        "code": "GetTaxError",
        "target": "Unknown",
        "details": [
            {"code": "GetTaxError", "number": 300, "faultCode": "Server", "severity": "Error"},
            {"code": "GetTaxError", "number": 300, "refersTo": "DocStatus", "faultCode": "GetTaxError"},
        ],
    }
}

WRITES: list[tuple[int, Any, type[PortError], str | None, str | None]] = [
    (400, body("ValueRequiredError", refersTo="lines"), Rejected, "ValueRequiredError", "lines"),
    (400, body("InvalidPostalCode"), Rejected, "InvalidPostalCode", "addresses.shipTo.postalCode"),
    (400, body("InvalidAddress"), Rejected, "InvalidAddress", "addresses.shipTo"),
    (
        400,
        body("GetTaxError", faultSubCode="TaxAddressError"),
        Rejected,
        "TaxAddressError",
        "addresses.shipTo",
    ),
    (400, body("GetTaxError", faultSubCode="DocStatusError"), Conflict, "DocStatusError", None),
    (400, DOC_STATUS_AS_ONCE, Conflict, "DocStatusError", "DocStatus"),
    (400, body("DocumentCodeConflict"), AlreadyExists, "DocumentCodeConflict", None),
    (400, body("CannotModifyLockedTransaction"), PeriodClosed, "CannotModifyLockedTransaction", None),
    (400, body("SomethingNew"), Rejected, "SomethingNew", None),
    (400, body("ConcurrentRequestLimitExceeded"), RateLimited, "ConcurrentRequestLimitExceeded", None),
    (401, body("AuthenticationException"), AuthenticationFailed, "AuthenticationException", None),
    (403, body("AuthorizationException"), AuthenticationFailed, "AuthorizationException", None),
    (404, body("EntityNotFoundError"), NotFound, "EntityNotFoundError", None),
    (429, body("RequestLimitExceeded"), RateLimited, "RequestLimitExceeded", None),
    (500, body("UnhandledException"), OutcomeUnknown, "UnhandledException", None),
    (502, "<html>Bad gateway</html>", OutcomeUnknown, None, None),
    (503, body("ServiceNotReady"), Transient, "ServiceNotReady", None),
    (302, "", OutcomeUnknown, None, None),
    (200, "<html>", OutcomeUnknown, None, None),
    (200, {}, OutcomeUnknown, None, "id"),
]


def settings() -> AvaTaxSettings:
    return AvaTaxSettings.model_validate(
        {"base_url": BASE_URL, "account_id": "2000000001", "license_key": "SECRET-KEY"}
    )


def answering(status: int, answer: Any) -> httpx.MockTransport:
    """Nothing is there, and each write is answered so."""
    content = answer if isinstance(answer, str) else json.dumps(answer)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404, json=body("EntityNotFoundError"))
        return httpx.Response(status, content=content)

    return httpx.MockTransport(handle)


@pytest.mark.parametrize(("status", "answer", "kind", "code", "field"), WRITES)
async def test_refused_write_is_classed_by_status_and_code(
    status: int, answer: Any, kind: type[PortError], code: str | None, field: str | None
) -> None:
    connector = create(settings(), transport=answering(status, answer))
    with pytest.raises(PortError) as caught:
        await connector.commit(invoice())
    error = caught.value
    assert type(error) is kind
    assert (error.platform, error.vendor_code, error.field) == ("avatax", code, field)
    await connector.close()


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (500, body("UnhandledException"), Transient),
        (503, body("ServerUnreachable"), Transient),
        (400, body("GetTaxError"), Rejected),
        (200, {"value": [{"type": "SalesInvoice"}]}, UnexpectedAnswer),
        (200, {"values": []}, UnexpectedAnswer),
        (200, "[", UnexpectedAnswer),
        (204, "", UnexpectedAnswer),
    ],
)
async def test_refused_read_leaves_nothing_unknown(status: int, answer: Any, kind: type[PortError]) -> None:
    content = answer if isinstance(answer, str) else json.dumps(answer)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    connector = create(settings(), transport=transport)
    with pytest.raises(kind):
        await connector.documents(ENTITY)
    await connector.close()


async def test_void_that_finds_itself_done_is_a_success(document: dict[str, Any]) -> None:
    """Somebody else voided it between our read and our write."""
    reads = iter(["Committed", "Cancelled"])

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json=body("TransactionAlreadyCancelled"))
        return httpx.Response(200, json={**document, "status": next(reads)})

    connector = create(settings(), transport=httpx.MockTransport(handle))
    voided = await connector.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
    assert voided is not None
    assert voided.status == "cancelled"
    await connector.close()


@pytest.mark.parametrize("status", ["Queued", "Saved"])
async def test_write_answered_with_another_status_is_unknown(document: dict[str, Any], status: str) -> None:
    connector = create(settings(), transport=answering(201, {**document, "status": status}))
    with pytest.raises(OutcomeUnknown):
        await connector.commit(invoice())
    await connector.close()


async def test_read_with_an_unknown_status_is_unexpected(document: dict[str, Any]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={**document, "status": "Queued"}))
    connector = create(settings(), transport=transport)
    with pytest.raises(UnexpectedAnswer):
        await connector.commit(invoice())
    with pytest.raises(UnexpectedAnswer):
        await connector.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
    await connector.close()


async def test_void_of_an_unknown_kind_is_refused() -> None:
    connector = create(settings(), transport=answering(200, {}))
    with pytest.raises(Rejected):
        await connector.void(ORIGIN, INVOICE_KEY, "quote", ENTITY)
    await connector.close()


async def test_link_to_another_host_is_not_followed(document: dict[str, Any]) -> None:
    page = {"value": [document], "@nextLink": "https://elsewhere.test/api/v2/companies/US01/transactions"}
    connector = create(settings(), transport=httpx.MockTransport(lambda _: httpx.Response(200, json=page)))
    with pytest.raises(UnexpectedAnswer):
        await connector.documents(ENTITY)
    await connector.close()


def test_secrets_are_not_shown() -> None:
    assert "SECRET-KEY" not in repr(settings())
    assert "SECRET-KEY" not in settings().model_dump_json()


@pytest.fixture
def document() -> dict[str, Any]:
    line = {
        "lineNumber": "1",
        "itemCode": "PLATFORM-SEAT",
        "lineAmount": 12000,
        "tax": 1065,
        "taxOverrideType": "None",
        "details": [{"jurisName": "NY", "rate": 0, "tax": 1065, "taxableAmount": 12000}],
    }
    return {
        "id": 1,
        "code": INVOICE_KEY,
        "status": "Committed",
        "type": "SalesInvoice",
        "date": "2026-01-01",
        "customerCode": "A-77",
        "currencyCode": "USD",
        "referenceCode": INVOICE_KEY,
        "totalTax": 1065,
        "locked": False,
        "lines": [line],
    }
