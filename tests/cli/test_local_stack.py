"""`q2c up`, `status`, `down` as a user has them: real processes, the whole system."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from assembly.processes import start_time
from assembly.stack_state import Stack, read_stack
from tests.assembly.waiting import until as wait_until
from tests.cli.test_operations import CONTRACT

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]
PLATFORMS = {"salesforce", "stripe", "netsuite", "avatax"}


class Terminal:
    """A terminal whose state is in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        own = {name: value for name, value in os.environ.items() if not name.startswith("Q2C_")}
        self.environment = {**own, "Q2C_HOME": str(home)}

    def q2c(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def status(self) -> Any:
        return json.loads(self.q2c("status", "-o", "json").stdout)

    def contract(self, id: str, *, until: Callable[[Any], Any]) -> Any:
        """What `contract show` says once the condition holds."""
        last: list[str] = []

        def holds() -> bool:
            ran = self.q2c("contract", "show", id, "-o", "json")
            last[:] = [ran.stdout, ran.stderr]
            return ran.returncode == 0 and bool(until(json.loads(ran.stdout)))

        try:
            asyncio.run(wait_until(holds))
        except TimeoutError:
            pytest.fail(f"{id} did not get there: {last}")
        return json.loads(last[0])

    def stack(self) -> Stack:
        stack = read_stack(self.home)
        assert stack is not None
        return stack


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    made = Terminal(tmp_path_factory.mktemp("stack") / "home")
    up = made.q2c("up", "--detach")
    assert up.returncode == 0, up.stderr
    yield made
    made.q2c("down")


def listens(url: str) -> bool:
    where = urlsplit(url if "//" in url else f"//{url}")
    with socket.socket() as probe:
        return probe.connect_ex((where.hostname or "", where.port or 0)) == 0


def addresses(status: Any) -> list[str]:
    platforms = [platform["url"] for platform in status["platforms"].values()]
    return [status["temporal"]["address"], status["temporal"]["ui"], status["gateway"]["url"], *platforms]


def test_status_has_the_shape_that_is_relied_on(terminal: Terminal) -> None:
    status = terminal.status()
    assert set(status) == {"temporal", "gateway", "platforms", "workers"}
    assert set(status["temporal"]) == {"address", "ui", "namespace"}
    assert set(status["gateway"]) == {"url", "operators"}
    assert all(set(operator) == {"name", "role", "token"} for operator in status["gateway"]["operators"])
    assert set(status["platforms"]) == PLATFORMS
    assert all(set(each) == {"url", "ca_file", "credentials"} for each in status["platforms"].values())
    queues = {worker["queue"] for worker in status["workers"]}
    assert queues == {"q2c-workflows", *(f"q2c-{name}" for name in PLATFORMS)}
    assert all(listens(address) for address in addresses(status))


def test_credentials_have_the_vendors_names(terminal: Terminal) -> None:
    platforms = terminal.status()["platforms"]
    salesforce = platforms["salesforce"]["credentials"]
    assert {"username", "consumer_key", "private_key_file", "session_id", "webhook_secret"} <= set(salesforce)
    assert {"api_key", "webhook_secret"} <= set(platforms["stripe"]["credentials"])


def test_simulators_speak_https_by_the_local_authority(terminal: Terminal) -> None:
    for platform in terminal.status()["platforms"].values():
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{platform['url']}/_sandbox/healthz", trust_env=False)
        context = ssl.create_default_context(cafile=platform["ca_file"])
        answer = httpx.get(f"{platform['url']}/_sandbox/healthz", verify=context, trust_env=False)
        assert answer.status_code == 200


def test_the_gateway_is_ready_and_knows_the_operators(terminal: Terminal) -> None:
    gateway = terminal.status()["gateway"]
    assert httpx.get(f"{gateway['url']}/readyz", trust_env=False).status_code == 200
    assert httpx.get(f"{gateway['url']}/openapi.json", trust_env=False).status_code == 200
    for operator in gateway["operators"]:
        headers = {"Authorization": f"Bearer {operator['token']}"}
        answer = httpx.get(f"{gateway['url']}/api/v1/whoami", headers=headers, trust_env=False)
        assert answer.json() == {"name": operator["name"], "role": operator["role"]}


def test_the_platforms_take_our_credentials(terminal: Terminal) -> None:
    checked = terminal.q2c("platform", "check", "-o", "json")
    assert checked.returncode == 0, checked.stdout
    assert {row["name"] for row in json.loads(checked.stdout)} == PLATFORMS


def test_a_second_up_says_that_the_stack_runs_and_where(terminal: Terminal) -> None:
    before = terminal.status()
    again = terminal.q2c("up", "-o", "json")
    assert again.returncode == 0
    assert f"the stack of {terminal.home} runs already" in again.stderr
    assert json.loads(again.stdout) == before


def test_state_and_logs_are_for_their_owner_only(terminal: Terminal) -> None:
    assert terminal.home.stat().st_mode & 0o777 == 0o700
    for name in ("stack.json", "embedded.json"):
        assert (terminal.home / name).stat().st_mode & 0o777 == 0o600


def test_no_token_or_credential_is_in_a_log_or_an_argument(terminal: Terminal) -> None:
    status = terminal.status()
    secrets = [operator["token"] for operator in status["gateway"]["operators"]]
    salesforce, stripe = (status["platforms"][name]["credentials"] for name in ("salesforce", "stripe"))
    secrets += [salesforce["webhook_secret"], salesforce["session_id"], stripe["api_key"]]
    told = "".join(log.read_text(errors="replace") for log in (terminal.home / "logs").iterdir())
    for child in terminal.stack().children:
        command = Path(f"/proc/{child.pid}/cmdline")
        told += command.read_text() if command.exists() else ""
    assert not [secret for secret in secrets if secret in told]


def test_an_approval_goes_all_the_way_to_the_ledger(terminal: Terminal, tmp_path: Path) -> None:
    line = {**CONTRACT["contract"]["lines"][0], "product": "PLATFORM-SEAT"}
    path = tmp_path / "contract.json"
    path.write_text(json.dumps({**CONTRACT, "contract": {**CONTRACT["contract"], "lines": [line]}}))
    assert terminal.q2c("trigger", "salesforce", str(path), "--times", "2").returncode == 0
    shown = terminal.contract(
        "C-1", until=lambda shown: shown["documents"] and shown["documents"][0]["posted"]
    )
    assert (shown["status"], shown["exceptions"]) == ("active", [])
    (document,) = shown["documents"]
    assert (document["kind"], document["total"]) == ("invoice", "1200.00")
    assert document["posted"]["platform"] == "netsuite"
    held = json.loads(terminal.q2c("sandbox", "state", "stripe", "-o", "json").stdout)
    assert len(held["invoice"]) == 1
    timeline = json.loads(terminal.q2c("contract", "timeline", "C-1", "-o", "json").stdout)
    assert all(
        set(item) == {"at", "kind", "summary", "actor", "correlation_id", "links"} for item in timeline
    )


def test_after_a_kill_of_up_down_still_stops_everything(terminal: Terminal) -> None:
    stack, status = terminal.stack(), terminal.status()
    os.kill(stack.supervisor.pid, signal.SIGKILL)
    down = terminal.q2c("down")
    assert down.returncode == 0
    assert "left behind" in down.stderr
    assert not [child.name for child in stack.children if start_time(child.pid) == child.started]
    assert not [address for address in addresses(status) if listens(address)]
    assert terminal.q2c("status").returncode == 4


def test_it_comes_up_again_with_what_it_had_and_ends_by_ctrl_c(terminal: Terminal) -> None:
    operators = (terminal.home / "embedded.json").read_bytes()
    assert terminal.q2c("up", "--detach").returncode == 0
    assert (terminal.home / "embedded.json").read_bytes() == operators
    stack, status = terminal.stack(), terminal.status()
    os.kill(stack.supervisor.pid, signal.SIGINT)
    assert terminal.q2c("down").returncode == 0
    assert not [child.name for child in stack.children if start_time(child.pid) == child.started]
    assert not [address for address in addresses(status) if listens(address)]
