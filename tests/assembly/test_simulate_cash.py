"""Payments of a simulated life: made on their days, applied by the workflows as the preview says."""

from decimal import Decimal
from typing import Any

import pytest

from assembly.simulation import simulate
from rules.cash_moves import NotMovable
from tests.agreement import scenario_of
from tests.assembly.lives import lived, silence
from tests.rules.scenarios import amendment, seats
from tests.workflows.sales import day, month, scenario, sold
from tests.world import today

TAXED = {"tax_rate_percent": "8.875"}


@pytest.fixture(autouse=True)
def silent() -> None:
    silence()


def paid(id: str, date: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "date": date, "amount": amount, **more}


def monthly(*payments: dict[str, Any]) -> dict[str, Any]:
    """108.88 a month, the first invoice a month ago."""
    told = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    return {**told, "payments": list(payments)}


async def test_all_kinds_of_money_leave_what_the_preview_predicts() -> None:
    told = monthly(
        paid("P-1", month(-1, 20), "108.88", invoice="INV-1"),
        paid("P-2", day(1), "50.00"),
        paid("P-3", month(1, 5), "200.00"),
        paid("R-1", month(1, 9), "8.88", invoice="INV-1", kind="refund"),
        paid("C-1", month(1, 20), "200.00", kind="chargeback", fee="15.00"),
        paid("W-1", month(2, 3), "20.00", invoice="INV-2", kind="write_off"),
        paid("P-4", month(2, 5), "108.88", invoice="INV-2"),
    )
    found = await lived(told, until=month(2, 15))
    assert {each.id: str(each.ledger) for each in found.payments} == {
        "P-1": "108.88",
        "P-2": "50.00",
        "P-3": "200.00",
        "R-1": "-8.88",
        "C-1": "-215.00",
        "W-1": "20.00",
        "P-4": "108.88",
    }
    held = {each.name: str(each.ledger) for each in found.balances}
    assert held["cash"] == "243.88"
    assert held["dispute_fees"] == "15.00"
    assert held["bad_debt"] == "20.00"


async def test_documents_and_money_are_in_the_books_at_the_scenarios_rates() -> None:
    line = seats(quantity="7", price="33.33", **TAXED)
    told = scenario(
        sold(line, start=month(-1), every=1, currency="EUR"),
        amendment(month(0, 20), {"id": "L1", "quantity": "4"}),
    )
    told["payments"] = [
        paid("P-1", day(0), "30.01", invoice="INV-1"),
        paid("P-2", month(1, 5), "224.01", invoice="INV-1"),
        paid("P-3", month(1, 6), "50.00"),
        paid("W-1", month(1, 9), "7.77", invoice="INV-3", kind="write_off"),
    ]
    said = {month(-14): "0.9", month(-1): "1.0731", day(0): "1.1177", month(1, 4): "1.0333"}
    rates = [{"date": date, "rate": rate} for date, rate in said.items()]
    fx = {"functional_currency": "USD", "rates": rates}
    found = await lived({**told, "fx": fx}, until=month(1, 10), revenue=True)
    held = {(each.name, each.currency): each.ledger for each in found.balances}
    assert held["cash", "EUR"] == Decimal("304.02")
    assert held["cash", "USD"] == Decimal("316.68")
    assert held["fx_realised", "USD"] == Decimal("-9.56")
    entries = [(each.month, each.event) for each in found.months]
    assert entries == [(month(at)[:7], event) for at in (-1, 0) for event in ("revenue", "revaluation")]
    assert all(each.ledger for each in found.months)


async def test_payment_of_the_past_is_made_today() -> None:
    found = await lived(monthly(paid("P-1", month(-1, 20), "108.88", invoice="INV-2")), until=day(0))
    [payment] = found.payments
    assert (payment.date, str(payment.ledger)) == (today(), "108.88")


async def test_money_without_a_way_on_the_platforms_is_refused_before_anything_happens() -> None:
    told = monthly(paid("P-1", day(0), "1.00", invoice="INV-3"))
    with pytest.raises(NotMovable, match=r"payments\[0\]\.invoice: INV-3 is issued on"):
        await simulate(scenario_of({**told, "as_of": month(2)}), told)
