"""What `q2c platform list` shows: every configured platform, its pinned version, what waits in its queue."""

import asyncio
import ssl

import httpx
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from assembly.sections import Platform
from assembly.settings import Settings
from gateway.operations import Actor, PlatformView, StateConflict
from governance.policy import Policy
from workflows._options import platform_queue

_CHECK_SECONDS = 5.0


class PlatformDesk:
    """Asks the platforms themselves only where `check` says so: whether anything answers at their address.

    It does not try the credentials, and it can't pause a platform yet.
    """

    def __init__(self, client: Client, settings: Settings, policy: Policy) -> None:
        self._client = client
        self._settings = settings
        self._policy = policy

    async def views(self, *, check: bool = False) -> tuple[PlatformView, ...]:
        named = sorted((name, item) for name, item in self._settings.platforms.items() if item.url)
        return tuple(await asyncio.gather(*(self._view(name, item, check) for name, item in named)))

    async def _view(self, name: str, platform: Platform, check: bool) -> PlatformView:
        version = self._policy.platform_version(name)
        problem = await _unreachable(platform) if check else None
        return PlatformView(
            name=name,
            capabilities=version.capabilities,
            url=platform.url or "",
            api_version=version.api_version,
            api_version_ends=version.end_of_life,
            healthy=problem is None if check else None,
            problem=problem,
            waiting=await self._waiting(name),
        )

    async def _waiting(self, name: str) -> int | None:
        """Activities that wait in the platform's queue; None where Temporal does not say."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=platform_queue(name)),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
        try:
            answer = await self._client.workflow_service.describe_task_queue(request)
        except RPCError:
            return None
        return answer.stats.approximate_backlog_count

    async def pause(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        raise StateConflict(f"{platform} can't be paused yet")

    async def resume(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        raise StateConflict(f"{platform} is not paused")


async def _unreachable(platform: Platform) -> str | None:
    """Why nothing answers at the platform's address; None where something does, whatever it says."""
    verify: ssl.SSLContext | bool = True
    if platform.ca_file is not None:
        verify = ssl.create_default_context(cafile=str(platform.ca_file))
    try:
        async with httpx.AsyncClient(verify=verify, timeout=_CHECK_SECONDS, trust_env=False) as client:
            await client.get(platform.url or "")
    except httpx.HTTPError as error:
        return f"does not answer: {type(error).__name__}"
    return None
