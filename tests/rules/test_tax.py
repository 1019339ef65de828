"""Tax of documents and credits."""

import datetime as dt
from decimal import Decimal
from typing import Any

from canonical.contract import LineTerms
from rules.tax import rate_percent, tax, tax_credited
from tests.rules.scenarios import amendment, cancellation, contract, one_time, run, seats

DATED: dict[str, Any] = {
    "tax_rates": [{"from": "2026-07-01", "percent": "16"}, {"from": "2026-01-01", "percent": "19"}]
}


def test_the_rate_is_that_in_force_on_the_invoices_date() -> None:
    found = run(contract(seats(**DATED), every=3), as_of="2026-12-31")
    assert [str(invoice.tax) for invoice in found.invoices] == ["57.00", "57.00", "48.00", "48.00"]


def test_a_credit_takes_the_rate_of_the_line_that_it_credits() -> None:
    found = run(contract(seats(**DATED)), cancellation("2026-10-01"))
    # 1200 × 92/365 = 302.47, billed at 19 % when 16 % is in force
    assert [(str(m.subtotal), str(m.tax)) for m in found.credit_memos] == [("302.47", "57.47")]


def test_tax_is_rounded_per_line_and_summed() -> None:
    found = run(
        contract(
            seats("A", "1", "0.33", tax_rate_percent="5"),
            seats("B", "1", "0.33", tax_rate_percent="5"),
            every=1,
        )
    )
    # 0.0165 is 0.02 for each line
    assert str(found.invoices[0].tax) == "0.04"


def test_tax_credited_never_exceeds_what_is_left_of_the_billed_lines_tax() -> None:
    assert tax_credited(Decimal("0.50"), Decimal(10), Decimal("0.03"), "USD") == Decimal("0.03")
    assert tax_credited(Decimal("0.50"), Decimal(10), Decimal("0.06"), "USD") == Decimal("0.05")


def test_several_partial_credits_give_back_no_more_tax_than_was_billed() -> None:
    sold = contract(seats(quantity="5", price="0.10", tax_rate_percent="10"), months=1, every=1)
    # billed 0.50 and tax 0.05; each credit of 0.10 × 30/31 or less has a tax of 0.01, rounded up
    changes = [amendment(f"2026-01-{2 + n:02d}", {"id": "L1", "quantity": str(4 - n)}) for n in range(5)]
    found = run(sold, *changes)
    assert sum(memo.tax for memo in found.credit_memos) <= found.invoices[0].tax
    assert all(memo.tax >= 0 for memo in found.credit_memos)


def test_one_time_and_zero_rated_lines() -> None:
    found = run(contract(seats(), one_time(tax_rate_percent="8.875")))
    assert [str(line.tax) for line in found.invoices[0].lines] == ["0.00", "44.38"]  # 44.375


def test_rate_is_zero_where_a_line_names_none_and_dated_rates_need_no_order() -> None:
    plain = LineTerms.model_validate({"product": "P", "pricing": {"model": "flat", "amount": "1"}})
    assert rate_percent(plain, dt.date(2026, 1, 1)) == 0
    assert tax(Decimal("100.00"), Decimal("8.875"), "JPY") == Decimal(9)
