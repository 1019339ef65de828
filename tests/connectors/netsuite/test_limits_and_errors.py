"""The account's limits, paging, login, and the table of errors."""

import asyncio
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.netsuite import NetSuiteSettings, create
from ports.errors import (
    AuthenticationFailed,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Rejected,
    Transient,
    UnexpectedAnswer,
)
from sandbox.kit.faults import Fault
from sandbox.netsuite.fields import RECORDS
from tests.connectors.contract_erp_stand import (
    ErpStand,
    invoice,
    journal,
)
from tests.connectors.netsuite.stand import Stand, customer_of, erp_stand

# The account's limits, paging, login


async def test_our_part_of_the_concurrency_is_never_exceeded(made: Stand) -> None:
    made.platform.concurrency_limit = 2
    connector = made.with_settings(concurrent_requests=2)
    asked = [connector.posting_period("US01", dt.date(2026, 1, 1)) for _ in range(12)]
    assert len(await asyncio.gather(*asked)) == 12
    greedy = made.with_settings(concurrent_requests=9)
    with pytest.raises(RateLimited):
        await asyncio.gather(*(greedy.posting_period("US01", dt.date(2026, 1, 1)) for _ in range(9)))


async def test_pages_are_read_to_the_last(made: Stand) -> None:
    erp = erp_stand(made, made.with_settings(page_rows=2))
    for number in range(5):
        await erp.erp.post_journal(journal(erp, f"C-1001/revenue/{number}"))
    found = await erp.erp.documents("US01")
    assert [len(document.lines) for document in found] == [2] * 5


async def test_many_heads_come_in_several_statements(
    made: Stand, erp: ErpStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.netsuite.queries.HEADS", 2)
    customer = await customer_of(erp)
    for number in range(4):
        await erp.erp.post_document(invoice(erp, customer, f"C-1001/invoice/{number}", number=f"B-{number}"))
    found = await erp.erp.documents("US01")
    assert [(d.number, d.tax, len(d.lines)) for d in found] == [
        (f"B-{number}", Decimal("1065.00"), 1) for number in range(4)
    ]


async def test_the_ledger_has_others_entries_too_however_far_apart_their_ids_are(
    made: Stand, erp: ErpStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.netsuite.queries.HEADS", 2)
    customer = await customer_of(erp)
    for number in range(3):
        await erp.erp.post_journal(journal(erp, f"C-1001/revenue/{number}"))
    made.platform.state.next_number("id of transaction")
    payment = {"customer": {"id": customer}, "payment": "65.00", "tranDate": "2026-01-05"}
    made.platform.writer.create(RECORDS["customerPayment"], payment)
    found = await erp.erp.general_ledger("US01")
    assert [line.entry for line in found] == ["1", "1", "2", "2", "3", "3", "5", "5"]


async def test_a_new_status_of_the_vendor_is_not_taken_for_a_known_one(made: Stand, erp: ErpStand) -> None:
    await erp.erp.post_journal(journal(erp))
    made.platform.faults.add(Fault("enum-added", field="status"))
    with pytest.raises(UnexpectedAnswer):
        await erp.erp.documents("US01")


async def test_wrong_keys_are_a_persons_business(made: Stand) -> None:
    connector = made.with_settings(certificate_id="another")
    with pytest.raises(AuthenticationFailed):
        await connector.documents("US01")


def test_settings_name_the_credentials_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="auth tba needs token_secret"):
        NetSuiteSettings(
            base_url="https://x.test",
            account_id="A",
            auth="tba",
            consumer_key="k",
            consumer_secret="s",
            token_id="t",
        )


def test_secrets_are_not_shown(made_settings: NetSuiteSettings) -> None:
    assert made_settings.consumer_secret is not None
    assert made_settings.consumer_secret.get_secret_value() not in repr(made_settings)


@pytest.fixture
async def made_settings(made: Stand) -> NetSuiteSettings:
    return made.settings


# The table of errors, on the vendor's answers as they come


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "DUP_RCRD", Conflict),  # taken, by what a look-up does not show
        (400, "USER_ERROR", Rejected),
        (400, "INVALID_CONTENT", Rejected),
        (400, "NONEXISTENT_FIELD", Rejected),
        (400, "RCRD_HAS_BEEN_CHANGED", Conflict),
        (409, "RCRD_HAS_BEEN_CHANGED", Conflict),
        (400, "RCRD_DSNT_EXIST", NotFound),
        (400, "SSS_REQUEST_LIMIT_EXCEEDED", RateLimited),
        (400, "UNEXPECTED_ERROR", OutcomeUnknown),
        (401, "INVALID_LOGIN_ATTEMPT", AuthenticationFailed),
        (403, "INSUFFICIENT_PERMISSION", AuthenticationFailed),
        (404, "NONEXISTENT_ID", NotFound),
        (429, "CONCURRENCY_LIMIT_EXCEEDED", RateLimited),
        (500, "UNEXPECTED_ERROR", OutcomeUnknown),
        (503, None, OutcomeUnknown),
        (302, None, OutcomeUnknown),
        (200, None, OutcomeUnknown),
    ],
)
async def test_errors_of_writes_are_classed_by_status_and_code(
    made: Stand, status: int, code: str | None, expected: type[PortError]
) -> None:
    error = await _failure(made, status, code, write=True)
    assert type(error) is expected
    if code is not None:
        assert error.vendor_code == code


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "UNEXPECTED_ERROR", Transient),
        (500, None, Transient),
        (400, "INVALID_PARAMETER", Rejected),
        (429, None, RateLimited),
    ],
)
async def test_errors_of_reads_are_classed_by_status_and_code(
    made: Stand, status: int, code: str | None, expected: type[PortError]
) -> None:
    assert type(await _failure(made, status, code, write=False)) is expected


async def _failure(made: Stand, status: int, code: str | None, *, write: bool) -> PortError:
    """The error of a journal's POST (or of a query) that is answered with this status and code."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": "3600"})
        if request.url.path.endswith("/suiteql") and write:
            return httpx.Response(200, json=_answer(request))
        detail = {"detail": "no", **({"o:errorCode": code} if code else {})}
        return httpx.Response(status, json={"o:errorDetails": [detail]})

    connector = create(made.settings, transport=httpx.MockTransport(answer))
    erp = erp_stand(made, connector)
    with pytest.raises(PortError) as caught:
        await connector.post_journal(journal(erp))
    return caught.value


def _answer(request: httpx.Request) -> dict[str, Any]:
    """The master data that a journal needs; no transaction."""
    rows: list[dict[str, str]] = []
    if b"'subsidiary'" in request.content:
        names = [("subsidiary", "US01"), ("currency", "USD"), ("account", "2400"), ("account", "4000")]
        rows = [{"kind": kind, "name": name, "id": "1"} for kind, name in names]
    if b"accountingperiod WHERE" in request.content:
        rows = []
    return {"hasMore": False, "items": rows}
