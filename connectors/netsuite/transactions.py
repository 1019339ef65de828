"""NetSuite's transactions: found by external id, compared, posted once, listed."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from canonical.ids import original_key, posted_again_key
from canonical.origin import Reference
from connectors.netsuite import mapping, queries
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.receipt_listing import kind_of
from connectors.netsuite.wire import LedgerRow, LineRow, Ref, RevenueRow, Sale, TaxRow, TransactionRow
from ports.erp import GeneralLedgerLine, PostedDocument, RecognizedBefore
from ports.errors import AlreadyExists, Conflict, NotFound, UnexpectedAnswer

_RECORD_OF_TYPE = {mapping.TYPE_OF[kind]: record for kind, record in mapping.RECORD_OF.items()}
_ALWAYS = tuple(mapping.external_id(head) for head in (mapping.VOID, mapping.REVERSAL))
"""How the external ids begin of what is listed whatever its date."""
Expected = Mapping[str, object]


class Transactions:
    def __init__(self, client: NetSuiteClient, base_url: str) -> None:
        self._client, self._base_url = client, base_url.rstrip("/")

    async def find(self, external_id: str) -> TransactionRow | None:
        rows = await self._client.query(
            "find transaction", queries.transactions([external_id]), TransactionRow
        )
        return rows[0] if rows else None

    async def by_id(self, id_: str, kind: str) -> TransactionRow:
        """Ours or somebody else's, by internal id. Raises NotFound."""
        rows = await self._client.query("find transaction", queries.transaction_by_id(id_), TransactionRow)
        if not rows or rows[0].type != mapping.TYPE_OF[kind]:
            raise NotFound(
                f"there is no {kind} {id_}", platform=PLATFORM, operation="find transaction", field="id"
            )
        return rows[0]

    async def posted_again(self, key: str, kind: str) -> TransactionRow | None:
        """What stands of a document that was taken off and posted again: the newest; None where none was."""
        statement = queries.transactions_again(mapping.external_id(posted_again_key(key, "")))
        for row in await self._client.query("find transaction", statement, TransactionRow):
            if (
                row.type == mapping.TYPE_OF[kind]
                and original_key(mapping.key_of(row.externalid) or "") == key
            ):
                return row
        return None

    async def of_kind(self, external_id: str, kind: str) -> TransactionRow | None:
        row = await self.find(external_id)
        return row if row is not None and row.type == mapping.TYPE_OF[kind] else None

    async def same(self, external_id: str, expected: Expected) -> TransactionRow | None:
        """The transaction that has the external id, if any; AlreadyExists where it is not what is expected:
        what is posted is never edited."""
        row = await self.find(external_id)
        if row is None:
            return None
        field = mapping.difference(row, await self.lines(row), expected)
        if field is None:
            return row
        raise AlreadyExists(
            f"{external_id} is posted with another {field}",
            platform=PLATFORM,
            operation="find transaction",
            vendor_code="POSTED_DIFFERENTLY",
            field=field,
        )

    async def lines(self, row: TransactionRow) -> tuple[LineRow, ...]:
        """The posting lines of a transaction."""
        return await self._client.query("read lines", queries.lines_of([row.id]), LineRow)

    async def create(self, record: str, operation: str, body: Mapping[str, Any], expected: Expected) -> str:
        """The internal id of the new transaction, or of the same one that another attempt has just made."""
        try:
            return await self._client.create(operation, record, body)
        except AlreadyExists as error:
            taken = error
        row = await self.same(str(body["externalId"]), expected)
        if row is not None:
            return row.id
        raise Conflict(
            f"{operation}: the external id is taken by what can't be seen (yet)",
            platform=PLATFORM,
            operation=operation,
            status=taken.status,
            vendor_code=taken.vendor_code,
            field="externalId",
        )

    async def sale(self, kind: str, id_: str) -> Sale:
        """An invoice or credit memo that SuiteQL has just shown."""
        held = await self._client.read(f"read {kind}", mapping.RECORD_OF[kind], id_, Sale)
        if held is None:
            raise vanished(f"read {kind}")
        return held

    async def listed(self, legal_entity: str, since: dt.date | None = None) -> tuple[PostedDocument, ...]:
        """A subsidiary's, by internal id: those made meanwhile come at the end. With `since`, what is older
        is left out, but for what says of others that they are undone.
        """
        return await self._pages(lambda after: queries.transactions_of(legal_entity, after, since, _ALWAYS))

    async def of_contract(self, legal_entity: str, contract: str) -> tuple[PostedDocument, ...]:
        """Those of a contract, by internal id. LIKE knows wildcards that a key may contain, so what it finds
        is looked through once more."""
        heads = (f"{contract}/", f"revenue/{contract}/")
        marks = ("", mapping.VOID, mapping.REVERSAL)
        prefixes = tuple(mapping.external_id(mark + head) for mark in marks for head in heads)
        found = await self._pages(lambda after: queries.transactions_like(legal_entity, prefixes, after))
        return tuple(
            document
            for document in found
            if document.key is not None and mapping.external_id(document.key).startswith(prefixes)
        )

    async def _pages(self, statement_after: Callable[[int], str]) -> tuple[PostedDocument, ...]:
        """Heads page by page, each page with its lines."""
        heads: list[TransactionRow] = []
        lines: dict[str, list[LineRow]] = {}
        taxes: dict[tuple[str, str], Decimal] = {}
        after = 0
        while True:
            page = await self._client.query("list transactions", statement_after(after), TransactionRow)
            if page:
                ids = [row.id for row in page]
                rows = await self._client.query("list lines", queries.lines_of(ids), LineRow)
                lines |= {id_: [*group] for id_, group in groupby(rows, key=lambda line: line.transaction)}
                tax_rows = await self._client.query("list taxes", queries.taxes_of(ids), TaxRow)
                taxes |= {(row.transaction, row.line): row.tax for row in tax_rows}
                heads += page
                after = int(ids[-1])
            if len(page) < queries.HEADS:
                break
        undone = _undone(heads)
        return tuple(
            mapping.posted_document(
                row, lines.get(row.id, []), taxes, row.externalid in undone or row.id in undone
            )
            for row in heads
            if kind_of(row.type, mapping.key_of(row.externalid)) is None
        )

    async def ledger(self, legal_entity: str, since: dt.date | None = None) -> tuple[GeneralLedgerLine, ...]:
        """The general ledger's lines of all types of transactions, ours and others', by internal id."""
        found: list[GeneralLedgerLine] = []
        after = 0
        while True:
            entries = await self._client.query(
                "list entries", queries.entries_of(legal_entity, after, since), Ref
            )
            if entries:
                statement = queries.ledger_of(legal_entity, entries[0].id, entries[-1].id, since)
                rows = await self._client.query("list the ledger", statement, LedgerRow)
                found += [mapping.ledger_line(row, legal_entity) for row in rows]
                after = int(entries[-1].id)
            if len(entries) < queries.HEADS:
                return tuple(found)

    async def recognized_before(
        self, legal_entity: str, day: dt.date, accounts: tuple[str, ...]
    ) -> tuple[RecognizedBefore, ...]:
        head, slash = mapping.external_id("revenue/"), mapping.escaped("/")
        statement = queries.revenue_before(legal_entity, head, slash, day, accounts)
        rows = await self._client.query("sum revenue", statement, RevenueRow)
        return tuple(
            RecognizedBefore(
                contract=mapping.unescaped(row.contract),
                currency=row.currency,
                amount=-mapping.written(row.amount, row.currency),
            )
            for row in rows
        )

    def reference(self, row: TransactionRow, key: str) -> Reference:
        return mapping.reference(row, self.url(_RECORD_OF_TYPE[row.type], row.id), key)

    def url(self, record: str, id_: str) -> str:
        return f"{self._base_url}/services/rest/record/v1/{record}/{id_}"


def vanished(operation: str) -> UnexpectedAnswer:
    """A record that a query has shown can't be read: nothing is ever deleted, so this is not an answer."""
    return UnexpectedAnswer(f"{operation}: the record is gone", platform=PLATFORM, operation=operation)


def _undone(heads: list[TransactionRow]) -> set[str | None]:
    """External ids of what a counter document takes off; internal ids of what was made by others."""
    undone: set[str | None] = set()
    for row in heads:
        key = mapping.key_of(row.externalid) or ""
        for mark in (mapping.VOID, mapping.REVERSAL):
            undone_key = key.removeprefix(mark)
            if undone_key.startswith(mapping.ENTRY):
                undone.add(undone_key.removeprefix(mapping.ENTRY))
            elif key != undone_key:
                undone.add(mapping.external_id(undone_key))
    return undone
