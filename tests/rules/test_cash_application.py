"""Payments, refunds, chargebacks and write-offs."""

from typing import Any

import pytest

from tests.rules.scenarios import cancellation, contract, entry, findings, raw, run, seats

MONTHLY = contract(seats(), months=3, every=1)  # 100.00 on the 1st of January, February and March


def _pay(day: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"id": f"P-{day}", "date": day, "amount": amount, **more}


def test_a_payment_is_applied_to_what_is_due_first_and_the_rest_stays_with_the_customer() -> None:
    found = run(MONTHLY, payments=[_pay("2026-02-05", "250.00")], as_of="2026-02-28")
    assert entry(found, "payment", "P-2026-02-05") == {
        "cash": "250.00", "accounts_receivable": "-200.00", "customer_credits": "-50.00",
    }  # fmt: skip


def test_what_is_left_of_a_payment_is_not_applied_to_later_invoices_by_itself() -> None:
    found = run(MONTHLY, payments=[_pay("2026-01-05", "250.00")])
    assert str(found.totals.customer_credits) == "150.00"
    assert str(found.totals.receivable) == "200.00"


def test_a_named_invoice_is_paid_and_no_other() -> None:
    found = run(
        MONTHLY, payments=[_pay("2026-03-05", "150.00", invoice="INV-2"), _pay("2026-03-06", "100.00")]
    )
    assert entry(found, "payment", "P-2026-03-05")["customer_credits"] == "-50.00"
    assert str(found.totals.receivable) == "100.00"  # INV-1 by the second payment, INV-3 open


def test_an_invoice_of_the_payments_own_day_can_be_paid_by_it() -> None:
    found = run(MONTHLY, payments=[_pay("2026-01-01", "100.00")], as_of="2026-01-01")
    assert str(found.totals.receivable) == "0.00"


def test_a_payment_after_as_of_is_not_there_yet() -> None:
    found = run(MONTHLY, payments=[_pay("2026-02-05", "100.00")], as_of="2026-02-04")
    assert str(found.totals.cash) == "0.00"


def test_payments_count_by_date_whatever_their_order_in_the_file() -> None:
    first, second = _pay("2026-01-05", "60.00"), _pay("2026-02-05", "100.00")
    one, other = (
        run(MONTHLY, payments=order, as_of="2026-02-28") for order in ([first, second], [second, first])
    )
    assert one == other


def test_a_credit_memo_takes_its_amount_off_its_invoice_also_below_zero() -> None:
    sold = contract(seats(), every=12)
    found = run(sold, cancellation("2026-08-15"), payments=[_pay("2026-01-05", "1200.00")])
    assert str(found.totals.receivable) == "-456.99"


def test_what_is_credited_is_not_open_to_be_paid() -> None:
    sold = contract(seats(), every=12)
    found = run(sold, cancellation("2026-08-15"), payments=[_pay("2026-09-05", "1200.00")])
    assert str(found.totals.receivable) == "0.00"
    assert str(found.totals.customer_credits) == "456.99"


def test_what_is_due_first_is_paid_first() -> None:
    payments = [_pay("2026-02-05", "100.00"), _pay("2026-02-06", "100.00", invoice="INV-2")]
    found = run(MONTHLY, payments=payments, as_of="2026-02-28")
    assert str(found.totals.customer_credits) == "0.00"


def test_an_invoice_below_zero_takes_nothing_of_a_payment() -> None:
    sold = contract(seats(), every=12)
    payments = [_pay("2026-01-05", "1200.00"), _pay("2026-09-05", "10.00")]
    found = run(sold, cancellation("2026-08-15"), payments=payments)
    assert str(found.totals.receivable) == "-456.99"
    assert str(found.totals.customer_credits) == "10.00"


def test_a_payment_that_is_not_there_yet_is_not_asked_for_its_invoice() -> None:
    found = run(MONTHLY, payments=[_pay("2026-02-05", "100.00", invoice="INV-2")], as_of="2026-01-31")
    assert len(found.invoices) == 1


