"""Each outcome of INTERFACES.md: what the client sees, and what the platform did."""

import httpx
import pytest

from sandbox.kit.application import Application
from sandbox.kit.faults import OUTCOMES, Fault, Faults
from sandbox.kit.state import State
from tests.sandbox.conftest import CONTROL
from tests.sandbox.petshop import PetShop

PET = {"name": "Rex", "status": "new"}

LOSSES = [
    ("refused", httpx.ConnectError, 0),
    ("down", httpx.ConnectError, 0),
    ("not-applied-then-timeout", httpx.ReadTimeout, 0),
    ("applied-then-timeout", httpx.ReadTimeout, 1),
    ("applied-then-cut", httpx.RemoteProtocolError, 1),
]


@pytest.mark.parametrize(("outcome", "error", "applied"), LOSSES)
async def test_lost_exchange_raises_and_is_applied_or_not(
    outcome: str, error: type[Exception], applied: int, client: httpx.AsyncClient, petshop: PetShop
) -> None:
    petshop.faults.add(Fault(outcome))
    with pytest.raises(error):
        await client.post("/v1/pets", json=PET)
    assert petshop.state.count("pet") == applied
    assert (await client.post("/v1/pets", json=PET)).status_code == 201


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_status_is_answered_in_the_vendors_words_and_nothing_applied(
    status: int, client: httpx.AsyncClient, petshop: PetShop
) -> None:
    petshop.faults.add(Fault(str(status), seconds=7))
    answer = await client.post("/v1/pets", json=PET)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, f"E{status}")
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    assert petshop.state.count("pet") == 0


async def test_applied_then_500_is_applied(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("applied-then-500"))
    assert (await client.post("/v1/pets", json=PET)).status_code == 500
    assert petshop.state.count("pet") == 1


async def test_twice_has_two_effects_and_the_second_answer(
    client: httpx.AsyncClient, petshop: PetShop
) -> None:
    petshop.faults.add(Fault("twice"))
    assert (await client.post("/v1/pets", json=PET)).json()["id"] == "pet_2"
    assert petshop.state.count("pet") == 2


async def test_slow_is_a_timeout_for_the_impatient_only(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("slow", times=2))
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/v1/pets", timeout=1)
    assert (await client.get("/v1/pets", timeout=10)).status_code == 200


async def test_expired_token_is_401_once(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("token-expired"))
    assert [(await client.get("/v1/pets")).status_code for _ in range(2)] == [401, 200]


DRIFTS = [
    ("field-added", {"id": "pet_1", **PET, "new_field_of_the_vendor": {"version": 2}}),
    ("field-removed", {"id": "pet_1", "status": "new"}),
    ("field-renamed", {"id": "pet_1", "name_v2": "Rex", "status": "new"}),
    ("field-retyped", {"id": "pet_1", "name": {"value": "Rex"}, "status": "new"}),
    ("enum-added", {"id": "pet_1", "name": "Rex", "status": "new_value_of_the_vendor"}),
]


@pytest.mark.parametrize(("outcome", "drifted"), DRIFTS)
@pytest.mark.parametrize("path", ["/v1/pets", "/v1/pets/pet_1"])
async def test_drift_changes_the_answer_and_not_the_object(
    outcome: str, drifted: dict[str, object], path: str, client: httpx.AsyncClient, petshop: PetShop
) -> None:
    await client.post("/v1/pets", json=PET)
    petshop.faults.add(Fault(outcome))
    shown = (await client.get(path)).json()
    assert (shown["data"][0] if "data" in shown else shown) == drifted
    assert petshop.state.get("pet", "pet_1") == {"id": "pet_1", **PET}


async def test_drift_waits_for_an_answer_that_can_drift(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("field-removed", field="name"))
    assert (await client.get("/v1/pets")).json() == {"data": []}
    assert "name" not in (await client.post("/v1/pets", json=PET)).json()
    assert petshop.faults.list() == []


async def test_stale_read_answers_from_before_the_latest_write(
    client: httpx.AsyncClient, petshop: PetShop
) -> None:
    await client.post("/v1/pets", json=PET)
    petshop.faults.add(Fault("stale-read", times=2))
    assert len((await client.get("/v1/pets")).json()["data"]) == 1
    await client.post("/v1/pets", json=PET)
    assert len((await client.get("/v1/pets")).json()["data"]) == 1
    assert (await client.get("/v1/pets/pet_2")).status_code == 404
    assert len((await client.post("/v1/search")).json()["data"]) == 2
    assert not petshop.state.has_shadow


