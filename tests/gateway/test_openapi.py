"""The OpenAPI document says what the gateway answers: generated requests find nothing else."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.app import create_app
from gateway.server import bound_socket, server
from gateway.settings import GatewaySettings
from store.database import Database
from store.migrations import upgrade
from store.operators import OperatorList, Role
from tests.gateway.fakes import FakeOperations, deps
from tests.store.values import StoppedClock, exception_item, new_event, override

pytestmark = pytest.mark.xdist_group("openapi")  # one gateway that is asked in one order: the same answers

SETTINGS = GatewaySettings(rate_per_second=1e6, rate_burst=1_000_000)


class LiveGateway:
    """A gateway in a thread of its own, for a client that blocks."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite+aiosqlite:///{folder / 'q2c.db'}"
        self._socket = bound_socket("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(30)

    async def _serve(self) -> None:
        await upgrade(self._url)
        database = Database(self._url)
        app = create_app(deps(database, FakeOperations(), StoppedClock(), SETTINGS))
        stores = app.state.stores
        for role in get_args(Role):
            await OperatorList(database).put(role, role, f"token-of-{role}")
        await stores.exceptions.open(exception_item())
        await stores.overrides.record(override())
        await stores.events.append([new_event("evt-1")])
        self._server = server(app, SETTINGS)
        self._ready.set()
        await self._server.serve(sockets=[self._socket])


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    gateway = LiveGateway(tmp_path_factory.mktemp("openapi"))
    gateway.start()
    yield gateway
    gateway.stop()


def _operations() -> list[Any]:
    """Every operation of the document; making it needs no database, which is only opened on use."""
    nowhere = Database("sqlite+aiosqlite:////nowhere/q2c.db")
    app = create_app(deps(nowhere, FakeOperations(), StoppedClock(), SETTINGS))
    schema: Any = schemathesis.openapi.from_dict(app.openapi())
    return [found.ok() for found in schema.get_all_operations()]


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("operation", _operations(), ids=lambda operation: operation.label)
def test_answers_are_those_that_the_document_describes(operation: Any, live: LiveGateway) -> None:
    headers = {"Authorization": "Bearer token-of-admin"}

    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        case.call_and_validate(base_url=live.url, headers=headers, checks=CHECKS)

    ask()
