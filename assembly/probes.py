"""Whether the parts of the local stack are ready: asked over HTTP, each with a bounded wait."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from assembly.processes import Child, ProcessDied
from assembly.stack_state import SimulatedPlatform

CONTROL_TOKEN_FILE, CONTROL_TOKEN_HEADER = "control-token", "X-Sandbox-Token"
_POLL_SECONDS = 0.05
_REQUEST_SECONDS = 5.0

Probe = Callable[[], Awaitable[bool]]


async def until_ready(child: Child, probe: Probe, *, seconds: float) -> None:
    """Waits until the probe says yes; ProcessDied if the process ends first or the time is over."""
    ended = asyncio.create_task(child.ended())
    ready = asyncio.create_task(_until(probe))
    try:
        await asyncio.wait({ended, ready}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
        elif ended.done():
            raise ProcessDied(child.name, ended.result(), child.log)
        else:
            raise ProcessDied(child.name, f"was not ready within {seconds:g} s", child.log)
    finally:
        ended.cancel()
        ready.cancel()
        await asyncio.gather(ended, ready, return_exceptions=True)


async def _until(probe: Probe) -> None:
    while True:
        try:
            if await probe():
                return
        except httpx.TransportError:
            pass  # not listening yet
        await asyncio.sleep(_POLL_SECONDS)


class TemporalProbe:
    """The development server's HTTP API."""

    def __init__(self, client: httpx.AsyncClient, http_port: int, namespace: str) -> None:
        self._client = client
        self._base = f"http://127.0.0.1:{http_port}/api/v1/namespaces/{namespace}"

    async def serves(self) -> bool:
        return (await self._client.get(self._base)).is_success

    async def missing_search_attributes(self, wanted: Iterable[str]) -> list[str]:
        """Those that a database of an earlier version lacks."""
        answer = await self._client.get(f"{self._base}/search-attributes")
        known = answer.raise_for_status().json().get("customAttributes", {})
        return [name for name in wanted if name not in known]

    async def polled_by(self, queue: str, pid: int) -> bool:
        """Whether the process polls the queue, for workflows or for activities."""
        for kind in ("TASK_QUEUE_TYPE_ACTIVITY", "TASK_QUEUE_TYPE_WORKFLOW"):
            url = f"{self._base}/task-queues/{queue}"
            answer = await self._client.get(url, params={"taskQueueType": kind})
            pollers: list[dict[str, Any]] = answer.json().get("pollers", []) if answer.is_success else []
            if any(str(poller.get("identity", "")).startswith(f"{pid}@") for poller in pollers):
                return True
        return False


class GatewayProbe:
    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def serves(self) -> bool:
        return (await self._client.get(f"{self._url}/readyz")).is_success


class SimulatorProbe:
    """The control API of one simulator."""

    def __init__(self, name: str, port: int, directory: Path) -> None:
        self.name = name
        self._url = f"https://127.0.0.1:{port}"
        self._directory = directory
        self.platform: SimulatedPlatform | None = None

    async def serves(self) -> bool:
        """Ready when it tells its credentials, which are kept in `platform`."""
        ca_file, token_file = self._directory / "tls" / "ca.pem", self._directory / CONTROL_TOKEN_FILE
        if not ca_file.exists() or not token_file.exists():
            return False
        context = ssl.create_default_context(cafile=ca_file)
        async with httpx.AsyncClient(verify=context, timeout=_REQUEST_SECONDS, trust_env=False) as client:
            headers = {CONTROL_TOKEN_HEADER: token_file.read_text()}
            answer = await client.get(f"{self._url}/_sandbox/credentials", headers=headers)
        if not answer.is_success:
            return False
        self.platform = SimulatedPlatform(
            url=self._url, ca_file=str(ca_file.absolute()), credentials=answer.json()
        )
        return True


def loopback_client() -> httpx.AsyncClient:
    """For our own processes on this machine; proxies of the environment are not asked."""
    return httpx.AsyncClient(timeout=_REQUEST_SECONDS, trust_env=False)
