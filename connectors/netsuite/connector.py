"""NetSuite as `ports.erp.Erp`: what is asked for, once, whatever happens on the way.

Transactions are made by POST with an external id, which NetSuite refuses where it is taken, and never by PUT,
which would change a posted document (and add its lines a second time). Every write looks its external id up
first.
"""

import datetime as dt
from collections.abc import Awaitable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from canonical.ids import original_key
from canonical.origin import Origin, Reference
from connectors.auth import ClientAssertion, Now, OAuth1HmacSha256, utc_now
from connectors.http import ApiClient
from connectors.netsuite import bodies, mapping, queries
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.errors import ERRORS, USER_ERROR
from connectors.netsuite.mapping import PLATFORM
from connectors.netsuite.master_data import MasterData
from connectors.netsuite.receipt_listing import ReceiptListing
from connectors.netsuite.receipts import CashPosting
from connectors.netsuite.resettlement import Resettlement
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.transactions import Expected, Transactions, vanished
from connectors.netsuite.wire import Customer, Journal, MasterRow, TransactionRow
from ports.access import AccessReport
from ports.billing import CustomerOrder
from ports.erp import (
    ErpCheck,
    ErpProblem,
    GeneralLedgerLine,
    LedgerDocument,
    LedgerJournal,
    PostedDocument,
    PostingPeriod,
    RecognizedBefore,
)
from ports.errors import AlreadyExists, NotFound, PeriodClosed, Rejected
from ports.receipts import CashEntry, OpenReceivable, PostedReceipt, ReceivablesAccount

_TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address


