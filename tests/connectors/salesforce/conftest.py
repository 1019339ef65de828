from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.salesforce.connector import Salesforce, create
from connectors.salesforce.settings import SalesforceSettings
from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from sandbox.salesforce import Salesforce as Org
from sandbox.salesforce import create as create_org
from tests.connectors.contract_crm import CrmStand

BASE_URL = "https://q2c.my.salesforce.test"
GATEWAY = "http://gateway.test/webhooks/salesforce"


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set of keys for all tests: making RSA keys takes its time."""
    return tmp_path_factory.mktemp("salesforce-secrets")


@pytest.fixture
def org(secrets_dir: Path) -> Org:
    config = PlatformConfig(
        secrets_dir=secrets_dir, control_token="t", base_url=BASE_URL, webhook_url=GATEWAY
    )
    made = create_org(State(":memory:"), config=config)
    assert isinstance(made, Org)
    return made


def settings_of(org: Org, **changes: Any) -> SalesforceSettings:
    given = org.credentials()
    values: dict[str, Any] = {
        "base_url": given["instance_url"],
        "consumer_key": given["consumer_key"],
        "username": given["username"],
        "private_key_file": Path(given["private_key_file"]),
    }
    return SalesforceSettings(**(values | changes))


def by_secret(org: Org) -> SalesforceSettings:
    secret = SecretStr(org.credentials()["consumer_secret"])
    return settings_of(
        org, flow="client_credentials", consumer_secret=secret, username=None, private_key_file=None
    )


class Recorded(httpx.AsyncBaseTransport):
    """Passes requests on and keeps them."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self._inner.handle_async_request(request)

    @property
    def api_requests(self) -> list[httpx.Request]:
        return [each for each in self.requests if "/services/data/" in str(each.url)]


@pytest.fixture
def transport(org: Org) -> Recorded:
    return Recorded(SandboxTransport(build_app(org)))


@pytest.fixture
async def crm(org: Org, transport: Recorded) -> AsyncIterator[Salesforce]:
    connector = create(settings_of(org), transport=transport)
    yield connector
    await connector.aclose()


@pytest.fixture
async def stand(org: Org, crm: Salesforce, transport: Recorded) -> CrmStand:
    async def approve(scenario: dict[str, Any], what: str | None) -> None:
        await org.load({"scenario": scenario, "approve": what})

    def written(contract_id: str) -> dict[str, Any]:
        dump = org.dump()
        (contract,) = [each for each in dump["Contract"] if each["Q2C_Id__c"] == contract_id]
        status, version = contract["Integration_Status__c"], contract["Last_Processed_Version__c"]
        total = contract["First_Invoice_Total__c"]
        return {
            "status": status.lower() if status else None,
            "version": int(version) if version is not None else None,
            "billing_customer_id": contract["Billing_Customer_Id__c"],
            "subscription_id": contract["Billing_Subscription_Id__c"],
            "erp_customer_id": contract["ERP_Customer_Id__c"],
            "first_invoice_number": contract["First_Invoice_Number__c"],
            "first_invoice_total": Decimal(str(total)) if total is not None else None,
            "first_invoice_date": contract["First_Invoice_Date__c"],
            "changes": {
                order["Change_Id__c"]: (order["Integration_Status__c"] or "").lower() or None
                for order in dump["Order"]
                if order["ContractId"] == contract["Id"]
            },
        }

    return CrmStand(
        crm=crm,
        platform=org,
        read_route="GET /services/data/*/query",
        write_route="POST /services/data/*/composite",
        approve=approve,
        written=written,
        requests=lambda: len(transport.api_requests),
    )
