"""The local stack: started in parallel, watched, and stopped in order, leaving nothing behind.

    temporal ─┐
              ├─ gateway ──┐
    simulators┘  workers ──┴─ running

`running_stack` is the whole life: a process that dies at the start stops all (its log's end is told); one
that dies later is started again, a few times. SIGINT, SIGTERM and SIGHUP end it; a second signal kills.
"""

import asyncio
import os
import signal
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from assembly import programs
from assembly.home_lock import locked
from assembly.leftovers import in_stop_order, stop_leftovers
from assembly.ports import HOST, Claims
from assembly.probes import GatewayProbe, SimulatorProbe, TemporalProbe, loopback_client, until_ready
from assembly.processes import Child, ProcessDied, Program, start, start_time
from assembly.programs import Ports
from assembly.settings import Settings
from assembly.stack_state import (
    LOGS,
    Process,
    SimulatedPlatform,
    Stack,
    TemporalAddress,
    ensure_embedded,
    forget_stack,
)

Say = Callable[[str], None]

_READY_SECONDS = 45.0
_RESTARTS, _RESTARTS_WITHIN_SECONDS = 5, 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal ended the stack; everything has been stopped."""


def all_queues(platforms: Iterable[str]) -> tuple[str, ...]:
    """The task queues of a system with these platforms: the workflows', and one for each."""
    from workflows._options import WORKFLOW_QUEUE, platform_queue

    return (WORKFLOW_QUEUE, *(platform_queue(name) for name in platforms))


@dataclass(frozen=True)
class Parts:
    """What the stack runs besides Temporal and the simulators."""

    gateway: Callable[[Settings, Ports], Program] = programs.gateway
    worker: Callable[[Settings, Ports, int, tuple[str, ...]], Program] = programs.worker
    queues: Callable[[Iterable[str]], tuple[str, ...]] = all_queues


@asynccontextmanager
async def running_stack(
    settings: Settings, say: Say, parts: Parts | None = None
) -> AsyncIterator["LocalStack"]:
    """Starts the stack, gives it when everything answers, and stops it at the end.

    Raises AlreadyRuns, ProcessDied (a part did not come up), and Stopped after a signal. The body must not
    swallow cancellation.
    """
    stack = LocalStack(settings, say, parts or Parts())
    task = asyncio.current_task()
    assert task is not None
    with locked(settings.home), _ended_by_signals(task, stack):
        try:
            await stack.start()
            yield stack
        except asyncio.CancelledError:
            if not stack.signalled:
                raise
            task.uncancel()
            raise Stopped from None
        finally:
            await stack.stop()
    if stack.signalled:
        raise Stopped


