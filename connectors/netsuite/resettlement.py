"""What had settled an invoice that was taken off settles the one that was posted in its place.

A counter document does not free what was paid: the payments would stay on an invoice that nobody owes, and
the new one would be shown as open. Payments and credit memos are applied anew, by what NetSuite shows as
applied now, so that all of it can be repeated. A deposit application can't be changed: the counter document,
which then has as much left, settles the new invoice in its stead.
"""

from decimal import Decimal
from typing import Any

from connectors.netsuite import mapping
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.receipt_bodies import applied_so_far
from connectors.netsuite.receivables import Books, CustomerReceivables, own_key
from connectors.netsuite.wire import CashRow
from ports.errors import Conflict

_RECORD = {"CustPymt": "customerPayment", "CustCred": "creditMemo"}
"""What can be applied otherwise once it is posted."""
_MOST_CHANGES = 100
"""One for each payment or credit memo; more are a reading that does not show them."""


class Resettlement:
    def __init__(self, client: NetSuiteClient, receivables: CustomerReceivables) -> None:
        self._client, self._receivables = client, receivables

    async def settle_anew(self, legal_entity: str, customer: str, key: str, id_: str) -> None:
        """From invoices of this (original) key that were taken off, to the one that stands: `id_`. What the
        new one is too small for is left of the counter document, a credit of the invoice like others.
        Conflict: NetSuite does not show (yet) what was posted or applied.
        """
        for _ in range(_MOST_CHANGES):
            books = await self._receivables.books(legal_entity, customer)
            if id_ not in books.rows:
                break
            change = _next_change(books, key, books.rows[id_])
            if change is None:
                return
            record, credit, lines = change
            await self._client.change("apply anew", record, credit, {"apply": {"items": lines}})
        raise Conflict(
            f"what had settled {key} can't be seen (yet) on what was posted in its place",
            platform=PLATFORM,
            operation="apply anew",
            field="apply",
        )


def _next_change(books: Books, key: str, new: CashRow) -> tuple[str, str, list[dict[str, Any]]] | None:
    """The next record to be changed with its lines, by what the books show now; None where all is done."""
    left = new.open or Decimal(0)
    for old in _taken_off(books, key, new.id):
        counter = _counter(books, old)
        if counter is None:
            continue
        for credit, part in _credits_on(books, old, counter):
            if left > 0:
                moved = min(part, left)
                lines = [*applied_so_far(old.id, part - moved), *_on(books, credit, new, moved)]
                return _RECORD[credit.type], credit.id, lines
        free, open_ = counter.open or Decimal(0), old.open or Decimal(0)
        to_old = min(free, open_)
        to_new = min(free - to_old, left)
        if to_old + to_new > 0:
            lines = [*_on(books, counter, old, to_old), *_on(books, counter, new, to_new)]
            return _RECORD[counter.type], counter.id, lines
    return None


def _taken_off(books: Books, key: str, id_: str) -> list[CashRow]:
    return [
        row for row in books.rows.values() if row.type == "CustInvc" and own_key(row) == key and row.id != id_
    ]


def _counter(books: Books, old: CashRow) -> CashRow | None:
    """The document that took the invoice's effect off."""
    wanted = mapping.external_id(mapping.VOID + (mapping.key_of(old.externalid) or ""))
    found = (row for row in books.rows.values() if row.type == "CustCred" and row.externalid == wanted)
    return next(found, None)


def _credits_on(books: Books, old: CashRow, counter: CashRow) -> list[tuple[CashRow, Decimal]]:
    """Payments and credit memos that settle the invoice, each with its part."""
    return [
        (books.rows[link.next], link.amount)
        for link in books.links
        if link.previous == old.id
        and link.next in books.rows
        and link.next != counter.id
        and link.amount > 0
        and books.rows[link.next].type in _RECORD
    ]


def _on(books: Books, credit: CashRow, invoice: CashRow, more: Decimal) -> list[dict[str, Any]]:
    """The line by which so much more of the credit is applied to the invoice than is now."""
    if more <= 0:
        return []
    return [{"doc": {"id": invoice.id}, "apply": True, "amount": books.applied(credit, invoice.id) + more}]
