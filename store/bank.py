"""Receipts of banks' statements: each once by its bank and reference, and what became of it."""

import datetime as dt
import json
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Text, cast, or_, select, tuple_
from sqlmodel import col

from canonical.bank import BankReceipt, ReceiptStatus, Suggestion
from ports.bank import ReceiptOutcome, RecordedReceipt
from rules.bank_entry import same_money
from store.database import Database
from store.event_log import Clock, utc_now
from store.tables import BankReceiptRow, table_of

_MOST_DECIMALS = 5
"""A file's amounts have no more."""


class BankIntake(BaseModel):
    """What a batch of receipts came to. With any of `conflicting` (by bank and reference: known with other
    content) nothing was recorded."""

    model_config = ConfigDict(frozen=True)

    recorded: int
    known: int
    conflicting: tuple[str, ...] = ()


class BankStore:
    """Raises StoreUnavailable where the database is gone."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def take_in(
        self,
        receipts: Sequence[BankReceipt],
        actor: str,
        status: Literal["received", "booked"] = "received",
    ) -> BankIntake:
        """All of them, each once, or none."""
        names = [(each.bank, each.ref) for each in receipts]
        async with self._database.write() as session:
            statement = select(BankReceiptRow).where(
                tuple_(col(BankReceiptRow.bank), col(BankReceiptRow.ref)).in_(names)
            )
            rows = (await session.execute(statement)).scalars()
            known = {(row.bank, row.ref): BankReceipt.model_validate(row.receipt) for row in rows}
            conflicting = tuple(
                f"{each.bank}/{each.ref}"
                for each in receipts
                if (each.bank, each.ref) in known and not same_money(known[each.bank, each.ref], each)
            )
            if conflicting:
                return BankIntake(recorded=0, known=0, conflicting=conflicting)
            new = [each for each in receipts if (each.bank, each.ref) not in known]
            values = [self._row(each, actor, status) for each in new]
            done = await self._database.insert_new(session, table_of(BankReceiptRow), values, ("bank", "ref"))
        return BankIntake(recorded=len(done), known=len(receipts) - len(done))

    def _row(self, receipt: BankReceipt, actor: str, status: ReceiptStatus) -> dict[str, object]:
        now = self._clock()
        return {
            "bank": receipt.bank,
            "ref": receipt.ref,
            "entity": receipt.entity,
            "value_date": receipt.value_date,
            "amount": receipt.amount,
            "currency": receipt.currency,
            "receipt": receipt.model_dump(mode="json"),
            "status": status,
            "note": None,
            "suggestions": [],
            "document": None,
            "imported_by": actor,
            "imported_at": now,
            "updated_at": now,
        }

    async def get(self, bank: str, ref: str) -> RecordedReceipt | None:
        async with self._database.read() as session:
            row = await session.get(BankReceiptRow, (bank, ref))
        return None if row is None else _recorded(row)

    async def list(
        self,
        *,
        entity: str | None = None,
        bank: str | None = None,
        status: ReceiptStatus | None = None,
        limit: int = 1000,
    ) -> tuple[RecordedReceipt, ...]:
        """The newest value dates first. What is no receipt is listed by its status alone."""
        statement = select(BankReceiptRow).order_by(
            col(BankReceiptRow.value_date).desc(), col(BankReceiptRow.bank), col(BankReceiptRow.ref)
        )
        for column, wanted in (("entity", entity), ("bank", bank), ("status", status)):
            if wanted is not None:
                statement = statement.where(getattr(BankReceiptRow, column) == wanted)
        if status is None:
            statement = statement.where(col(BankReceiptRow.status) != "booked")
        async with self._database.read() as session:
            rows = (await session.execute(statement.limit(limit))).scalars()
            return tuple(_recorded(row) for row in rows)

    async def of_amount(self, returned: BankReceipt) -> tuple[RecordedReceipt, ...]:
        """The bank's receipts of the entity over the same amount, the newest first."""
        statement = (
            select(BankReceiptRow)
            .where(
                col(BankReceiptRow.bank) == returned.bank,
                col(BankReceiptRow.entity) == returned.entity,
                col(BankReceiptRow.currency) == returned.currency,
                col(BankReceiptRow.amount).in_(_written(returned.amount)),
                col(BankReceiptRow.status) != "booked",
            )
            .order_by(col(BankReceiptRow.value_date).desc(), col(BankReceiptRow.ref))
            .limit(1000)
        )
        async with self._database.read() as session:
            return tuple(_recorded(row) for row in (await session.execute(statement)).scalars())

    async def named(self, returned: BankReceipt, names: Collection[str]) -> tuple[RecordedReceipt, ...]:
        """The bank's receipts of the entity whose reference is one of the names, or that have one as an
        identification, the newest first."""
        has_one = [
            cast(col(BankReceiptRow.receipt), Text).contains(json.dumps(name), autoescape=True)
            for name in sorted(names)
        ]
        statement = (
            select(BankReceiptRow)
            .where(
                col(BankReceiptRow.bank) == returned.bank,
                col(BankReceiptRow.entity) == returned.entity,
                col(BankReceiptRow.currency) == returned.currency,
                col(BankReceiptRow.status) != "booked",
                or_(col(BankReceiptRow.ref).in_(names), *has_one),
            )
            .order_by(col(BankReceiptRow.value_date).desc(), col(BankReceiptRow.ref))
            .limit(1000)
        )
        async with self._database.read() as session:
            return tuple(_recorded(row) for row in (await session.execute(statement)).scalars())

    async def statement(self, entity: str, since: dt.date, until: dt.date) -> tuple[RecordedReceipt, ...]:
        """All that has its value date from the one day to the other, in order of bank and reference."""
        statement = (
            select(BankReceiptRow)
            .where(
                col(BankReceiptRow.entity) == entity,
                col(BankReceiptRow.value_date) >= since,
                col(BankReceiptRow.value_date) <= until,
            )
            .order_by(col(BankReceiptRow.bank), col(BankReceiptRow.ref))
        )
        async with self._database.read() as session:
            return tuple(_recorded(row) for row in (await session.execute(statement)).scalars())

    async def record_outcome(self, outcome: ReceiptOutcome) -> None:
        async with self._database.write() as session:
            row = await session.get(BankReceiptRow, (outcome.bank, outcome.ref), with_for_update=True)
            if row is None or (row.status != "received" and row.updated_at > outcome.at):
                return
            row.status, row.note, row.updated_at = outcome.status, outcome.note, outcome.at
            row.suggestions = [each.model_dump(mode="json") for each in outcome.suggestions]
            row.document = outcome.document


def _written(amount: Decimal) -> list[Decimal]:
    """The amount as a file may have it: "100", "100.0", "100.00"; the column keeps the scale."""
    scales = [amount.quantize(Decimal(1).scaleb(-digits)) for digits in range(_MOST_DECIMALS + 1)]
    return [each for each in scales if each == amount]


def _recorded(row: BankReceiptRow) -> RecordedReceipt:
    return RecordedReceipt(
        receipt=BankReceipt.model_validate(row.receipt),
        status=row.status,
        note=row.note,
        suggestions=tuple(Suggestion.model_validate(each) for each in row.suggestions),
        document=row.document,
        imported_by=row.imported_by,
        imported_at=row.imported_at,
        updated_at=row.updated_at,
    )
