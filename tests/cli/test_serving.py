"""How `q2c worker` and `q2c gateway` end where they can't do their work."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assembly.platforms import connector_of
from assembly.settings import SettingsInvalid, load_settings
from tests.cli.running import Command


def run(*arguments: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "Q2C_HOME": str(home), **variables}
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60, cwd=home.parent
    )


def test_a_worker_without_temporal_says_so(tmp_path: Path) -> None:
    ended = run("worker", home=tmp_path / "home", TEMPORAL_ADDRESS="127.0.0.1:9")
    assert ended.returncode == 4, ended.stderr
    assert "Temporal is not reachable" in ended.stderr


def test_a_worker_of_an_unknown_queue_is_wrong_usage(q2c: Command) -> None:
    outcome = q2c("worker", "--queue", "q2c-fax")
    assert (outcome.exit_code, outcome.stderr) == (2, "--queue: 'q2c-fax' is none of q2c-workflows\n")


def test_a_platform_names_the_setting_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Q2C_PLATFORMS__AVATAX__URL", "https://rest.avatax.com")
    monkeypatch.setenv("Q2C_PLATFORMS__AVATAX__CREDENTIALS__ACCOUNT_ID", "2000000001")
    with pytest.raises(SettingsInvalid, match=r"platforms\.avatax\.license_key: Field required"):
        connector_of(load_settings(), "avatax")


def test_a_gateway_on_a_port_that_is_taken_says_so(q2c: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = q2c("gateway", "--port", str(port))
    assert outcome.exit_code == 1
    assert f"127.0.0.1:{port} can't be listened on" in outcome.stderr


def test_a_gateway_with_a_wrong_policy_names_it(
    q2c: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "routing.yaml").write_text("rules: 7\n")
    monkeypatch.setenv("Q2C_GOVERNANCE__DIRECTORY", str(tmp_path))
    outcome = q2c("gateway", "--port", "0")
    assert outcome.exit_code == 2
    assert "routing.yaml" in outcome.stderr
