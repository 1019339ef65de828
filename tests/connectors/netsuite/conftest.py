from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One set of keys for all tests: making RSA keys takes its time."""
    return tmp_path_factory.mktemp("netsuite-secrets")
