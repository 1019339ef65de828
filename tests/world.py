"""The whole system in one process: real Temporal, simulators, connectors, store, gateway, workers.

Nothing is mocked but the network between our connectors and the simulators, which are the same code that
`q2c up` serves over HTTPS. Webhooks go from the simulators through the gateway's own checks.
"""

import asyncio
import atexit
import contextlib
import datetime as dt
import functools
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import delete
from sqlmodel import col
from starlette.types import Receive, Scope, Send
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError

from activities.crm import PolicySource
from assembly.gateway import assemble
from assembly.policy_source import GovernedPolicy
from assembly.sections import Platform as PlatformSection
from assembly.settings import Settings
from assembly.workers import platform_worker, workflow_worker
from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractState, ContractView
from connectors.registry import connector, settings_of
from governance.policy import load_policy
from rules.merge import metered_by
from rules.reading import read_scenario
from sandbox.kit.application import Application
from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from store.database import Database
from store.exceptions import ExceptionQueue, RecordedException
from store.migrations import upgrade
from store.records import StoreRecords
from store.tables import ContractRow
from tests.temporal_server import CODEC_KEY, namespace
from workflows._attributes import CONTRACT
from workflows._options import WORKFLOW_QUEUE
from workflows.contract import ContractWorkflow

T = TypeVar("T")

PLATFORMS = ("salesforce", "stripe", "netsuite", "avatax")
GATEWAY = "http://gateway.test"
OPERATORS = (
    {"name": "olivia", "role": "operator", "token": "t-olivia"},
    {"name": "fiona", "role": "finance", "token": "t-fiona"},
    {"name": "anna", "role": "approver", "token": "t-anna"},
    {"name": "adam", "role": "admin", "token": "t-adam"},
    {"name": "vera", "role": "viewer", "token": "t-vera"},
)
_PATIENCE_SECONDS = 120.0


