"""A customer's receivables as NetSuite has them: what is open of each invoice, what money is unapplied."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from canonical.ids import RECOVERY, credited_invoice_key, original_key
from connectors.netsuite import mapping
from connectors.netsuite import receipt_queries as queries
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.queries import HEADS
from connectors.netsuite.wire import CashRow, LinkRow, OpenInvoiceRow
from ports.errors import NotFound
from ports.receipts import OpenItem, OpenReceivable, ReceivablesAccount, UnappliedItem

UNAPPLIED, FEE = "/unapplied", "/fee"
"""How the keys of an entry's parts end; the rest of it is its money applied."""


@dataclass(frozen=True)
class Books:
    """The customer's transactions by internal id, and which settle which."""

    rows: dict[str, CashRow] = field(default_factory=dict)
    links: list[LinkRow] = field(default_factory=list)

    def invoice(self, key: str) -> CashRow | None:
        """The one that stands, where it was taken off and posted again: the newest."""
        found = [row for row in self.rows.values() if row.type == "CustInvc" and own_key(row) == key]
        return max(found, key=lambda row: int(row.id), default=None)

    def credits_of(self, invoice_key: str) -> list[CashRow]:
        """The credit memos of the invoice."""
        return [row for row in self.rows.values() if _credits(row) == invoice_key]

    def payments_of(self, invoice: CashRow) -> list[tuple[CashRow, Decimal]]:
        """Our payments that settle the invoice, newest first, each with its part."""
        parts = [
            (self.rows[link.next], link.amount)
            for link in self.links
            if link.previous == invoice.id and link.next in self.rows
        ]
        return sorted(
            ((row, part) for row, part in parts if row.type == "CustPymt" and part > 0),
            key=lambda found: int(found[0].id),
            reverse=True,
        )

    def write_offs_of(self, invoice: CashRow) -> list[tuple[CashRow, Decimal]]:
        """Those that settle the invoice, newest first, each with its part."""
        parts = [
            (self.rows[link.next], link.amount)
            for link in self.links
            if link.previous == invoice.id and link.next in self.rows and link.amount > 0
        ]
        return sorted(
            (found for found in parts if _is_write_off(found[0])), key=lambda f: int(f[0].id), reverse=True
        )

    def applied(self, credit: CashRow, document_id: str) -> Decimal:
        """How much of the credit settles the document."""
        own = (document_id, credit.id)
        return sum((link.amount for link in self.links if (link.previous, link.next) == own), Decimal(0))

    def free(self, type_: str) -> list[CashRow]:
        """Ours of the type that are not used up, oldest first."""
        return [
            row
            for row in sorted(self.rows.values(), key=lambda row: int(row.id))
            if row.type == type_ and (row.open or 0) > 0 and mapping.key_of(row.externalid) is not None
        ]

    def paid(self, invoice: CashRow) -> Decimal:
        """What money has settled of the invoice, less what was refunded of its credit memos."""
        money = ("CustPymt", "DepAppl")
        key = own_key(invoice)
        memos = {row.id for row in self.credits_of(key)}
        settled = sum((self._amount(link, invoice.id, money) for link in self.links), Decimal(0))
        given_back = sum(
            (link.amount for link in self.links if link.previous in memos and self._type(link) == "CustRfnd"),
            Decimal(0),
        )
        return settled - given_back

    def _amount(self, link: LinkRow, invoice: str, types: tuple[str, ...]) -> Decimal:
        return link.amount if link.previous == invoice and self._type(link) in types else Decimal(0)

    def _type(self, link: LinkRow) -> str:
        return self.rows[link.next].type if link.next in self.rows else ""

    def open(self, invoice: CashRow) -> Decimal:
        """Below zero where it was paid, and credited after that."""
        key = own_key(invoice)
        unused = sum((row.open or Decimal(0) for row in self.credits_of(key)), Decimal(0))
        return (invoice.open or Decimal(0)) - unused


def _credits(row: CashRow) -> str | None:
    """The key of the invoice that a credit memo gives back, or takes off."""
    if row.type != "CustCred":
        return None
    key = own_key(row)
    return key.removeprefix(mapping.VOID) if key.startswith(mapping.VOID) else credited_invoice_key(key)


def own_key(row: CashRow) -> str:
    """The document's business key, also where it was posted again; empty for a foreign one."""
    return original_key(mapping.key_of(row.externalid) or "")


