"""`q2c sandbox` and `q2c trigger` against simulators on sockets."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from assembly.stack_state import Process, SimulatedPlatform, Stack, TemporalAddress
from sandbox.kit.application import Application
from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.server import Certificate, listen, serving
from sandbox.kit.state import State
from sandbox.kit.tls import ensure_authority, issue
from tests.cli.conftest import ServedGateway
from tests.cli.running import Command
from tests.cli.test_operations import CONTRACT

TOKEN = "control"
NAMES = ("salesforce", "netsuite", "avatax")


class Simulated:
    """Three simulators, found by the command line as those of a running stack."""

    def __init__(self, home: Path) -> None:
        self.platforms: dict[str, Platform] = {}
        self.apps: dict[str, Application] = {}
        self._home = home
        self._tls = home / "sandbox" / "tls"

    def described(self, ports: dict[str, int]) -> Stack:
        ca_file = str(ensure_authority(self._tls))
        return Stack(
            status="running",
            supervisor=Process(name="q2c up", pid=1, started="never"),
            temporal=TemporalAddress(address="127.0.0.1:9", ui=None, namespace="default"),
            gateway_url="http://127.0.0.1:9",
            platforms={
                name: SimulatedPlatform(
                    url=f"https://127.0.0.1:{port}",
                    ca_file=ca_file,
                    credentials=self.platforms[name].credentials(),
                )
                for name, port in ports.items()
            },
        )

    def make(self, name: str, port: int) -> Any:
        config = PlatformConfig(
            secrets_dir=self._home / "sandbox" / name,
            control_token=TOKEN,
            base_url=f"https://127.0.0.1:{port}",
            webhook_url="http://127.0.0.1:9/webhooks",
        )
        self.platforms[name] = import_module(f"sandbox.{name}").create(State(":memory:"), config=config)
        return build_app(self.platforms[name])

    def certificate(self) -> Certificate:
        return Certificate(*issue(self._tls, "127.0.0.1", "localhost"))


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[Simulated]:
    home = tmp_path / "home"
    (home / "sandbox").mkdir(parents=True)
    (home / "sandbox" / "control-token").write_text(TOKEN)
    made = Simulated(home)
    sockets = {name: listen("127.0.0.1", 0) for name in NAMES}
    ports = {name: each.getsockname()[1] for name, each in sockets.items()}
    apps = {name: made.make(name, ports[name]) for name in NAMES}
    made.described(ports).keep(home)
    certificate = made.certificate()
    with (
        serving(apps["salesforce"], sockets["salesforce"], certificate),
        serving(apps["netsuite"], sockets["netsuite"], certificate),
        serving(apps["avatax"], sockets["avatax"], certificate),
    ):
        yield made


@pytest.fixture
def contract_file(tmp_path: Path) -> str:
    usage_line = {"id": "U1", "product": "CALLS", "charge": "usage"}
    usage_line |= {"pricing": {"model": "per_unit", "unit_price": "0.02"}}  # type: ignore[dict-item]
    contract = {**CONTRACT["contract"], "lines": [*CONTRACT["contract"]["lines"], usage_line]}
    used = {"line": "U1", "date": "2026-02-10", "quantity": "5"}
    contract["id"] = tmp_path.name  # the gateway is shared, its usage is this test's alone
    path = tmp_path / "contract.json"
    path.write_text(json.dumps({**CONTRACT, "contract": contract, "usage": [used, used]}))
    return str(path)


def test_a_fault_is_set_listed_and_cleared(q2c: Command, simulated: Simulated) -> None:
    options = ("--outcome", "applied-then-timeout", "--route", "POST /v1/*", "--times", "2", "-o", "json")
    made = q2c("sandbox", "fault", "netsuite", *options)
    assert made.exit_code == 0
    assert (made.json["outcome"], made.json["times"]) == ("applied-then-timeout", 2)
    assert simulated.platforms["netsuite"].faults.active("applied-then-timeout")
    assert len(q2c("sandbox", "fault", "netsuite", "-o", "json").json) == 1
    assert q2c("sandbox", "fault", "netsuite", "--clear", "-o", "json").json == []


def test_an_unknown_outcome_is_wrong_input_and_named(q2c: Command, simulated: Simulated) -> None:
    outcome = q2c("sandbox", "fault", "netsuite", "--outcome", "bad-luck")
    assert outcome.exit_code == 2
    assert "outcome: 'bad-luck' is none of refused, " in outcome.stderr


def test_an_unknown_platform_is_wrong_input(q2c: Command, simulated: Simulated) -> None:
    outcome = q2c("sandbox", "state", "oracle")
    expected = "PLATFORM: 'oracle' is none of salesforce, netsuite, avatax\n"
    assert (outcome.exit_code, outcome.stderr) == (2, expected)


def test_the_clock_is_set_forward_on_all_simulators(q2c: Command, simulated: Simulated) -> None:
    moved = q2c("sandbox", "clock", "--to", "2099-01-01", "-o", "json").json
    assert {row["platform"] for row in moved} == set(NAMES)
    assert all(row["now"].startswith("2099-01-01T00:00:00") for row in moved)
    back = q2c("sandbox", "clock", "--to", "2098-01-01")
    assert back.exit_code == 2
    assert "the clock only goes forward" in back.stderr
    assert q2c("sandbox", "clock", "--to", "soon").exit_code == 2


def test_a_simulator_that_is_gone_is_not_reachable(
    q2c: Command, simulated: Simulated, tmp_path: Path
) -> None:
    simulated.described({"salesforce": 9}).keep(tmp_path / "home")
    assert q2c("sandbox", "state", "salesforce").exit_code == 4


def test_a_contract_is_approved_in_the_crm_which_sends_its_webhook(
    q2c: Command, simulated: Simulated, gateway: ServedGateway, contract_file: str
) -> None:
    outcome = q2c("trigger", "salesforce", contract_file, "--times", "2", "-o", "json")
    assert outcome.exit_code == 0
    assert outcome.json["version"] == 1
    outbox = simulated.platforms["salesforce"].outbox
    assert sum(entry["copies"] for entry in outbox.entries()) == 2 or len(outbox.entries()) == 2
    assert q2c("sandbox", "state", "salesforce", "-o", "json").json["Contract"]
    change = q2c("trigger", "salesforce", contract_file, "--change", "CH-1", "-o", "json")
    assert change.json["version"] == 2


def test_usage_is_reported_once_however_often_a_file_is_triggered(
    q2c: Command, simulated: Simulated, gateway: ServedGateway, contract_file: str
) -> None:
    first = q2c("trigger", "salesforce", contract_file)
    again = q2c("trigger", "salesforce", contract_file)
    assert "usage: 2 recorded, 0 known already" in first.stderr
    assert "usage: 0 recorded, 2 known already" in again.stderr


def test_an_invalid_file_triggers_nothing(q2c: Command, simulated: Simulated, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**CONTRACT, "as_off": "2026-12-31"}))
    outcome = q2c("trigger", "salesforce", str(path))
    assert outcome.exit_code == 2
    assert "as_off" in outcome.stderr
    assert not simulated.platforms["salesforce"].outbox.entries()


def test_a_platform_that_approves_nothing_is_refused(
    q2c: Command, simulated: Simulated, contract_file: str
) -> None:
    outcome = q2c("trigger", "netsuite", contract_file)
    assert (outcome.exit_code, outcome.stderr) == (
        2,
        "PLATFORM: netsuite approves no contracts; salesforce does\n",
    )


def test_reset_makes_a_simulator_as_new(q2c: Command, simulated: Simulated) -> None:
    q2c("sandbox", "fault", "avatax", "--outcome", "500")
    assert q2c("sandbox", "reset", "avatax").exit_code == 0
    assert not simulated.platforms["avatax"].faults.list()
    assert q2c("sandbox", "reset").exit_code == 0
