"""Money posted to NetSuite, each effect with the record that NetSuite has for it.

| what | record |
|---|---|
| applied to invoices | customerPayment over what is applied |
| not applied | customerDeposit (account of customer deposits), key `<entry>/unapplied` |
| unapplied money applied later | depositApplication |
| given back, or taken back | customerRefund: of credit memos, payments (taken off first), deposits |
| a dispute's fee | journalEntry, key `<entry>/fee` |
| written off | creditMemo of the write-off item, applied |
| a write-off taken back | invoice of the write-off item, settled by that creditMemo in the other's place |
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

from canonical.origin import Reference
from canonical.payment import InvoiceChange
from connectors.netsuite import mapping, receipt_bodies
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.errors import USER_ERROR
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.master_data import MasterData
from connectors.netsuite.receipt_bodies import CashTargets, Use, applied_so_far
from connectors.netsuite.receivables import FEE, UNAPPLIED, Books, CustomerReceivables
from connectors.netsuite.wire import CashRow
from ports.errors import AlreadyExists, Conflict, Rejected
from ports.receipts import CashEntry

Create = Callable[[str, str, Mapping[str, Any], CashEntry], Awaitable[str]]
_RECORD: Mapping[str, str] = {
    "CustPymt": "customerPayment",
    "CustDep": "customerDeposit",
    "DepAppl": "depositApplication",
    "CustRfnd": "customerRefund",
    "CustCred": "creditMemo",
    "CustInvc": "invoice",
    "Journal": "journalEntry",
}


class CashPosting:
    """`create` posts a new record once, telling a closed period from other refusals."""

    def __init__(
        self, client: NetSuiteClient, master: MasterData, create: Create, url: Callable[[str, str], str]
    ) -> None:
        self._client, self._master, self._create, self._url = client, master, create, url
        self.receivables = CustomerReceivables(client)

    async def post(self, entry: CashEntry) -> Reference:
        """All parts of the entry, those that are there already being left as they are."""
        done = entry.application
        to = await self._master.targets_of_cash(entry)
        if done.kind in ("payment", "chargeback_won"):
            made = await self._payment(entry, to)
        elif done.kind == "application":
            made = await self._deposit_application(entry, to)
        elif done.kind == "write_off":
            made = await self._write_off(entry, to)
        elif done.kind == "recovery":
            made = await self._recovery(entry, to)
        else:
            made = await self._refund(entry, to)
        if done.fee:
            await self._once(entry, entry.key + FEE, "Journal", receipt_bodies.fee(entry, to, FEE))
        return made

    async def _payment(self, entry: CashEntry, to: CashTargets) -> Reference:
        done = entry.application
        reference = None
        if done.invoices:
            books = await self._books(entry)
            held = await self._held(entry.key, "CustPymt", _sum(done.invoices))
            uses = [] if held else self._open_uses(books, entry)
            body = receipt_bodies.payment(entry, to, uses)
            reference = await self._once(entry, entry.key, "CustPymt", body, held)
        if done.unapplied > 0:
            key = entry.key + UNAPPLIED
            deposit = await self._once(entry, key, "CustDep", receipt_bodies.deposit(entry, to, UNAPPLIED))
            reference = reference or deposit
        if reference is None and done.fee:
            held = await self._held(entry.key, "CustPymt", done.amount)
            reference = None if held is None else self._reference(held, entry.key)
        if reference is None:
            raise self._nothing(entry)
        return reference

    async def _deposit_application(self, entry: CashEntry, to: CashTargets) -> Reference:
        books = await self._books(entry)
        held = await self._held(entry.key, "DepAppl", entry.application.amount)
        if held is not None:
            return self._reference(held, entry.key)
        [use, *more] = self._deposits(books, entry)
        if more:
            raise Conflict(
                "the money is not unapplied any more",
                platform=PLATFORM,
                operation="apply a deposit",
                field="source_key",
            )
        body = receipt_bodies.deposit_application(entry, to, use, self._open_uses(books, entry))
        return await self._once(entry, entry.key, "DepAppl", body)

    async def _write_off(self, entry: CashEntry, to: CashTargets) -> Reference:
        held = await self._held(entry.key, "CustCred", entry.application.amount)
        if held is not None:
            return self._reference(held, entry.key)
        books = await self._books(entry)
        uses = self._open_uses(books, entry)
        rates = {books.rows[use.document_id].exchange_rate for use in uses}
        if len(rates) > 1:
            raise Rejected(
                "the invoices have different exchange rates: write them off one by one",
                platform=PLATFORM,
                operation="write off",
                vendor_code="RATES_DIFFER",
                field="invoices",
            )
        if not rates:
            raise self._nothing(entry)
        [rate] = rates
        body = receipt_bodies.write_off(entry, to, uses, rate)
        return await self._once(entry, entry.key, "CustCred", body)

    async def _recovery(self, entry: CashEntry, to: CashTargets) -> Reference:
        """The invoice that was given up is open again by as much as its write-offs settle the counter
        document instead. What an attempt before has moved is not open of that any more."""
        [change] = entry.application.invoices
        held = await self._held(entry.key, "CustInvc", entry.application.amount)
        books = await self._books(entry)
        invoice = books.invoice(change.invoice_key)
        if invoice is None or (held is not None and held.id not in books.rows):
            raise _moved(change.invoice_key)
        write_offs = books.write_offs_of(invoice)
        left = change.change if held is None else books.rows[held.id].open or Decimal(0)
        if sum((part for _, part in write_offs), Decimal(0)) < left:
            raise _moved(change.invoice_key)
        body = receipt_bodies.recovery(entry, to, invoice.exchange_rate)
        made = await self._once(entry, entry.key, "CustInvc", body, held)
        for memo, settled in write_offs:
            part = min(left, settled)
            if part > 0:
                lines = applied_so_far(invoice.id, settled - part)
                lines += applied_so_far(made.id, books.applied(memo, made.id) + part)
                await self._client.change(
                    "take a write-off back", "creditMemo", memo.id, {"apply": {"items": lines}}
                )
                left -= part
        return made

    async def _refund(self, entry: CashEntry, to: CashTargets) -> Reference:
        """What is open again is first taken off its credit memos (a refund) or payments."""
        held = await self._held(entry.key, "CustRfnd", entry.application.amount)
        if held is not None:
            return self._reference(held, entry.key)
        books = await self._books(entry)
        credits: list[Use] = []
        free = {row.id: row.open or Decimal(0) for row in books.free("CustPymt")}
        for each in entry.application.invoices:
            credits += await self._taken_off(books, entry, each, free)
        deposits = self._deposits(books, entry) if entry.application.unapplied < 0 else []
        body = receipt_bodies.refund(entry, to, _by_document(credits), deposits)
        return await self._once(entry, entry.key, "CustRfnd", body)

    async def _taken_off(
        self, books: Books, entry: CashEntry, change: InvoiceChange, free: dict[str, Decimal]
    ) -> list[Use]:
        """Credits that are free to be given back, of one invoice; payments are taken off it for that. What an
        attempt before has taken off is `free` already, by payment; what is used of it is taken out there.
        """
        invoice = books.invoice(change.invoice_key)
        if invoice is None:
            raise _moved(change.invoice_key)
        left, uses = change.change, []
        if entry.application.kind == "refund":
            for memo in books.credits_of(change.invoice_key):
                part = min(left, memo.open or Decimal(0))
                if part > 0:
                    uses.append(Use(memo.id, part))
                    left -= part
        for payment_id, available in free.items():
            part = min(left, available)
            if part > 0:
                uses.append(Use(payment_id, part))
                free[payment_id] -= part
                left -= part
        for payment, settled in _named_first(books.payments_of(invoice), entry.source_key):
            part = min(left, settled)
            if part > 0:
                body = receipt_bodies.taken_off(invoice.id, settled - part)
                await self._client.change("take a payment off", "customerPayment", payment.id, body)
                uses.append(Use(payment.id, part))
                left -= part
        if left > 0:
            raise _moved(change.invoice_key)
        return uses

    def _open_uses(self, books: Books, entry: CashEntry) -> list[Use]:
        """The invoices to be settled, each with its amount. Conflict: less is open by now."""
        uses = []
        for each in entry.application.invoices:
            invoice = books.invoice(each.invoice_key)
            if invoice is None or (invoice.open or Decimal(0)) < -each.change:
                raise _moved(each.invoice_key)
            uses.append(Use(invoice.id, -each.change))
        return uses

    def _deposits(self, books: Books, entry: CashEntry) -> list[Use]:
        """Deposits that together have what is used of unapplied money, the entry's source first."""
        left, uses = -entry.application.unapplied, []
        source = mapping.external_id(f"{entry.source_key}{UNAPPLIED}")
        for row in sorted(books.free("CustDep"), key=lambda row: (row.externalid != source, int(row.id))):
            part = min(left, row.open or Decimal(0))
            if part > 0:
                uses.append(Use(row.id, part))
                left -= part
        if left > 0:
            raise _moved("unapplied money")
        return uses

    async def _books(self, entry: CashEntry) -> Books:
        return await self.receivables.books(entry.legal_entity, entry.customer_id)

    async def _held(self, key: str, type_: str, amount: Decimal) -> CashRow | None:
        """The transaction of the key, if it is posted. AlreadyExists: it is another, or over more or less."""
        external_id = mapping.external_id(key)
        held = (await self.receivables.find(external_id)).get(external_id)
        if held is not None and (held.type != type_ or held.total != abs(amount)):
            field = "type" if held.type != type_ else "total"
            raise AlreadyExists(
                f"{key} is posted with another {field}",
                platform=PLATFORM,
                operation="find receipt",
                vendor_code="POSTED_DIFFERENTLY",
                field=field,
            )
        return held

    async def _once(
        self,
        entry: CashEntry,
        key: str,
        type_: str,
        body: Mapping[str, Any],
        held: CashRow | None = None,
    ) -> Reference:
        amount = Decimal(str(body["q2c_amount"]))
        sent = {name: value for name, value in body.items() if name != "q2c_amount"}
        held = held or await self._held(key, type_, amount)
        if held is not None:
            return self._reference(held, key)
        record = _RECORD[type_]
        try:
            id_ = await self._create(record, f"post {record}", sent, entry)
        except AlreadyExists:
            held = await self._held(key, type_, amount)
            if held is None:
                raise
            return self._reference(held, key)
        except Rejected as error:
            if error.vendor_code == USER_ERROR and error.field and "apply" in error.field:
                raise _moved(key) from error
            raise
        return Reference(
            platform=PLATFORM,
            kind=_kind(type_),
            id=id_,
            business_key=key,
            url=self._url(record, id_),
            date=entry.date,
            total=amount,
        )

    def _reference(self, row: CashRow, key: str) -> Reference:
        return Reference(
            platform=PLATFORM,
            kind=_kind(row.type),
            id=row.id,
            business_key=key,
            number=row.tranid,
            url=self._url(_RECORD[row.type], row.id),
            date=row.trandate,
            total=mapping.written(row.total, row.currency),
        )

    def _nothing(self, entry: CashEntry) -> Rejected:
        return Rejected(
            f"{entry.key} moves nothing", platform=PLATFORM, operation="post cash", field="amount"
        )


def _kind(type_: str) -> Literal["payment", "write_off"]:
    return "write_off" if type_ in ("CustCred", "CustInvc") else "payment"


def _sum(changes: tuple[InvoiceChange, ...]) -> Decimal:
    return sum((abs(each.change) for each in changes), Decimal(0))


def _named_first(
    payments: list[tuple[CashRow, Decimal]], source_key: str | None
) -> list[tuple[CashRow, Decimal]]:
    wanted = mapping.external_id(source_key) if source_key else None
    return sorted(payments, key=lambda found: found[0].externalid != wanted)


def _by_document(uses: list[Use]) -> list[Use]:
    sums: dict[str, Decimal] = {}
    for use in uses:
        sums[use.document_id] = sums.get(use.document_id, Decimal(0)) + use.amount
    return [Use(document_id, amount) for document_id, amount in sums.items()]


def _moved(what: str) -> Conflict:
    return Conflict(
        f"{what}: less is there than was decided on",
        platform=PLATFORM,
        operation="post cash",
        field="amount",
    )
