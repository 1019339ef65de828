"""What `q2c platform list` shows: every configured platform, its pinned version, what waits in its queue."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from assembly.settings import Settings, SettingsInvalid
from gateway.operations import Actor, ContractOrExceptionNotFound, PlatformView, StateConflict
from governance.policy import Policy
from ports.access import Access
from ports.errors import AuthenticationFailed, PortError
from store.pauses import Pause, PauseList
from workflows._options import platform_queue

_CHECK_SECONDS = 5.0


class PlatformDesk:
    """Asks the platforms themselves only where `check` says so, each with one call that changes nothing.

    `connect` gives a platform's connector.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        policy: Policy,
        pauses: PauseList,
        connect: Callable[[str], Access],
    ) -> None:
        self._client = client
        self._settings = settings
        self._policy = policy
        self._pauses = pauses
        self._connect = connect

    async def views(self, *, check: bool = False) -> tuple[PlatformView, ...]:
        paused = await self._pauses.paused()
        names = sorted(name for name, item in self._settings.platforms.items() if item.url)
        return tuple(await asyncio.gather(*(self._view(name, paused.get(name), check) for name in names)))

    async def paused(self) -> dict[str, Pause]:
        """The platforms that are paused now, by name."""
        return await self._pauses.paused()

    async def _view(self, name: str, pause: Pause | None, check: bool) -> PlatformView:
        version = self._policy.platform_version(name)
        found = await self._checked(name) if check else _Checked()
        return PlatformView(
            name=name,
            capabilities=version.capabilities,
            url=self._settings.platforms[name].url or "",
            api_version=version.api_version,
            api_version_ends=version.end_of_life,
            healthy=found.healthy,
            credentials_valid=found.credentials_valid,
            problem=found.problem,
            rate_limit_used_percent=found.rate_limit_used_percent,
            paused=pause is not None,
            paused_by=pause.paused_by if pause else None,
            paused_at=pause.paused_at if pause else None,
            pause_reason=pause.reason if pause else None,
            waiting=await self._waiting(name),
        )

    async def _checked(self, name: str) -> "_Checked":
        """Each kind of failure says something else: who does not answer is not known to refuse us."""
        try:
            connector = self._connect(name)
        except SettingsInvalid as error:
            return _Checked(healthy=False, problem=str(error))
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                report = await connector.access()
        except AuthenticationFailed as error:
            return _Checked(healthy=True, credentials_valid=False, problem=error.message)
        except PortError as error:
            return _Checked(healthy=False, problem=error.message)
        except TimeoutError:
            return _Checked(healthy=False, problem=f"no answer within {_CHECK_SECONDS:.0f} s")
        finally:
            await connector.aclose()
        return _Checked(
            healthy=True, credentials_valid=True, rate_limit_used_percent=report.rate_limit_used_percent
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
        """The workers see it within a second or two; calls in flight may end."""
        self._known(platform)
        if not await self._pauses.pause(platform, reason, actor.name):
            raise StateConflict(f"{platform} is paused already")
        return await self._view(platform, (await self._pauses.paused()).get(platform), check=False)

    async def resume(self, platform: str, reason: str, actor: Actor) -> PlatformView:
        self._known(platform)
        if not await self._pauses.resume(platform):
            raise StateConflict(f"{platform} is not paused")
        return await self._view(platform, None, check=False)

    def _known(self, platform: str) -> None:
        names = sorted(name for name, item in self._settings.platforms.items() if item.url)
        if platform not in names:
            raise ContractOrExceptionNotFound(
                f"there is no platform {platform}; there are: {', '.join(names)}"
            )


@dataclass(frozen=True)
class _Checked:
    """What a platform's answer says; None: not asked, or not known."""

    healthy: bool | None = None
    credentials_valid: bool | None = None
    problem: str | None = None
    rate_limit_used_percent: Decimal | None = None
