"""Money in another currency than the books': at its day's rate, the difference to its invoice's realised."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules.invariants import findings
from tests.agreement import listings, until_agreed
from tests.rules.scenarios import amendment, seats
from tests.workflows.cash import issued, people, until_receipts
from tests.workflows.currencies import REVALUED, daily, foreign_world, in_euro, known, until_books
from tests.workflows.periods import reconciled, this_period
from tests.workflows.sales import month, replaced, scenario, sold
from tests.world import World, today

pytestmark = pytest.mark.xdist_group("currencies")

NO_MONTH_END = (*REVALUED, "revenue")


@pytest.fixture
async def made(tmp_path: Path, temporal_address: str) -> AsyncIterator[World]:
    async with foreign_world(tmp_path, temporal_address) as fresh:
        yield fresh


def payment(id: str, amount: int, **more: str) -> dict[str, Any]:
    return {"id": id, "date": today().isoformat(), "amount": str(Decimal(amount) / 100), **more}


async def test_paid_in_parts_after_a_credit_the_receivable_comes_to_nothing(made: World) -> None:
    told = in_euro(amendment(month(-1, 5), {"id": "L1", "quantity": "4"}))
    await known(made, told["fx"]["rates"])
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    [first, second] = await issued(made)
    await people(made, pay={"invoice": second["id"], "amount": 3333})
    await until_receipts(made, 1)
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", "active", changes=2)
    told = replaced(told, received_date=told["as_of"])
    await until_agreed(made, told)
    left = [each["amount_remaining"] for each in await issued(made)]
    told["payments"] = [
        payment("P0", 3333, invoice="INV-2"),
        payment("P1", 7, invoice="INV-1"),
        payment("P2", left[0] - 7, invoice="INV-1"),
    ]
    await people(made, pay={"invoice": first["id"], "amount": 7})
    await until_receipts(made, 2)
    await people(made, pay={"invoice": first["id"], "amount": left[0] - 7})
    await until_receipts(made, 3)
    await until_books(made, told, left_out=NO_MONTH_END)
    assert findings(await listings(made, told)) == ()
    [euro] = await reconciled(made, this_period(), "US01")
    assert (euro["currency"], euro["breaks"]) == ("EUR", [])


async def test_overpaid_refunded_and_charged_back_at_other_rates(made: World) -> None:
    """Rates and amounts by which no part is rounded: what is left over is posted as a part of its own."""
    line = seats(price="100", quantity="1", tax_rate_percent="10")
    told = scenario(sold(line, start=month(-1), every=1, currency="EUR"))
    rates = daily(month(-2, 28), start="1.20", step="0")
    rates += (
        [{"date": today().isoformat(), "rate": "1.30"}] if rates[-1]["date"] < today().isoformat() else []
    )
    told["fx"] = {"functional_currency": "USD", "rates": rates}
    await known(made, rates)
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    [first, second] = await issued(made)
    paid = await people(made, pay={"invoice": first["id"]})
    await until_receipts(made, 1)
    await people(made, pay={"invoice": second["id"], "amount": 13000})
    await until_receipts(made, 3)
    await people(made, refund={"payment": paid["pay"]["id"], "amount": 1000})
    await until_receipts(made, 4)
    await people(made, dispute={"payment": paid["pay"]["id"], "amount": 10000, "fee": 1500})
    await until_receipts(made, 6)
    told["payments"] = [
        payment("P1", 11000, invoice="INV-1"),
        payment("P2", 13000, invoice="INV-2"),
        payment("R1", 1000, invoice="INV-1", kind="refund"),
        payment("D1", 10000, invoice="INV-1", kind="chargeback", fee="15.00"),
    ]
    await until_books(made, told, left_out=NO_MONTH_END)
    assert findings(await listings(made, told)) == ()


async def test_money_of_a_day_without_a_rate_waits_for_one(made: World) -> None:
    told = in_euro(start=month(-3, 10), every=12)
    first = [each for each in told["fx"]["rates"] if each["date"] <= month(-2)]
    await known(made, first)
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    [invoice] = await issued(made)
    await people(made, pay={"invoice": invoice["id"]})
    found = await made.until_exception("C-1")
    assert (found.code, found.owner) == ("no_exchange_rate", "revenue-accounting")
    assert f"EUR/USD counts on {today()}" in found.summary
    assert await made.ports["netsuite"].receipts("US01") == ()
    await known(made, told["fx"]["rates"])
    await made.decide("fiona", found, "retry")
    await until_receipts(made, 1)
    told["payments"] = [payment("P1", invoice["total"], invoice="INV-1")]
    await until_books(made, told, left_out=NO_MONTH_END)
