"""A bank's statement beside the ledger and beside payouts: what is on one of them alone is one break."""

import datetime as dt
from decimal import Decimal
from typing import Any

from canonical.bank import BankReceipt
from canonical.payment import Payout
from canonical.reconciliation import Break, BreakRule, Entry
from ports.bank import RecordedReceipt
from ports.erp import GeneralLedgerLine
from rules.period_bank import bank_entries, cash_by_others, payout_entries, with_debits, with_payouts
from rules.period_cash import applied_entries, receipt_entries
from rules.reconciliation import reconcile
from tests.rules.listings import PERIOD, TERMS, listings
from tests.rules.test_cash_invariants import receipt
from tests.rules.test_period_cash import to

DEBITS = TERMS.model_copy(update={"bank_debits": BreakRule(owner="finance", blocks_close=False)})
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return dt.date(2026, 3, number)


def line(ref: str, amount: str, value_date: dt.date = day(1), status: str = "applied") -> RecordedReceipt:
    read = BankReceipt(
        bank="ubs", ref=ref, entity="US01", amount=Decimal(amount), currency="USD", value_date=value_date
    )
    said = {"receipt": read, "status": status, "note": None, "suggestions": (), "document": None}
    return RecordedReceipt.model_validate(
        {**said, "imported_by": "fiona", "imported_at": NOON, "updated_at": NOON}
    )


def payout(id_: str, amount: str, arrival: dt.date, **more: Any) -> Payout:
    said = {"platform": "stripe", "status": "paid", "currency": "USD", "entries": ()}
    return Payout.model_validate({**said, "id": id_, "amount": amount, "arrival_date": arrival, **more})


def ledger(ref: str, amount: str, value_date: dt.date = day(1)) -> list[Entry]:
    posted = receipt(f"cash/ubs/{ref}", amount, date=value_date, applied_to=(to("10", amount),))
    return [*receipt_entries([posted], PERIOD), *applied_entries([posted], PERIOD)]


def found(*entries: Entry) -> tuple[dict[str, str], list[Break]]:
    """What bank and payouts come to, and the breaks."""
    kept = with_debits(with_payouts(entries), are_compared=True)
    (one,) = reconcile(listings([*kept]), DEBITS)
    sums = {side: f"{one.sides[side]:f}" for side in ("bank", "receipts", "payouts")}
    return sums, [*one.breaks]


def test_money_of_the_ledger_and_payouts_are_what_is_on_the_statement() -> None:
    lines = bank_entries([line("E-1", "100.00"), line("E-2", "70.00", day(6), "left")])
    paid_out = payout_entries([payout("po_1", "70.00", day(4))], PERIOD)
    sums, breaks = found(*lines, *paid_out, *ledger("E-1", "100.00"))
    assert sums == {"bank": "170.00", "receipts": "100.00", "payouts": "70.00"}
    assert breaks == []


def test_a_line_that_is_in_no_ledger_is_an_unmatched_entry_until_a_person_leaves_it() -> None:
    sums, (alone,) = found(*bank_entries([line("E-1", "100.00", status="waiting")]))
    assert (alone.type, alone.side, alone.effect) == ("unmatched_entry", "bank", Decimal("100.00"))
    assert (alone.document, alone.documents, alone.blocks_close) == ("cash/ubs/E-1", ("ubs:E-1",), True)
    assert alone.cause == "payment E-1 is on a statement of ubs, and in no ledger"
    assert "q2c cash apply ubs/E-1" in alone.proposal
    assert sums["bank"] == "100.00"
    left = bank_entries([line("E-1", "100.00", status="left"), line("E-2", "1.00")])
    assert found(*left, *ledger("E-2", "1.00"))[1] == []


def test_money_of_a_bank_that_is_on_no_statement_and_money_of_another_amount_are_breaks() -> None:
    held = [*ledger("E-1", "100.00"), *ledger("E-2", "60.00")]
    _, breaks = found(*bank_entries([line("E-2", "50.00")]), *held)
    assert [(each.type, each.document, each.effect) for each in breaks] == [
        ("missing", "cash/ubs/E-1", Decimal("-100.00")),
        ("amount", "cash/ubs/E-2", Decimal("-10.00")),
    ]
    assert breaks[0].cause == "in the ERP's receipts, and on no statement of the bank that was imported"


def test_a_payout_on_no_statement_is_missed_once_the_statements_reach_it() -> None:
    seen, lost = payout("po_1", "70.00", day(3)), payout("po_2", "80.00", day(5))
    late, other = payout("po_3", "90.00", day(12)), payout("po_4", "5.00", day(5), currency="EUR")
    lines = bank_entries([line("E-1", "70.00", day(4), "waiting"), line("E-2", "1.00", day(20))])
    paid_out = payout_entries([seen, lost, late, other], PERIOD)
    sums, (missed,) = found(*lines, *paid_out, *ledger("E-2", "1.00", day(20)))
    assert (missed.type, missed.document, missed.effect) == (
        "missing",
        "payout/stripe/po_2",
        Decimal("-80.00"),
    )
    assert sums["payouts"] == "150.00"


