"""A real Temporal development server for a test session, and namespaces on it: one for each world.

A namespace costs a fifth of a second and shares nothing with the others, so worlds run side by side on one
server under the same queue names and workflow ids.
"""

import asyncio
import base64
import contextlib
import itertools
import os
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from assembly.codec import AesGcmCodec
from assembly.ports import HOST, Claims
from assembly.programs import DYNAMIC_CONFIG, SQLITE_PRAGMAS, temporal_binary
from assembly.temporal import data_converter
from workflows._attributes import CONTRACT, SEARCH_ATTRIBUTES

T = TypeVar("T")

CODEC_KEY = base64.b64encode(bytes(range(32))).decode()
_TIME_SKIPPING = "frontend.WorkflowTimeSkippingEnabled=true"
_NO_SCHEDULES = "worker.perNamespaceWorkerCount=0"
"""Without the server's own worker for each namespace, which carries out schedules: half of what a namespace
costs."""
_UP_SECONDS = 30.0
_KINDS = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}
_numbers = itertools.count(1)


@contextlib.contextmanager
def temporal_server(
    *settings: str,
    port: int = 0,
    metrics_port: int = 0,
    database: Path | None = None,
    schedules: bool = False,
) -> Iterator[str]:
    """The address of a server which ends with the block: an empty one in memory, or one on a file. `settings`
    are more of its dynamic configuration, as `name=value`. `schedules`: it can carry them out.
    """
    claims = Claims()
    port, http, metrics = claims.claim(port), claims.claim(0), claims.claim(metrics_port)
    command = [str(temporal_binary()), "server", "start-dev", "--headless", "--log-level", "never"]
    command += ["--ip", HOST, "--port", str(port), "--http-port", str(http), "--metrics-port", str(metrics)]
    if database is not None:
        command += ["--db-filename", str(database)]
    for pragma in SQLITE_PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    for setting in (*DYNAMIC_CONFIG, _TIME_SKIPPING, *([] if schedules else [_NO_SCHEDULES]), *settings):
        command += ["--dynamic-config-value", setting]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            _await_listening(process, port)
            yield f"{HOST}:{port}"
        finally:
            process.terminate()
            claims.release()


def _await_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _UP_SECONDS
    while True:
        assert process.poll() is None, "the Temporal server has ended"
        assert time.monotonic() < deadline, f"the Temporal server is not up after {_UP_SECONDS} s"
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)


async def namespace(address: str, *, readable: bool = False) -> Client:
    """A client of a fresh namespace. Payloads are encrypted, as in production, unless `readable`."""
    name = f"world-{os.getpid()}-{next(_numbers)}"
    codec = None if readable else AesGcmCodec.from_base64({"test": CODEC_KEY}, "test")
    client = await _when_ready(
        lambda: Client.connect(address, namespace=name, data_converter=data_converter(codec))
    )
    retention = Duration(seconds=86_400)
    request = RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=retention)
    await _when_ready(lambda: client.workflow_service.register_namespace(request))
    kinds = {attribute: _KINDS[kind] for attribute, kind in SEARCH_ATTRIBUTES.items()}
    attributes = AddSearchAttributesRequest(namespace=name, search_attributes=kinds)
    await _when_ready(lambda: client.operator_service.add_search_attributes(attributes))
    await _when_ready(lambda: client.count_workflows(f"{CONTRACT.name} = 'none'"))
    return client


async def _when_ready(call: Callable[[], Awaitable[T]]) -> T:
    """The server's parts learn of each other, and of a new namespace, a moment later."""
    deadline = time.monotonic() + _UP_SECONDS
    while True:
        try:
            return await call()
        except (RPCError, RuntimeError) as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"the Temporal server is not ready after {_UP_SECONDS} s") from error
        await asyncio.sleep(0.02)
