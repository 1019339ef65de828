"""Which payments of a scenario platforms can carry out, and with what."""

import datetime as dt
import json
from typing import Any

import pytest

from rules.billing_plan import documents
from rules.cash_moves import CashMove, NotMovable, cash_moves, made_from
from rules.reading import read_scenario
from tests.rules.scenarios import contract, seats

TODAY = dt.date(2026, 3, 10)


def moves(*payments: dict[str, Any]) -> tuple[CashMove, ...]:
    document = {"contract": contract(seats()), "payments": list(payments), "as_of": "2026-12-31"}
    told = made_from(read_scenario(json.dumps(document), "json"), TODAY)
    found = documents(told.contract, told.changes, told.usage, told.as_of)
    return cash_moves(told, {invoice.id: invoice for invoice in found.invoices})


def paid(id: str, date: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "date": date, "amount": amount, **more}


def test_payment_of_a_day_that_is_past_is_made_today_in_the_order_of_time() -> None:
    made = moves(paid("B", "2026-04-01", "1"), paid("A", "2026-02-01", "1", invoice="INV-1"))
    assert [(move.payment.id, str(move.payment.date)) for move in made] == [
        ("A", "2026-03-10"),
        ("B", "2026-04-01"),
    ]
    assert made[0].invoice_key == "C-1/invoice/2026-01-01"


def test_money_goes_back_from_the_newest_payment_of_its_invoice_that_has_enough_left() -> None:
    made = moves(
        paid("A", "2026-04-01", "50", invoice="INV-1"),
        paid("B", "2026-04-02", "50"),
        paid("C", "2026-04-03", "30", invoice="INV-1"),
        paid("R", "2026-04-04", "40", invoice="INV-1", kind="refund"),
        paid("D", "2026-04-05", "20", invoice="INV-1", kind="chargeback"),
        paid("S", "2026-04-06", "10", kind="refund"),
    )
    assert [move.source for move in made] == [None, None, None, "A", "C", "B"]


@pytest.mark.parametrize(
    ("payments", "words"),
    [
        ([paid("R", "2026-04-01", "1", kind="refund")], "that names no invoice has 1 left"),
        (
            [
                paid("A", "2026-04-01", "9", invoice="INV-1"),
                paid("D", "2026-04-02", "1", invoice="INV-1", kind="chargeback"),
                paid("R", "2026-04-03", "1", invoice="INV-1", kind="refund"),
            ],
            r"payments\[2\].amount: .* of INV-1 has 1 left",
        ),
        ([paid("A", "2026-04-01", "9", invoice="INV-9")], "no invoice 'INV-9'"),
    ],
)
def test_what_has_no_way_on_the_platforms_is_named(payments: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(NotMovable, match=words):
        moves(*payments)
