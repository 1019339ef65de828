"""Reconciling a period: started by an operator or every night, its results read from the store."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from canonical.base import Dec, Noun
from canonical.ids import repair_workflow_id
from canonical.reconciliation import BreakType, Side
from gateway.access import Finance, OperatorRole, Viewer
from gateway.api.exceptions import Reason
from gateway.deps import Stores, TheOperations, TheStores
from gateway.period_operations import PeriodRun
from gateway.problems import Problem
from ports.periods import BreakStatus, RecordedBreak, RecordedRun
from ports.records import OverrideRecord
from store.exceptions import RecordedException

router = APIRouter(tags=["reconciliation"])

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
Period = Annotated[str, Query(pattern=MONTH, description='A month, such as "2026-01".')]
PathPeriod = Annotated[str, Path(pattern=MONTH)]
PathEntity = Annotated[str, Path(min_length=1, max_length=64)]
Entity = Annotated[str, Query(min_length=1, max_length=64)]


class ReconcileOrder(Noun):
    """`entity` null: every legal entity that has a contract."""

    period: str = Field(pattern=MONTH)
    entity: str | None = Field(default=None, min_length=1, max_length=64)


class BreakView(Noun):
    """A break as INTERFACES.md has it, and by which id it is repaired."""

    id: str
    type: BreakType
    document: str
    documents: tuple[str, ...]
    effect: Dec
    cause: str
    owner: str
    blocks_close: bool
    proposal: str
    status: BreakStatus
    note: str | None
    contract: str | None
    repairable: bool


class ReconciliationView(Noun):
    """One legal entity, period and currency; amounts in the currency. `run` is the run that found it."""

    entity: str
    period: str
    currency: str
    sides: dict[Side, Dec]
    breaks: tuple[BreakView, ...]
    close_allowed: bool
    run: str


@router.post("/reconciliations", status_code=202)
async def reconcile(
    order: ReconcileOrder, actor: OperatorRole, stores: TheStores, operations: TheOperations
) -> list[PeriodRun]:
    """Starts a run for each entity, or joins the one under way; it goes on without the caller."""
    entities = await entities_asked(stores, order.entity)
    return [await operations.start_reconciliation(each, order.period, actor) for each in entities]


@router.get("/reconciliations")
async def list_reconciliations(
    actor: Viewer, stores: TheStores, period: Period, entity: Entity | None = None
) -> list[ReconciliationView]:
    """The newest run's results over the period, by entity and currency."""
    found: list[ReconciliationView] = []
    for run in await stores.periods.runs_of(period, entity):
        breaks = await stores.periods.breaks(run.entity, period, ("open", "explained", "repaired"))
        found += views(run, breaks)
    return found


@router.get("/reconciliations/{entity}/{period}/runs/{run}")
async def show_run(
    entity: PathEntity,
    period: PathPeriod,
    run: Annotated[str, Path(min_length=1, max_length=100)],
    actor: Viewer,
    operations: TheOperations,
) -> PeriodRun:
    """How a run stands: running, done, failed."""
    return await operations.reconciliation_run(entity, period, run)


@router.get("/breaks")
async def list_breaks(
    actor: Viewer,
    stores: TheStores,
    period: Period | None = None,
    entity: Entity | None = None,
    status: BreakStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[BreakView]:
    """Those seen first come first."""
    found = await stores.periods.list_breaks(entity=entity, period=period, status=status, limit=limit)
    return [break_view(each) for each in found]


@router.get("/breaks/{id}")
async def show_break(id: str, actor: Viewer, stores: TheStores) -> RecordedBreak:
    return await known_break(stores, id)


@router.post("/breaks/{id}/repair", status_code=201)
async def repair_break(
    id: str, order: Reason, actor: Finance, stores: TheStores, operations: TheOperations
) -> OverrideRecord:
    """Asks a second person for the proposed repair; once that is approved, it is carried out."""
    recorded = await known_break(stores, id)
    if recorded.found.repair is None:
        raise Problem(409, "conflict", f"{id} can't be repaired by a machine: {recorded.found.proposal}")
    item = await _waiting(stores, recorded)
    return await operations.request_override(item, "fix", order.reason, actor)


@router.post("/breaks/{id}/explain", status_code=201)
async def explain_break(
    id: str, order: Reason, actor: Finance, stores: TheStores, operations: TheOperations
) -> OverrideRecord:
    """Asks a second person to accept the break as it is; once that is approved, it holds up no close."""
    item = await _waiting(stores, await known_break(stores, id))
    return await operations.request_override(item, "accept", order.reason, actor)


async def _waiting(stores: Stores, recorded: RecordedBreak) -> RecordedException:
    """The exception by which the break's owner is asked."""
    id_ = recorded.found.id
    if recorded.status != "open":
        raise Problem(409, "conflict", f"{id_} is {recorded.status}")
    workflow_id = repair_workflow_id(id_)
    found = await stores.exceptions.list(status="open", workflow_id=workflow_id)
    asked = [item for item in found if item.code == "reconciliation_break"]
    if not asked:
        raise Problem(
            409, "conflict", f"nobody is asked about {id_}: it holds up nothing, or is being repaired"
        )
    return asked[0]


async def known_entities(stores: Stores) -> list[str]:
    """The legal entities that have contracts, in order."""
    return list(await stores.contracts.entities())


async def entities_asked(stores: Stores, entity: str | None) -> list[str]:
    """The one that is named, or all. One without contracts is a slip of the pen: nothing is run for it."""
    known = await known_entities(stores)
    if entity is None:
        return known
    if entity not in known:
        message = f"{entity} has no contracts; those that have: {', '.join(known) or 'none'}"
        raise Problem(400, "invalid", message, field="entity")
    return [entity]


async def known_break(stores: Stores, id: str) -> RecordedBreak:
    found = await stores.periods.find_break(id)
    if found is None:
        raise Problem(404, "not_found", f"there is no break {id}")
    return found


def views(run: RecordedRun, breaks: tuple[RecordedBreak, ...]) -> list[ReconciliationView]:
    """By currency; a period is closed as a whole, but each currency says what it has itself."""
    return [
        ReconciliationView(
            entity=run.entity,
            period=run.period,
            currency=currency,
            sides=sides,
            breaks=tuple(break_view(each) for each in breaks if each.currency == currency),
            close_allowed=not any(each.blocks for each in breaks if each.currency == currency),
            run=run.run,
        )
        for currency, sides in sorted(run.sides.items())
    ]


def break_view(recorded: RecordedBreak) -> BreakView:
    found = recorded.found
    names = set(BreakView.model_fields) & set(type(found).model_fields)
    return BreakView(
        **{name: getattr(found, name) for name in names},
        status=recorded.status,
        note=recorded.note,
        repairable=found.repair is not None,
    )
