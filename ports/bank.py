"""What we need from our own store to keep money from banks: each receipt once, and what became of it."""

import datetime as dt
from typing import Protocol

from canonical.bank import BankReceipt, ReceiptStatus, Suggestion
from canonical.base import Noun


class ReceiptOutcome(Noun):
    """What became of a receipt. `document` is the ERP's id of what was posted; `note` says it in words."""

    bank: str
    ref: str
    status: ReceiptStatus
    note: str
    at: dt.datetime
    suggestions: tuple[Suggestion, ...] = ()
    document: str | None = None


class RecordedReceipt(Noun):
    """A receipt as the store has it."""

    receipt: BankReceipt
    status: ReceiptStatus
    note: str | None
    suggestions: tuple[Suggestion, ...]
    document: str | None
    imported_by: str
    imported_at: dt.datetime
    updated_at: dt.datetime


class BankRecords(Protocol):
    """Every call can be repeated with the same effect."""

    async def bank_receipt(self, bank: str, ref: str) -> RecordedReceipt | None: ...

    async def bank_statement(
        self, entity: str, since: dt.date, until: dt.date
    ) -> tuple[RecordedReceipt, ...]:
        """What was imported of the entity's banks, by value date, both days included."""
        ...

    async def record_receipt_outcome(self, outcome: ReceiptOutcome) -> None:
        """Of two, the later one counts."""
        ...