class LocalStack:
    """The processes of one home. Use `running_stack`."""

    def __init__(self, settings: Settings, say: Say, parts: Parts) -> None:
        self.settings = settings
        self._parts = parts
        self.signalled = False
        self.stopping = False
        self._say = say
        self._claims = Claims()
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_RESTARTS))
        self._began = time.monotonic()

    async def start(self) -> None:
        home = self.settings.home
        await asyncio.to_thread(stop_leftovers, home, self._say)
        ensure_embedded(home)
        _turn_logs(home / LOGS)
        self._ports = self._claim_ports()
        self.state = self._first_state()
        self.state.keep(home)
        async with loopback_client() as client:
            await _all_or_none(self._start_simulators(), self._start_temporal(client))
            queues = self.settings.workers.queues or self._parts.queues(self._platforms())
            await _all_or_none(self._start_gateway(client), self._start_workers(queues, client))
        self.state.status = "running"
        self.state.keep(home)

    async def watch(self) -> None:
        """Starts again what dies; ProcessDied when one keeps dying. Returns only by that or cancellation."""
        await _all_or_none(*(self._watch(name) for name in self._children))

    async def stop(self) -> None:
        """Workers, gateway, simulators, Temporal: each after the one before has gone."""
        self.stopping = True
        self._say("stopping")
        if hasattr(self, "state"):
            self.state.status = "stopping"
            self.state.keep(self.settings.home)
        for group in in_stop_order(self._children):
            await asyncio.gather(*(self._children[name].stop() for name in group))
        forget_stack(self.settings.home)
        self._claims.release()
        self._say("stopped")

    async def missing_search_attributes(self, wanted: Iterable[str]) -> list[str]:
        """Those that its Temporal does not know."""
        async with loopback_client() as client:
            return await self._temporal(client).missing_search_attributes(wanted)

    def kill(self) -> None:
        """At once, without a chance to end well."""
        for child in self._children.values():
            child.kill()

    def _claim_ports(self) -> Ports:
        claim, wanted = self._claims.claim, self.settings
        first = wanted.sandbox.port
        simulated = [
            name
            for name in wanted.sandbox.platforms
            if name not in wanted.platforms or wanted.platforms[name].url is None
        ]
        return Ports(
            temporal=claim(wanted.temporal.port),
            temporal_http=claim(0),
            temporal_metrics=claim(0),
            ui=claim(wanted.temporal.ui_port),
            gateway=claim(wanted.gateway.port),
            platforms={name: claim(first and first + place) for place, name in enumerate(simulated)},
        )

    def _platforms(self) -> list[str]:
        """Those that have an address: configured, or simulated here."""
        configured = [name for name, each in self.settings.platforms.items() if each.url is not None]
        return [*configured, *self._ports.platforms]

    def _first_state(self) -> Stack:
        pid = os.getpid()
        return Stack(
            supervisor=Process(name="q2c up", pid=pid, started=start_time(pid) or ""),
            temporal=TemporalAddress(
                address=f"{HOST}:{self._ports.temporal}",
                ui=f"http://{HOST}:{self._ports.ui}",
                namespace=programs.NAMESPACE,
            ),
            gateway_url=f"http://{HOST}:{self._ports.gateway}",
        )

    def _temporal(self, client: httpx.AsyncClient) -> TemporalProbe:
        return TemporalProbe(client, self._ports.temporal_http, programs.NAMESPACE)

    async def _start_temporal(self, client: httpx.AsyncClient) -> None:
        # imported here: it loads Temporal's library, meanwhile the simulators start
        from workflows._attributes import SEARCH_ATTRIBUTES

        child = await self._spawn(programs.temporal(self.settings, self._ports, SEARCH_ATTRIBUTES))
        await until_ready(child, self._temporal(client).serves, seconds=_READY_SECONDS)
        missing = await self._temporal(client).missing_search_attributes(SEARCH_ATTRIBUTES)
        if missing:
            await self._add_search_attributes({name: SEARCH_ATTRIBUTES[name] for name in missing})
        self._ready(f"temporal    {self.state.temporal.address}, Web UI {self.state.temporal.ui}")

    async def _add_search_attributes(self, missing: dict[str, str]) -> None:
        command = [str(programs.temporal_binary()), "operator", "search-attribute", "create"]
        command += ["--address", self.state.temporal.address, "--namespace", programs.NAMESPACE]
        for name, kind in missing.items():
            command += ["--name", name, "--type", kind]
        child = await start(Program("search-attributes", command), self._log("search-attributes"))
        how = await child.ended()
        if how != "ended with exit code 0":
            raise ProcessDied(child.name, how, child.log)

    async def _start_simulators(self) -> None:
        if not self._ports.platforms:
            return
        directory = self.settings.home / "sandbox"
        child = await self._spawn(programs.simulators(self.settings, self._ports))
        probes = [SimulatorProbe(name, port, directory) for name, port in self._ports.platforms.items()]
        for probe in probes:
            await until_ready(child, probe.serves, seconds=_READY_SECONDS)
            if probe.platform is not None:
                self._found(probe.name, probe.platform)
        self._ready(f"simulators  {', '.join(self._ports.platforms)}")

    def _found(self, name: str, platform: SimulatedPlatform) -> None:
        self.state.platforms[name] = platform
        self.state.keep(self.settings.home)

    async def _start_gateway(self, client: httpx.AsyncClient) -> None:
        child = await self._spawn(self._parts.gateway(self.settings, self._ports))
        probe = GatewayProbe(client, self.state.gateway_url)
        await until_ready(child, probe.serves, seconds=_READY_SECONDS)
        self._ready(f"gateway     {self.state.gateway_url}")

    async def _start_workers(self, queues: tuple[str, ...], client: httpx.AsyncClient) -> None:
        processes = min(self.settings.workers.processes, len(queues))
        shares = [queues[number::processes] for number in range(processes)]
        starts = [self._start_worker(number, share, client) for number, share in enumerate(shares, 1)]
        await _all_or_none(*starts)
        self._ready(f"workers     {processes} for {len(queues)} queues")

    async def _start_worker(self, number: int, queues: tuple[str, ...], client: httpx.AsyncClient) -> None:
        program = self._parts.worker(self.settings, self._ports, number, queues)
        self.state.queues[program.name] = list(queues)
        child = await self._spawn(program)
        from assembly.pausing import paused_platforms  # loads Temporal's library

        paused = all_queues(await paused_platforms(self.settings.database_url))[1:]
        for queue in queues:
            if queue in paused:
                continue  # nobody polls it until the platform is resumed
            polled = partial(self._temporal(client).polled_by, queue, child.pid)
            await until_ready(child, polled, seconds=_READY_SECONDS)

    async def _spawn(self, program: Program) -> Child:
        child = await start(program, self._log(program.name))
        self._children[program.name] = child
        others = [each for each in self.state.children if each.name != program.name]
        self.state.children = [*others, child.described()]
        self.state.keep(self.settings.home)
        return child

    async def _watch(self, name: str) -> None:
        while True:
            child = self._children[name]
            how = await child.ended()
            child.kill()
            deaths = self._deaths[name]
            if len(deaths) == _RESTARTS and time.monotonic() - deaths[0] < _RESTARTS_WITHIN_SECONDS:
                raise ProcessDied(name, f"{how}, for the {_RESTARTS + 1}th time in a minute", child.log)
            deaths.append(time.monotonic())
            self._say(f"{name} {how}: starting it again")
            await self._spawn(child.program)

    def _log(self, name: str) -> Path:
        return self.settings.home / LOGS / f"{name}.log"

    def _ready(self, what: str) -> None:
        self._say(f"{what} ({time.monotonic() - self._began:.1f} s)")


@contextmanager
def _ended_by_signals(task: asyncio.Task[Any], stack: LocalStack) -> Iterator[None]:
    """While it lasts, the first signal cancels the task, and one while it stops kills the children."""

    def on_signal() -> None:
        if stack.stopping:
            stack.kill()
        elif not stack.signalled:
            stack.signalled = True
            task.cancel()

    loop = asyncio.get_running_loop()
    for each in _SIGNALS:
        loop.add_signal_handler(each, on_signal)
    try:
        yield
    finally:
        for each in _SIGNALS:
            loop.remove_signal_handler(each)


async def _all_or_none(*work: Coroutine[Any, Any, None]) -> None:
    """All at once; the first failure cancels the others and is raised itself."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _turn_logs(directory: Path) -> None:
    """Keep the logs of the start before this one as `.1`."""
    for log in directory.glob("*.log"):
        if log.name != "up.log":
            log.replace(log.with_suffix(".log.1"))