class NetSuite:
    """The `Erp` of one NetSuite account. Errors: `ports.errors`."""

    def __init__(self, client: NetSuiteClient, settings: NetSuiteSettings) -> None:
        self._client, self._settings = client, settings
        self._master = MasterData(client, settings)
        self._transactions = Transactions(client, settings.base_url)
        self._cash = CashPosting(client, self._master, self._create_cash, self._transactions.url)
        self._receipts = ReceiptListing(client, self._cash.receivables)
        self._resettlement = Resettlement(client, self._cash.receivables)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def check(self, request: ErpCheck) -> tuple[ErpProblem, ...]:
        return await self._master.problems(request)

    async def access(self) -> AccessReport:
        """One row of the list of currencies. NetSuite has no call that tells how much of the concurrency is
        in use.
        """
        await self._client.query("check access", queries.master_data({"currency": ["USD"]}), MasterRow)
        return AccessReport()

    async def ensure_customer(self, order: CustomerOrder) -> Reference:
        """Finds the customer of the account in its legal entity and currency, makes it, or sets what of the
        fields that we own (name, e-mail, our billing address) differs."""
        key = mapping.customer_key(order.account.id, order.legal_entity, order.currency)
        external_id = mapping.external_id(key)
        held = await self._client.read("read customer", "customer", f"eid:{external_id}", Customer)
        if held is None:
            subsidiary, currency = await self._master.books(order.legal_entity, order.currency)
            body = bodies.new_customer(order, subsidiary, currency)
            id_ = await self._client.upsert(
                "create customer", "customer", external_id, body, ("addressBook",)
            )
        else:
            id_ = held.id
            await self._refuse_other_books(order, held)
            changes = bodies.changed_customer(order, held)
            if changes:
                await self._client.change("update customer", "customer", id_, changes)
        return Reference(
            platform=PLATFORM,
            kind="customer",
            id=id_,
            business_key=order.account.id,
            url=self._transactions.url("customer", id_),
        )

    async def posting_period(self, legal_entity: str, date: dt.date) -> PostingPeriod:
        """Periods are the account's: NetSuite closes them for all subsidiaries at once."""
        return await self._master.open_period(date)

    async def post_document(self, document: LedgerDocument) -> Reference:
        """An invoice that takes the place of one that was taken off is settled by what had settled that."""
        posted = await self._post_document(document)
        key = original_key(document.key)
        if document.kind == "invoice" and document.key != key:
            await self._resettlement.settle_anew(document.legal_entity, document.customer_id, key, posted.id)
        return posted

    async def _post_document(self, document: LedgerDocument) -> Reference:
        expected = mapping.expected_sale(document)
        found = await self._posted(document, expected)
        if found is not None:
            return self._transactions.reference(found, document.key)
        to = await self._master.targets_of_document(document)
        applied = await self._application(document)
        body = bodies.sale_body(document, to, self._settings.item_suffixes, applied)
        record = mapping.RECORD_OF[document.kind]
        id_ = await self._create(record, f"post {document.kind}", body, expected, document.posting_date)
        return Reference(
            platform=PLATFORM,
            kind=document.kind,
            id=id_,
            business_key=document.key,
            number=document.number,
            url=self._transactions.url(record, id_),
            date=document.document_date,
            total=document.total,
        )

    async def void_document(
        self, origin: Origin, kind: Literal["invoice", "credit_memo"], key: str, date: dt.date, reason: str
    ) -> Reference | None:
        """REST can't void: a counter document with the same lines and taxes takes the effect off (a credit
        memo for an invoice, an invoice for a credit memo), applied to what it voids. Key: `void:<key>`."""
        found = await self._transactions.of_kind(mapping.external_id(key), kind)
        if found is None:
            return None
        again = await self._transactions.posted_again(key, kind)
        if again is not None:
            found, key = again, mapping.key_of(again.externalid) or key
        return await self._void(origin, kind, found, key, date, reason)

    async def post_journal(self, journal: LedgerJournal) -> Reference:
        expected = mapping.expected_journal(journal)
        found = await self._transactions.same(mapping.external_id(journal.key), expected)
        if found is not None:
            return self._transactions.reference(found, journal.key)
        body = bodies.journal_body(journal, await self._master.targets_of_journal(journal))
        id_ = await self._create("journalEntry", "post journal", body, expected, journal.posting_date)
        return self._journal_reference(id_, journal.key, journal.date)

    async def reverse_journal(self, origin: Origin, key: str, date: dt.date, reason: str) -> Reference | None:
        """An entry with debits and credits exchanged; its key is `reversal:<key>`."""
        found = await self._transactions.of_kind(mapping.external_id(key), "journal_entry")
        return None if found is None else await self._reverse(origin, found, key, date, reason)

    async def reverse_posting(
        self,
        origin: Origin,
        kind: Literal["invoice", "credit_memo", "journal_entry"],
        id: str,
        date: dt.date,
        reason: str,
    ) -> Reference:
        """The counter document's key is that of our own void or reversal; of a foreign transaction, which has
        no key, `void:entry/<internal id>`."""
        found = await self._transactions.by_id(id, kind)
        key = mapping.key_of(found.externalid) or f"{mapping.ENTRY}{found.id}"
        if kind == "journal_entry":
            return await self._reverse(origin, found, key, date, reason)
        return await self._void(origin, kind, found, key, date, reason)

    async def close_period(self, origin: Origin, legal_entity: str, date: dt.date) -> PostingPeriod:
        """Closes it for the whole account: NetSuite's periods are all subsidiaries'."""
        period = await self._master.period_of(date)
        if not period.closed:
            await self._client.change("close period", "accountingPeriod", period.id, {"closed": True})
        return period.model_copy(update={"closed": True})

    async def documents(
        self, legal_entity: str, *, since: dt.date | None = None
    ) -> tuple[PostedDocument, ...]:
        """All invoices, credit memos and journals of the subsidiary, ours and others', voiding and reversing
        ones too (their keys begin with `void:` and `reversal:`)."""
        return await self._transactions.listed(legal_entity, since)

    async def general_ledger(
        self, legal_entity: str, *, since: dt.date | None = None
    ) -> tuple[GeneralLedgerLine, ...]:
        """Every line of the subsidiary's transactions, amounts in the subsidiary's base currency."""
        return await self._transactions.ledger(legal_entity, since)

    async def recognized_before(
        self, legal_entity: str, day: dt.date, accounts: tuple[str, ...]
    ) -> tuple[RecognizedBefore, ...]:
        """Summed by NetSuite itself, over the journals that `documents(since=day)` leaves out."""
        return await self._transactions.recognized_before(legal_entity, day, accounts)

    async def _void(
        self,
        origin: Origin,
        kind: Literal["invoice", "credit_memo"],
        found: TransactionRow,
        key: str,
        date: dt.date,
        reason: str,
    ) -> Reference:
        held = await self._transactions.sale(kind, found.id)
        counter: Literal["invoice", "credit_memo"] = "credit_memo" if kind == "invoice" else "invoice"
        record, void_key = mapping.RECORD_OF[counter], mapping.VOID + key
        void = await self._transactions.of_kind(mapping.external_id(void_key), counter)
        if void is None:
            await self._refuse_moved_items(found)
            body = bodies.counter_sale(kind, held, origin, key, date.isoformat(), reason)
            expected = mapping.expected_counter(found, date)
            id_ = await self._create(record, f"void {kind}", body, expected, date)
        else:
            id_ = void.id
        if kind == "credit_memo" and not bodies.is_applied_to(held, id_):
            await self._client.change("apply to its void", "creditMemo", held.id, bodies.reapplied(held, id_))
        return Reference(
            platform=PLATFORM,
            kind=counter,
            id=id_,
            business_key=void_key,
            url=self._transactions.url(record, id_),
            date=date,
            total=mapping.written(held.total, found.currency),
            status="voided",
        )

    async def _reverse(
        self, origin: Origin, found: TransactionRow, key: str, date: dt.date, reason: str
    ) -> Reference:
        reversal_key = mapping.REVERSAL + key
        reversal = await self._transactions.of_kind(mapping.external_id(reversal_key), "journal_entry")
        if reversal is not None:
            return self._transactions.reference(reversal, reversal_key)
        held = await self._client.read("read journal", "journalEntry", found.id, Journal)
        if held is None:
            raise vanished("read journal")
        body = bodies.counter_journal(held, origin, key, date.isoformat(), reason)
        expected = mapping.expected_counter(found, date)
        id_ = await self._create("journalEntry", "reverse journal", body, expected, date)
        return self._journal_reference(id_, reversal_key, date)

    async def contract_documents(self, legal_entity: str, contract: str) -> tuple[PostedDocument, ...]:
        """Those whose business keys begin with `<contract>/` or `revenue/<contract>/`, and what voids or
        reverses them."""
        return await self._transactions.of_contract(legal_entity, contract)

    async def receivables(
        self, legal_entity: str, customer_id: str, invoice_key: str | None = None
    ) -> ReceivablesAccount:
        return await self._cash.receivables.account(legal_entity, customer_id, invoice_key)

    async def written_off(self, legal_entity: str, currency: str) -> tuple[OpenReceivable, ...]:
        return await self._cash.receivables.written_off(legal_entity, currency)

    async def open_receivables(self, legal_entity: str, currency: str) -> tuple[OpenReceivable, ...]:
        return await self._cash.receivables.open(legal_entity, currency)

    async def post_cash(self, entry: CashEntry) -> Reference:
        """See `connectors.netsuite.receipts`: what is applied, what is not and the fee are records of their
        own, each posted once."""
        return await self._cash.post(entry)

    async def find_receipts(self, keys: tuple[str, ...]) -> tuple[PostedReceipt, ...]:
        return await self._receipts.of_keys(keys)

    async def receipts(self, legal_entity: str, *, since: dt.date | None = None) -> tuple[PostedReceipt, ...]:
        """Payments, deposits, their applications, refunds, write-offs and fees of disputes."""
        return await self._receipts.all(legal_entity, since)

    async def _create_cash(
        self, record: str, operation: str, body: Mapping[str, Any], entry: CashEntry
    ) -> str:
        return await self._unless_shut(
            self._client.create(operation, record, body), operation, entry.posting_date
        )

    async def _create(
        self, record: str, operation: str, body: Mapping[str, Any], expected: Expected, date: dt.date
    ) -> str:
        return await self._unless_shut(
            self._transactions.create(record, operation, body, expected), operation, date
        )

    async def _unless_shut(self, write: Awaitable[str], operation: str, date: dt.date) -> str:
        """Posts once; PeriodClosed where NetSuite refuses and the period turns out to be shut: the code of
        such a refusal is the catch-all USER_ERROR, and only its (localised) words say why."""
        try:
            return await write
        except Rejected as error:
            refusal = error
        if refusal.vendor_code == USER_ERROR and await self._master.is_shut(date):
            raise PeriodClosed(
                refusal.message,
                platform=PLATFORM,
                operation=operation,
                status=refusal.status,
                vendor_code=refusal.vendor_code,
                field=refusal.field,
            )
        raise refusal

    async def _application(self, document: LedgerDocument) -> bodies.Credited | None:
        """The credited invoice and how much of it the credit memo settles: never more than is open."""
        if document.applies_to_key is None:
            return None
        key = document.applies_to_key
        credited = await self._transactions.of_kind(mapping.external_id(key), "invoice")
        if credited is not None and not credited.open:
            credited = await self._transactions.posted_again(key, "invoice") or credited
        if credited is None:
            raise NotFound(
                f"the credited invoice {document.applies_to_key} is not posted",
                platform=PLATFORM,
                operation="find credited invoice",
                field="applies_to_key",
            )
        amount = min(credited.open or Decimal(0), document.total)
        return bodies.Credited(credited.id, amount, credited.exchange_rate)

    async def _posted(self, document: LedgerDocument, expected: Expected) -> TransactionRow | None:
        """The document as it is posted; one that was taken off and posted again counts as it stands now."""
        try:
            found = await self._transactions.same(mapping.external_id(document.key), expected)
            if found is not None:
                await self._refuse_voided(document.kind, document.key)
        except AlreadyExists:
            again = await self._transactions.posted_again(document.key, document.kind)
            if again is None:
                raise
            await self._refuse_voided(document.kind, mapping.key_of(again.externalid) or "")
            return await self._transactions.same(again.externalid or "", expected)
        return found

    async def _refuse_voided(self, kind: Literal["invoice", "credit_memo"], key: str) -> None:
        """A document that stands with its counter document has no effect: it is not the one to be posted."""
        counter: Literal["invoice", "credit_memo"] = "credit_memo" if kind == "invoice" else "invoice"
        void = mapping.external_id(mapping.VOID + key)
        if await self._transactions.of_kind(void, counter) is not None:
            raise AlreadyExists(
                f"{key} was posted and voided",
                platform=PLATFORM,
                operation=f"post {kind}",
                vendor_code="VOIDED",
                field="key",
            )

    async def _refuse_moved_items(self, row: TransactionRow) -> None:
        """A counter document posts to where its items post to now: that must be where they posted to then."""
        lines = [line for line in await self._transactions.lines(row) if line.item is not None]
        now = await self._master.item_accounts({line.item for line in lines if line.item is not None})
        for line in lines:
            if line.item is not None and now.get(line.item) != line.account:
                raise Rejected(
                    f"item {line.item} posted to {line.account} and now posts to {now.get(line.item)}",
                    platform=PLATFORM,
                    operation="read items",
                    vendor_code="ITEM_ACCOUNT_DIFFERS",
                    field="account",
                )

    async def _refuse_other_books(self, order: CustomerOrder, held: Customer) -> None:
        subsidiary, currency = await self._master.books(order.legal_entity, order.currency)
        held_currency = None if held.currency is None else held.currency.id
        for field, is_, wanted in (
            ("legal_entity", held.subsidiary.id, subsidiary),
            ("currency", held_currency, currency),
        ):
            if is_ != wanted:
                raise Rejected(
                    f"customer {held.id} was moved to another {field}",
                    platform=PLATFORM,
                    operation="read customer",
                    vendor_code="CUSTOMER_MOVED",
                    field=field,
                )

    def _journal_reference(self, id_: str, key: str, date: dt.date) -> Reference:
        return Reference(
            platform=PLATFORM,
            kind="journal_entry",
            id=id_,
            business_key=key,
            url=self._transactions.url("journalEntry", id_),
            date=date,
        )


