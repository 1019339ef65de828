import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from connectors.stripe.connector import Stripe, create
from connectors.stripe.settings import StripeSettings
from sandbox.kit.application import Application
from sandbox.kit.clock import Clock
from sandbox.kit.platform import PlatformConfig
from sandbox.kit.state import State
from sandbox.stripe import StripePlatform
from tests.connectors.contract_billing_stand import NOON, BillingStand
from tests.sandbox.stripe.api import Api
from tests.sandbox.stripe.spec import CheckedTransport

BASE_URL = "https://stripe.test"
ROUTES = {
    "customer": "POST /v1/customers",
    "subscription": "POST /v1/subscriptions",
    "schedule": "POST /v1/subscription_schedules*",
    "invoice": "POST /v1/invoices",
    "lines": "POST /v1/invoices/*/add_lines",
    "finalize": "POST /v1/invoices/*/finalize",
    "credit_memo": "POST /v1/credit_notes",
    "void": "POST /v1/invoices/*/void",
}


def clock() -> dt.datetime:
    return NOON


@pytest.fixture
def platform(tmp_path: Path) -> StripePlatform:
    """Its clock stands at NOON until it is set forward."""
    config = PlatformConfig(secrets_dir=tmp_path, control_token="t", base_url=BASE_URL)
    state = State(":memory:")
    made = StripePlatform(state, config=config, clock=Clock(state, real=clock))
    made.start()
    return made


@pytest.fixture
def transport(platform: StripePlatform) -> Iterator[CheckedTransport]:
    made = CheckedTransport(Application(platform))
    yield made
    assert not made.findings, "\n".join(made.findings[:40])


@pytest.fixture
async def stripe(platform: StripePlatform, transport: httpx.AsyncBaseTransport) -> AsyncIterator[Stripe]:
    settings = StripeSettings(base_url=BASE_URL, api_key=SecretStr(platform.credentials()["api_key"]))
    made = create(settings, transport=transport, clock=clock)
    yield made
    await made.aclose()


@pytest.fixture
async def api(platform: StripePlatform, transport: httpx.AsyncBaseTransport) -> AsyncIterator[Api]:
    """What others do at Stripe."""
    headers = {"Authorization": f"Bearer {platform.credentials()['api_key']}"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client:
        yield Api(client)


@pytest.fixture
def stand(stripe: Stripe, platform: StripePlatform, api: Api) -> BillingStand:
    async def pay(invoice_id: str) -> None:
        await api.post(f"invoices/{invoice_id}/pay", paid_out_of_band=True)

    async def foreign(customer: str) -> str:
        return str((await api.draft(customer, 4200))["id"])

    return BillingStand(
        billing=stripe,
        platform=platform,
        routes=ROUTES,
        read_route="GET /v1/invoices/*",
        pay=pay,
        foreign=foreign,
        forget=lambda: (platform.keys.forget(), None)[1],
    )
