"""What a person decides about money: exactly that, and never more than there is."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.receipts import OpenItem, ReceivablesAccount, UnappliedItem
from rules.cash_application import CashRefused
from rules.cash_posting import apply_unapplied, receive, recover, recoverable, refund_unapplied, write_off

DAY = dt.date(2026, 1, 1)


def account(*open_: str, unapplied: str = "0", written_off: str = "0") -> ReceivablesAccount:
    items = [
        OpenItem(
            key=f"I{index}",
            number=None,
            date=DAY,
            due_date=DAY,
            total=Decimal(500),
            open=Decimal(figure),
            paid=Decimal(0),
            written_off=Decimal(written_off),
        )
        for index, figure in enumerate(open_, 1)
    ]
    held = (UnappliedItem(key="P1", date=DAY, amount=Decimal(unapplied)),)
    return ReceivablesAccount(customer_id="7", currency="USD", invoices=tuple(items), unapplied=held)


def test_rest_of_a_receipt_stays_unapplied_though_another_invoice_is_open() -> None:
    done = receive(account("100.00", "50.00"), Decimal("120.00"), {"I1": Decimal("100.00")})
    assert (done.kind, done.amount, done.unapplied) == ("payment", Decimal("120.00"), Decimal("20.00"))
    assert [(each.invoice_key, each.change) for each in done.invoices] == [("I1", Decimal("-100.00"))]


def test_receipt_left_on_account_applies_nothing() -> None:
    done = receive(account("100.00"), Decimal("120.00"), {})
    assert (done.invoices, done.unapplied) == ((), Decimal("120.00"))


@pytest.mark.parametrize("share", ["0", "-1.00", "100.01"])
def test_share_outside_of_what_is_open_is_refused(share: str) -> None:
    names = {"I1": Decimal(share)}
    with pytest.raises(CashRefused, match="amount"):
        receive(account("100.00"), Decimal("500.00"), names)
    with pytest.raises(CashRefused, match="amount"):
        write_off(account("100.00"), names)
    with pytest.raises(CashRefused, match="amount"):
        apply_unapplied(account("100.00"), Decimal("500.00"), names)


def test_invoice_of_somebody_else_is_refused() -> None:
    with pytest.raises(CashRefused, match="invoice"):
        receive(account("100.00"), Decimal("500.00"), {"I9": Decimal("1.00")})


def test_refund_of_unapplied_money_leaves_invoices_alone() -> None:
    done = refund_unapplied(account("100.00", unapplied="30.00"), Decimal("30.00"))
    assert (done.kind, done.invoices, done.unapplied) == ("refund", (), Decimal("-30.00"))
    for amount in ("30.01", "0", "-1"):
        with pytest.raises(CashRefused, match="amount"):
            refund_unapplied(account(unapplied="30.00"), Decimal(amount))


CENTS = st.decimals(Decimal("-1"), Decimal("300"), places=2)


@given(CENTS, CENTS, CENTS.filter(lambda amount: amount > 0))
def test_decision_is_carried_out_to_the_cent_or_refused(
    first: Decimal, second: Decimal, came: Decimal
) -> None:
    names = {"I1": first, "I2": second}
    possible = 0 < first <= 100 and 0 < second <= 50 and first + second <= came
    try:
        done = receive(account("100.00", "50.00"), came, names)
    except CashRefused:
        assert not possible
        return
    assert possible
    assert done.unapplied + first + second == came
    assert {each.invoice_key: -each.change for each in done.invoices} == names


def test_unapplied_money_may_be_for_what_was_written_off_of_the_invoices_that_it_names() -> None:
    held = account("0", "0", "0", unapplied="50.00", written_off="30.00")
    assert recoverable(held, "P1", ["I2"]) == {"I2": Decimal("30.00")}
    assert recoverable(held, "P1", ["I9"]) == {}
    assert recoverable(held, "P9", []) == {}
    assert recoverable(account("10.00", unapplied="50.00"), "P1", []) == {}


def test_unapplied_money_that_names_nothing_may_be_for_what_was_due_first() -> None:
    held = account("0", "0", "0", unapplied="50.00", written_off="30.00")
    assert recoverable(held, "P1", []) == {"I1": Decimal("30.00"), "I2": Decimal("20.00")}


def test_write_off_is_taken_back_up_to_what_it_is_and_no_further() -> None:
    held = account("10.00", written_off="30.00")
    done = recover(held, "I1", Decimal("30.00"))
    assert [(each.invoice_key, each.change) for each in done.invoices] == [("I1", Decimal("30.00"))]
    for amount in ("30.01", "0", "-1"):
        with pytest.raises(CashRefused, match="amount"):
            recover(held, "I1", Decimal(amount))
