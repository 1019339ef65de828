"""The control API, and what the application does around a platform."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.kit.application import Application
from sandbox.kit.faults import Fault
from tests.sandbox.conftest import CONTROL
from tests.sandbox.petshop import PetShop

PET = {"name": "Rex"}

GUARDED = [
    ("POST", "faults"),
    ("GET", "faults"),
    ("DELETE", "faults"),
    ("POST", "reset"),
    ("POST", "load"),
    ("GET", "state"),
    ("GET", "credentials"),
    ("GET", "clock"),
    ("POST", "clock"),
    ("GET", "outbox"),
    ("POST", "webhooks/flush"),
    ("GET", "requests"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_control_needs_its_token(method: str, path: str, client: httpx.AsyncClient) -> None:
    for headers in ({}, {"X-Sandbox-Token": "wrong"}):
        assert (await client.request(method, f"/_sandbox/{path}", headers=headers)).status_code == 401


async def test_health_needs_none_and_no_fault_reaches_it(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("down", seconds=1000))
    assert (await client.get("/_sandbox/healthz")).json() == {"platform": "petshop", "ready": True}


async def test_state_is_the_platforms_own_objects(client: httpx.AsyncClient) -> None:
    await client.post("/v1/pets", json=PET)
    state = (await client.get("/_sandbox/state", headers=CONTROL)).json()
    assert state == {"pet": [{"name": "Rex", "id": "pet_1"}]}


async def test_load_puts_scenario_data_in(client: httpx.AsyncClient) -> None:
    made = await client.post("/_sandbox/load", json={"pet": [{"id": "x"}]}, headers=CONTROL)
    assert (made.status_code, made.json()) == (201, {"pet": ["x"]})
    assert (await client.get("/v1/pets/x")).json() == {"id": "x"}


async def test_reset_is_as_new_but_keeps_the_secrets(client: httpx.AsyncClient, petshop: PetShop) -> None:
    key = petshop.credentials()
    await client.post("/v1/pets", json=PET)
    petshop.faults.add(Fault("500"))
    await petshop.advance_clock(datetime(2090, 1, 1, tzinfo=UTC))
    assert (await client.post("/_sandbox/reset", headers=CONTROL)).status_code == 204
    assert (await client.get("/v1/pets")).json() == {"data": []}
    assert petshop.clock.now().year < 2090
    assert (petshop.outbox.entries(), petshop.credentials()) == ([], key)


async def test_clock_takes_a_date_or_a_moment(client: httpx.AsyncClient, petshop: PetShop) -> None:
    async def to(text: str) -> httpx.Response:
        return await client.post("/_sandbox/clock", json={"to": text}, headers=CONTROL)

    assert (await to("2090-01-01")).json()["now"].startswith("2090-01-01T00:00:0")
    assert (await to("2090-01-01")).status_code == 200
    assert (await to("2090-02-01T10:00:00+02:00")).json()["now"].startswith("2090-02-01T08:00:0")
    for wrong in ("2089-01-01", "soon", ""):
        assert (await to(wrong)).status_code == 422
    assert (await client.get("/_sandbox/clock", headers=CONTROL)).json()["now"].startswith("2090-02-01")


WRONG_FAULTS = [
    {"outcome": "no"},
    {"outcome": "500", "unknown": 1},
    {"outcome": "500", "happened": 1},
    {},
    [],
    {"seed": 1, "rate": 2},
    {"seed": 1, "rate": 0.1, "outcomes": ["no"]},
]


@pytest.mark.parametrize("wrong", WRONG_FAULTS)
async def test_wrong_faults_are_told(wrong: object, client: httpx.AsyncClient) -> None:
    answer = await client.post("/_sandbox/faults", json=wrong, headers=CONTROL)
    assert answer.status_code == 422
    assert answer.json()["error"]


async def test_seeded_mode_over_http(client: httpx.AsyncClient) -> None:
    seeded = {"seed": 3, "rate": 1, "outcomes": ["503"]}
    assert (await client.post("/_sandbox/faults", json=seeded, headers=CONTROL)).status_code == 201
    assert (await client.get("/v1/pets")).status_code == 503
    await client.delete("/_sandbox/faults", headers=CONTROL)
    assert (await client.get("/v1/pets")).status_code == 200


async def test_outbox_is_shown(client: httpx.AsyncClient) -> None:
    await client.post("/v1/pets", json=PET)
    [webhook] = (await client.get("/_sandbox/outbox", headers=CONTROL)).json()["webhooks"]
    assert (webhook["id"], webhook["status"], json.loads(webhook["body"])) == (
        "pet_1",
        "waiting",
        {"made": "pet_1"},
    )


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/v1/token", 405)])
async def test_unknown_routes_get_the_vendors_error_body(
    path: str, status: int, client: httpx.AsyncClient
) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, f"E{status}")


async def test_too_large_a_body_is_refused(client: httpx.AsyncClient, app: Application) -> None:
    app.platform.body_limit_bytes = 10
    assert (await client.post("/v1/pets", json=PET)).status_code == 413
    assert app.platform.state.count("pet") == 0


async def test_a_bug_of_a_simulator_surfaces(client: httpx.AsyncClient) -> None:
    with pytest.raises(json.JSONDecodeError):
        await client.post("/v1/pets", content=b"{")


async def test_stale_read_spares_authentication(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("stale-read", seconds=1000))
    await client.post("/v1/token")
    assert not petshop.state.has_shadow
    await client.post("/v1/pets", json=PET)
    assert (await client.get("/v1/pets")).json() == {"data": []}
    assert (await client.get("/v1/pets")).json() == {"data": []}
    await client.delete("/_sandbox/faults", headers=CONTROL)
    assert len((await client.get("/v1/pets")).json()["data"]) == 1
