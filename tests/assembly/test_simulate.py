"""Whole lives on the time-skipping server: what the platforms list in the end is what the rules predict."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from assembly.in_process import NotEntered
from assembly.simulation import simulate
from tests.agreement import scenario_of
from tests.assembly.lives import lived, silence
from tests.rules.scenarios import amendment, cancellation, flat, metered, seats
from tests.workflows.sales import NEW_YORK, TOKYO, account, arrears, month, scenario, sold
from tests.world import example, today

ROOT = Path(__file__).parents[2]
TAXED = {"tax_rate_percent": "8.875"}
YEARLY = {"auto": True, "term_months": 12, "uplift_percent": "7"}


@pytest.fixture(autouse=True)
def silent() -> None:
    silence()


def renewed_and_cancelled() -> dict[str, Any]:
    """Begins in the past, renews by itself twice, goes up and down, is cancelled inside a period."""
    lines = seats(**TAXED), flat("L2", "99.99", per="year")
    return scenario(
        sold(*lines, start=month(-2), renewal=YEARLY),
        amendment(month(4, 15), {"id": "L1", "quantity": "15"}, name="UP"),
        amendment(month(9, 7), {"id": "L1", "quantity": "12"}, name="DOWN"),
        cancellation(month(30, 11)),
    )


@pytest.mark.parametrize("name", ["annual-seats-with-overage", "quarterly-arrears-leap-day"])
async def test_shared_example_is_lived_as_predicted(name: str) -> None:
    """Its months' revenue too: each of them brings what preview's entry of it says."""
    told = example(name)
    found = await lived(told, revenue=True)
    assert len(found.months) > 3
    assert found.until == max(dt.date.fromisoformat(told["as_of"]), today())


async def test_three_years_of_months_with_usage_amendments_and_renewals() -> None:
    """The scenario whose time `docs/reference/benchmarks.md` tells."""
    told = json.loads((ROOT / "docs" / "examples" / "three-years-monthly.json").read_text())
    found = await lived(told)
    assert found.status == "active"
    assert {document.kind for document in found.documents} == {"invoice", "credit_memo"}
    assert len(found.documents) == 41


async def test_arrears_and_usage_are_billed_at_each_periods_end() -> None:
    used = [{"line": "U1", "date": month(offset, 5), "quantity": "12.5"} for offset in range(-2, 9)]
    contract = sold(seats(**TAXED), metered(price="0.5"), start=month(-2), every=3, billing=arrears(3))
    found = await lived(scenario(contract, usage=used), until=month(11))
    assert found.status == "expired"
    assert len(found.documents) == 4


async def test_legal_entity_whose_day_begins_before_the_platforms() -> None:
    line = flat(amount="33333", per="month", tax_rate_percent="10")
    yen: dict[str, Any] = {"currency": "JPY", "legal_entity": "JP01", "account": account("A-1", TOKYO)}
    found = await lived(scenario(sold(line, start=month(0), every=1, **yen)), until=month(3))
    assert {str(document.predicted) for document in found.documents} == {"36666"}


@pytest.mark.parametrize("seed", [7, 11])
async def test_transport_faults_change_nothing_in_the_end(seed: int) -> None:
    found = await lived(renewed_and_cancelled(), until=month(34), faults=seed)
    assert found.status == "cancelled"


async def test_what_a_person_must_decide_is_told_and_agrees_with_nothing() -> None:
    nowhere = account("A-1", {**NEW_YORK, "country": "ZZ"})
    told = scenario(sold(seats(**TAXED), start=month(0), every=1, account=nowhere))
    found = await simulate(scenario_of(told), told)
    assert [exception.step for exception in found.exceptions] == ["quote tax"]
    assert [document.differences for document in found.documents] == [
        ("billing: missing", "ledger: missing", "tax: missing")
    ]
    assert not found.agrees


async def test_what_a_platform_can_not_hold_is_refused_before_anything_happens() -> None:
    told = scenario(sold(flat(amount="10.001", per="month"), start=month(0), every=1, currency="KWD"))
    with pytest.raises(NotEntered, match=r"netsuite: .*KWD"):
        await simulate(scenario_of(told), told)


async def test_product_that_two_lines_tax_differently_is_refused_before_anything_happens() -> None:
    other = {"id": "L2", "add": {k: v for k, v in seats(tax_rate_percent="19").items() if k != "id"}}
    told = scenario(sold(seats(**TAXED), start=month(0), every=1), amendment(month(1), other))
    with pytest.raises(NotEntered, match="product SEAT have different tax rates"):
        await simulate(scenario_of(told), told)
