from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from sandbox.salesforce import Salesforce, create

BASE_URL = "https://q2c.my.salesforce.test"
ROOT = "/services/data/v60.0"


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("salesforce-secrets")


@pytest.fixture
def org(secrets_dir: Path) -> Salesforce:
    config = PlatformConfig(
        secrets_dir=secrets_dir,
        control_token="t",
        base_url=BASE_URL,
        webhook_url="http://gateway.test/webhooks/salesforce",
    )
    made = create(State(":memory:"), config=config)
    assert isinstance(made, Salesforce)
    return made


class Api:
    """The API as a program of the customer would call it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.http.request(method, ROOT + path, **more)

    async def create(self, object_name: str, **fields: Any) -> str:
        answer = await self.call("POST", f"/sobjects/{object_name}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def refused(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """Status and code of a call that the vendor refuses."""
        answer = await self.call(method, path, **more)
        (entry,) = answer.json()
        return answer.status_code, entry["errorCode"]

    async def query(self, soql: str, **more: Any) -> Any:
        answer = await self.call("GET", "/query", params={"q": soql}, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def names(self, soql: str) -> list[str]:
        return [each["Name"] for each in (await self.query(soql))["records"]]


@pytest.fixture
async def api(org: Salesforce) -> AsyncIterator[Api]:
    transport = SandboxTransport(build_app(org))
    headers = {"Authorization": f"Bearer {org.credentials()['session_id']}"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client:
        yield Api(client)
