"""What is open at a month's end in another currency, at which value it is carried, and what it is worth."""

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

import pytest

from canonical.policy import CurrencyTerms
from canonical.rates import SourcedRate
from canonical.revaluation import Positions
from ports.erp import PostedDocument, PostedLine
from ports.receipts import AppliedTo, PostedReceipt
from rules.exchange import NoExchangeRate
from rules.rate_table import RateTable
from rules.revaluation import UnknownRate, open_items, positions, still_due, still_to_revalue

FRIDAY, LAST = dt.date(2026, 1, 30), dt.date(2026, 1, 31)
TERMS = CurrencyTerms(functional_currency="USD", rate_source="ECB", rate_base="EUR", max_rate_age_days=4)


def figure(currency: str, rate: str) -> SourcedRate:
    return SourcedRate(date=FRIDAY, currency=currency, rate=Decimal(rate), base="EUR", source="ECB")


TABLE = RateTable(TERMS, [figure("USD", "1.20"), figure("JPY", "160")])
INVOICE = "C-1/invoice/2026-01-05"


def document(key: str | None, amount: str = "100.00", day: int = 5, **more: Any) -> PostedDocument:
    kind: Literal["invoice", "credit_memo"] = "credit_memo" if "credit-memo" in (key or "") else "invoice"
    tax = Decimal(more.pop("tax", "0"))
    fields: dict[str, Any] = {
        "platform": "netsuite",
        "kind": kind,
        "id": key or "foreign",
        "number": "1",
        "key": key,
        "legal_entity": "US01",
        "currency": "EUR",
        "date": dt.date(2026, 1, day),
        "period": "Jan 2026",
        "status": "open",
        "lines": (PostedLine(account="2400", amount=Decimal(amount), tax=tax),),
        "tax": tax,
        "total": Decimal(amount) + tax,
        "exchange_rate": Decimal("1.10"),
    }
    return PostedDocument(**(fields | more))


def receipt(id: str, amount: str, applied: dict[str, str], day: int = 20, **more: Any) -> PostedReceipt:
    fields: dict[str, Any] = {
        "platform": "netsuite",
        "kind": "payment",
        "id": id,
        "number": "1",
        "key": f"payment/stripe/{id}",
        "legal_entity": "US01",
        "customer_id": "7",
        "currency": "EUR",
        "date": dt.date(2026, 1, day),
        "period_start": dt.date(2026, 1, 1),
        "amount": Decimal(amount),
        "cash": Decimal(amount),
        "unapplied": Decimal(0),
        "applied_to": tuple(
            AppliedTo(document_id=key, key=key if "/" in key else None, amount=Decimal(part))
            for key, part in applied.items()
        ),
        "exchange_rate": Decimal("1.30"),
    }
    return PostedReceipt(**(fields | more))


def carried(
    documents: list[PostedDocument], receipts: list[PostedReceipt] | None = None
) -> dict[str, tuple[int, int]]:
    items = open_items(documents, receipts or [], "USD", LAST)
    return {name: (item.open, item.carried) for name, item in items.items()}


def test_each_line_and_its_tax_are_carried_as_the_ledger_has_them() -> None:
    # 10.05 × 1.10 = 11.055 and 0.55 × 1.10 = 0.605, each half away from zero
    assert carried([document(INVOICE, "10.05", tax="0.55")]) == {INVOICE: (1060, 1106 + 61)}


def test_documents_in_the_books_currency_and_of_later_days_count_for_nothing() -> None:
    later = document("C-1/invoice/2026-02-01", date=dt.date(2026, 2, 1))
    assert carried([document(INVOICE, currency="USD"), later]) == {}


def test_a_credit_belongs_to_its_invoice() -> None:
    memo = document("C-1/credit-memo/2026-01-10/2026-01-05", "40.00", 10)
    assert carried([document(INVOICE), memo]) == {INVOICE: (6000, 6600)}
    assert carried([document(INVOICE), document(memo.key, "100.00", 10)]) == {}


def test_a_credit_that_was_issued_in_pieces_belongs_to_its_invoice() -> None:
    key = "C-1/credit-memo/2026-01-10/2026-01-05"
    pieces = [document(key, "30.00", 10), document(f"{key}/2", "10.00", 10)]
    assert carried([document(INVOICE), *pieces]) == {INVOICE: (6000, 6600)}


def test_a_void_leaves_nothing_open() -> None:
    counter = document(f"void:{INVOICE}", "100.00", 9, kind="credit_memo")
    assert carried([document(INVOICE), counter]) == {}


def test_a_document_that_was_posted_again_is_one_item() -> None:
    wrong = document(INVOICE)
    void = document(f"void:{INVOICE}", "100.00", 9, kind="credit_memo")
    again = document(f"{INVOICE}/repost/BR-1", "90.00", 5)
    assert carried([wrong, void, again]) == {INVOICE: (9000, 9900)}


