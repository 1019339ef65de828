"""Exchange rates: each day once, corrections with their reason, the last by a day in force."""

import datetime as dt
from decimal import Decimal

from canonical.rates import RateSheet, ReferenceRate
from store.database import Database
from store.rates import RateTable

FRIDAY, SATURDAY = dt.date(2026, 11, 27), dt.date(2026, 11, 28)


def sheet(usd: str = "1.0812", day: dt.date = FRIDAY, currency: str = "USD") -> RateSheet:
    rate = ReferenceRate(date=day, currency=currency, rate=Decimal(usd))
    return RateSheet(base="EUR", source="ECB, daily", rates=(rate,))


async def test_rate_is_kept_once_with_its_source(database: Database) -> None:
    table = RateTable(database)
    first = await table.record(sheet(), "fiona", None)
    again = await table.record(sheet("1.08120"), "fiona", None)
    assert (first.recorded, again.recorded, again.known) == (1, 0, 1)
    [found] = await table.in_force(SATURDAY)
    assert (found.rate, found.source, found.date) == (Decimal("1.0812"), "ECB, daily", FRIDAY)


async def test_differing_rate_is_refused_with_all_that_came_beside_it(database: Database) -> None:
    table = RateTable(database)
    await table.record(sheet(), "fiona", None)
    both = RateSheet(
        base="EUR", source="ECB", rates=(*sheet("1.09").rates, *sheet("168", currency="JPY").rates)
    )
    refused = await table.record(both, "fiona", None)
    assert refused.conflicting == ("2026-11-27 USD",)
    assert [(each.currency, each.rate) for each in await table.in_force(FRIDAY)] == [
        ("USD", Decimal("1.0812"))
    ]


async def test_correction_needs_its_reason_and_keeps_it(database: Database) -> None:
    table = RateTable(database)
    await table.record(sheet(), "fiona", None)
    done = await table.record(sheet("1.0821"), "olga", "corrected by the ECB")
    [found] = await table.in_force(FRIDAY)
    assert (done.corrected, found.rate, found.recorded_by) == (1, Decimal("1.0821"), "olga")
    assert found.reason == "corrected by the ECB"


async def test_last_rate_by_the_day_is_in_force(database: Database) -> None:
    table = RateTable(database)
    await table.record(sheet("1.0799", dt.date(2026, 11, 26)), "fiona", None)
    await table.record(sheet(), "fiona", None)
    assert [each.rate for each in await table.in_force(dt.date(2026, 11, 26))] == [Decimal("1.0799")]
    assert [each.rate for each in await table.in_force(SATURDAY, "USD")] == [Decimal("1.0812")]
    assert await table.in_force(dt.date(2026, 11, 25)) == ()
