"""Contracts: started and changed from documents, listed, shown, told, traced."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from canonical.change import ContractChange
from canonical.scenario import Scenario
from gateway.access import Finance, OperatorRole, Viewer
from gateway.api.audit import record
from gateway.api.views import ContractDetail, LineageView, contract_detail, lineage_view
from gateway.deps import TheOperations, TheStores
from gateway.operations import ChangePreview, Started, TimelineItem
from gateway.problems import Problem
from gateway.timeline import timeline_of
from ports.records import ContractRecord

# An id may hold a slash: `:path` takes it in, and the paths that go on after it stand before the bare one.
router = APIRouter(prefix="/contracts", tags=["contracts"])


@router.get("")
async def list_contracts(
    actor: Viewer,
    stores: TheStores,
    status: str | None = None,
    account: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: str = "",
) -> list[ContractRecord]:
    """By id; `after` is the id from which to go on."""
    return await stores.contracts.list(status=status, account=account, limit=limit, after=after)


@router.post("", status_code=201)
async def start_contract(
    scenario: Scenario, actor: Finance, stores: TheStores, operations: TheOperations
) -> Started:
    """Starts a contract from a scenario document."""
    started = await operations.start_contract(scenario, actor)
    details = {"workflow": started.workflow_id}
    await record(
        stores,
        actor,
        "contract.start",
        "contract",
        started.contract,
        contract=started.contract,
        details=details,
    )
    return started


@router.post("/{contract:path}/changes")
async def change_contract(
    contract: str,
    scenario: Scenario,
    actor: Finance,
    stores: TheStores,
    operations: TheOperations,
    change: str | None = None,
) -> Started:
    """Tells the contract of the document's changes, or of the one named."""
    if scenario.contract.id != contract:
        message = f"the document is of {scenario.contract.id}, not of {contract}"
        raise Problem(400, "invalid", message, field="contract.id")
    started = await operations.change_contract(scenario, change, actor)
    details = {"changes": ", ".join(started.changes)}
    await record(stores, actor, "contract.change", "contract", contract, contract=contract, details=details)
    return started


@router.post("/{contract:path}/preview")
async def preview_change(
    contract: str, change: ContractChange, actor: OperatorRole, operations: TheOperations
) -> ChangePreview:
    """What a change would do to the contract as it stands, before anybody approves it."""
    return await operations.preview_change(contract, change)


@router.get("/{contract:path}/timeline")
async def show_timeline(
    contract: str, actor: Viewer, stores: TheStores, operations: TheOperations
) -> list[TimelineItem]:
    """What has happened, in order of time."""
    items = await timeline_of(contract, stores, operations)
    if not items:
        raise Problem(404, "not_found", "nothing is known of this contract")
    return items


@router.get("/{contract:path}/lineage")
async def show_lineage(contract: str, actor: Viewer, stores: TheStores) -> list[LineageView]:
    """Where each object and number came from; empty while nothing has been written anywhere."""
    entries = await stores.lineage.of_contract(contract)
    if not entries and await stores.contracts.get(contract) is None:
        raise Problem(404, "not_found", "nothing is known of this contract")
    return [lineage_view(entry) for entry in entries]


@router.get("/{contract:path}")
async def show_contract(
    contract: str, actor: Viewer, stores: TheStores, operations: TheOperations
) -> ContractDetail:
    """The contract as its workflow has it, with its objects in the platforms, from lineage."""
    view = await operations.contract_state(contract)
    entries, exceptions, platforms = await asyncio.gather(
        stores.lineage.of_contract(contract),
        stores.exceptions.list(contract=contract, status="open"),
        operations.platforms(),
    )
    return contract_detail(view, entries, exceptions, platforms)
