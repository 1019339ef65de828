"""What became of the ledger's cash: applied, given back, or the customer's credit, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from ports.receipts import AppliedTo, PostedReceipt
from rules.cash_invariants import not_kept
from rules.period_cash import applied_entries, receipt_entries
from tests.rules.test_cash_invariants import receipt

INVOICE = "C-1/invoice/2026-03-01"


def to(document: str, amount: str, key: str | None = None) -> AppliedTo:
    return AppliedTo(document_id=document, key=key, amount=Decimal(amount))


def paid(amount: str, **more: Any) -> PostedReceipt:
    return receipt(amount=amount, applied_to=(to("10", amount, INVOICE),), **more)


def on_account(amount: str, left: str, **more: Any) -> PostedReceipt:
    more = {"id": "8", "kind": "unapplied", "unapplied": left} | more
    return receipt("payment/stripe/pi_1/unapplied", amount, **more)


APPLIED_LATER = receipt(
    "application/d", "30.00", id="9", kind="application", cash="0.00", applied_to=(to("8", "30.00"),)
)


BACK: dict[str, Any] = {"id": "9", "kind": "refund", "cash": "-60.00"}
FEE: dict[str, Any] = {"id": "9", "kind": "fee", "cash": "-15.00"}


def sums(*receipts: PostedReceipt) -> tuple[Decimal, Decimal]:
    received, applied = receipt_entries(receipts, "2026-03"), applied_entries(receipts, "2026-03")
    assert [each.key for each in received] == [each.key for each in applied]
    zero = Decimal(0)
    return sum((e.total for e in received), zero), sum((e.total for e in applied), zero)


@pytest.mark.parametrize(
    "receipts",
    [
        [paid("60.00"), on_account("40.00", "40.00")],
        [on_account("40.00", "10.00"), APPLIED_LATER],
        [
            receipt(amount="60.00"),
            receipt(
                "refund/stripe/re_1",
                "60.00",
                id="9",
                kind="refund",
                cash="-60.00",
                applied_to=(to("7", "60.00"),),
            ),
        ],
        [
            paid("60.00"),
            receipt("dispute/stripe/dp_1/withdrawn/fee", "15.00", id="9", kind="fee", cash="-15.00"),
        ],
    ],
)
def test_money_that_is_applied_given_back_or_kept_is_what_was_received(receipts: list[PostedReceipt]) -> None:
    received, applied = sums(*receipts)
    assert received == applied
    assert list(not_kept(receipts)) == []


def test_money_that_nobody_has_applied_is_missing_among_what_is_applied() -> None:
    loose = receipt(amount="100.00", applied_to=(to("10", "60.00", INVOICE),))
    assert sums(loose) == (Decimal("100.00"), Decimal("60.00"))
    assert list(not_kept([loose])) == [
        ("payment/stripe/pi_1", "60.00 of 100.00 is applied or kept as credit")
    ]


def test_what_money_settles_is_by_document_whenever_it_was_applied() -> None:
    later = APPLIED_LATER.model_copy(
        update={"applied_to": (to("8", "30.00"), to("11", "30.00", f"{INVOICE}/repost/BR-1"))}
    )
    (found,) = applied_entries([paid("60.00"), on_account("40.00", "10.00"), later], "2026-03")
    assert [(each.document, each.amount) for each in found.settles] == [(INVOICE, Decimal("90.00"))]
    assert (found.unapplied, found.contract) == (Decimal("10.00"), "C-1")


def test_others_receipts_and_transfers_from_our_bank_are_listed() -> None:
    theirs = receipt(amount="5.00").model_copy(update={"key": None})
    transfer = receipt("cash-refund/d", "5.00", id="9", kind="refund", cash="-5.00")
    taken_back = transfer.model_copy(update={"key": "cash-return/d"})
    assert sorted(each.id for each in receipt_entries([theirs, transfer, taken_back], "2026-03")) == [
        "7",
        "9",
        "9",
    ]
