"""The commands against the real gateway (its operations are told what to answer) and a real simulator."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import structlog
from fastapi import FastAPI

from gateway.app import create_app
from gateway.deps import Stores
from gateway.server import bound_socket, server
from gateway.settings import GatewaySettings
from store.database import Database
from store.migrations import upgrade
from store.operators import OperatorList, Role
from tests.cli.running import Command
from tests.gateway.fakes import FakeOperations, deps
from tests.store.values import StoppedClock

_READY_SECONDS = 30


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's reaches a test; state goes to a directory of its own."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")) and name != "Q2C_SPECS":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("Q2C_HOME", str(tmp_path / "home"))


@pytest.fixture
def q2c() -> Command:
    return Command()


class ServedGateway:
    """A gateway on a socket, in a thread with a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self.operations = FakeOperations()
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> "ServedGateway":
        self._thread.start()
        assert self._ready.wait(_READY_SECONDS), "the gateway did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(_READY_SECONDS)

    def run(self, work: Callable[[Stores], Coroutine[Any, Any, Any]]) -> Any:
        """Does something with the gateway's store, in its loop."""
        return asyncio.run_coroutine_threadsafe(work(self._stores), self._loop).result(_READY_SECONDS)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = await self._app()
        self._stores: Stores = app.state.stores
        listening = bound_socket("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._server = server(app, GatewaySettings())
        listening.listen()
        self._ready.set()
        await self._server.serve(sockets=[listening])

    async def _app(self) -> FastAPI:
        url = f"sqlite+aiosqlite:///{self._folder / 'q2c.db'}"
        await upgrade(url)
        database = Database(url)
        for role in get_args(Role):
            await OperatorList(database).put(f"{role}-person", role, f"token-of-{role}")
        return create_app(deps(database, self.operations, StoppedClock(), GatewaySettings()))


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedGateway]:
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent, cache_logger_on_first_use=False)
    with ServedGateway(tmp_path_factory.mktemp("gateway")) as served:
        yield served
    structlog.reset_defaults()


@pytest.fixture
def gateway(shared_gateway: ServedGateway, monkeypatch: pytest.MonkeyPatch) -> ServedGateway:
    """The gateway, with operators known to the command line by role."""
    shared_gateway.operations.__init__()  # type: ignore[misc]
    operators = ", ".join(
        f'{{"name": "{role}-person", "role": "{role}", "token": "token-of-{role}"}}'
        for role in get_args(Role)
    )
    monkeypatch.setenv("Q2C_GATEWAY__URL", shared_gateway.url)
    monkeypatch.setenv("Q2C_GATEWAY__OPERATORS", f"[{operators}]")
    return shared_gateway