class CustomerReceivables:
    def __init__(self, client: NetSuiteClient) -> None:
        self._client = client

    async def books(self, legal_entity: str, customer: str) -> Books:
        rows: list[CashRow] = []
        after = 0
        while True:
            statement = queries.of_customer(legal_entity, customer, after)
            page = await self._client.query("list receivables", statement, CashRow)
            rows += page
            if len(page) < HEADS:
                break
            after = int(page[-1].id)
        return Books({row.id: row for row in rows}, await self.links([row.id for row in rows]))

    async def links(self, ids: list[str]) -> list[LinkRow]:
        links: list[LinkRow] = []
        for start in range(0, len(ids), HEADS):
            statement = queries.links_of(ids[start : start + HEADS])
            links += await self._client.query("list applications", statement, LinkRow)
        return links

    async def find(self, *external_ids: str) -> dict[str, CashRow]:
        """Transactions by external id, those that are there."""
        rows = await self._client.query("find receipts", queries.by_external_ids([*external_ids]), CashRow)
        return {row.externalid: row for row in rows if row.externalid is not None}

    async def account(self, legal_entity: str, customer: str, invoice_key: str | None) -> ReceivablesAccount:
        """Of the customer to whom the invoice was billed, where it is posted."""
        if invoice_key is not None:
            found = (await self.find(mapping.external_id(invoice_key))).get(mapping.external_id(invoice_key))
            customer = customer if found is None or found.entity is None else found.entity
        books = await self.books(legal_entity, customer)
        ours = [row for row in books.rows.values() if mapping.key_of(row.externalid) is not None]
        invoices = [
            row
            for row in ours
            if row.type == "CustInvc" and not _is_counter(own_key(row)) and row == books.invoice(own_key(row))
        ]
        currencies = {row.currency for row in ours}
        if len(currencies) > 1:
            raise NotFound(
                "the customer has transactions in several currencies",
                platform=PLATFORM,
                operation="list receivables",
                field="currency",
            )
        return ReceivablesAccount(
            customer_id=customer,
            currency=next(iter(currencies), ""),
            invoices=tuple(
                self._item(books, row) for row in sorted(invoices, key=lambda r: (r.trandate, int(r.id)))
            ),
            unapplied=tuple(_unapplied(row) for row in books.free("CustDep")),
        )

    async def open(self, legal_entity: str, currency: str) -> tuple[OpenReceivable, ...]:
        """Ours that are open, whoever owes them."""
        return await self._listed(queries.open_invoices, legal_entity, currency)

    async def written_off(self, legal_entity: str, currency: str) -> tuple[OpenReceivable, ...]:
        """Ours of which write-offs have settled a part: `open` is that part."""
        return await self._listed(queries.written_off, legal_entity, currency)

    async def _listed(
        self, statement: Callable[[str, str, int], str], legal_entity: str, currency: str
    ) -> tuple[OpenReceivable, ...]:
        found: list[OpenReceivable] = []
        after = 0
        while True:
            page = await self._client.query(
                "list open invoices", statement(legal_entity, currency, after), OpenInvoiceRow
            )
            found += [each for each in (_open_receivable(row, currency) for row in page) if each is not None]
            if len(page) < HEADS:
                return tuple(found)
            after = int(page[-1].id)

    def _item(self, books: Books, row: CashRow) -> OpenItem:
        return OpenItem(
            key=own_key(row),
            number=row.tranid,
            date=row.trandate,
            due_date=row.duedate or row.trandate,
            total=mapping.written(row.total, row.currency),
            open=mapping.written(books.open(row), row.currency),
            paid=mapping.written(books.paid(row), row.currency),
            written_off=mapping.written(
                sum((part for _, part in books.write_offs_of(row)), Decimal(0)), row.currency
            ),
        )


def _open_receivable(row: OpenInvoiceRow, currency: str) -> OpenReceivable | None:
    """None for an invoice that is not ours, and for a counter document. One that was posted again has its own
    key: by that, and by its number, money that is to be applied to it is known.
    """
    key = mapping.key_of(row.externalid)
    if key is None or _is_counter(key):
        return None
    return OpenReceivable(
        key=original_key(key),
        number=row.tranid,
        customer_id=row.entity,
        customer_names=tuple(name for name in (row.companyname, row.entityid) if name),
        due_date=row.duedate,
        open=mapping.written(row.open, currency),
    )


def _is_counter(key: str) -> bool:
    """The document by which a credit memo was voided, or a write-off taken back, is no invoice that anybody
    pays."""
    return key.startswith((mapping.VOID, RECOVERY))


def _is_write_off(row: CashRow) -> bool:
    return row.type == "CustCred" and own_key(row).startswith(mapping.WRITE_OFF)


def _unapplied(row: CashRow) -> UnappliedItem:
    key = (mapping.key_of(row.externalid) or "").removesuffix(UNAPPLIED)
    return UnappliedItem(
        key=key, date=row.trandate, amount=mapping.written(row.open or row.total, row.currency)
    )