@dataclass
class World:
    """Everything by name. `platforms` are the simulators, `ports` our connectors on them."""

    home: Path
    client: Client
    settings: Settings
    platforms: dict[str, Platform]
    apps: dict[str, Application]
    ports: dict[str, Any]
    database: Database
    gateway: httpx.AsyncClient

    async def load(
        self,
        scenario: Mapping[str, Any],
        *,
        approve: str | None = "contract",
        times: int = 1,
        bare: bool = False,
    ) -> None:
        """What `q2c trigger` does: rates, items and entity where they belong, the approval in the CRM."""
        for name in ("avatax", "netsuite"):
            await self.platforms[name].load({"scenario": scenario, "bare": bare})
        if scenario.get("usage") and approve == "contract":
            for contract, usage in metered_by(read_scenario(json.dumps(scenario), "json")).items():
                told = [each.model_dump(mode="json", exclude_none=True) for each in usage]
                await self.report_usage(contract, told)
        await self.platforms["salesforce"].load(
            {"scenario": scenario, "approve": approve, "bare": bare, "times": times}
        )

    async def report_usage(self, contract: str, usage: Any) -> None:
        """Each item gets an id of its own where it has none, so that reporting again changes nothing."""
        items = [{"id": f"{contract}-{index}"} | dict(item) for index, item in enumerate(usage)]
        answer = await self.act("olivia", "POST", f"/contracts/{contract}/usage", {"usage": items})
        assert answer.status_code == 200, answer.text

    async def deliver(self, *, force: bool = True) -> int:
        """Sends all webhooks that wait in the simulators, once each."""
        sent = [
            await platform.outbox.flush(self.gateway, force=force) for platform in self.platforms.values()
        ]
        return sum(sent)

    async def settle(
        self,
        done: Callable[[], Awaitable[T | None]],
        what: str,
        seconds: float = _PATIENCE_SECONDS,
        *,
        pause_seconds: float = 0.05,
    ) -> T:
        """Delivers webhooks and asks again until `done` gives something. AssertionError after that."""
        deadline = time.monotonic() + seconds
        while True:
            await self.deliver()
            found = await done()
            if found:
                return found
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            await asyncio.sleep(pause_seconds)

    async def advance(self, day: str) -> None:
        """Sets the clocks of all simulators forward to the day's midnight; they bill what falls due."""
        moment = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC)
        for platform in self.platforms.values():
            await platform.advance_clock(moment)

    async def until_idle(self, workflow_id: str) -> dict[str, Any]:
        """Waits until a workflow has ended, and gives what came of it."""

        async def done() -> dict[str, Any] | None:
            handle = self.client.get_workflow_handle(workflow_id)
            with contextlib.suppress(RPCError):
                if (await handle.describe()).status != WorkflowExecutionStatus.RUNNING:
                    found: dict[str, Any] = await handle.result()
                    return found
            return None

        return await self.settle(done, f"{workflow_id} has ended")

    async def view(self, contract: str) -> ContractView | None:
        handle = self.client.get_workflow_handle(contract_workflow_id(contract))
        with contextlib.suppress(RPCError, WorkflowQueryFailedError):
            found: ContractView = await handle.query("state", result_type=ContractView)
            return found
        return None

    async def until_status(self, contract: str, *wanted: str, changes: int | None = None) -> ContractView:
        """Waits for one of these statuses with no change waiting to be carried out."""
        last: list[Any] = [None]

        async def done() -> ContractView | None:
            view = await self.view(contract)
            last[0] = view and (view.status, [(c.id, c.status) for c in view.changes], view.running)
            if view is None or view.status not in wanted or view.running:
                return None
            if changes is not None and len([c for c in view.changes if c.status != "planned"]) < changes:
                return None
            return view

        try:
            return await self.settle(done, f"{contract} is {wanted}")
        except AssertionError as error:
            opened = [(e.code, e.step, e.summary) for e in await self.exceptions()]
            raise AssertionError(f"{error}; last: {last[0]}; exceptions: {opened}") from error

    async def exceptions(self, contract: str | None = None) -> list[RecordedException]:
        return await ExceptionQueue(self.database).list(status="open", contract=contract, limit=1000)

    async def until_exception(self, contract: str) -> RecordedException:
        async def done() -> RecordedException | None:
            found = await self.exceptions(contract)
            return found[0] if found else None

        return await self.settle(done, f"an exception of {contract}")

    async def until_posted(self, contract: str, count: int) -> list[Any]:
        """Waits until the ERP lists so many documents of the contract."""

        async def done() -> list[Any] | None:
            posted = await self.posted(contract)
            return posted if len(posted) >= count else None

        try:
            return await self.settle(done, f"{count} documents of {contract} in the ledger")
        except AssertionError as error:
            opened = [(e.code, e.step, e.summary) for e in await self.exceptions()]
            raise AssertionError(f"{error}; {await self.posted(contract)}; exceptions: {opened}") from error

    async def posted(self, contract: str) -> list[Any]:
        found: list[Any] = []
        for entity in ("US01", "DE01", "JP01"):
            with contextlib.suppress(Exception):
                found += await self.ports["netsuite"].documents(entity)
        return [document for document in found if (document.key or "").startswith(f"{contract}/")]

    async def decide(self, operator: str, exception: RecordedException, action: str, **set: str) -> None:
        """An operator's decision through the gateway, which takes it."""
        body: dict[str, Any] = {"reason": f"{action} in a test"} | ({"set": set} if set else {})
        answer = await self.act(operator, "POST", f"/exceptions/{exception.id}/{action}", body)
        assert answer.status_code == 200, answer.text

    async def request(self, operator: str, exception: RecordedException, action: str) -> dict[str, Any]:
        """An override asked for through the gateway."""
        body = {"exception": exception.id, "action": action, "reason": f"{action} in a test"}
        answer = await self.act(operator, "POST", "/overrides", body)
        assert answer.status_code == 201, answer.text
        override: dict[str, Any] = answer.json()
        return override

    def stripe(self) -> httpx.AsyncClient:
        """Somebody else at the same Stripe account, by its API."""
        key = self.platforms["stripe"].credentials()["api_key"]
        headers = {"Authorization": f"Bearer {key}"}
        transport = SandboxTransport(self.apps["stripe"])
        return httpx.AsyncClient(transport=transport, base_url="https://stripe.test", headers=headers)

    async def act(self, operator: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer t-{operator}"}
        return await self.gateway.request(method, f"/api/v1{path}", json=body, headers=headers)


@dataclass(frozen=True)
class Snapshot:
    """The platforms and one contract's workflow as they were at a moment, to begin other worlds with."""

    states: dict[str, sqlite3.Connection]
    contract: ContractState | None

    @classmethod
    async def of(cls, made: World, contract: str | None) -> "Snapshot":
        """To be taken when all is quiet: what is under way is in no snapshot."""
        states = {}
        for name, platform in made.platforms.items():
            states[name] = sqlite3.connect(":memory:", check_same_thread=False)
            platform.state._live.backup(states[name])
        if contract is None:
            return cls(states, None)
        handle = made.client.get_workflow_handle(contract_workflow_id(contract))
        return cls(states, await handle.query("whole_state", result_type=ContractState))

    async def restore(self, made: World, contract: str) -> None:
        """Sets a world at rest back to this moment: the platforms, and the contract's workflow with what it
        carries, started as continue-as-new would. Our own store stays, but for the list of contracts:
        one that is not there is in no list, else its usage would be left to a person.
        """
        with contextlib.suppress(RPCError):  # there may be none yet
            await made.client.get_workflow_handle(contract_workflow_id(contract)).terminate()
        made.platforms |= simulators(_prepared() / "secrets", states=self.states)
        made.apps |= _apps(made.platforms)
        if self.contract is None:
            async with made.database.write() as session:
                await session.execute(delete(ContractRow).where(col(ContractRow.id) == contract))
            return
        await made.client.start_workflow(
            ContractWorkflow.run,
            self.contract,
            id=contract_workflow_id(self.contract.id),
            task_queue=WORKFLOW_QUEUE,
            search_attributes=TypedSearchAttributes([SearchAttributePair(CONTRACT, self.contract.id)]),
        )


def simulators(
    secrets: Path,
    names: tuple[str, ...] = PLATFORMS,
    states: Mapping[str, sqlite3.Connection] | None = None,
) -> dict[str, Platform]:
    """New ones, or with the states of a snapshot."""
    found: dict[str, Platform] = {}
    for name in names:
        config = PlatformConfig(
            secrets_dir=secrets / name,
            control_token="control",
            base_url=f"https://{name}.test",
            webhook_url=f"{GATEWAY}/webhooks/{name}",
        )
        state = State(":memory:")
        if states is not None:
            states[name].backup(state._live)
        found[name] = import_module(f"sandbox.{name}").create(state, config=config)
    return found


@contextlib.asynccontextmanager
async def world(
    home: Path,
    address: str,
    *,
    working: bool = True,
    readable: bool = False,
    guarded: bool = False,
    governance: Path | None = None,
) -> AsyncIterator[World]:
    """A fresh world in a namespace of its own on a running Temporal server. `readable`: payloads in clear.
    `guarded`: workflows run in their sandbox (`working_world`). `governance` is the gateway's policy.
    """
    platforms = simulators(_prepared() / "secrets")
    apps = _apps(platforms)
    client = await namespace(address, readable=readable)
    settings = _settings(home, client, platforms, governance)
    shutil.copy(_empty_store(), home / "q2c.sqlite")
    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.database_url)
        stack.push_async_callback(database.close)
        ports = {
            name: await stack.enter_async_context(contextlib.aclosing(_connector(platforms[name], apps)))
            for name in platforms
        }
        app = await assemble(settings, client=client)
        await stack.enter_async_context(app.router.lifespan_context(app))
        gateway = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=GATEWAY)
        )
        made = World(home, client, settings, platforms, apps, ports, database, gateway)
        if working:
            await stack.enter_async_context(working_world(made, guarded=guarded))
        yield made


