"""The three that do the same HTTP calls: q2c, a bare Temporal skeleton, plain asyncio."""

import asyncio
import contextlib
import itertools
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHistory
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from assembly.workers import runner
from bench.book import BookedTransport, CallBook, RecordedCall
from bench.skeleton_story import WORKFLOWS, Done, EntityPlan, Event, SkeletonEntity, StoryPlan, Work
from bench.stage import approve, chapter_of, notify
from canonical.ids import contract_workflow_id
from connectors.registry import connector, settings_of
from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from tests.world import PLATFORMS, World

_WORKFLOW_QUEUE = "bench-workflows"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Contender(Protocol):
    """Something that carries out activations. `prepare` is not measured."""

    name: str

    async def prepare(self, count: int) -> Sequence[str]: ...

    async def activate(self, name: str) -> None: ...


class Orchestrated:
    """q2c: approved in the CRM beforehand; from the update that the relay sends to the activation's end."""

    name = "q2c"

    def __init__(self, world: World, book: CallBook) -> None:
        self.world, self.book = world, book
        self._numbers = itertools.count(1)

    async def prepare(self, count: int) -> Sequence[str]:
        names = [f"C-{next(self._numbers)}" for _ in range(count)]
        await approve(self.world, names)
        return names

    async def activate(self, name: str) -> None:
        await notify(self.world.client, name)
        await self.book.begun(chapter_of(name))
        await self.world.client.get_workflow_handle(chapter_of(name)).result()


class Skeleton:
    """The same number of activities and calls on the same kind of server, with no code of ours."""

    name = "bare Temporal"

    def __init__(self, client: Client, book: CallBook, plan: EntityPlan) -> None:
        self._client, self._book, self._plan = client, book, plan
        self._numbers = itertools.count(1)

    async def prepare(self, count: int) -> Sequence[str]:
        return [f"bench/{next(self._numbers)}" for _ in range(count)]

    async def activate(self, name: str) -> None:
        await self._client.execute_update_with_start_workflow(
            SkeletonEntity.notify,
            Event(id=name),
            id=name,
            start_workflow_operation=WithStartWorkflowOperation(
                SkeletonEntity.run,
                self._plan,
                id=name,
                task_queue=_WORKFLOW_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            ),
        )
        await self._book.begun(f"{name}/child")
        await self._client.get_workflow_handle(f"{name}/child").result()


class Plain:
    """asyncio and httpx, in the same order; nothing survives anything."""

    name = "plain asyncio"

    def __init__(self, callers: "Callers", plan: EntityPlan) -> None:
        self._callers = callers
        self._groups = [*plan.own.groups, *plan.child.groups]

    async def prepare(self, count: int) -> Sequence[str]:
        return [""] * count

    async def activate(self, name: str) -> None:
        for group in self._groups:
            await asyncio.gather(*(self._callers.work(work) for work in group))


class Canned(Platform):
    """A server on the simulators' kit that answers what a simulator has answered before."""

    name = "canned"

    def __init__(self, state: State, *, config: PlatformConfig, calls: Sequence[RecordedCall]) -> None:
        super().__init__(state, config=config)
        self._calls = calls

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/calls/{number:int}", self.answer, methods=list(_METHODS))]

    def credentials(self) -> dict[str, str]:
        return {}

    def error_response(self, status: int, request: Request) -> Response:
        return JSONResponse({"error": status}, status)

    async def answer(self, request: Request) -> Response:
        await request.body()
        call = self._calls[request.path_params["number"]]
        return Response(call.answer, call.status, media_type="application/json")


class Callers:
    """The recorded calls, sent again to a canned server over one httpx client for each platform."""

    def __init__(self, home: Path, calls: Sequence[RecordedCall], book: CallBook) -> None:
        config = PlatformConfig(
            secrets_dir=home / "canned", control_token=secrets.token_hex(8), base_url="https://canned.test"
        )
        app = build_app(Canned(State(":memory:"), config=config, calls=calls))
        self._calls = calls
        self._clients = {
            name: httpx.AsyncClient(
                transport=BookedTransport(SandboxTransport(app), name, book), base_url="https://canned.test"
            )
            for name in PLATFORMS
        }

    async def work(self, work: Work) -> Done:
        received = 0
        for number in work.calls:
            call = self._calls[number]
            client = self._clients[call.platform]
            response = await client.request(call.method, f"/calls/{number}", content=call.content)
            if response.content:
                response.json()
            received += len(response.content)
        return Done(bytes_received=received)

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()


@contextlib.asynccontextmanager
async def skeleton_workers(client: Client, callers: Callers) -> AsyncIterator[None]:
    """The same queues: one for workflows, one for each platform."""

    @activity.defn(name="bench.work")
    async def work(given: Work) -> Done:
        return await callers.work(given)

    async with contextlib.AsyncExitStack() as stack:
        workflows = Worker(client, task_queue=_WORKFLOW_QUEUE, workflows=WORKFLOWS, workflow_runner=runner())
        await stack.enter_async_context(workflows)
        for name in PLATFORMS:
            worker = Worker(
                client, task_queue=f"bench-{name}", activities=[work], max_concurrent_activities=20
            )
            await stack.enter_async_context(worker)
        yield


def book_calls(world: World, book: CallBook) -> None:
    """Gives the world connectors whose calls are booked."""
    for name, app in world.apps.items():
        credentials = world.platforms[name].credentials()
        own = settings_of(name, url=f"https://{name}.test", ca_file=None, credentials=credentials, extra={})
        transport = BookedTransport(SandboxTransport(app), name, book)
        world.ports[name] = connector(name, own, transport=transport)


async def recorded_plan(q2c: Orchestrated) -> tuple[EntityPlan, list[RecordedCall]]:
    """Carries out one activation and counts its activities and calls, from history and request log.

    One contract is activated before, so that tokens, products and tax rates are there already.
    """
    for name in await q2c.prepare(2):
        q2c.book.calls.clear()
        q2c.book.recording = True
        await q2c.activate(name)
        q2c.book.recording = False
    calls: list[RecordedCall] = []

    async def counted(workflow_id: str) -> StoryPlan:
        history = await q2c.world.client.get_workflow_handle(workflow_id).fetch_history()
        made = {kind: found for (of, kind), found in q2c.book.calls.items() if of == workflow_id}
        return _plan(history, made, calls)

    own = await counted(contract_workflow_id(name))
    return EntityPlan(own=own, child=await counted(chapter_of(name))), calls


def _plan(
    history: WorkflowHistory, made: dict[str, list[RecordedCall]], calls: list[RecordedCall]
) -> StoryPlan:
    """The activities of a history; those that one workflow task has scheduled are a group."""
    groups: dict[int, list[Work]] = defaultdict(list)
    for event in history.events:
        if event.event_type != EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            continue
        scheduled = event.activity_task_scheduled_event_attributes
        of_activity = made.pop(scheduled.activity_type.name, [])
        numbers = range(len(calls), len(calls) + len(of_activity))
        calls.extend(of_activity)
        queue = scheduled.task_queue.name.replace("q2c-", "bench-", 1)
        groups[scheduled.workflow_task_completed_event_id].append(Work(queue=queue, calls=list(numbers)))
    return StoryPlan(groups=list(groups.values()))


def counts(plan: EntityPlan) -> dict[str, int]:
    works = [work for story in (plan.own, plan.child) for group in story.groups for work in group]
    return {"activities": len(works), "http_calls": sum(len(work.calls) for work in works)}
