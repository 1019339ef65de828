"""What a decision comes to by what is there now: the amounts that a second person is asked to approve."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.cash import CashOrder
from ports.receipts import PostedReceipt, ReceivablesAccount, UnappliedItem
from rules.cash_application import CashRefused
from rules.cash_decision import of_source, settled, weigh
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


def part(kind: str, amount: str, *, unapplied: str = "0", **applied: str) -> PostedReceipt:
    uses = [{"document_id": key, "key": key, "amount": share} for key, share in applied.items()]
    said = {
        "platform": "erp",
        "kind": kind,
        "id": f"{kind}-1",
        "number": None,
        "key": "cash/ubs/E-1",
        "legal_entity": "US01",
        "customer_id": "7",
        "currency": "USD",
        "date": dt.date(2026, 3, 1),
        "period_start": dt.date(2026, 3, 1),
        "amount": amount,
        "cash": amount,
        "unapplied": unapplied,
        "applied_to": uses,
    }
    return PostedReceipt.model_validate(said)


def books(unapplied: str) -> ReceivablesAccount:
    """Two invoices of which 40.00 each are paid."""
    items = account("60.00", "10.00").invoices
    held = UnappliedItem(key="cash/ubs/E-1", date=dt.date(2026, 3, 1), amount=Decimal(unapplied))
    return ReceivablesAccount(
        customer_id="7",
        currency="USD",
        invoices=tuple(each.model_copy(update={"paid": Decimal("40.00")}) for each in items),
        unapplied=(held,),
    )


RETURN = order("return", source="cash/ubs/E-1")


def test_receipt_that_is_taken_back_opens_its_invoices_and_takes_its_unapplied_rest() -> None:
    posted = [part("payment", "50.00", I1="40.00", I2="10.00"), part("unapplied", "5.00", unapplied="5.00")]
    done = weigh(of_source(RETURN, posted), books("5.00"))
    assert (done.kind, done.amount, done.unapplied) == ("chargeback", Decimal("55.00"), Decimal("-5.00"))
    assert {each.invoice_key: each.change for each in done.invoices} == {
        "I1": Decimal("40.00"),
        "I2": Decimal("10.00"),
    }


@pytest.mark.parametrize(
    "posted",
    [
        [],
        [part("payment", "50.00", I1="40.00")],
        [part("payment", "40.00", I1="40.00"), part("unapplied", "5.00", unapplied="4.00")],
    ],
)
def test_receipt_of_which_a_part_was_used_since_is_not_taken_back(posted: list[PostedReceipt]) -> None:
    with pytest.raises(CashRefused, match="source"):
        of_source(RETURN, posted)
    with pytest.raises(CashRefused, match="source"):
        of_source(order("return", source="payment/stripe/pi_1"), [part("payment", "40.00", I1="40.00")])


def test_receipt_is_not_taken_back_beyond_what_is_paid_or_unapplied_by_now() -> None:
    over = of_source(RETURN, [part("payment", "41.00", I1="41.00")])
    with pytest.raises(CashRefused, match="amount"):
        weigh(over, books("5.00"))
    gone = of_source(RETURN, [part("unapplied", "5.00", unapplied="5.00")])
    with pytest.raises(CashRefused, match="source"):
        weigh(gone, books("4.00"))


def test_part_that_is_taken_back_opens_the_invoice_due_last_and_takes_unapplied_money_last() -> None:
    posted = [part("payment", "50.00", I1="40.00", I2="10.00"), part("unapplied", "5.00", unapplied="5.00")]
    few = of_source(order("return", source="cash/ubs/E-1", amount="12.00", entry="R-1"), posted)
    done = weigh(few, books("5.00"))
    opened = {"I2": Decimal("10.00"), "I1": Decimal("2.00")}
    assert ({each.invoice_key: each.change for each in done.invoices}, done.unapplied) == (opened, Decimal(0))
    approved = settled(few, done)
    assert (approved.invoices, weigh(approved, books("5.00"))) == (opened, done)
    most = of_source(order("return", source="cash/ubs/E-1", amount="52.00"), posted)
    assert weigh(most, books("5.00")).unapplied == Decimal("-2.00")


def test_part_of_what_is_left_is_taken_back_and_no_more_than_that() -> None:
    posted = [part("payment", "50.00", I1="40.00"), part("unapplied", "5.00", unapplied="3.00")]
    rest = of_source(order("return", source="cash/ubs/E-1", amount="43.00"), posted)
    assert weigh(rest, books("3.00")).amount == Decimal("43.00")
    with pytest.raises(CashRefused, match=r"43\.00 of cash/ubs/E-1 is there"):
        of_source(order("return", source="cash/ubs/E-1", amount="43.01"), posted)
    with pytest.raises(CashRefused, match="source"):
        of_source(RETURN, posted)


def test_each_reversal_of_a_part_is_a_decision_of_its_own() -> None:
    parts = [
        order("return", source="cash/ubs/E-1", amount="5.00", entry=each) for each in ("R-1", "R-2", None)
    ]
    assert len({each.id for each in parts}) == 3
