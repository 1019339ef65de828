"""A client of the simulator that speaks plain HTTP: nothing of ours is between the test and the platform."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from sandbox.netsuite import NetSuite, create
from tests.connectors.netsuite.recorder import Recorder

BASE_URL = "https://netsuite.test"
RECORD = "/services/rest/record/v1"
TOKEN = "/services/rest/auth/oauth2/v1/token"
SCENARIO: dict[str, Any] = {
    "contract": {
        "legal_entity": "US01",
        "currency": "USD",
        "lines": [{"id": "L1", "product": "PLATFORM-SEAT"}, {"id": "U1", "product": "API-CALLS"}],
    },
    "changes": [{"id": "CH-1", "lines": [{"id": "L2", "add": {"product": "SUPPORT"}}]}],
}


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("netsuite-secrets")


@pytest.fixture
async def netsuite(secrets_dir: Path) -> NetSuite:
    config = PlatformConfig(secrets_dir=secrets_dir, control_token="control", base_url=BASE_URL)
    platform = create(State(":memory:"), config=config)
    platform.start()
    await platform.load({"scenario": SCENARIO})
    return platform


@pytest.fixture
async def http(netsuite: NetSuite) -> AsyncIterator[httpx.AsyncClient]:
    transport = Recorder(SandboxTransport(build_app(netsuite)), requests=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


def claims(netsuite: NetSuite, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    standard = {
        "iss": netsuite.keys.client_id,
        "scope": ["rest_webservices"],
        "aud": f"{BASE_URL}{TOKEN}",
        "iat": now,
        "exp": now + 180,
    }
    return standard | changes


def assertion(
    netsuite: NetSuite,
    algorithm: str = "PS256",
    kid: str | None = None,
    key: str | None = None,
    **changes: Any,
) -> str:
    private = key or Path(netsuite.keys.private_key_file).read_text()
    headers = {"kid": kid or netsuite.keys.certificate_id}
    return jwt.encode(claims(netsuite, **changes), private, algorithm=algorithm, headers=headers)


async def ask_token(http: httpx.AsyncClient, signed: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
    }
    return await http.post(TOKEN, data=form | changes)


@dataclass
class Account:
    """An integration that is logged on, and what it needs to know of the account."""

    http: httpx.AsyncClient
    platform: NetSuite
    token: str
    strict: bool = True
    ids: dict[str, str] = field(default_factory=dict)

    async def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if self.strict:
            sent.setdefault("X-NetSuite-PropertyNameValidation", "Error")
        url = path if path.startswith("/services") else f"{RECORD}/{path}"
        return await self.http.request(method, url, json=body, headers=sent, params=params or None)

    async def make(self, record: str, body: dict[str, Any]) -> str:
        answer = await self.send("POST", record, body)
        assert answer.status_code == 204, answer.text
        return str(answer.headers["location"]).rpartition("/")[2]

    async def get(self, record: str, id_: str, **params: Any) -> dict[str, Any]:
        answer = await self.send("GET", f"{record}/{id_}", **({"expandSubResources": "true"} | params))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)
        return found

    async def ask(self, q: str, **params: Any) -> httpx.Response:
        headers = {"Prefer": "transient"}
        return await self.send("POST", "/services/rest/query/v1/suiteql", {"q": q}, headers, **params)

    async def rows(self, q: str) -> list[dict[str, str]]:
        answer = await self.ask(q)
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in row.items() if k != "links"} for row in answer.json()["items"]]

    def account(self, number: str) -> dict[str, str]:
        return next({"id": a["id"]} for a in self.platform.state.all("account") if a["acctNumber"] == number)

    def item(self, name: str) -> dict[str, str]:
        kind = "serviceSaleItem"
        return next({"id": i["id"]} for i in self.platform.state.all(kind) if i["itemId"] == name)

    def ref(self, kind: str, **equals: str) -> dict[str, str]:
        found = self.platform.state.find_one(kind, **equals)
        assert found is not None
        return {"id": found["id"]}

    async def customer(self, name: str = "Northwind") -> dict[str, str]:
        body = {"companyName": name, "subsidiary": self.ref("subsidiary", externalId="US01")}
        return {"id": await self.make("customer", body)}

    def sale(self, customer: dict[str, str], amount: str = "100.00", **changes: Any) -> dict[str, Any]:
        line = {"item": self.item("PLATFORM-SEAT"), "quantity": 1, "amount": float(amount)}
        return {"entity": customer, "tranDate": "2026-01-15", "item": {"items": [line]}} | changes


@pytest.fixture
async def account(netsuite: NetSuite, http: httpx.AsyncClient) -> Account:
    answer = await ask_token(http, assertion(netsuite))
    return Account(http, netsuite, answer.json()["access_token"])


def code_of(answer: httpx.Response) -> str:
    code: str = answer.json()["o:errorDetails"][0]["o:errorCode"]
    return code


def path_of(answer: httpx.Response) -> str | None:
    path: str | None = answer.json()["o:errorDetails"][0].get("o:errorPath")
    return path
