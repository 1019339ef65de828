from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.avatax import AvaTax, AvaTaxSettings, create
from sandbox.avatax import create as create_platform
from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from tests.connectors.contract_tax import SCENARIO
from tests.sandbox.avatax.spec import CheckedTransport, SpecCheck, directory

BASE_URL = "https://avatax.test"
Connect = Callable[..., AvaTax]


@pytest.fixture
async def platform(tmp_path: Path) -> Platform:
    config = PlatformConfig(secrets_dir=tmp_path, control_token="t", base_url=BASE_URL)
    made = create_platform(State(":memory:"), config=config)
    made.start()
    await made.load({"scenario": SCENARIO})
    return made


@pytest.fixture
def transport(platform: Platform) -> httpx.AsyncBaseTransport:
    """Checked against the vendor's API description where that is there."""
    inner = SandboxTransport(build_app(platform))
    return CheckedTransport(inner, platform, SpecCheck()) if directory().exists() else inner


@pytest.fixture
async def connect(platform: Platform, transport: httpx.AsyncBaseTransport) -> AsyncIterator[Connect]:
    made: list[AvaTax] = []

    def connect(**changes: Any) -> AvaTax:
        settings = AvaTaxSettings.model_validate(
            {"base_url": BASE_URL, **platform.credentials(), "page_size": 3, **changes}
        )
        made.append(create(settings, transport=transport))
        return made[-1]

    yield connect
    for connector in made:
        await connector.close()


@pytest.fixture
def avatax(connect: Connect) -> AvaTax:
    return connect()
