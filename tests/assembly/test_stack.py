"""The local stack with the real Temporal server; gateway and worker are stubs that are told how to behave."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assembly import programs
from assembly.home_lock import AlreadyRuns, is_locked
from assembly.leftovers import take_down
from assembly.processes import ProcessDied, Program, start_time
from assembly.programs import Ports
from assembly.settings import Settings, load_settings
from assembly.stack import Parts, Stopped, running_stack
from assembly.stack_state import Process, Stack, read_stack
from assembly.status import running_status
from tests.assembly.waiting import until

HERE = Path(__file__).parent

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("Q2C_SANDBOX__PLATFORMS", "[]")
    for name in ("TEMPORAL__PORT", "TEMPORAL__UI_PORT", "GATEWAY__PORT"):
        monkeypatch.setenv(f"Q2C_{name}", "0")
    return load_settings(with_stack=False)


def python(name: str, settings: Settings, ports: Ports, *arguments: str) -> Program:
    environment = programs.worker(settings, ports, 1, ()).environment
    return Program(name, [sys.executable, *arguments], environment, grace_seconds=2)


def stub_parts(*, gateway: list[str] | None = None, worker: tuple[str, ...] = ()) -> Parts:
    return Parts(
        gateway=lambda settings, ports: python(
            "gateway", settings, ports, *(gateway or [str(HERE / "stub_gateway.py"), str(ports.gateway)])
        ),
        worker=lambda settings, ports, number, queues: python(
            f"worker-{number}", settings, ports, str(HERE / "stub_worker.py"), queues[0], *worker
        ),
        queues=lambda _settings: ("q2c-workflows",),
    )


class Told:
    """What the stack says; `heard` waits for a line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._news.set()

    async def heard(self, wanted: Callable[[str], bool]) -> None:
        async with asyncio.timeout(60):
            while not any(wanted(line) for line in self.lines):
                self._news.clear()
                await self._news.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def nothing_left(state: Stack) -> bool:
    addresses = [state.temporal.address, state.temporal.ui or "", state.gateway_url]
    processes = [start_time(process.pid) == process.started for process in state.children]
    return not any(processes) and not any(listens(port_of(address)) for address in addresses)


async def test_a_stack_runs_and_leaves_no_process_and_no_port_behind(settings: Settings) -> None:
    async with running_stack(settings, Told(), stub_parts()) as stack:
        found: Any = running_status(load_settings())
        state = stack.state.model_copy(deep=True)
        assert listens(port_of(found["temporal"]["address"]))
        assert listens(port_of(found["temporal"]["ui"]))
        assert found["workers"] == [{"queue": "q2c-workflows", "pid": state.children[-1].pid}]
        assert [operator["role"] for operator in found["gateway"]["operators"]].count("finance") == 2
        assert is_locked(settings.home)
    assert nothing_left(state)
    assert not is_locked(settings.home)
    assert running_status(load_settings()) is None


async def test_workers_find_their_search_attributes_on_an_old_database_too(settings: Settings) -> None:
    from workflows._attributes import SEARCH_ATTRIBUTES

    async with running_stack(settings, Told(), stub_parts()) as stack:
        missing = await stack.missing_search_attributes([*SEARCH_ATTRIBUTES, "Q2CUnheardOf"])
    assert missing == ["Q2CUnheardOf"]


async def test_a_part_that_dies_at_the_start_is_named_with_its_log_and_all_is_stopped(
    settings: Settings,
) -> None:
    told = Told()
    parts = stub_parts(gateway=["-c", "raise SystemExit('the port is cursed')"])
    with pytest.raises(ProcessDied) as died:
        async with running_stack(settings, told, parts):
            pass
    assert "gateway ended with exit code 1" in str(died.value)
    assert "the port is cursed" in str(died.value)
    assert told.lines[-1] == "stopped"
    assert read_stack(settings.home) is None


async def test_a_part_that_hangs_is_killed_after_its_grace(settings: Settings) -> None:
    async with running_stack(settings, Told(), stub_parts(worker=("deaf",))) as stack:
        state = stack.state.model_copy(deep=True)
    assert nothing_left(state)