def test_a_refund_gives_back_what_is_overpaid() -> None:
    sold = contract(seats(), every=12)
    payments = [_pay("2026-01-05", "1200.00"), _pay("2026-09-05", "456.99", kind="refund")]
    found = run(sold, cancellation("2026-08-15"), payments=payments)
    assert entry(found, "payment", "P-2026-09-05") == {"cash": "-456.99", "accounts_receivable": "456.99"}
    assert str(found.totals.receivable) == "0.00"
    assert str(found.totals.cash) == "743.01"


def test_a_refund_of_the_customers_credit_takes_it_off() -> None:
    payments = [_pay("2026-01-05", "250.00"), _pay("2026-01-06", "150.00", kind="refund")]
    found = run(MONTHLY, payments=payments, as_of="2026-01-31")
    assert entry(found, "payment", "P-2026-01-06") == {"cash": "-150.00", "customer_credits": "150.00"}


def test_a_refund_of_a_named_invoice_opens_it_again() -> None:
    payments = [_pay("2026-01-05", "100.00"), _pay("2026-01-06", "40.00", kind="refund", invoice="INV-1")]
    found = run(MONTHLY, payments=payments, as_of="2026-01-31")
    assert entry(found, "payment", "P-2026-01-06") == {"cash": "-40.00", "accounts_receivable": "40.00"}
    assert str(found.totals.receivable) == "40.00"


def test_a_chargeback_opens_the_receivable_and_its_fee_goes_to_dispute_fees() -> None:
    payments = [_pay("2026-01-05", "100.00"), _pay("2026-01-20", "100.00", kind="chargeback", fee="15.00")]
    found = run(MONTHLY, payments=payments, as_of="2026-01-31")
    assert entry(found, "payment", "P-2026-01-20") == {
        "cash": "-115.00", "accounts_receivable": "100.00", "dispute_fees": "15.00",
    }  # fmt: skip
    assert str(found.totals.receivable) == "100.00"
    assert str(found.totals.recognized) == "100.00"


def test_a_write_off_takes_what_is_open_to_bad_debt_and_leaves_revenue() -> None:
    found = run(
        MONTHLY,
        payments=[_pay("2026-02-20", "100.00", kind="write_off", invoice="INV-2")],
        as_of="2026-02-28",
    )
    assert entry(found, "payment", "P-2026-02-20") == {"accounts_receivable": "-100.00", "bad_debt": "100.00"}
    assert str(found.totals.receivable) == "100.00"
    assert str(found.totals.recognized) == "200.00"


@pytest.mark.parametrize(
    ("payments", "field"),
    [
        ([_pay("2026-01-05", "100.01", kind="write_off")], "payments[0].amount"),
        ([_pay("2026-01-05", "1.00", kind="refund")], "payments[0].amount"),
        ([_pay("2026-01-05", "1.00", kind="chargeback")], "payments[0].amount"),
        ([_pay("2026-01-05", "1.00", invoice="INV-9")], "payments[0].invoice"),
        ([_pay("2026-01-05", "1.005")], "payments[0].amount"),
        ([_pay("2026-01-05", "0.00")], "payments[0].amount"),
        ([_pay("2026-01-05", "-5.00")], "payments[0].amount"),
        ([_pay("2026-01-05", "5.00", fee="1.00")], "payments[0].fee"),
        ([_pay("2026-01-05", "5.00"), _pay("2026-01-05", "5.00")], "payments[1].id"),
    ],
)
def test_money_that_can_not_be_what_it_says_is_refused(payments: list[dict[str, Any]], field: str) -> None:
    assert field in findings(raw(MONTHLY, payments=payments))


def test_money_for_what_was_written_off_stays_with_the_customer_until_a_decision() -> None:
    given_up = _pay("2026-01-20", "30.00", invoice="INV-1", kind="write_off")
    found = run(
        MONTHLY, payments=[given_up, _pay("2026-01-25", "100.00", invoice="INV-1")], as_of="2026-01-31"
    )
    assert entry(found, "payment", "P-2026-01-25") == {
        "cash": "100.00", "accounts_receivable": "-70.00", "customer_credits": "-30.00",
    }  # fmt: skip
