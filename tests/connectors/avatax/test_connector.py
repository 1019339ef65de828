"""What is AvaTax's own, on its simulator."""

import asyncio
import datetime as dt
from decimal import Decimal

import httpx
import pytest

from connectors.avatax import AvaTax, AvaTaxSettings, create
from ports.errors import AuthenticationFailed, Conflict, PeriodClosed, Rejected, UnexpectedAnswer
from sandbox.kit.faults import Fault
from sandbox.kit.platform import Platform
from tests.connectors.avatax.conftest import BASE_URL, Connect
from tests.connectors.contract_tax import ACCOUNT, ENTITY, INVOICE_KEY, ORIGIN, credit_memo, invoice, line
from tests.sandbox.avatax.spec import CheckedTransport, SpecCheck, description

ONE = f"/api/v2/companies/{ENTITY}/transactions/{INVOICE_KEY.replace('/', '_-ava2f-_')}"


async def vendor(platform: Platform, transport: httpx.AsyncBaseTransport, path: str, body: object) -> None:
    """Something that others do at AvaTax."""
    known = platform.credentials()
    auth = (known["account_id"], known["license_key"])
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, auth=auth) as client:
        answer = await client.post(path, json=body)
        assert answer.is_success, answer.text


async def test_check_tells_the_version_or_that_the_credentials_are_wrong(
    connect: Connect, platform: Platform
) -> None:
    assert await connect().check() == "26.10.0"
    with pytest.raises(AuthenticationFailed):
        await connect(license_key="wrong").check()
    with pytest.raises(AuthenticationFailed):
        await connect(license_key="wrong").quote((invoice(),))


async def test_refused_commit_is_told_with_code_and_field_and_records_nothing(
    avatax: AvaTax, platform: Platform
) -> None:
    await platform.load({"refuse_commit": {"customer": ACCOUNT.id, "code": "CertificatesError"}})
    assert (await avatax.quote((invoice(),)))[0].total_tax == Decimal("1065.00")
    with pytest.raises(Rejected) as caught:
        await avatax.commit(invoice())
    assert (caught.value.vendor_code, caught.value.field) == ("CertificatesError", "exemptionNo")
    assert await avatax.documents(ENTITY) == ()
    await platform.load({"refuse_commit": {"customer": ACCOUNT.id, "code": None}})
    assert (await avatax.commit(invoice())).status == "committed"


async def test_saved_document_is_made_final_by_a_commit(
    avatax: AvaTax, platform: Platform, transport: httpx.AsyncBaseTransport
) -> None:
    await avatax.commit(invoice())
    await vendor(platform, transport, f"{ONE}/uncommit", None)
    assert (await avatax.documents(ENTITY))[0].status == "saved"
    assert (await avatax.commit(invoice())).status == "committed"
    assert len(await avatax.documents(ENTITY)) == 1


async def test_document_that_was_reported_can_not_be_voided_and_is_still_found(
    avatax: AvaTax, platform: Platform, transport: httpx.AsyncBaseTransport
) -> None:
    committed = await avatax.commit(invoice())
    await vendor(platform, transport, f"{ONE}/lock", {"isLocked": True})
    with pytest.raises(PeriodClosed):
        await avatax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
    assert await avatax.commit(invoice()) == committed


async def test_unvoided_document_is_found_again(
    avatax: AvaTax, platform: Platform, transport: httpx.AsyncBaseTransport
) -> None:
    committed = await avatax.commit(invoice())
    await avatax.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
    await vendor(platform, transport, f"{ONE}/unvoid", None)
    assert await avatax.commit(invoice()) == committed


async def test_version_that_was_adjusted_is_not_listed(
    avatax: AvaTax, platform: Platform, transport: httpx.AsyncBaseTransport
) -> None:
    await avatax.commit(invoice())
    address = {"line1": "x", "city": "New York", "region": "NY", "postalCode": "10118", "country": "US"}
    other = {
        "type": "SalesInvoice",
        "code": INVOICE_KEY,
        "companyCode": ENTITY,
        "date": "2026-01-01",
        "customerCode": ACCOUNT.id,
        "commit": True,
        "addresses": {"shipTo": address},
        "lines": [{"amount": 1, "itemCode": "PLATFORM-SEAT"}],
    }
    await vendor(
        platform, transport, "/api/v2/transactions/createoradjust", {"createTransactionModel": other}
    )
    (only,) = await avatax.documents(ENTITY)
    assert only.total_tax == Decimal("0.09")
    with pytest.raises(Conflict):
        await avatax.commit(invoice())


