"""Finance overrides: asked for by one person, decided by another. The workflow enforces it; we do, early."""

from fastapi import APIRouter
from pydantic import Field

from gateway.access import Approver, Finance, Viewer
from gateway.api.exceptions import Reason, open_exception
from gateway.deps import Stores, TheOperations, TheStores
from gateway.operations import Actor
from gateway.problems import Problem
from ports.records import OverrideRecord, OverrideStatus, ResolveAction
from rules.approval import is_same_person

router = APIRouter(prefix="/overrides", tags=["overrides"])


class OverrideOrder(Reason):
    exception: str = Field(min_length=1, max_length=200)
    action: ResolveAction


@router.get("")
async def list_overrides(
    actor: Viewer,
    stores: TheStores,
    status: OverrideStatus | None = None,
    contract: str | None = None,
) -> list[OverrideRecord]:
    """Oldest first."""
    return await stores.overrides.list(status=status, contract=contract)


@router.post("", status_code=201)
async def request_override(
    order: OverrideOrder, actor: Finance, stores: TheStores, operations: TheOperations
) -> OverrideRecord:
    item = await open_exception(stores, order.exception)
    return await operations.request_override(item, order.action, order.reason, actor)


@router.post("/{override}/approve")
async def approve_override(
    override: str, decision: Reason, actor: Approver, stores: TheStores, operations: TheOperations
) -> OverrideRecord:
    """By somebody else than who asked, within the limit of their role."""
    record = await _undecided(stores, override, actor)
    return await operations.approve_override(record, decision.reason, actor)


@router.post("/{override}/reject")
async def reject_override(
    override: str, decision: Reason, actor: Approver, stores: TheStores, operations: TheOperations
) -> OverrideRecord:
    record = await _undecided(stores, override, actor)
    return await operations.reject_override(record, decision.reason, actor)


async def _undecided(stores: Stores, override: str, actor: Actor) -> OverrideRecord:
    record = await stores.overrides.get(override)
    if record is None:
        raise Problem(404, "not_found", f"there is no override {override}")
    if record.status != "requested":
        raise Problem(409, "conflict", f"{override} is {record.status} already")
    if is_same_person(record.requested_by, actor.name):
        raise Problem(403, "refused_by_policy", "the approver must be somebody else than the requester")
    item = await stores.exceptions.get(record.exception_id)
    if item is not None and item.status == "resolved":
        raise Problem(409, "conflict", f"{item.id} is resolved already: nothing is left to decide")
    return record
