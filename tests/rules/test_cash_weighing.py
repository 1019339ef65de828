"""What a decision comes to by what is there now: the amounts that a second person is asked to approve."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.cash import CashOrder
from rules.cash_application import CashRefused
from rules.cash_decision import settled, weigh
from tests.rules.test_cash_decisions import account


def order(kind: str, **more: Any) -> CashOrder:
    said = {
        "tenant": "t",
        "kind": kind,
        "contract": "C-1",
        "date": dt.date(2026, 3, 2),
        "reason": "x",
        "requested_by": "fiona",
        "role": "finance",
        "correlation_id": "r",
    }
    return CashOrder.model_validate(said | more)


def test_write_off_without_an_amount_is_all_that_is_open() -> None:
    asked = order("write_off", invoices={"I1": None, "I2": "5.00"})
    done = weigh(asked, account("12.00", "50.00"))
    assert (done.kind, done.amount, done.unapplied) == ("write_off", Decimal("17.00"), Decimal(0))
    assert settled(asked, done).invoices == {"I1": Decimal("12.00"), "I2": Decimal("5.00")}


def test_application_without_amounts_uses_what_is_left_in_the_order_given() -> None:
    asked = order("application", source="P1", invoices={"I2": None, "I1": None})
    done = weigh(asked, account("100.00", "50.00", unapplied="60.00"))
    assert {each.invoice_key: -each.change for each in done.invoices} == {
        "I2": Decimal("50.00"),
        "I1": Decimal("10.00"),
    }
    assert done.unapplied == Decimal("-60.00")


def test_refund_without_an_amount_is_all_that_is_unapplied_of_its_source() -> None:
    asked = order("refund", source="P1")
    done = weigh(asked, account("100.00", unapplied="60.00"))
    assert (done.amount, done.invoices) == (Decimal("60.00"), ())
    assert settled(asked, done).amount == Decimal("60.00")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (order("write_off", invoices={"I1": "12.01"}), "amount"),
        (order("write_off", invoices={"I1": "1.005"}), "amount"),
        (order("write_off", invoices={"I9": None}), "invoice"),
        (order("application", source="P1", invoices={"I1": "6.01"}), "amount"),
        (order("application", source="P1", invoices={"I1": "6.00", "I2": None}), "amount"),
        (order("application", source="P2", invoices={"I1": "1.00"}), "source"),
        (order("refund", source="P1", amount="6.01"), "amount"),
        (order("refund", source="P2", amount="1.00"), "source"),
    ],
)
def test_decision_for_more_than_there_is_is_refused(asked: CashOrder, field: str) -> None:
    with pytest.raises(CashRefused) as refused:
        weigh(asked, account("12.00", "50.00", unapplied="6.00"))
    assert refused.value.field == field


def test_same_decision_of_a_day_has_one_id_whoever_asks_and_another_has_another() -> None:
    one = order("write_off", invoices={"I1": "5.00", "I2": None})
    again = order("write_off", invoices={"I2": None, "I1": "5"}, requested_by="olga", reason="y")
    assert one.id == again.id
    others = [
        order("write_off", invoices={"I1": "5.01", "I2": None}),
        order("write_off", invoices={"I1": "5.00"}),
        order("write_off", invoices={"I1": "5.00", "I2": None}, date=dt.date(2026, 3, 3)),
        order("application", source="P1", invoices={"I1": "5.00", "I2": None}),
    ]
    assert len({each.id for each in (one, *others)}) == 5
