"""Receipts from banks: each once, none with another content under the same reference."""

import datetime as dt
from decimal import Decimal
from typing import Any

from canonical.bank import BankReceipt
from ports.bank import ReceiptOutcome
from store.bank import BankStore
from store.database import Database

NOW = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)


def receipt(ref: str = "E-1", **more: Any) -> BankReceipt:
    figures: dict[str, Any] = {
        "bank": "ubs",
        "ref": ref,
        "entity": "US01",
        "amount": Decimal("100.00"),
        "currency": "USD",
        "value_date": dt.date(2026, 3, 2),
    }
    return BankReceipt(**(figures | more))


def outcome(status: str, at: dt.datetime = NOW, **more: Any) -> ReceiptOutcome:
    said = {"bank": "ubs", "ref": "E-1", "status": status, "note": status, "at": at}
    return ReceiptOutcome.model_validate(said | more)


async def test_receipt_is_kept_once_though_another_file_says_more_of_it(database: Database) -> None:
    store = BankStore(database)
    first = await store.take_in([receipt(), receipt("E-2")], "fiona")
    again = await store.take_in([receipt(text="INV-1", source="other file"), receipt("E-3")], "olga")
    assert (first.recorded, first.known) == (2, 0)
    assert (again.recorded, again.known, again.conflicting) == (1, 1, ())
    found = await store.get("ubs", "E-1")
    assert found is not None
    assert (found.receipt, found.status, found.imported_by) == (receipt(), "received", "fiona")


async def test_another_amount_under_a_known_reference_keeps_nothing_of_the_batch(database: Database) -> None:
    store = BankStore(database)
    await store.take_in([receipt()], "fiona")
    refused = await store.take_in([receipt("E-2"), receipt(amount=Decimal("90.00"))], "fiona")
    assert refused.conflicting == ("ubs/E-1",)
    assert await store.get("ubs", "E-2") is None


async def test_same_reference_at_another_bank_is_another_receipt(database: Database) -> None:
    store = BankStore(database)
    await store.take_in([receipt()], "fiona")
    assert (await store.take_in([receipt(bank="jpm", amount=Decimal(5))], "fiona")).recorded == 1


async def test_later_outcome_counts_and_lists_go_by_status(database: Database) -> None:
    store = BankStore(database)
    await store.take_in([receipt(), receipt("E-2", value_date=dt.date(2026, 3, 5))], "fiona")
    await store.record_outcome(outcome("applied", NOW, document="77"))
    await store.record_outcome(outcome("waiting", NOW - dt.timedelta(hours=1)))
    await store.record_outcome(outcome("waiting").model_copy(update={"ref": "E-9"}))
    [done] = await store.list(status="applied", entity="US01", bank="ubs")
    assert (done.receipt.ref, done.note, done.document) == ("E-1", "applied", "77")
    assert [each.receipt.ref for each in await store.list()] == ["E-2", "E-1"]
    assert await store.list(entity="DE01") == ()


async def test_statement_has_all_of_the_entity_between_two_days(database: Database) -> None:
    store = BankStore(database)
    days = {"E-0": 1, "E-1": 2, "E-2": 9, "E-3": 10}
    taken = [receipt(ref, value_date=dt.date(2026, 3, day)) for ref, day in days.items()]
    await store.take_in([*taken, receipt("E-9", entity="DE01")], "fiona")
    found = await store.statement("US01", dt.date(2026, 3, 2), dt.date(2026, 3, 9))
    assert [each.receipt.ref for each in found] == ["E-1", "E-2"]


async def test_receipts_of_an_amount_are_found_however_many_decimals_the_file_had(database: Database) -> None:
    store = BankStore(database)
    others = [receipt("E-3", amount=Decimal("100.01")), receipt("E-4", currency="EUR"), receipt(bank="jpm")]
    ours = [receipt("E-1", amount=Decimal("100")), receipt("E-2", value_date=dt.date(2026, 3, 5))]
    await store.take_in([*ours, *others], "fiona")
    found = await store.of_amount(receipt("R-1", amount=Decimal("100.0")))
    assert [each.receipt.ref for each in found] == ["E-2", "E-1"]


async def test_receipts_are_found_by_reference_or_identification_and_debits_are_none(
    database: Database,
) -> None:
    store = BankStore(database)
    named = receipt("E-2", transaction_ids=('E2E"%7',))
    await store.take_in([receipt(), named, receipt("E-3", bank="jpm"), receipt("E-4")], "fiona")
    await store.take_in([receipt("E-5:debit", flow="out")], "fiona", "booked")
    found = await store.named(receipt("R-1"), {"E-1", 'E2E"%7', "E-3", "E-5:debit"})
    assert [each.receipt.ref for each in found] == ["E-1", "E-2"]
    assert [each.receipt.ref for each in await store.of_amount(receipt("R-1"))] == ["E-1", "E-2", "E-4"]
    assert len(await store.list(bank="ubs")) == 3
    (line,) = await store.list(bank="ubs", status="booked")
    assert line.receipt.flow == "out"
