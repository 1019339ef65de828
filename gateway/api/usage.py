"""Usage: reported, listed, and what becomes of it."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from canonical.base import Day, Dec, Noun
from canonical.metering import Name, ReportedUsage, UsageStanding
from canonical.scenario import Usage
from gateway.access import OperatorRole, Viewer
from gateway.api.audit import record
from gateway.deps import Stores, TheOperations, TheStores
from gateway.operations import ContractOrExceptionNotFound, Operations
from rules.usage_standing import standings
from store.usage import UsageReceipt

router = APIRouter(prefix="/contracts/{contract:path}/usage", tags=["usage"])
batches = APIRouter(prefix="/usage", tags=["usage"])

MOST_EVENTS = 10_000
"""In one request; its body is bounded too (`max_body_bytes`)."""

_OVER = frozenset({"cancelled", "expired", "compensated"})
_GOES_ON = frozenset({"pending", "activating", "active"})
"""In these a contract's next draft asks what is reported: as long as its workflow runs."""
_BILLS_NOTHING = frozenset({"compensated"})


class UsageEntry(Noun):
    """Units of a line on a day; below zero it is a correction. Without an id it counts each time."""

    line: Name
    date: Day
    quantity: Dec
    id: Name | None = None


class UsageReport(Noun):
    usage: tuple[UsageEntry, ...] = Field(min_length=1, max_length=MOST_EVENTS)


class UsageBatch(Noun):
    events: tuple[ReportedUsage, ...] = Field(min_length=1, max_length=MOST_EVENTS)


class Conflict(Noun):
    """An id that is known with other content: what was known stays."""

    contract: str
    id: str


class BatchAnswer(Noun):
    """`after_the_end`: contracts that are over: they bill what their last invoice did not take on its own.
    `unknown`: contracts that nothing is known of yet: their usage is kept, and nobody bills it before their
    approval.
    """

    recorded: int
    duplicates: int
    conflicting: tuple[Conflict, ...]
    after_the_end: tuple[str, ...]
    unknown: tuple[str, ...]


@batches.post("")
async def report_batch(
    batch: UsageBatch, actor: OperatorRole, stores: TheStores, operations: TheOperations
) -> BatchAnswer:
    """Keeps usage of any number of contracts, all or nothing, each id once in its contract.

    Neither the contract nor the line need be known yet: what comes before its approval counts once that is
    known. Contracts that have ended are told. Sent again, nothing changes.
    """
    receipt = await stores.usage.record_batch(batch.events)
    details = {"recorded": str(receipt.recorded), "duplicates": str(receipt.duplicates)}
    details["conflicting"] = str(len(receipt.conflicting))
    await record(stores, actor, "usage.report", "usage", "batch", details=details)
    named = {each.contract for each in batch.events}
    statuses = await _told(stores, operations, named)
    return BatchAnswer(
        recorded=receipt.recorded,
        duplicates=receipt.duplicates,
        conflicting=tuple(Conflict(contract=contract, id=id) for contract, id in receipt.conflicting),
        after_the_end=tuple(sorted(c for c, status in statuses.items() if status in _OVER)),
        unknown=tuple(sorted(named - statuses.keys())),
    )


async def _told(stores: Stores, operations: Operations, contracts: set[str]) -> dict[str, str]:
    """Tells those that may have ended, after what is reported is kept, and looks after those that go on; the
    statuses, as they are listed.

    What is kept and not told, since Temporal does not answer, is told when the report is sent again.
    """
    found = await stores.contracts.statuses(sorted(contracts))
    named = sorted(found.items())
    quiet = _GOES_ON | _BILLS_NOTHING
    if told := [each for each, status in named if status not in quiet]:
        await operations.tell_of_usage(told)
    if looked_after := [each for each, status in named if status in _GOES_ON]:
        await operations.look_after_usage(looked_after)
    return found


@router.post("")
async def report_usage(
    contract: str,
    report: UsageReport,
    actor: OperatorRole,
    stores: TheStores,
    operations: TheOperations,
) -> UsageReceipt:
    """Keeps usage; an id counts once. Ids known with other content are named, and what was known stays.

    The contract need not be known yet: usage may be metered before its approval has reached us.
    """
    usage = [
        Usage(line=each.line, date=each.date, quantity=each.quantity, id=each.id) for each in report.usage
    ]
    receipt = await stores.usage.record(contract, usage)
    details = {"recorded": str(receipt.recorded), "duplicates": str(receipt.duplicates)}
    await record(stores, actor, "usage.report", "contract", contract, contract=contract, details=details)
    await _told(stores, operations, {contract})
    return receipt


@router.get("")
async def list_usage(
    contract: str,
    actor: Viewer,
    stores: TheStores,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> list[Usage]:
    """Single events, by date."""
    return list(await stores.usage.of_contract(contract, limit=limit, offset=offset))


@router.get("/months")
async def show_months(
    contract: str,
    actor: Viewer,
    stores: TheStores,
    operations: TheOperations,
    month: Annotated[str | None, Query(pattern=r"^[0-9]{4}-[0-9]{2}$")] = None,
) -> list[UsageStanding]:
    """Usage by line and calendar month, and what becomes of it: taken in, late, waiting, or not billed."""
    reported = [each for each in await stores.usage.by_month(contract) if month in (None, each.month)]
    try:
        state = await operations.contract_whole(contract)
    except ContractOrExceptionNotFound:
        state = None
    return list(standings(state, reported))
