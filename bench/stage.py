"""What the measurements run on: a Temporal server as `q2c up` starts it, the system in this process."""

import contextlib
import datetime as dt
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client

from assembly import programs
from assembly.handoff import start_of_contract
from assembly.ports import HOST, Claims
from assembly.processes import Program, start
from assembly.settings import Settings
from canonical.ids import change_workflow_id
from canonical.lifecycle import Notice
from tests.world import World, example, today
from workflows.contract import ContractWorkflow

TENANT = "default"


@dataclass(frozen=True)
class Server:
    """A Temporal development server with its database on disk."""

    address: str
    database: Path
    pid: int


@contextlib.asynccontextmanager
async def temporal_on_disk(home: Path) -> AsyncIterator[Server]:
    """The server with the settings of the local stack, its files in `home`; it ends with the block."""
    claims = Claims()
    ports = programs.Ports(
        temporal=claims.claim(0),
        temporal_http=claims.claim(0),
        temporal_metrics=claims.claim(0),
        ui=claims.claim(0),
        gateway=claims.claim(0),
        platforms={},
    )
    child = await start(programs.temporal(Settings(home=home), ports, {}), home / "temporal.log")
    try:
        yield Server(f"{HOST}:{ports.temporal}", home / "temporal.db", child.pid)
    finally:
        await child.stop()
        claims.release()


def reference(contract: str, *, lines: int = 2, start: dt.date | None = None) -> dict[str, Any]:
    """The reference contract under another id, from this month's first day on unless `start` is given.

    More than two lines are further lines of seats.
    """
    scenario = example("annual-seats-with-overage")
    first = start or today().replace(day=1)
    sold = scenario["contract"]
    sold |= {"id": contract, "start_date": first.isoformat()}
    sold["account"] |= {"id": f"A-{contract}"}
    seats = sold["lines"][0]
    sold["lines"] += [{**seats, "id": f"L{number}"} for number in range(2, lines)]
    return scenario | {"changes": [], "usage": [], "payments": [], "as_of": today().isoformat()}


async def approve(world: World, contracts: Sequence[str]) -> None:
    """Puts them, approved, into the CRM; nobody is told."""
    for contract in contracts:
        await world.load(reference(contract))


async def notify(client: Client, contract: str) -> None:
    """What the gateway's relay does with an approval's event."""
    event = f"bench-{contract}"
    notice = Notice(
        event_id=event,
        contract=contract,
        platform="salesforce",
        type="contract.approved",
        version=1,
        occurred_at=dt.datetime.now(dt.UTC),
        correlation_id=event,
    )
    await client.execute_update_with_start_workflow(
        ContractWorkflow.notify,
        notice,
        id=event,
        start_workflow_operation=start_of_contract(contract, TENANT, "salesforce"),
    )


def chapter_of(contract: str) -> str:
    """The workflow id of its activation."""
    return change_workflow_id(contract, "activation", contract)


def worker_program(world: World, queue: str, codec: Mapping[str, str]) -> Program:
    """`q2c worker` for one queue of this world, as a process of its own."""
    keys = {f"Q2C_CODEC__KEYS__{name.upper()}": key for name, key in codec.items()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    environment |= {
        "Q2C_HOME": str(world.home),
        "TEMPORAL_ADDRESS": world.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": world.client.namespace,
        "TEMPORAL_CONFIG_FILE": os.devnull,
        **keys,
    }
    return Program(
        f"worker {queue}", [sys.executable, "-P", "-m", "cli", "worker", "--queue", queue], environment
    )


def cpu_seconds(pid: int) -> int:
    """A process's CPU time from its start as `ps` has it, in whole seconds."""
    command = ["/bin/ps", "-o", "cputime=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    days, _, clock = listed.stdout.strip().rpartition("-")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def resident_kib(pid: int) -> int:
    """A process's resident memory as `ps` has it."""
    command = ["/bin/ps", "-o", "rss=", "-p", str(pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(listed.stdout)
