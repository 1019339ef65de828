"""What several rooms' tests share: one Temporal server for each test process."""

from collections.abc import Iterator

import pytest
import structlog

from tests.temporal_server import temporal_server


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """A real Temporal server; each world on it has a namespace of its own (`tests.temporal_server`)."""
    with temporal_server() as address:
        yield address


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command run in this process may have sent the logs to a stream that is closed by now."""
    known = structlog.get_config()
    yield
    structlog.configure(**known)
