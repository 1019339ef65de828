"""What several rooms' tests share: a Temporal server for each test process."""

import contextlib
import gc
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.temporal_server import temporal_server

# Examples are the same in each run of `make test`, so that a commit that passes once passes again; `make
# soak` draws them at random. A busy machine breaks no property: nothing is measured in time.
settings.register_profile(
    "q2c",
    derandomize="Q2C_SOAK" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("q2c")


def pytest_collection_finish() -> None:
    """The thousands of tests and modules stay to the end: the collector need not look at them each time, and
    the whole does not stand still for as long while it does.
    """
    gc.collect()
    gc.freeze()


_WORLDS = 40
"""How many worlds a server carries: it remembers them all, and what it takes of CPU and memory grows with
them."""


class Servers:
    """One Temporal server at a time, and another in its place after so many worlds."""

    def __init__(self, *, schedules: bool) -> None:
        self._schedules = schedules
        self._stack = contextlib.ExitStack()
        self._address = ""
        self._left = 0

    def address(self) -> str:
        if self._left == 0:
            self._stack.close()
            self._address = self._stack.enter_context(temporal_server(schedules=self._schedules))
            self._left = _WORLDS
        self._left -= 1
        return self._address

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[bool, Servers]]:
    """Those that carry out schedules, and those that don't."""
    with contextlib.ExitStack() as stack:
        yield {
            kind: stack.enter_context(contextlib.closing(Servers(schedules=kind))) for kind in (True, False)
        }


@pytest.fixture
def temporal_address(servers: dict[bool, Servers], request: pytest.FixtureRequest) -> str:
    """A real Temporal server; each world on it has a namespace of its own (`tests.temporal_server`). Tests
    that are marked `schedules` have one that carries them out.
    """
    return servers[request.node.get_closest_marker("schedules") is not None].address()


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command run in this process may have sent the logs to a stream that is closed by now."""
    known = structlog.get_config()
    yield
    structlog.configure(**known)
