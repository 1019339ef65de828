"""Exchange rates: taken in from a central bank's file, and shown as they are in force on a day."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from canonical.rates import Code, RateSheet, ReferenceRate
from gateway.access import Finance, Viewer
from gateway.api.audit import record
from gateway.deps import TheStores
from gateway.problems import Problem
from rules.rate_file import NOT_YET
from store.rates import RateReceipt, RecordedRate

router = APIRouter(prefix="/rates", tags=["rates"])

MOST_RATES = 5000
"""In one request; its body is bounded too (`max_body_bytes`)."""


class RateImport(RateSheet):
    """`reason`: rates that differ from those known are corrections, and this is why."""

    rates: tuple[ReferenceRate, ...] = Field(min_length=1, max_length=MOST_RATES)
    reason: str | None = Field(default=None, min_length=1, max_length=500)


@router.post("")
async def take_in(sheet: RateImport, actor: Finance, stores: TheStores) -> RateReceipt:
    """Keeps all of the rates, or none: one that differs from the known is refused without a reason, one of a
    day to come in any case.
    """
    _refuse_days_to_come(sheet, dt.datetime.now(dt.UTC).date())
    receipt = await stores.rates.record(sheet, actor.name, sheet.reason)
    if receipt.conflicting:
        first = ", ".join(receipt.conflicting[:5])
        message = (
            f"{len(receipt.conflicting)} differ from what is known ({first}): a correction needs a reason"
        )
        raise Problem(409, "conflict", message, field="rates")
    days = sorted(rate.date for rate in sheet.rates)
    details = {
        "source": sheet.source,
        "recorded": str(receipt.recorded),
        "corrected": str(receipt.corrected),
        "days": f"{days[0]} to {days[-1]}",
    }
    if receipt.recorded or receipt.corrected:
        name = f"{sheet.base} {days[0]}"
        await record(stores, actor, "rates.import", "rates", name, reason=sheet.reason, details=details)
    return receipt


def _refuse_days_to_come(sheet: RateSheet, today: dt.date) -> None:
    for index, rate in enumerate(sheet.rates):
        if rate.date > today:
            message = f"{rate.currency} of {rate.date} is after today ({today}): {NOT_YET}"
            raise Problem(400, "invalid", message, field=f"rates.{index}.date")


@router.get("")
async def show(
    actor: Viewer,
    stores: TheStores,
    date: Annotated[dt.date | None, Query(description="Today if left out.")] = None,
    currency: Code | None = None,
) -> list[RecordedRate]:
    """The last rate of each currency by the day, with its own day and source."""
    return list(await stores.rates.in_force(date or dt.datetime.now(dt.UTC).date(), currency))
