from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.contract_erp_stand import ErpStand
from tests.connectors.netsuite.stand import Stand, erp_stand, stand


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set of keys for all tests: making RSA keys takes its time."""
    return tmp_path_factory.mktemp("netsuite-secrets")


@pytest.fixture
async def made(secrets_dir: Path) -> AsyncIterator[Stand]:
    netsuite = await stand(secrets_dir)
    yield netsuite
    await netsuite.erp.aclose()


@pytest.fixture
def erp(made: Stand) -> ErpStand:
    return erp_stand(made, made.erp)
