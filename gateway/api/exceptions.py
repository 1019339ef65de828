"""The exception queue. A decision goes to the workflow that waits; who owns an item is ours to change."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from canonical.base import Noun
from gateway.access import RANKS, OperatorRole, Viewer
from gateway.api.audit import entry
from gateway.api.views import ExceptionDetail, ExceptionView, exception_detail, exception_view
from gateway.deps import Stores, TheDeps, TheOperations, TheStores
from gateway.operations import Actor, Operations, ResolveResult
from gateway.problems import Problem
from ports.records import ResolveAction
from store.exceptions import RecordedException

router = APIRouter(prefix="/exceptions", tags=["exceptions"])

_FINANCE_ONLY: tuple[ResolveAction, ...] = ("fix", "skip", "compensate", "accept")
"""What changes documents or money needs the role finance; a retry changes nothing."""


class Reason(Noun):
    reason: str = Field(min_length=1, max_length=2000)


class Assignment(Reason):
    owner: str = Field(min_length=1, max_length=200)


class Decision(Reason):
    """`set` holds corrections, for `fix` only: what the step's data shall be instead."""

    set: dict[str, str] = Field(default_factory=dict, max_length=100)


@router.get("")
async def list_exceptions(
    actor: Viewer,
    stores: TheStores,
    status: Literal["open", "resolved", "all"] = "open",
    owner: str | None = None,
    platform: str | None = None,
    contract: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[ExceptionView]:
    """Those due first come first."""
    found = await stores.exceptions.list(
        status=None if status == "all" else status,
        owner=owner,
        platform=platform,
        contract=contract,
        limit=limit,
    )
    return [exception_view(item) for item in found]


@router.get("/{exception}")
async def show_exception(exception: str, actor: Viewer, stores: TheStores) -> ExceptionDetail:
    item = await _known(stores, exception)
    return exception_detail(item, await stores.exceptions.story(exception))


@router.post("/{exception}/assign")
async def assign_exception(
    exception: str, assignment: Assignment, actor: OperatorRole, stores: TheStores, deps: TheDeps
) -> ExceptionView:
    """Gives an open exception to another owner: a queue of governance, or an operator."""
    item = await open_exception(stores, exception)
    if assignment.owner not in deps.owners and await stores.operators.by_name(assignment.owner) is None:
        known = ", ".join(sorted(deps.owners))
        message = f"{assignment.owner} is no owner; use one of {known}, or an operator's name"
        raise Problem(400, "invalid", message, field="owner")
    record = entry(
        stores,
        actor,
        "exception.assign",
        "exception",
        exception,
        item.contract,
        assignment.reason,
        {"from": item.owner, "to": assignment.owner},
    )
    assigned = await stores.exceptions.assign(exception, assignment.owner, record)
    if assigned is None:
        raise _already_resolved(exception)
    return exception_view(assigned)


@router.post("/{exception}/{action}")
async def decide_exception(
    exception: str,
    action: ResolveAction,
    decision: Decision,
    actor: OperatorRole,
    stores: TheStores,
    operations: TheOperations,
) -> ResolveResult:
    """Gives the waiting workflow a decision: retry, fix (with `set`), skip, compensate, accept."""
    return await _decide(exception, action, decision, actor, stores, operations)


async def _decide(
    exception: str,
    action: ResolveAction,
    decision: Decision,
    actor: Actor,
    stores: Stores,
    operations: Operations,
) -> ResolveResult:
    if action in _FINANCE_ONLY and RANKS[actor.role] < RANKS["finance"]:
        message = f"{action} needs the role finance; {actor.name} is {actor.role}"
        raise Problem(403, "forbidden", message)
    item = await open_exception(stores, exception)
    if decision.set and action != "fix":
        raise Problem(400, "invalid", "only fix takes corrections", field="set")
    if action not in item.actions:
        message = f"{action} is not allowed for this exception; allowed: {', '.join(item.actions)}"
        raise Problem(403, "refused_by_policy", message, field="action")
    return await operations.resolve(item, action, decision.reason, actor, decision.set)


async def _known(stores: Stores, exception: str) -> RecordedException:
    item = await stores.exceptions.get(exception)
    if item is None:
        raise Problem(404, "not_found", f"there is no exception {exception}")
    return item


async def open_exception(stores: Stores, exception: str) -> RecordedException:
    item = await _known(stores, exception)
    if item.status == "resolved":
        raise _already_resolved(exception)
    return item


def _already_resolved(exception: str) -> Problem:
    return Problem(409, "conflict", f"{exception} is resolved already")
