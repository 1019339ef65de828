from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sandbox.kit.application import Application
from sandbox.kit.platform import PlatformConfig
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from tests.sandbox.petshop import PetShop

CONTROL = {"X-Sandbox-Token": "control"}


@pytest.fixture
def petshop(tmp_path: Path) -> PetShop:
    config = PlatformConfig(
        secrets_dir=tmp_path,
        control_token="control",
        base_url="https://petshop.test",
        webhook_url="http://gateway.test/webhooks/petshop",
    )
    return PetShop(State(":memory:"), config=config)


@pytest.fixture
def app(petshop: PetShop) -> Application:
    petshop.start()
    return Application(petshop)


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = SandboxTransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://petshop.test") as client:
        yield client