async def test_company_codes_and_origins_come_from_the_settings(connect: Connect, platform: Platform) -> None:
    origin = ACCOUNT.billing_address.model_dump()
    connector = connect(companies={"Acme GmbH": ENTITY}, origins={"Acme GmbH": origin})
    await connector.commit(invoice(legal_entity="Acme GmbH"))
    (stored,) = platform.state.all("transaction")
    assert len(stored["addresses"]) == 2
    assert len(await connector.documents(ENTITY)) == 1


class Counting(httpx.AsyncBaseTransport):
    """Knows how many requests were ever under way at once."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.now = self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        answer = await self._inner.handle_async_request(request)
        self.now -= 1
        return answer


async def test_only_a_few_quotes_are_under_way_at_once(
    platform: Platform, transport: httpx.AsyncBaseTransport
) -> None:
    counting = Counting(transport)
    settings = AvaTaxSettings.model_validate(
        {"base_url": BASE_URL, **platform.credentials(), "concurrent_quotes": 2}
    )
    connector = create(settings, transport=counting)
    documents = tuple(invoice(code=f"q{number}") for number in range(9))
    assert len(await connector.quote(documents)) == 9
    assert counting.most == 2
    await connector.close()


async def test_first_failed_quote_is_the_answer_for_all(avatax: AvaTax) -> None:
    bad = ACCOUNT.model_copy(
        update={"billing_address": ACCOUNT.billing_address.model_copy(update={"postal_code": "0"})}
    )
    with pytest.raises(Rejected) as caught:
        await avatax.quote((invoice(), invoice(account=bad), invoice()))
    assert caught.value.field == "addresses.shipTo.postalCode"


@pytest.mark.parametrize("outcome", ["enum-added", "field-removed", "field-retyped"])
async def test_listing_with_a_status_that_is_not_known_is_unexpected(
    avatax: AvaTax, platform: Platform, outcome: str
) -> None:
    await avatax.commit(invoice())
    platform.faults.add(Fault(outcome, route="GET /api/v2/companies/*/transactions", field="status"))
    with pytest.raises(UnexpectedAnswer):
        await avatax.documents(ENTITY)


async def test_currencies_without_and_with_three_decimals_keep_their_units(avatax: AvaTax) -> None:
    yen, dinar = await avatax.quote(
        (invoice(line("1000"), currency="JPY"), invoice(line("1.235"), currency="KWD"))
    )
    assert (yen.total_tax, dinar.total_tax) == (Decimal(89), Decimal("0.110"))


async def test_credit_of_an_old_invoice_takes_the_rate_of_then(avatax: AvaTax) -> None:
    memo = credit_memo(line("100", "SUPPORT"), date=dt.date(2026, 8, 1), tax_date=dt.date(2026, 1, 1))
    result = await avatax.commit(memo)
    assert (result.total_tax, result.lines[0].rate_percent) == (Decimal("8.00"), Decimal(8))


async def test_every_call_of_the_connector_is_described_by_the_vendor(
    connect: Connect, transport: httpx.AsyncBaseTransport
) -> None:
    description()  # skips where it is not at hand
    assert isinstance(transport, CheckedTransport)
    seen = SpecCheck()
    transport.spec = seen
    connector = connect()
    await connector.check()
    await connector.quote((invoice(), credit_memo()))
    await connector.commit(invoice())
    await connector.commit(credit_memo())
    await connector.void(ORIGIN, INVOICE_KEY, "invoice", ENTITY)
    await connector.documents(ENTITY)
    assert seen.operations == {
        "Ping",
        "CreateTransaction",
        "CreateOrAdjustTransaction",
        "GetTransactionByCode",
        "VoidTransaction",
        "ListTransactionsByCompany",
    }
