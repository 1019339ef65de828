"""Usage: reported, and listed."""

from fastapi import APIRouter
from pydantic import Field

from canonical.base import Noun
from canonical.scenario import Usage
from gateway.access import OperatorRole, Viewer
from gateway.api.audit import record
from gateway.deps import TheStores
from store.usage import UsageReceipt

router = APIRouter(prefix="/contracts/{contract}/usage", tags=["usage"])


class UsageReport(Noun):
    usage: tuple[Usage, ...] = Field(min_length=1, max_length=5000)


@router.post("")
async def report_usage(
    contract: str, report: UsageReport, actor: OperatorRole, stores: TheStores
) -> UsageReceipt:
    """Keeps usage; an id counts once. Ids known with other content are named, and what was known stays.

    The contract need not be known yet: usage may be metered before its approval has reached us.
    """
    receipt = await stores.usage.record(contract, report.usage)
    details = {"recorded": str(receipt.recorded), "duplicates": str(receipt.duplicates)}
    await record(stores, actor, "usage.report", "contract", contract, contract=contract, details=details)
    return receipt


@router.get("")
async def list_usage(contract: str, actor: Viewer, stores: TheStores) -> list[Usage]:
    """By date."""
    return list(await stores.usage.of_contract(contract))
