"""Books in another currency."""

from typing import Any

import pytest

from tests.rules.scenarios import cancellation, contract, entry, findings, flat, raw, run, seats

RATES = [
    {"date": "2026-01-01", "rate": "1.10"},
    {"date": "2026-01-31", "rate": "1.20"},
    {"date": "2026-02-10", "rate": "1.25"},
]
FX = {"functional_currency": "USD", "rates": RATES}


def _run(*changes: dict[str, Any], **more: Any) -> Any:
    sold = contract(seats(tax_rate_percent="20"), months=3, every=3, currency="EUR")
    return run(sold, *changes, fx=FX, **more)


def test_a_document_is_in_the_books_at_its_dates_rate_and_deferred_revenue_stays_at_it() -> None:
    found = _run()
    assert entry(found, "invoice", "INV-1") == {
        "accounts_receivable": "396.00", "deferred_revenue": "-330.00", "tax_payable": "-66.00",
    }  # fmt: skip
    assert entry(found, "revenue", "2026-03") == {
        "deferred_revenue": "113.67",
        "revenue": "-113.67",
    }  # 330 × 31/90
    assert str(found.totals.recognized) == "330.00"
    assert str(found.invoices[0].total) == "360.00"
    assert sum(found.revenue_schedule["L1"].values()) == 300


def test_open_receivables_are_revalued_at_the_months_end_and_reversed_on_the_next_day() -> None:
    found = _run(as_of="2026-02-01")
    assert entry(found, "revaluation", "2026-01") == {
        "accounts_receivable": "36.00",
        "fx_unrealised": "-36.00",
    }
    assert entry(found, "reversal", "2026-01") == {"accounts_receivable": "-36.00", "fx_unrealised": "36.00"}
    assert [(str(e.date), e.event) for e in found.journal_entries][1:] == [
        ("2026-01-31", "revenue"), ("2026-01-31", "revaluation"), ("2026-02-01", "reversal"),
    ]  # fmt: skip
    assert str(_run(as_of="2026-01-31").totals.receivable) == "432.00"


def test_the_difference_at_payment_is_realised() -> None:
    found = _run(payments=[{"id": "P", "date": "2026-02-10", "amount": "360.00"}])
    assert entry(found, "payment", "P") == {
        "cash": "450.00",
        "accounts_receivable": "-396.00",
        "fx_realised": "-54.00",
    }
    assert str(found.totals.receivable) == "0.00"


def test_a_part_payment_takes_its_part_at_the_invoices_rate_and_the_last_one_the_rest() -> None:
    payments = [
        {"id": "P1", "date": "2026-01-05", "amount": "0.05"},
        {"id": "P2", "date": "2026-01-06", "amount": "359.95"},
    ]
    found = _run(payments=payments)
    assert entry(found, "payment", "P1")["accounts_receivable"] == "-0.06"  # 0.055
    assert entry(found, "payment", "P2")["accounts_receivable"] == "-395.94"


def test_a_credit_uses_the_rate_of_the_invoice_that_it_credits() -> None:
    found = _run(cancellation("2026-02-15"))
    # 300 × 45/90 = 150 and 30 of tax, at 1.10
    assert entry(found, "credit_memo", "CM-1") == {
        "accounts_receivable": "-198.00", "deferred_revenue": "165.00", "tax_payable": "33.00",
    }  # fmt: skip


def test_unapplied_cash_goes_out_at_the_rate_at_which_it_came_in() -> None:
    payments = [
        {"id": "P1", "date": "2026-01-05", "amount": "460.00"},
        {"id": "P2", "date": "2026-02-10", "amount": "100.00", "kind": "refund"},
    ]
    found = _run(payments=payments)
    assert entry(found, "payment", "P1") == {
        "cash": "506.00", "accounts_receivable": "-396.00", "customer_credits": "-110.00",
    }  # fmt: skip
    assert entry(found, "payment", "P2") == {
        "cash": "-125.00",
        "customer_credits": "110.00",
        "fx_realised": "15.00",
    }


