"""The whole system in one process: simulators, connectors, store, gateway, workers, on a Temporal that runs.

Nothing is replaced but the network between our connectors and the simulators, which are the same code that
`q2c up` serves over HTTPS. Webhooks go from the simulators through the gateway's own checks.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from starlette.types import ASGIApp
from temporalio.client import Client

from assembly.gateway import assemble
from assembly.handoff import CASH_EVENTS, CREDIT_EVENTS, INVOICE_EVENTS
from assembly.platforms import connector_of
from assembly.policy_source import GovernedPolicy
from assembly.sections import Platform as PlatformSection
from assembly.settings import Settings
from assembly.workers import platform_worker, workflow_worker
from governance.policy import load_policy
from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from store.database import Database
from store.migrations import upgrade
from store.records import StoreRecords

PLATFORMS = ("salesforce", "stripe", "netsuite", "avatax")
GATEWAY_URL = "http://gateway.test"
_BUILD = "in-process"

Document = Mapping[str, Any]


class SealedSettings(Settings):
    """Settings that are what they are made from: no variable of the environment reaches them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class NotEntered(Exception):
    """A simulator can't hold what the scenario has; `platform` would not take it from a person either."""

    def __init__(self, platform: str, words: str) -> None:
        super().__init__(f"{platform}: {words}")


@dataclass(frozen=True)
class Operator:
    """Who acts at the gateway."""

    name: str
    role: str
    token: str


@dataclass
class InProcess:
    """Everything by name: `platforms` are the simulators, `ports` our connectors on them."""

    home: Path
    client: Client
    settings: Settings
    platforms: Mapping[str, Platform]
    ports: Mapping[str, Any]
    database: Database
    gateway: httpx.AsyncClient
    post: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where a webhook waits."""

    async def enter(self, scenario: Document, *, approve: str) -> None:
        """What `q2c trigger` does: rates, items and entity where they belong, the approval in the CRM.

        `approve` is `contract` or the id of a change. Its webhook waits until `deliver`. Usage is not told.
        Raises NotEntered.
        """
        for name in ("avatax", "netsuite"):
            await self._load(name, {"scenario": scenario})
        await self._load("salesforce", {"scenario": scenario, "approve": approve})

    async def _load(self, name: str, document: dict[str, Any]) -> None:
        try:
            await self.platforms[name].load(document)
        except ValueError as error:
            raise NotEntered(name, str(error)) from error

    async def report_usage(self, contract: str, usage: Sequence[Document], operator: Operator) -> None:
        """Tells the gateway of usage, each entry with an id. Raises httpx.HTTPStatusError."""
        answer = await self.gateway.post(
            f"/api/v1/contracts/{contract}/usage",
            json={"usage": [dict(entry) for entry in usage]},
            headers={"Authorization": f"Bearer {operator.token}"},
        )
        answer.raise_for_status()

    async def deliver(self) -> int:
        """Sends all webhooks that wait in the simulators, once each; how many got through."""
        self.post.clear()
        return sum([await p.outbox.flush(self.gateway, force=True) for p in self.platforms.values()])

    async def set_clocks(self, moment: dt.datetime) -> None:
        """Sets the clocks of all simulators forward; they bill what falls due."""
        for platform in self.platforms.values():
            await platform.advance_clock(moment)


def simulators(home: Path, names: Sequence[str] = PLATFORMS) -> dict[str, Platform]:
    """Fresh simulators with their state in memory; their secrets are files under `home`."""
    found: dict[str, Platform] = {}
    for name in names:
        config = PlatformConfig(
            secrets_dir=home / "secrets" / name,
            control_token="unused",  # noqa: S106 - nothing serves the control API
            base_url=f"https://{name}.test",
            webhook_url=f"{GATEWAY_URL}/webhooks/{name}",
        )
        found[name] = import_module(f"sandbox.{name}").create(State(":memory:"), config=config)
    return found


@contextlib.asynccontextmanager
async def in_process(
    home: Path,
    client: Client,
    *,
    operators: Sequence[Operator] = (),
    governance: Path | None = None,
) -> AsyncIterator[InProcess]:
    """A fresh system with its workers, whose state is under `home`, while the block lasts.

    `client` is of a namespace that nobody else's workers serve, its search attributes registered.
    """
    platforms = simulators(home)
    apps = {name: build_app(platform) for name, platform in platforms.items()}
    settings = _settings(home, client, platforms, operators, governance)
    await upgrade(settings.database_url)
    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.database_url, at_once=True)
        stack.push_async_callback(database.close)
        ports = {name: await _connector(stack, settings, name, app) for name, app in apps.items()}
        app = await assemble(settings, client=client, database=database)
        await stack.enter_async_context(app.router.lifespan_context(app))
        gateway = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=GATEWAY_URL)
        )
        made = InProcess(home, client, settings, platforms, ports, database, gateway)
        for platform in platforms.values():
            platform.outbox.queued = made.post.set
        await _subscribe(platforms["stripe"], apps["stripe"])
        await _start_workers(stack, made)
        yield made


async def _connector(stack: contextlib.AsyncExitStack, settings: Settings, name: str, app: ASGIApp) -> Any:
    """Our connector on the simulator, with the credentials that the simulator gives out."""
    made = connector_of(settings, name, transport=SandboxTransport(app))
    return await stack.enter_async_context(contextlib.aclosing(made))


async def _subscribe(stripe: Platform, app: ASGIApp) -> None:
    """Has Stripe tell only of what leads to something, as its webhook endpoint is set up by a person."""
    headers = {"Authorization": f"Bearer {stripe.credentials()['api_key']}"}
    events = sorted(INVOICE_EVENTS | CREDIT_EVENTS | CASH_EVENTS)
    async with httpx.AsyncClient(
        transport=SandboxTransport(app), base_url=f"https://{stripe.name}.test", headers=headers
    ) as account:
        listed = await account.get("/v1/webhook_endpoints")
        for endpoint in listed.raise_for_status().json()["data"]:
            wanted = {f"enabled_events[{index}]": event for index, event in enumerate(events)}
            changed = await account.post(f"/v1/webhook_endpoints/{endpoint['id']}", data=wanted)
            changed.raise_for_status()


async def _start_workers(stack: contextlib.AsyncExitStack, made: InProcess) -> None:
    """Workers for all queues until the stack is left, without the guards of workflows' code: nothing is
    replayed here, and the tests hold that it may be.
    """
    policy = GovernedPolicy(load_policy(made.settings.governance.directory))
    records = StoreRecords(made.database)
    worker = workflow_worker(made.client, records, made.settings, unguarded=True, build=_BUILD)
    await stack.enter_async_context(worker)
    for name, port in made.ports.items():
        worker = platform_worker(made.client, name, port, records, policy, made.settings, build=_BUILD)
        await stack.enter_async_context(worker)


def _settings(
    home: Path,
    client: Client,
    platforms: Mapping[str, Platform],
    operators: Sequence[Operator],
    governance: Path | None,
) -> Settings:
    return SealedSettings.model_validate(
        {
            "home": home,
            "platforms": {
                name: PlatformSection.model_validate(
                    {"url": f"https://{name}.test", "credentials": platform.credentials()}
                )
                for name, platform in platforms.items()
            },
            "gateway": {"operators": [vars(operator) for operator in operators]},
            "governance": {"directory": governance},
            "temporal": {
                "address": client.service_client.config.target_host,
                "namespace": client.namespace,
            },
            "workers": {"shutdown_seconds": 0},
        }
    )
