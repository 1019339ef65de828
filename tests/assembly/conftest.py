import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's reaches a test; state goes to a directory of its own."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")) and name != "Q2C_SPECS":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("Q2C_HOME", str(tmp_path / "home"))