def create(
    settings: NetSuiteSettings, *, transport: httpx.AsyncBaseTransport | None = None, clock: Now = utc_now
) -> NetSuite:
    """A connector that is logged on at its first request; `clock` dates assertions and signatures."""
    api = ApiClient(
        platform=PLATFORM,
        base_url=settings.base_url,
        errors=ERRORS,
        auth=_auth(settings, clock),
        ca_file=settings.ca_file,
        timeouts=settings.timeouts,
        transport=transport,
    )
    client = NetSuiteClient(
        api, concurrent_requests=settings.concurrent_requests, page_rows=settings.page_rows
    )
    return NetSuite(client, settings)


def _auth(settings: NetSuiteSettings, now: Now) -> httpx.Auth:
    if settings.auth == "tba":
        return OAuth1HmacSha256(
            consumer_key=_given(settings.consumer_key),
            consumer_secret=SecretStr(_given(settings.consumer_secret)),
            token_id=_given(settings.token_id),
            token_secret=SecretStr(_given(settings.token_secret)),
            realm=settings.account_id.upper().replace("-", "_"),
            now=now,
        )
    return ClientAssertion(
        token_url=f"{settings.base_url.rstrip('/')}{_TOKEN_PATH}",
        client_id=_given(settings.client_id),
        certificate_id=_given(settings.certificate_id),
        private_key=settings.private_key or SecretStr(Path(_given(settings.private_key_file)).read_text()),
        scopes=("rest_webservices",),
        now=now,
    )


def _given(value: str | Path | SecretStr | None) -> str:
    """A setting that the settings' own check has found to be there."""
    if value is None:
        raise ValueError("a credential is missing")
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