def test_payouts_of_one_amount_are_found_each_once_nearest_first() -> None:
    lines = bank_entries([line("E-1", "70.00", day(4), "left"), line("E-2", "70.00", day(9), "left")])
    paid_out = payout_entries([payout("po_1", "70.00", day(3)), payout("po_2", "70.00", day(9))], PERIOD)
    kept = with_payouts([*lines, *paid_out])
    assert {each.id: each.key for each in kept if each.side == "bank"} == {
        "E-1": "payout/stripe/po_1",
        "E-2": "payout/stripe/po_2",
    }


def debit(ref: str, amount: str, value_date: dt.date = day(1), flow: str = "out") -> RecordedReceipt:
    booked = line(f"{ref}:debit", amount, value_date, "booked")
    return booked.model_copy(update={"receipt": booked.receipt.model_copy(update={"flow": flow})})


def given_back(key: str, amount: str, date: dt.date) -> list[Entry]:
    posted = receipt(
        key, amount, date=date, id=key, kind="refund", cash=f"-{amount}", applied_to=(to("10", amount),)
    )
    return [*receipt_entries([posted], PERIOD), *applied_entries([posted], PERIOD)]


def by_others(id_: str, amount: str, date: dt.date, **more: Any) -> GeneralLedgerLine:
    said = {
        "entry": id_,
        "legal_entity": "US01",
        "currency": "USD",
        "account": "1000",
        "debit": "0",
        "credit": "0",
    }
    return GeneralLedgerLine.model_validate({**said, "date": date, "amount": amount} | more)


def test_debits_are_known_in_the_ledger_by_amount_and_day_whoever_posted_them() -> None:
    lines = [debit("E-1", "30.00", day(9)), debit("E-2", "100.00", day(5)), debit("E-3", "4.50", day(2))]
    ledger_lines = [
        by_others("77", "-4.50", day(31)),
        by_others("78", "-4.50", day(1), key="revenue/C-1/2026-03"),  # ours
        by_others("79", "-9.00", day(2)),  # on no statement of ours
        by_others("80", "-4.50", day(1)),  # reversed
        by_others("81", "-4.50", day(1), kind="payment"),  # a receipt
    ]
    posted = [
        *given_back("cash-refund/d", "30.00", day(3)),
        *given_back("cash-return/d", "100.00", day(5)),
        *cash_by_others(ledger_lines, {"80"}, PERIOD, "netsuite", "1000"),
    ]
    sums, breaks = found(*bank_entries([*lines, line("E-9", "200.00")]), *posted, *ledger("E-9", "200.00"))
    assert breaks == []
    assert sums == {"bank": "65.50", "receipts": "65.50", "payouts": "0.00"}


def test_a_debit_that_is_in_no_ledger_is_an_unmatched_entry_that_holds_up_nothing() -> None:
    _, (alone,) = found(*bank_entries([debit("E-1", "4.50")]))
    assert (alone.type, alone.side, alone.effect) == ("unmatched_entry", "bank", Decimal("-4.50"))
    assert (alone.document, alone.owner, alone.blocks_close) == ("bank/ubs/E-1:debit", "finance", False)
    assert alone.cause == "debit E-1:debit is on a statement of ubs, and nothing of its amount in the ledger"
    assert "cash account" in alone.proposal
    _, (back,) = found(*bank_entries([debit("E-1", "4.50", flow="in")]))
    assert (back.effect, back.cause.partition(" is")[0]) == (Decimal("4.50"), "credit E-1:debit")


def test_what_was_given_back_is_missed_once_the_statements_reach_it() -> None:
    refund, early = (
        given_back("cash-refund/d", "30.00", day(3)),
        bank_entries([debit("E-1", "4.50", day(12))]),
    )
    assert [each.type for each in found(*early, *refund)[1]] == ["unmatched_entry"]
    reached = bank_entries([debit("E-1", "4.50", day(2)), line("E-2", "5.00", day(13))])
    missed = [each for each in found(*reached, *refund, *ledger("E-2", "5.00"))[1] if each.type == "missing"]
    assert [(each.document, each.side, each.effect) for each in missed] == [
        ("cash-refund/d", "bank", Decimal("30.00"))
    ]
    credits_alone = bank_entries([line("E-2", "5.00", day(13))])
    sums, breaks = found(*credits_alone, *refund, *ledger("E-2", "5.00"))
    assert (sums["receipts"], [each.type for each in breaks]) == ("5.00", [])


def test_a_transfer_that_is_on_its_way_over_the_months_end_counts_in_the_ledgers_month() -> None:
    refund = given_back("cash-refund/d", "30.00", day(31))
    sums, breaks = found(*bank_entries([debit("E-1", "30.00", dt.date(2026, 4, 2))]), *refund)
    assert (sums["bank"], sums["receipts"], breaks) == ("-30.00", "-30.00", [])


def test_without_a_policy_for_debits_none_is_compared() -> None:
    entries = [*bank_entries([debit("E-1", "4.50")]), *given_back("cash-refund/d", "30.00", day(3))]
    assert with_debits(entries, are_compared=False) == ()
