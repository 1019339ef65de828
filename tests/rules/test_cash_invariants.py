"""I5: what moved is in the ledger once; each rule is found broken where it is."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.payment import CashMovement, PaidInvoice
from ports.receipts import AppliedTo, OpenItem, PostedReceipt, ReceivablesAccount, UnappliedItem
from rules.cash_application import CashRefused
from rules.cash_invariants import captured_twice, over_applied, unmatched
from rules.cash_posting import Money, apply_unapplied, decide
from tests.rules.test_invariants import _invoice, _issued, _posted

DAY = dt.date(2026, 3, 1)


def movement(key: str = "payment/stripe/pi_1", amount: str = "100.00", **more: Any) -> CashMovement:
    figures: dict[str, Any] = {
        "platform": "stripe",
        "kind": "payment",
        "id": key.rpartition("/")[2],
        "key": key,
    }
    figures |= {"fee": "0.00", "currency": "USD", "date": DAY, "contract": "C-1"}
    return CashMovement.model_validate({**figures, "amount": amount, **more})


def receipt(key: str = "payment/stripe/pi_1", amount: str = "100.00", **more: Any) -> PostedReceipt:
    figures: dict[str, Any] = {
        "platform": "netsuite",
        "kind": "payment",
        "id": "7",
        "number": None,
        "key": key,
    }
    figures |= {"legal_entity": "US01", "customer_id": "1", "currency": "USD", "date": DAY}
    figures |= {"period_start": DAY, "cash": amount, "unapplied": "0.00", "applied_to": ()}
    return PostedReceipt.model_validate({**figures, "amount": amount, **more})


def test_money_that_is_applied_and_unapplied_is_the_money_that_moved() -> None:
    rest = receipt("payment/stripe/pi_1/unapplied", "40.00", kind="unapplied")
    assert list(unmatched([movement()], [receipt(amount="60.00"), rest])) == []
    assert list(unmatched([movement()], [receipt(amount="60.00")]))


@pytest.mark.parametrize(
    ("movements", "receipts"),
    [
        ([movement()], []),
        ([], [receipt()]),
        ([movement(), movement()], [receipt()]),
        ([movement()], [receipt(), receipt()]),
        ([movement(fee="15.00")], [receipt()]),
    ],
)
def test_money_that_is_missing_or_twice_in_a_listing_is_found(
    movements: list[CashMovement], receipts: list[PostedReceipt]
) -> None:
    assert list(unmatched(movements, receipts))


def test_invoice_settled_with_more_than_it_is_over_is_found() -> None:
    invoice = _posted(_invoice())
    whole = AppliedTo(document_id=invoice.id, key=invoice.key, amount=invoice.total)
    paid = receipt(amount=str(invoice.total), applied_to=(whole,))
    assert list(over_applied([paid], [invoice])) == []
    assert list(over_applied([paid, paid.model_copy(update={"id": "8"})], [invoice]))
    assert list(over_applied([paid.model_copy(update={"amount": Decimal(1)})], [invoice]))


def test_invoice_captured_twice_is_found_unless_one_went_back() -> None:
    invoice = _issued(_invoice())
    named: dict[str, Any] = {"amount": str(invoice.total), "invoice_keys": (invoice.key,)}
    first = movement(**named)
    second = movement("payment/stripe/pi_2", **named)
    back = movement("refund/stripe/re_1", **{**named, "amount": str(-invoice.total)}, kind="refund")
    assert list(captured_twice([first], [invoice])) == []
    assert list(captured_twice([first, second], [invoice]))
    assert list(captured_twice([first, second, back], [invoice])) == []


# What is done with money


def open_item(key: str, open_: str, due: dt.date = DAY, paid: str = "0") -> OpenItem:
    total = Decimal(open_) + Decimal(paid)
    return OpenItem(
        key=key, number=key, date=due, due_date=due, total=total, open=Decimal(open_), paid=Decimal(paid)
    )


def account(*items: OpenItem, unapplied: str | None = None) -> ReceivablesAccount:
    held = (UnappliedItem(key="cash/b/1", date=DAY, amount=Decimal(unapplied)),) if unapplied else ()
    return ReceivablesAccount(customer_id="1", currency="USD", invoices=items, unapplied=held)


def test_payment_settles_what_it_names_each_with_its_part_and_the_rest_by_due_date() -> None:
    late, early = open_item("B", "50.00", dt.date(2026, 2, 2)), open_item("A", "80.00", dt.date(2026, 1, 2))
    names = [PaidInvoice(invoice_id="b", key="B", amount=Decimal(50))]
    names.append(PaidInvoice(invoice_id="a", key="A", amount=Decimal(30)))
    done = decide(account(late, early), Money("payment", "p", DAY, Decimal(100), names=names))
    assert {c.invoice_key: c.change for c in done.invoices} == {"B": Decimal(-50), "A": Decimal(-50)}
    assert done.unapplied == 0


def test_invoice_that_is_named_but_not_posted_is_waited_for() -> None:
    names = [PaidInvoice(invoice_id="x", key="X", amount=Decimal(1))]
    with pytest.raises(LookupError):
        decide(account(), Money("payment", "p", DAY, Decimal(1), names=names))


def test_invoice_of_a_later_day_is_not_settled_by_money_that_does_not_name_it() -> None:
    later = open_item("A", "80.00", dt.date(2026, 4, 1))
    done = decide(account(later), Money("payment", "p", DAY, Decimal(10)))
    assert (done.invoices, done.unapplied) == ((), Decimal(10))


def test_more_than_was_paid_is_not_given_back() -> None:
    with pytest.raises(CashRefused):
        decide(account(open_item("A", "0.00", paid="5.00")), Money("refund", "r", DAY, Decimal(6)))


def test_unapplied_money_is_applied_up_to_what_is_open_and_held() -> None:
    books = account(open_item("A", "80.00"), unapplied="30.00")
    done = apply_unapplied(books, Decimal(30), {"A": Decimal(20)})
    assert (done.amount, done.unapplied) == (Decimal(20), Decimal(-20))
    for held, amount in ((30, 31), (100, 81)):
        with pytest.raises(CashRefused):
            apply_unapplied(books, Decimal(held), {"A": Decimal(amount)})
