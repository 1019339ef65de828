"""A month's revenue of many contracts: how long the run takes, and how much history it leaves.

One contract is activated and posted; the others are its copies, each in a workflow of its own as it would be
after continue-as-new. The run is the product's: it asks each contract's workflow, asks the ledger, posts.
"""

import asyncio
import datetime as dt
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowExecution
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from bench.open_contracts import workers_apart
from bench.stage import TENANT, Server, cpu_seconds, reference, resident_kib
from canonical.ids import contract_workflow_id, revenue_workflow_id
from canonical.lifecycle import ContractState
from canonical.revenue import RevenueOrder, RevenueReport
from ports.records import ContractRecord
from rules.calendar import add_months, month_key
from store.records import StoreRecords
from tests.world import World, today, world
from workflows._attributes import CONTRACT
from workflows._options import WORKFLOW_QUEUE
from workflows.contract import ContractWorkflow
from workflows.revenue import RevenueWorkflow

_FIRST = "C-BENCH"
_AT_ONCE = 32
_ENTITY = "US01"


@dataclass(frozen=True)
class RevenueRun:
    """Seconds of the first run, which posts an entry a contract, and of a second one, which finds nothing to
    post; `cpu` are CPU seconds of each by process, `memory_kib` what each process holds in the end. Histories
    in events and bytes, the greatest of all runs and of all pages of the first run.
    """

    contracts: int
    opened_seconds: float
    run_seconds: float
    again_seconds: float
    run_cpu: dict[str, int]
    again_cpu: dict[str, int]
    memory_kib: dict[str, int]
    runs: int
    pages: int
    run_events: int
    run_bytes: int
    page_events: int
    page_bytes: int


async def measured_revenue(server: Server, home: Path, contracts: int) -> RevenueRun:
    """Raises RuntimeError where an entry is missing, or posted twice."""
    async with world(home, server.address, working=False) as made, workers_apart(made) as worker:
        processes = {"workflow worker": worker.pid, "platforms": os.getpid(), "Temporal": server.pid}
        state = await _activated(made)
        names = [f"C-{number:05}" for number in range(contracts - 1)]
        opened = await _opened(made, state, names)
        before = _cpu(processes)
        run = await _run(made, "first", posted=contracts)
        between, histories = _cpu(processes), await _histories(made)
        again = await _run(made, "second", posted=0)
        after = _cpu(processes)
        _hold(made, contracts)
        return RevenueRun(
            contracts=contracts,
            opened_seconds=opened,
            run_seconds=run,
            again_seconds=again,
            run_cpu={name: between[name] - before[name] for name in processes},
            again_cpu={name: after[name] - between[name] for name in processes},
            memory_kib={name: resident_kib(pid) for name, pid in processes.items()},
            **histories,
        )


def _cpu(processes: Mapping[str, int]) -> dict[str, int]:
    return {name: cpu_seconds(pid) for name, pid in processes.items()}


async def _activated(made: World) -> ContractState:
    """The one contract that all are copies of, two months old."""
    start = add_months(today().replace(day=1), -2)
    await made.load(reference(_FIRST, start=start))
    await made.until_status(_FIRST, "active")
    await made.until_posted(_FIRST, 1)
    handle = made.client.get_workflow_handle(contract_workflow_id(_FIRST))
    state: ContractState = await handle.query("whole_state", result_type=ContractState)
    return state


async def _opened(made: World, state: ContractState, names: Sequence[str]) -> float:
    """Starts a workflow for each; it waits, as the first one does."""
    places, text = asyncio.Semaphore(_AT_ONCE), state.model_dump_json()
    records = StoreRecords(made.database)

    async def opened(name: str) -> None:
        async with places:
            own = ContractState.model_validate_json(text.replace(_FIRST, name))
            await records.record_contract(_record(own))
            await made.client.start_workflow(
                ContractWorkflow.run,
                own,
                id=contract_workflow_id(name),
                task_queue=WORKFLOW_QUEUE,
                search_attributes=TypedSearchAttributes([SearchAttributePair(CONTRACT, name)]),
            )

    started = time.perf_counter()
    await asyncio.gather(*(opened(name) for name in names))
    return time.perf_counter() - started


def _record(state: ContractState) -> ContractRecord:
    if state.contract is None:
        raise RuntimeError(f"{state.id} has not been read")
    return ContractRecord(
        id=state.id,
        account=state.contract.account.id,
        legal_entity=state.contract.legal_entity,
        currency=state.contract.currency,
        status="active",
        version=1,
        workflow_id=contract_workflow_id(state.id),
        updated_at=dt.datetime.now(dt.UTC),
    )


async def _run(made: World, name: str, *, posted: int) -> float:
    period = month_key(add_months(today().replace(day=1), -1))
    order = RevenueOrder(
        tenant=TENANT, entity=_ENTITY, period=period, requested_by="bench", correlation_id=name
    )
    started = time.perf_counter()
    report: RevenueReport = await made.client.execute_workflow(
        RevenueWorkflow.run, order, id=revenue_workflow_id(_ENTITY, period), task_queue=WORKFLOW_QUEUE
    )
    taken = time.perf_counter() - started
    if (report.tally.posted, report.tally.exceptions) != (posted, 0):
        raise RuntimeError(f"the {name} run has come to {report.tally}")
    return taken


def _hold(made: World, contracts: int) -> None:
    entries = made.platforms["netsuite"].state.count("journalEntry")
    if entries != contracts:
        raise RuntimeError(f"{entries} entries were posted for {contracts} contracts")


async def _histories(made: World) -> dict[str, int]:
    runs = [each async for each in made.client.list_workflows("WorkflowType = 'Revenue'")]
    pages = [each async for each in made.client.list_workflows("WorkflowType = 'RevenueBatch'")]
    return {
        "runs": len(runs),
        "pages": len(pages),
        "run_events": max(each.history_length for each in runs),
        "run_bytes": _most_bytes(runs),
        "page_events": max(each.history_length for each in pages),
        "page_bytes": _most_bytes(pages),
    }


def _most_bytes(found: Iterable[WorkflowExecution]) -> int:
    sizes: list[Any] = [each.raw_info.history_size_bytes for each in found]
    return int(max(sizes))
