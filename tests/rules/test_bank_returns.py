"""Which receipt a reversal takes back: the one that it names, else what it may be."""

import datetime as dt
from typing import Any

import pytest

from canonical.bank import BankReceipt
from rules.bank_file import read_bank_file
from rules.bank_returns import match_return, names_of
from tests.rules.test_bank_file import camt, changed
from tests.store.test_bank import receipt


def known(ref: str, **more: Any) -> BankReceipt:
    return receipt(ref, **more)


def returned(**more: Any) -> BankReceipt:
    return receipt("R-1", value_date=dt.date(2026, 3, 9), **more)


@pytest.mark.parametrize(
    "named",
    [
        {"references": ("E-1",)},
        {"transaction_ids": ("E2E-7",)},
        {"text": "return of E-1, account closed"},
    ],
)
def test_the_one_receipt_that_it_names_is_certain(named: dict[str, Any]) -> None:
    receipts = [known("E-1", transaction_ids=("E2E-7", "TX-1")), known("E-2"), known("E-11")]
    assert match_return(returned(**named), receipts).certain == "E-1"


def test_the_same_amount_alone_is_a_suggestion_the_same_remitter_and_the_newest_first() -> None:
    receipts = [
        known("E-1", value_date=dt.date(2026, 3, 1)),
        known("E-2", value_date=dt.date(2026, 3, 2)),
        known("E-3", value_date=dt.date(2026, 2, 1), remitter="Customer A-1"),
    ]
    found = match_return(returned(remitter="Customer A-1"), receipts)
    assert (found.certain, found.suggestions) == (None, ("E-3", "E-2", "E-1"))


def test_the_one_receipt_over_more_that_it_names_is_taken_back_in_part() -> None:
    receipts = [known("E-1", amount="140.00"), known("E-2", amount="140.00"), known("E-3")]
    found = match_return(returned(references=("E-1",)), receipts)
    assert (found.certain, found.part, found.suggestions) == (None, "E-1", ())
    both = match_return(returned(references=("E-1", "E-2")), receipts)
    assert (both.part, both.suggestions) == (None, ("E-1", "E-2"))
    whole = match_return(returned(references=("E-1", "E-3")), receipts)
    assert (whole.certain, whole.part) == ("E-3", None)


def test_all_that_may_name_a_receipt_is_asked_for() -> None:
    reversal = returned(references=("A/1",), transaction_ids=("E2E-7",), text="return (E-1), closed")
    assert names_of(reversal) >= {"R-1", "A:1", "E2E-7", "E-1"}


def test_an_identification_that_two_receipts_have_is_not_certain() -> None:
    receipts = [known("E-1", transaction_ids=("X",)), known("E-2", transaction_ids=("X",)), known("E-3")]
    found = match_return(returned(transaction_ids=("X",)), receipts)
    assert (found.certain, sorted(found.suggestions)) == (None, ["E-1", "E-2"])


@pytest.mark.parametrize(
    "other",
    [{"amount": "90.00"}, {"currency": "EUR"}, {"bank": "jpm"}, {"value_date": "2026-03-10"}],
)
def test_another_amount_bank_or_a_later_day_is_none(other: dict[str, Any]) -> None:
    one = BankReceipt.model_validate(known("E-1").model_dump() | other)
    assert match_return(returned(references=("E-1",)), [one]) == match_return(returned(), [])


def test_a_statements_reversal_has_its_own_reference_and_the_payments_identification() -> None:
    sent = ("NOTPROVIDED", "E2E-7")
    reversal = changed(
        sent,
        ("ZV20260302/17", "ZV20260309/3"),
        ("2026-03-03", "2026-03-09"),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>"),
    )
    file = camt(changed(sent), reversal).encode()
    found = read_bank_file(file, "ubs", "US01", "march.xml")
    [receipt], [back] = found.receipts, found.returned
    assert (back.ref, back.value_date) == ("ZV20260309:3", dt.date(2026, 3, 9))
    assert match_return(back, [receipt]).certain == receipt.ref == "ZV20260302:17"