async def test_route_and_after_choose_the_request(client: httpx.AsyncClient, petshop: PetShop) -> None:
    petshop.faults.add(Fault("500", route="GET /v1/pets/*", after=1, times=2))
    await client.post("/v1/pets", json=PET)
    assert (await client.get("/v1/pets")).status_code == 200
    statuses = [(await client.get("/v1/pets/pet_1")).status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]


async def test_faults_without_route_spare_authentication_and_writes_faults_spare_reads(
    client: httpx.AsyncClient, petshop: PetShop
) -> None:
    petshop.faults.add(Fault("applied-then-500"))
    assert (await client.post("/v1/token")).status_code == 200
    assert (await client.get("/v1/pets")).status_code == 200
    assert (await client.post("/v1/search")).status_code == 200
    assert (await client.post("/v1/pets", json=PET)).status_code == 500


def test_down_lasts_its_seconds_and_reaches_authentication_too() -> None:
    now = [1000.0]
    faults = Faults(State(":memory:"), real=lambda: now[0])
    faults.add(Fault("down", seconds=5))
    assert faults.for_request("POST", "/token", write=True, exempt=True)
    now[0] += 4
    assert faults.for_request("GET", "/", write=False)
    now[0] += 1
    assert faults.for_request("GET", "/", write=False) is None
    assert faults.list() == []


def test_faults_survive_a_restart() -> None:
    state = State(":memory:")
    Faults(state).add(Fault("500", times=2, after=1))
    assert Faults(state).for_request("GET", "/", write=False) is None
    assert Faults(state).for_request("GET", "/", write=False) is not None
    assert Faults(state).list()[0].happened == 1


def test_period_closed_is_for_the_vendor_to_ask() -> None:
    faults = Faults(State(":memory:"))
    faults.add(Fault("period-closed", route="/journal*"))
    assert faults.for_request("POST", "/journalEntry", write=True) is None
    assert faults.active("period-closed")
    assert faults.consume("period-closed", "POST", "/invoice") is None
    assert faults.consume("period-closed", "POST", "/journalEntry") is not None
    assert not faults.active("period-closed")


def _drawn(seed: int, rate: float) -> list[str | None]:
    faults = Faults(State(":memory:"))
    faults.seed(seed, rate)
    drawn = [faults.for_request("POST", "/", write=True) for _ in range(200)]
    return [fault.outcome if fault else None for fault in drawn]


def test_a_seed_draws_the_same_faults_each_time() -> None:
    assert _drawn(7, 0.3) == _drawn(7, 0.3) != _drawn(8, 0.3)
    assert 30 <= sum(outcome is not None for outcome in _drawn(7, 0.3)) <= 90
    assert set(_drawn(7, 0)) == {None}


def test_seeded_reads_draw_no_fault_of_writes() -> None:
    faults = Faults(State(":memory:"))
    faults.seed(1, 1, ["twice", "503"])
    drawn = [faults.for_request("GET", "/", write=False) for _ in range(20)]
    assert {fault.outcome for fault in drawn if fault} == {"503"}


@pytest.mark.parametrize("wrong", [{"outcome": "no"}, {"outcome": "500", "times": 0}])
def test_wrong_faults_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"outcome|times"):
        Fault(**wrong)  # type: ignore[arg-type]


async def test_request_log_tells_what_the_platform_answered_whether_it_arrived_or_not(
    client: httpx.AsyncClient, app: Application
) -> None:
    app.platform.faults.add(Fault("applied-then-timeout"))
    app.platform.faults.add(Fault("refused", after=0))
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            await client.post("/v1/pets", json=PET)
    await client.get("/v1/pets?limit=3")
    answer = await client.get("/_sandbox/requests", headers=CONTROL)
    seen = [(r["method"], r["query"], r["status"], r["fault"]) for r in answer.json()["requests"]]
    assert seen == [
        ("POST", "", 201, "applied-then-timeout"),
        ("POST", "", None, "refused"),
        ("GET", "limit=3", 200, None),
    ]


async def test_every_outcome_can_be_set_over_http(client: httpx.AsyncClient) -> None:
    for outcome in OUTCOMES:
        answer = await client.post("/_sandbox/faults", json={"outcome": outcome}, headers=CONTROL)
        assert answer.status_code == 201
    listed = (await client.get("/_sandbox/faults", headers=CONTROL)).json()["faults"]
    assert [fault["outcome"] for fault in listed] == list(OUTCOMES)
    assert (await client.delete("/_sandbox/faults", headers=CONTROL)).status_code == 204
    assert (await client.get("/v1/pets")).status_code == 200
