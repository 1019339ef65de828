from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.avatax import create
from sandbox.avatax.json_text import read, write
from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from tests.sandbox.avatax.spec import CheckedTransport, SpecCheck, directory

BASE_URL = "https://avatax.test"
ADDRESS = {"line1": "350 5th Ave", "city": "New York", "region": "NY", "postalCode": "10118", "country": "US"}


def scenario(customer: str = "A-77", percent: str = "8.875", entity: str = "US01") -> dict[str, Any]:
    address = {
        "line1": "350 5th Ave",
        "city": "New York",
        "region": "NY",
        "postal_code": "10118",
        "country": "US",
    }
    lines = [
        {"id": "L1", "product": "SEAT", "pricing": {}, "tax_rate_percent": percent},
        {"id": "L2", "product": "FREE", "pricing": {}},
    ]
    return {
        "contract": {
            "id": "C-1",
            "account": {"id": customer, "name": "Northwind", "billing_address": address},
            "legal_entity": entity,
            "lines": lines,
        },
        "changes": [],
    }


@dataclass
class Api:
    """The API as a client sees it; numbers in answers are exact."""

    client: httpx.AsyncClient

    async def call(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        content = write(body).encode() if body is not None else None
        headers = {"content-type": "application/json"} if content else {}
        answer = await self.client.request(
            method, f"/api/v2{path}", content=content, headers=headers, params=params or None
        )
        return answer.status_code, read(answer.content)

    async def get(self, path: str, **params: str) -> Any:
        status, body = await self.call("GET", path, **params)
        assert status == 200, body
        return body

    async def post(self, path: str, body: Any = None, **params: str) -> Any:
        status, answer = await self.call("POST", path, body, **params)
        assert status in (200, 201), answer
        return answer

    async def refused(
        self, method: str, path: str, body: Any = None, **params: str
    ) -> tuple[int, str, str | None]:
        """(status, code, field) of the error."""
        status, answer = await self.call(method, path, body, **params)
        assert status >= 400, answer
        (detail,) = answer["error"]["details"]
        assert detail["code"] == answer["error"]["code"]
        assert detail["faultCode"] in ("Client", "Server")
        return status, detail["code"], detail.get("refersTo")


@pytest.fixture
async def platform(tmp_path: Path) -> Platform:
    config = PlatformConfig(secrets_dir=tmp_path, control_token="t", base_url=BASE_URL)
    made = create(State(":memory:"), config=config)
    made.start()
    await made.load({"scenario": scenario()})
    return made


@pytest.fixture
def transport(platform: Platform) -> httpx.AsyncBaseTransport:
    """Checked against the vendor's API description where that is there."""
    inner = SandboxTransport(build_app(platform))
    return CheckedTransport(inner, platform, SpecCheck()) if directory().exists() else inner


@pytest.fixture
async def api(platform: Platform, transport: httpx.AsyncBaseTransport) -> AsyncIterator[Api]:
    known = platform.credentials()
    auth = (known["account_id"], known["license_key"])
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, auth=auth) as client:
        yield Api(client)