def test_books_in_the_contracts_own_currency_convert_nothing() -> None:
    sold = contract(seats(), months=3, every=3)
    same = {"functional_currency": "USD", "rates": [{"date": "2026-01-01", "rate": "1"}]}
    assert run(sold, fx=same) == run(sold)


def test_a_missing_or_impossible_rate_is_refused() -> None:
    sold = contract(seats(), currency="EUR")
    late = {"functional_currency": "USD", "rates": [{"date": "2026-01-02", "rate": "1.1"}]}
    assert "fx.rates" in findings(raw(sold, fx=late))
    nothing = {"functional_currency": "USD", "rates": [{"date": "2026-01-01", "rate": "0"}]}
    assert "fx.rates[0].rate" in findings(raw(sold, fx=nothing))
    unknown = {"functional_currency": "XAU", "rates": [{"date": "2026-01-01", "rate": "1"}]}
    assert "fx.functional_currency" in findings(raw(sold, fx=unknown))


@pytest.mark.parametrize(
    ("books", "rates", "invoiced", "gain", "paid", "loss"),
    [
        # 100.01 USD × 150.255 = 15,027.00255; × 151.255 = 15,127.01255; × 149.005 = 14,901.99005
        ("JPY", ("150.255", "151.255", "149.005"), "15027", "100", "14902", "125"),
        # × 0.30715 = 30.7180715; × 0.30850 = 30.853085; × 0.30555 = 30.5580555
        ("KWD", ("0.30715", "0.30850", "0.30555"), "30.718", "0.135", "30.558", "0.160"),
    ],
)
def test_books_in_yen_and_in_dinar_are_kept_in_their_own_minor_units(
    books: str, rates: tuple[str, str, str], invoiced: str, gain: str, paid: str, loss: str
) -> None:
    days = ("2026-01-01", "2026-01-31", "2026-02-10")
    fx = {
        "functional_currency": books,
        "rates": [{"date": day, "rate": rate} for day, rate in zip(days, rates, strict=True)],
    }
    sold = contract(flat(amount="100.01"), start="2026-01-01", months=1, every=1)
    payment = {"id": "P-1", "date": "2026-02-10", "amount": "100.01"}
    found = run(sold, fx=fx, payments=[payment], as_of="2026-02-28")
    assert entry(found, "invoice", "INV-1") == {
        "accounts_receivable": invoiced,
        "deferred_revenue": f"-{invoiced}",
    }
    assert entry(found, "revenue", "2026-01") == {"deferred_revenue": invoiced, "revenue": f"-{invoiced}"}
    assert entry(found, "revaluation", "2026-01") == {
        "accounts_receivable": gain,
        "fx_unrealised": f"-{gain}",
    }
    assert entry(found, "payment", "P-1") == {
        "cash": paid,
        "accounts_receivable": f"-{invoiced}",
        "fx_realised": loss,
    }
    assert found.totals.receivable == found.totals.deferred == 0


@pytest.mark.parametrize(
    ("currency", "amount", "rate", "booked"),
    [("KWD", "33.333", "3.2562", "108.54"), ("JPY", "33333", "0.0066", "220.00")],
)
def test_a_contract_in_dinar_or_yen_is_booked_in_the_books_minor_units(
    currency: str, amount: str, rate: str, booked: str
) -> None:
    """33.333 KWD × 3.2562 = 108.5389146; 33,333 JPY × 0.0066 = 219.9978."""
    fx = {"functional_currency": "USD", "rates": [{"date": "2026-01-01", "rate": rate}]}
    sold = contract(flat(amount=amount), start="2026-01-01", months=1, every=1, currency=currency)
    found = run(sold, fx=fx, as_of="2026-01-31")
    assert str(found.invoices[0].total) == amount
    assert entry(found, "invoice", "INV-1") == {
        "accounts_receivable": booked,
        "deferred_revenue": f"-{booked}",
    }