def _apps(platforms: Mapping[str, Platform]) -> dict[str, Application]:
    found = {}
    for name, platform in platforms.items():
        app = build_app(platform)
        assert isinstance(app, Application)
        found[name] = app
    return found


def _connector(platform: Platform, apps: Mapping[str, Any]) -> Any:
    """Our connector on whatever simulator is there at the time, with the credentials that it gives out."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[platform.name](scope, receive, send)

    url = f"https://{platform.name}.test"
    own = settings_of(platform.name, url=url, ca_file=None, credentials=platform.credentials(), extra={})
    return connector(platform.name, own, transport=SandboxTransport(app))


@functools.cache
def _prepared() -> Path:
    """A directory that goes when this process does."""
    path = Path(tempfile.mkdtemp(prefix="q2c-store-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@functools.cache
def _empty_store() -> Path:
    """An SQLite store with all tables, made once in this process and copied for each world."""
    path = _prepared() / "empty.sqlite"
    with ThreadPoolExecutor(1) as aside:  # migrations bring an event loop of their own
        aside.submit(asyncio.run, upgrade(f"sqlite+aiosqlite:///{path}")).result()
    return path


@functools.cache
def _shipped_policy() -> GovernedPolicy:
    return GovernedPolicy(load_policy(None))


@contextlib.asynccontextmanager
async def working_world(
    made: World, policy: PolicySource | None = None, *, guarded: bool = False
) -> AsyncIterator[None]:
    """Workers for all queues while the block lasts. `guarded`: with the sandbox and the watch of two seconds
    for a workflow that hangs, as in production; the watch takes a machine of many tests for one. The replays
    run every workflow in the sandbox (`tests/workflows/test_replay.py`).
    """
    policy = policy or _shipped_policy()
    records = StoreRecords(made.database)
    async with contextlib.AsyncExitStack() as stack:
        worker = workflow_worker(made.client, records, made.settings, unguarded=not guarded)
        await stack.enter_async_context(worker)
        for name, port in made.ports.items():
            worker = platform_worker(made.client, name, port, records, policy, made.settings)
            await stack.enter_async_context(worker)
        yield


def _settings(
    home: Path, client: Client, platforms: dict[str, Platform], governance: Path | None
) -> Settings:
    return Settings.model_validate(
        {
            "home": home,
            "platforms": {
                name: PlatformSection.model_validate(
                    {"url": f"https://{name}.test", "credentials": platform.credentials()}
                )
                for name, platform in platforms.items()
            },
            "gateway": {"operators": OPERATORS},
            "governance": {"directory": governance},
            "temporal": {
                "address": client.service_client.config.target_host,
                "namespace": client.namespace,
            },
            "codec": {"keys": {"test": CODEC_KEY}},
            "workers": {"shutdown_seconds": 0},
        }
    )


def example(name: str) -> dict[str, Any]:
    """A scenario of the project's own examples."""
    path = Path(__file__).parent / "rules" / "examples" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


_PINNED: list[dt.date] = []


@contextlib.contextmanager
def on_the_day(day: dt.date) -> Iterator[None]:
    """What is sold around today is sold around this day, for lives whose clocks are set to it."""
    _PINNED.append(day)
    try:
        yield
    finally:
        _PINNED.pop()


def today() -> dt.date:
    if _PINNED:
        return _PINNED[-1]
    return dt.datetime.now(dt.UTC).date()