async def test_a_worker_that_dies_is_started_again(settings: Settings) -> None:
    told = Told()
    async with running_stack(settings, told, stub_parts()) as stack:
        watching = asyncio.create_task(stack.watch())
        first = stack.state.children[-1]
        os.kill(first.pid, signal.SIGKILL)
        await told.heard(lambda line: line == "worker-1 was killed by SIGKILL: starting it again")
        await until(lambda: stack.state.children[-1].pid != first.pid)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        state = stack.state.model_copy(deep=True)
    assert nothing_left(state)


async def test_one_that_keeps_dying_ends_the_stack(settings: Settings) -> None:
    told = Told()
    with pytest.raises(ProcessDied, match="gateway was killed by SIGKILL, for the 6th time in a minute"):
        await watch_while_gateways_are_killed(settings, told)
    assert told.lines[-1] == "stopped"


async def watch_while_gateways_are_killed(settings: Settings, told: Told) -> None:
    async with running_stack(settings, told, stub_parts()) as stack:
        killing = asyncio.create_task(until(partial(kill_gateway, stack.state)))
        try:
            await stack.watch()
        finally:
            killing.cancel()


def kill_gateway(state: Stack) -> bool:
    gateway = next(process for process in state.children if process.name == "gateway")
    if start_time(gateway.pid) == gateway.started:
        with contextlib.suppress(ProcessLookupError):  # the one before may go just now
            os.kill(gateway.pid, signal.SIGKILL)
    return False


async def test_a_signal_stops_everything(settings: Settings) -> None:
    states: list[Stack] = []
    with pytest.raises(Stopped):
        await watch_until_sigterm(settings, states)
    assert nothing_left(states[0])


async def watch_until_sigterm(settings: Settings, states: list[Stack]) -> None:
    async with running_stack(settings, Told(), stub_parts()) as stack:
        states.append(stack.state.model_copy(deep=True))
        os.kill(os.getpid(), signal.SIGTERM)
        await stack.watch()


async def test_a_signal_during_the_start_stops_everything(settings: Settings) -> None:
    told = Told()
    task = asyncio.create_task(enter(settings, told))
    await told.heard(lambda line: line.startswith("temporal"))
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped):
        await task
    assert told.lines[-1] == "stopped"
    assert read_stack(settings.home) is None


async def enter(settings: Settings, told: Told) -> None:
    async with running_stack(settings, told, stub_parts(gateway=["-c", "import time; time.sleep(600)"])):
        pass


async def test_a_second_stack_in_the_same_home_is_refused(settings: Settings) -> None:
    async with running_stack(settings, Told(), stub_parts()):
        with pytest.raises(AlreadyRuns):
            async with running_stack(settings, Told(), stub_parts()):
                pass


async def test_what_a_killed_supervisor_left_is_stopped_by_down(settings: Settings) -> None:
    async with running_stack(settings, Told(), stub_parts()) as stack:
        state = stack.state.model_copy(deep=True)
        nobody = Process(name="q2c up", pid=state.supervisor.pid, started="long ago")
        stack.state.model_copy(update={"supervisor": nobody}).keep(settings.home)
        told: list[str] = []
        assert await asyncio.to_thread(take_down, settings.home, told.append)
        assert [line.split()[1].rstrip(",") for line in told] == ["worker-1", "gateway", "temporal"]
        assert nothing_left(state)


def test_down_without_a_stack_does_nothing(tmp_path: Path) -> None:
    assert not take_down(tmp_path, print)


def test_the_stack_does_not_use_the_temporal_that_the_environment_names(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "prod.example.com:7233")
    monkeypatch.setenv("TEMPORAL_API_KEY", "production")
    ports = Ports(temporal=1, temporal_http=2, temporal_metrics=3, ui=4, gateway=5, platforms={})
    for program in (programs.worker(settings, ports, 1, ()), programs.gateway(settings, ports)):
        assert program.environment["TEMPORAL_ADDRESS"] == "127.0.0.1:1"
        assert "TEMPORAL_API_KEY" not in program.environment
