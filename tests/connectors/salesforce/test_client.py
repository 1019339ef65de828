"""Log-on, error classes and settings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.salesforce.client import ERRORS
from connectors.salesforce.connector import Salesforce, create
from connectors.salesforce.settings import SalesforceSettings
from ports.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PortError,
    RateLimited,
    Rejected,
    Transient,
)
from sandbox.kit.faults import Fault
from sandbox.salesforce import Salesforce as Org
from tests.connectors.contract_crm import write_back
from tests.connectors.crm_scenarios import SMALL
from tests.connectors.salesforce.conftest import Recorded, by_secret, settings_of


async def test_both_flows_log_on(org: Org, transport: Recorded) -> None:
    await org.load({"scenario": SMALL, "approve": "contract"})
    for settings in (settings_of(org), by_secret(org)):
        connector = create(settings, transport=transport)
        assert (await connector.read_contract("C-1001")).version == 1
        await connector.aclose()
    tokens = [each for each in transport.requests if each.url.path == "/services/oauth2/token"]
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "someone@else.example"}, "invalid_grant"),
        ({"consumer_key": "unknown"}, "invalid_client_id"),
        ({"audience": "https://evil.example"}, "invalid_grant"),
    ],
)
async def test_wrong_credentials_are_a_persons_matter(
    org: Org, transport: Recorded, changes: dict[str, str], code: str
) -> None:
    connector = create(settings_of(org, **changes), transport=transport)
    with pytest.raises(AuthenticationFailed) as raised:
        await connector.read_contract("C-1001")
    assert raised.value.vendor_code == code
    await connector.aclose()


async def test_wrong_secret_is_a_persons_matter(org: Org, transport: Recorded) -> None:
    settings = by_secret(org).model_copy(update={"consumer_secret": SecretStr("wrong")})
    connector = create(settings, transport=transport)
    with pytest.raises(AuthenticationFailed):
        await connector.write_back(write_back())
    await connector.aclose()


async def test_assertion_follows_the_clock(org: Org, transport: Recorded) -> None:
    """A clock that is far off makes assertions that have expired."""
    connector = create(
        settings_of(org), transport=transport, clock=lambda: datetime.now(UTC) - timedelta(hours=1)
    )
    with pytest.raises(AuthenticationFailed):
        await connector.read_contract("C-1001")
    await connector.aclose()


async def test_log_on_that_is_down_is_transient(org: Org, crm: Salesforce) -> None:
    org.faults.add(Fault("503", route="POST /services/oauth2/token"))
    with pytest.raises(Transient):
        await crm.write_back(write_back())


async def test_daily_limit_is_rate_limited(org: Org, crm: Salesforce) -> None:
    await org.load({"daily_requests": 1})
    assert await crm.api_requests() == (1, 1)
    with pytest.raises(RateLimited) as raised:
        await crm.read_contract("C-1001")
    assert raised.value.vendor_code == "REQUEST_LIMIT_EXCEEDED"


async def test_row_locked_by_another_is_transient(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "CH-1"})
    await org.load({"lock_rows": {"Order": {"C-1001/CH-1": 1}}})
    with pytest.raises(Transient) as raised:
        await crm.write_back(write_back(change="CH-1", change_status="done"))
    assert raised.value.vendor_code == "UNABLE_TO_LOCK_ROW"
    assert org.dump()["Contract"][0]["Integration_Status__c"] is None
    await crm.write_back(write_back(change="CH-1", change_status="done"))
    assert org.dump()["Contract"][0]["Integration_Status__c"] == "Active"


async def test_refused_write_names_field_and_code_and_writes_nothing(org: Org, crm: Salesforce) -> None:
    await org.load({"scenario": SMALL, "approve": "CH-1"})
    with pytest.raises(Rejected) as raised:
        await crm.write_back(write_back(first_invoice_number="N" * 81))
    assert (raised.value.vendor_code, raised.value.field) == ("STRING_TOO_LONG", "First_Invoice_Number__c")
    assert "NNN" not in str(raised.value) or len(str(raised.value)) < 250
    assert org.dump()["Contract"][0]["Integration_Status__c"] is None


@pytest.mark.parametrize(
    ("status", "code", "write", "kind"),
    [
        (400, "DUPLICATE_VALUE", True, AlreadyExists),
        (400, "UNABLE_TO_LOCK_ROW", True, Transient),
        (400, "REQUIRED_FIELD_MISSING", True, Rejected),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", True, Rejected),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", True, Rejected),
        (400, "INVALID_FIELD", False, Rejected),
        (400, "QUERY_TIMEOUT", False, Transient),
        (401, "INVALID_SESSION_ID", False, AuthenticationFailed),
        (403, "REQUEST_LIMIT_EXCEEDED", True, RateLimited),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", True, Rejected),
        (404, "NOT_FOUND", True, NotFound),
        (412, "PRECONDITION_FAILED", True, Conflict),
        (500, "UNKNOWN_EXCEPTION", True, OutcomeUnknown),
        (500, "UNKNOWN_EXCEPTION", False, Transient),
        (502, None, True, OutcomeUnknown),
        (503, "SERVER_UNAVAILABLE", True, Transient),
        (599, "WHAT_IS_THIS", True, OutcomeUnknown),
        (400, "WHAT_IS_THIS", True, Rejected),
        (302, None, True, OutcomeUnknown),
    ],
)
def test_errors_are_classed_by_status_and_code(
    status: int, code: str | None, write: bool, kind: type[PortError]
) -> None:
    assert ERRORS.class_of(status, code, write=write) is kind


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"[1]", b'[{"message": "x"}]', b"null"])
def test_error_body_of_another_form_has_no_code(body: bytes) -> None:
    assert ERRORS.read(httpx.Response(400, content=body)).code is None


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://q2c.my.salesforce.com"},
        {"base_url": "https://q2c.my.salesforce.com/services"},
        {"api_version": "68"},
        {"username": None},
        {"private_key_file": None},
        {"private_key": SecretStr("pem")},
        {"flow": "client_credentials"},
        {"flow": "password"},
        {"consumer_key": ""},
        {"password": "x"},
    ],
)
def test_settings_that_cannot_work_are_refused(org: Org, changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_of(org, **changes)


def test_settings_show_no_secret(tmp_path: Path) -> None:
    settings = SalesforceSettings(
        base_url="https://q2c.my.salesforce.com",
        consumer_key="key",
        username="u",
        private_key=SecretStr("pem-secret"),
        webhook_secrets=(SecretStr("whsec_c2VjcmV0"),),
        api_version="v68.0",
    )
    assert "pem-secret" not in repr(settings)
    assert "c2VjcmV0" not in repr(settings)
    assert settings.version_number == "68.0"
