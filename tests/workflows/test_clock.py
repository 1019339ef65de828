"""The platforms' clock goes forward: they bill by themselves, and what they bill is completed and posted."""

import datetime as dt

import pytest

from tests.agreement import until_agreed
from tests.rules.scenarios import flat, metered, seats
from tests.workflows.sales import arrears, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("clock")

TAXED = {"tax_rate_percent": "8.875"}


def on(day: str) -> dt.date:
    return dt.date.fromisoformat(day)


async def test_cycle_bills_by_itself_in_advance(made: World) -> None:
    told = scenario(sold(seats(**TAXED), flat("L2", "99.99", per="year"), start=month(-1), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    for offset in (1, 2):
        await made.advance(month(offset))
        await until_agreed(made, told, as_of=on(month(offset)))


async def test_draft_of_a_cycle_is_completed_with_arrears(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-1), every=1, billing=arrears(1)))
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    await until_agreed(made, told, as_of=on(month(1)))


async def test_draft_of_a_cycle_is_completed_with_usage(made: World) -> None:
    used = [{"line": "U1", "date": month(0), "quantity": "70.5"}]
    told = scenario(sold(seats(**TAXED), metered(price="0.02"), start=month(0), every=1), usage=used)
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    await until_agreed(made, told, as_of=on(month(1)))


async def test_last_period_in_arrears_is_billed_at_the_terms_end(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2), months=3, every=1, billing=arrears(1)))
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    await until_agreed(made, told, as_of=on(month(1)))


async def test_auto_renewal_bills_the_uplift_on_the_platforms_day(made: World) -> None:
    terms = {"auto": True, "term_months": 12, "uplift_percent": "7"}
    told = scenario(sold(seats(**TAXED), start=month(-11), renewal=terms))
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    found = await until_agreed(made, told, as_of=on(month(1)))
    view = await made.until_status("C-1", "active", changes=2)
    assert [change.type for change in view.changes] == ["activation", "renewal"]
    assert found.issued[1].subtotal == found.issued[0].subtotal * 107 / 100


async def test_contract_of_the_future_is_billed_from_its_first_day(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(1), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    await until_agreed(made, told, as_of=on(month(1)))
    await made.advance(month(2))
    await until_agreed(made, told, as_of=on(month(2)))
