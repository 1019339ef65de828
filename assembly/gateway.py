"""The gateway, assembled: store, Temporal, the vendors' webhook checks."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from functools import partial

from fastapi import FastAPI
from temporalio.client import Client

from assembly.handoff import TemporalHandoff
from assembly.operations import TemporalOperations
from assembly.platform_views import PlatformDesk
from assembly.platforms import connector_of
from assembly.policy_source import GovernedPolicy
from assembly.receivers import receivers
from assembly.schedules import sweep_order, swept_platforms
from assembly.settings import Settings
from assembly.stack_state import read_stack
from assembly.temporal import codec_of, connect
from gateway.app import create_app
from gateway.deps import GatewayDeps
from governance.policy import load_policy
from governance.schema import WILDCARD
from store.database import Database
from store.exceptions import ExceptionQueue
from store.migrations import upgrade
from store.operators import OperatorList
from store.pauses import PauseList
from store.periods import PeriodStore


def build_gateway(settings: Settings) -> FastAPI:
    """The application. Temporal may be down: events are stored, and handed on when it is back.

    Brings the store's tables up to date and makes the configured operators known when it starts.
    """
    return asyncio.run(_prepared(settings))


async def _prepared(settings: Settings) -> FastAPI:
    settings.home.mkdir(parents=True, exist_ok=True)
    await upgrade(settings.database_url)
    return await assemble(settings, client=await connect(settings, lazy=True))


async def assemble(settings: Settings, *, client: Client, database: Database | None = None) -> FastAPI:
    """The same on a client that is there, and a store whose tables are: `database`, or that of the settings.
    The application closes it at its end.
    """
    database = database or Database(settings.database_url, pool_size=settings.store.pool_size)
    policy = load_policy(settings.governance.directory)
    today = dt.datetime.now(dt.UTC).date()
    operations = TemporalOperations(
        client,
        ExceptionQueue(database),
        PlatformDesk(client, settings, policy, PauseList(database), partial(connector_of, settings)),
        tenant=settings.tenant,
        crm=policy.route(WILDCARD, today).crm,
        ui_url=_ui_url(settings),
        periods=PeriodStore(database),
        period_policy=GovernedPolicy(policy),
        sweeps={name: sweep_order(settings, name) for name in swept_platforms(settings)},
    )
    app = create_app(
        GatewayDeps(
            database=database,
            receivers=receivers(settings),
            operations=operations,
            handoff=TemporalHandoff(client, settings.tenant),
            codec=codec_of(settings),
            settings=settings.gateway.limits.model_copy(update={"temporal_ui_url": _ui_url(settings)}),
            owners=frozenset(policy.owners.owners),
        )
    )
    _admit_operators(app, settings, OperatorList(database))
    return app


def _admit_operators(app: FastAPI, settings: Settings, operators: OperatorList) -> None:
    """Puts the configured operators into the store before the first request."""
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        for operator in settings.gateway.operators:
            await operators.put(operator.name, operator.role, operator.token.get_secret_value())
        async with inner(application):
            yield

    app.router.lifespan_context = lifespan


def _ui_url(settings: Settings) -> str | None:
    if settings.gateway.limits.temporal_ui_url is not None:
        return settings.gateway.limits.temporal_ui_url
    stack = read_stack(settings.home)
    return stack.temporal.ui if stack is not None else None