def test_a_payment_takes_its_part_at_the_invoices_rate_and_the_last_one_the_rest() -> None:
    first, last = receipt("1", "0.05", {INVOICE: "0.05"}), receipt("2", "99.95", {INVOICE: "99.95"}, day=21)
    assert carried([document(INVOICE)], [first]) == {INVOICE: (9995, 10994)}  # 0.055, so 0.06
    assert carried([document(INVOICE)], [first, last]) == {}


def test_a_payment_of_a_later_day_counts_for_nothing_yet() -> None:
    later = receipt("1", "100.00", {INVOICE: "100.00"}, date=dt.date(2026, 2, 1))
    assert carried([document(INVOICE)], [later]) == {INVOICE: (10000, 11000)}


def test_a_credit_of_a_paid_invoice_is_open_below_zero_until_it_is_refunded() -> None:
    paid = receipt("1", "100.00", {INVOICE: "100.00"}, day=8)
    memo = document("C-1/credit-memo/2026-01-10/2026-01-05", "40.00", 10)
    assert carried([document(INVOICE), memo], [paid]) == {INVOICE: (-4000, -4400)}
    back = receipt("2", "40.00", {str(memo.key): "40.00"}, kind="refund")
    assert carried([document(INVOICE), memo], [paid, back]) == {}


def test_money_that_is_on_no_invoice_is_open_below_zero_at_its_own_rate() -> None:
    """A payment taken off its invoice, before it goes back."""
    free = receipt("1", "100.00", {})
    assert carried([document(INVOICE)], [free]) == {INVOICE: (10000, 11000), "1": (-10000, -13000)}
    back = receipt("2", "100.00", {"1": "100.00"}, kind="refund", day=25)
    assert carried([document(INVOICE)], [free, back]) == {INVOICE: (10000, 11000)}


def test_a_write_off_takes_its_part() -> None:
    given_up = receipt("1", "30.00", {INVOICE: "30.00"}, kind="write_off")
    assert carried([document(INVOICE)], [given_up]) == {INVOICE: (7000, 7700)}


def test_a_gain_is_the_value_at_the_closing_rate_less_what_is_carried() -> None:
    yen = document("C-2/invoice/2026-01-05", "10000", currency="JPY", exchange_rate=Decimal("0.0070"))
    items = open_items([document(INVOICE), yen], [], "USD", LAST).values()
    euro, japanese = positions(items, TABLE, "USD", LAST)
    assert (euro.open, euro.carried, euro.value, euro.gain) == (
        Decimal("100.00"), Decimal("110.00"), Decimal("120.00"), Decimal("10.00"),
    )  # fmt: skip
    # 10,000 ÷ 160 × 1.20 = 75; carried at 70
    assert (japanese.currency, japanese.rate.rate, japanese.gain) == (
        "JPY",
        Decimal("0.0075"),
        Decimal("5.00"),
    )
    assert euro.rate.of == dt.date(2026, 1, 30)


def test_without_a_closing_rate_there_is_no_value() -> None:
    items = open_items([document(INVOICE, currency="GBP")], [], "USD", LAST).values()
    with pytest.raises(NoExchangeRate, match="GBP/USD"):
        positions(items, TABLE, "USD", LAST)


def test_a_document_without_its_rate_is_not_guessed_at() -> None:
    with pytest.raises(UnknownRate):
        open_items([document(INVOICE, exchange_rate=None)], [], "USD", LAST)


@pytest.mark.parametrize(
    ("posted", "left"),
    [
        ({}, {"EUR": Decimal("10.00")}),
        ({"EUR": Decimal("10.00")}, {}),
        (
            {"EUR": Decimal("12.00"), "GBP": Decimal("3.00")},
            {"EUR": Decimal("-2.00"), "GBP": Decimal("-3.00")},
        ),
    ],
)
def test_only_what_is_not_posted_yet_is_posted(posted: dict[str, Decimal], left: dict[str, Decimal]) -> None:
    items = open_items([document(INVOICE)], [], "USD", LAST).values()
    found = Positions(
        positions=positions(items, TABLE, "USD", LAST),
        posted=posted,
        entries=len(posted),
        unreversed=(),
        open_in_erp=True,
    )
    assert still_to_revalue(found, "USD") == left
    words = still_due(found, "USD")
    assert (words is None) == (not left)
    for currency, amount in left.items():
        kind = "gain" if amount > 0 else "loss"
        assert f"a {kind} of {abs(amount)} USD on {currency} is not posted" in (words or "")
    forgotten = found.model_copy(update={"unreversed": ("revaluation/US01/2026-01",)})
    assert "revaluation/US01/2026-01 is not taken back" in (still_due(forgotten, "USD") or "")
