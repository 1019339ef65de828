from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.kit.application import Application
from sandbox.kit.platform import PlatformConfig
from sandbox.kit.state import State
from sandbox.stripe import StripePlatform, create
from tests.sandbox.stripe.api import Api
from tests.sandbox.stripe.spec import CheckedTransport, available, description

BASE_URL = "https://stripe.test"
WEBHOOK_URL = "http://gateway.test/webhooks/stripe"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[StripePlatform]:
    """The simulator; at the end each event that it told is held against the description."""
    config = PlatformConfig(
        secrets_dir=tmp_path, control_token="control", base_url=BASE_URL, webhook_url=WEBHOOK_URL
    )
    made = create(State(":memory:"), config=config)
    assert isinstance(made, StripePlatform)
    made.start()
    yield made
    if available():
        findings = [
            f"{event['type']}: {one}"
            for event in made.state.all("event")
            for one in description().object_findings(event["data"]["object"])
        ]
        assert not findings, "\n".join(findings[:40])


@pytest.fixture
def transport(platform: StripePlatform) -> Iterator[CheckedTransport]:
    made = CheckedTransport(Application(platform))
    yield made
    assert not made.findings, "\n".join(made.findings[:40])


@pytest.fixture
async def api(platform: StripePlatform, transport: CheckedTransport) -> AsyncIterator[Api]:
    key = platform.credentials()["api_key"]
    headers = {"Authorization": f"Bearer {key}", "Stripe-Version": "2026-05-27.dahlia"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client:
        yield Api(client)
