"""Usage in the running system: what the platform bills and the ledger holds is what the rules predict."""

from typing import Any

import pytest

from tests.assembly.lives import lived, silence
from tests.rules.scenarios import amendment, cancellation, metered, seats
from tests.workflows.sales import arrears, month, scenario, sold

TAXED = {"tax_rate_percent": "8.875"}
TIERS = {
    "model": "graduated",
    "tiers": [{"up_to": "100", "unit_price": "0"}, {"up_to": None, "unit_price": "0.5"}],
}


@pytest.fixture(autouse=True)
def silent() -> None:
    silence()


def used(day: str, quantity: str, **more: Any) -> dict[str, Any]:
    return {"line": "U1", "date": day, "quantity": quantity, **more}


def calls(**more: Any) -> dict[str, Any]:
    return {**metered(**TAXED), "pricing": TIERS, **more}


def amounts(found: Any) -> list[str]:
    return [str(document.predicted) for document in found.documents]


async def test_tiers_start_afresh_each_period_on_every_platform() -> None:
    usage = [
        used(month(0, 5), "90"),
        used(month(0, 28), "30.5"),
        used(month(1, 2), "90"),
        used(month(2), "9"),
    ]
    found = await lived(
        scenario(sold(calls(), start=month(0), months=3, every=1), usage=usage), until=month(4)
    )
    assert amounts(found) == ["11.16"]


async def test_a_commitment_is_used_up_over_the_term_and_then_overage_is_billed() -> None:
    line = metered(price="0.30", commitment={"quantity": "1000", "amount": "200.00"}, **TAXED)
    usage = [used(month(offset, 10), "400") for offset in range(4)]
    found = await lived(scenario(sold(line, start=month(0), months=4, every=1), usage=usage), until=month(5))
    assert amounts(found) == ["217.75", "65.33", "130.65"]


async def test_a_minimum_bills_the_shortfall_at_each_periods_end() -> None:
    line = metered(price="2", minimum={"amount": "50.00"}, **TAXED)
    usage = [used(month(0, 10), "10"), used(month(1, 10), "40")]
    found = await lived(scenario(sold(line, start=month(0), months=3, every=1), usage=usage), until=month(4))
    assert amounts(found) == ["54.44", "87.10", "54.44"]


async def test_late_usage_goes_on_the_next_invoice_in_its_own_period() -> None:
    """And is priced with what its period had, in whose free tier it no longer fits."""
    usage = [
        used(month(0, 10), "95"),
        used(month(0, 20), "25", received_date=month(1, 12)),
        used(month(1, 20), "101"),
    ]
    found = await lived(
        scenario(sold(seats(**TAXED), calls(), start=month(0), months=4, every=1), usage=usage),
        until=month(4),
    )
    assert len(found.documents) == 4  # three of the seats, and usage alone on the last day
    assert [str(d.predicted) for d in found.documents if d.date.isoformat() == month(2)] == ["120.31"]


async def test_usage_sixty_days_old_is_billed_where_a_platforms_meter_would_refuse_it() -> None:
    """Stripe's meters take events of the last 35 days; these are lines on its own draft."""
    usage = [used(month(0, 10), "120", received_date=month(2, 15))]
    found = await lived(
        scenario(sold(seats(**TAXED), calls(), start=month(0), months=5, every=1), usage=usage),
        until=month(4),
    )
    assert len(found.documents) == 5
    assert len(set(amounts(found))) == 2


async def test_a_correction_downward_that_comes_late_is_credited() -> None:
    usage = [used(month(0, 10), "300"), used(month(0, 10), "-120", received_date=month(1, 12))]
    found = await lived(
        scenario(sold(seats(**TAXED), calls(), start=month(0), months=3, every=1), usage=usage),
        until=month(3),
    )
    assert [document.kind for document in found.documents].count("credit_memo") == 1


async def test_a_correction_in_the_same_period_is_netted() -> None:
    usage = [used(month(0, 10), "300"), used(month(0, 11), "-100.5")]
    found = await lived(
        scenario(sold(calls(), start=month(0), months=2, every=1), usage=usage), until=month(3)
    )
    assert amounts(found) == ["54.17"]


async def test_usage_up_to_a_cancellation_inside_a_period_is_billed_on_its_day() -> None:
    usage = [used(month(0, 10), "150"), used(month(1, 10), "160")]
    told = scenario(
        sold(seats(**TAXED), calls(), start=month(0), every=1), cancellation(month(1, 15)), usage=usage
    )
    await lived(told, until=month(3))


async def test_a_usage_line_that_an_amendment_brings_counts_from_its_day() -> None:
    added = {name: value for name, value in calls().items() if name != "id"}
    usage = [used(month(0, 5), "999"), used(month(0, 20), "150"), used(month(1, 5), "50")]
    told = scenario(
        sold(seats(**TAXED), start=month(0), months=3, every=1),
        amendment(month(0, 16), {"id": "U1", "add": added}),
        usage=usage,
    )
    await lived(told, until=month(3))


async def test_usage_in_the_past_and_to_come_beside_lines_in_arrears() -> None:
    usage = [used(month(offset, 5), "112.5") for offset in range(-4, 5)]
    contract = sold(seats(**TAXED), calls(), start=month(-4), months=9, every=3, billing=arrears(3))
    await lived(scenario(contract, usage=usage), until=month(6))
