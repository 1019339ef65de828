"""What several rooms' tests share: one Temporal server for each test process."""

from collections.abc import Iterator

import pytest

from tests.temporal_server import temporal_server


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """A real Temporal server; each world on it has a namespace of its own (`tests.temporal_server`)."""
    with temporal_server() as address:
        yield address
