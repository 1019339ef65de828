from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world import World, world


@pytest.fixture
async def made(tmp_path: Path, temporal_address: str, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A fresh world with its workers; tests marked `guarded` run their workflows in the sandbox."""
    guarded = request.node.get_closest_marker("guarded") is not None
    async with world(tmp_path, temporal_address, guarded=guarded) as fresh:
        yield fresh
