from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.world import World, world


@pytest.fixture
async def made(tmp_path: Path, temporal_address: str) -> AsyncIterator[World]:
    """A fresh world with its workers."""
    async with world(tmp_path, temporal_address) as fresh:
        yield fresh
