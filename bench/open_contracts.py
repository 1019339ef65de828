"""What an open contract costs while it waits: disk in Temporal's database, memory in a worker's cache.

The workflow queue is served by a worker process of its own; the platforms' queues by this process.
"""

import asyncio
import contextlib
import sqlite3
import statistics
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assembly.policy_source import GovernedPolicy
from assembly.processes import Child, start
from assembly.workers import platform_worker
from bench.activations import activate_all
from bench.book import CallBook
from bench.contenders import Orchestrated, book_calls
from bench.stage import Server, chapter_of, resident_kib, worker_program
from canonical.ids import contract_workflow_id
from governance.policy import load_policy
from store.records import StoreRecords
from tests.temporal_server import CODEC_KEY
from tests.world import World, world

_SETTLE_SECONDS = 3.0


@dataclass(frozen=True)
class OpenContracts:
    """Each: the growth over `contracts`, divided by them. `history_bytes` are medians of single histories."""

    contracts: int
    disk_bytes_each: float
    memory_bytes_each: float
    contract_history_bytes: float
    activation_history_bytes: float
    worker_bytes_before: int


async def measured_contracts(
    server: Server, home: Path, *, warm: int, count: int, seconds: float
) -> OpenContracts:
    """Opens `warm` and then up to `count` contracts, as many as `seconds` allow."""
    book = CallBook()
    async with world(home, server.address, working=False) as made:
        book_calls(made, book)
        q2c = Orchestrated(made, book)
        async with workers_apart(made) as worker:
            await activate_all(q2c, await q2c.prepare(warm), 8)
            await asyncio.sleep(_SETTLE_SECONDS)
            memory, disk = resident_kib(worker.pid), _bytes(server.database)
            names = await activate_all(q2c, await q2c.prepare(count), 8, seconds)
            await asyncio.sleep(_SETTLE_SECONDS)
            grown, more = resident_kib(worker.pid) - memory, _bytes(server.database) - disk
        return OpenContracts(
            contracts=len(names),
            disk_bytes_each=more / len(names),
            memory_bytes_each=grown * 1024 / len(names),
            contract_history_bytes=await _history(made, [contract_workflow_id(name) for name in names]),
            activation_history_bytes=await _history(made, [chapter_of(name) for name in names]),
            worker_bytes_before=memory * 1024,
        )


@contextlib.asynccontextmanager
async def workers_apart(made: World) -> AsyncIterator[Child]:
    """The workflow queue's own process; the platforms' queues here."""
    records, policy = StoreRecords(made.database), GovernedPolicy(load_policy(None))
    program = worker_program(made, "q2c-workflows", {"test": CODEC_KEY})
    child = await start(program, made.home / "worker.log")
    try:
        async with contextlib.AsyncExitStack() as stack:
            for name, port in made.ports.items():
                worker = platform_worker(made.client, name, port, records, policy, made.settings)
                await stack.enter_async_context(worker)
            yield child
    finally:
        await child.stop()


async def _history(made: World, workflow_ids: Sequence[str]) -> float:
    sizes = []
    for workflow_id in workflow_ids[:20]:
        described = await made.client.get_workflow_handle(workflow_id).describe()
        sizes.append(described.raw_description.workflow_execution_info.history_size_bytes)
    return statistics.median(sizes)


def _bytes(database: Path) -> int:
    """What is in use in the database, its write-ahead log included."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (used,) = connection.execute(
            "SELECT (SELECT page_count FROM pragma_page_count()) - "
            "(SELECT freelist_count FROM pragma_freelist_count())"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(used) * int(size)
