"""AvaTax behind the tax port.

A document is recorded once: it is looked up before it is written, and what is written is final at once;
another version takes its place only where that is asked for (`adjust`). A voided document stays voided; if
its business key is needed again, the next generation of its code is used.
"""

import asyncio
import datetime as dt

import httpx

from canonical.contract import Address
from canonical.origin import Origin
from connectors.avatax import mapping
from connectors.avatax.client import PLATFORM, AvaTaxClient
from connectors.avatax.errors import ALREADY_CANCELLED
from connectors.avatax.settings import AvaTaxSettings
from connectors.avatax.wire import CreateOrAdjust, CreateTransaction, Transaction
from ports.access import AccessReport
from ports.errors import AuthenticationFailed, Conflict, OutcomeUnknown, Rejected, UnexpectedAnswer
from ports.tax import TaxDocument, TaxResult


class AvaTax:
    """Implements `ports.tax.Tax`."""

    def __init__(self, settings: AvaTaxSettings, client: AvaTaxClient) -> None:
        self._settings, self._client = settings, client
        self._quoting = asyncio.Semaphore(settings.concurrent_quotes)

    async def close(self) -> None:
        await self._client.close()

    async def check(self) -> str:
        """The version that answers; AuthenticationFailed where our credentials are not accepted."""
        answer = await self._client.ping()
        if not answer.authenticated:
            raise AuthenticationFailed(
                "ping: the credentials are not accepted", platform=PLATFORM, operation="ping"
            )
        return answer.version

    async def access(self) -> AccessReport:
        """AvaTax has no call that tells how much of the rate limit is used."""
        await self.check()
        return AccessReport()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def quote(self, documents: tuple[TaxDocument, ...]) -> tuple[TaxResult, ...]:
        """A few at a time; results in the order of the documents. The first failure is the answer for all."""
        answers = await asyncio.gather(
            *(self._estimate(document) for document in documents), return_exceptions=True
        )
        results: list[TaxResult] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            results.append(answer)
        return tuple(results)

    async def _estimate(self, document: TaxDocument) -> TaxResult:
        company, origin = self._place(document.legal_entity)
        wanted = mapping.estimate(document, company, origin)
        async with self._quoting:
            return _read(await self._client.estimate(wanted), "estimate")

    async def commit(self, document: TaxDocument) -> TaxResult:
        """The document as it is recorded, whoever sent it first; Conflict where another one is."""
        found, order = await self._recorded(document)
        if found is not None:
            return _same(found, order.create_transaction_model)
        return _written(await self._client.create_or_adjust(order), "commit", "committed")

    async def adjust(self, document: TaxDocument) -> TaxResult:
        """The next version of the recorded document; PeriodClosed where that was reported in a return."""
        found, order = await self._recorded(document)
        if found is not None and not mapping.differences(found, order.create_transaction_model):
            return _read(found, "transaction")
        return _written(await self._client.create_or_adjust(order), "adjust", "committed")

    async def _recorded(self, document: TaxDocument) -> tuple[Transaction | None, CreateOrAdjust]:
        """What is committed under the document's code, and the order that records it."""
        company, origin = self._place(document.legal_entity)
        found, generation = await self._live(company, document.code, mapping.RECORDED[document.kind])
        order = mapping.recorded(document, company, origin, generation)
        is_committed = found is not None and _read(found, "transaction").status == "committed"
        return found if is_committed else None, order

    async def void(self, origin: Origin, code: str, kind: str, legal_entity: str) -> TaxResult | None:
        """The cancelled document; one that was cancelled before is returned as it is."""
        document_type = _type_of(kind)
        company = self._settings.company_of(legal_entity)
        found, generation = await self._live(company, code, document_type)
        if found is None:
            return await self._last_voided(company, code, document_type, generation)
        try:
            return _written(await self._client.void(company, found.code, document_type), "void", "cancelled")
        except Conflict as error:
            if error.vendor_code != ALREADY_CANCELLED:
                raise
            now = await self._client.transaction(company, found.code, document_type)
            if now is None or _read(now, "transaction").status != "cancelled":
                raise
            return _read(now, "transaction")

    async def documents(self, legal_entity: str, *, since: dt.date | None = None) -> tuple[TaxResult, ...]:
        """Invoices and returns of the entity's company; of an adjusted document its current version only."""
        company = self._settings.company_of(legal_entity)
        types = frozenset(mapping.RECORDED.values())
        listed = self._client.transactions(company, types, since)
        return tuple([_read(each, "documents") async for each in listed if each.status != mapping.SUPERSEDED])

    async def _live(self, company: str, key: str, document_type: str) -> tuple[Transaction | None, int]:
        """The document of the key that is not cancelled, and its generation; without one, the next free."""
        generation = 1
        while True:
            code = mapping.transaction_code(key, generation)
            found = await self._client.transaction(company, code, document_type)
            if found is None or _read(found, "transaction").status != "cancelled":
                return found, generation
            generation += 1

    async def _last_voided(
        self, company: str, key: str, document_type: str, next_generation: int
    ) -> TaxResult | None:
        if next_generation == 1:
            return None
        code = mapping.transaction_code(key, next_generation - 1)
        found = await self._client.transaction(company, code, document_type)
        return None if found is None else _read(found, "transaction")

    def _place(self, legal_entity: str) -> tuple[str, Address | None]:
        return self._settings.company_of(legal_entity), self._settings.origins.get(legal_entity)


def _read(transaction: Transaction, operation: str) -> TaxResult:
    """A status that is not known is never taken for one that is."""
    try:
        return mapping.result(transaction)
    except mapping.UnknownStatus as error:
        raise UnexpectedAnswer(
            f"{operation}: unknown {error}", platform=PLATFORM, operation=operation, field="status"
        ) from error


def _written(transaction: Transaction, operation: str, wanted: mapping.ResultStatus) -> TaxResult:
    """The answer to a write; one with any other status than `wanted` says nothing about what was done."""
    try:
        result = mapping.result(transaction)
        if result.status == wanted:
            return result
    except mapping.UnknownStatus:
        pass
    raise OutcomeUnknown(
        f"{operation}: the document is {transaction.status}, not {wanted}",
        platform=PLATFORM,
        operation=operation,
        field="status",
    )


def _same(found: Transaction, wanted: CreateTransaction) -> TaxResult:
    """The recorded document, if it is the wanted one."""
    different = mapping.differences(found, wanted)
    if different:
        raise Conflict(
            f"commit: the document is committed with other {', '.join(different)}",
            platform=PLATFORM,
            operation="commit",
            field=different[0],
        )
    return _read(found, "transaction")


def _type_of(kind: str) -> str:
    for known, document_type in mapping.RECORDED.items():
        if known == kind:
            return document_type
    raise Rejected(f"void: no kind of document {kind!r}", platform=PLATFORM, operation="void", field="kind")


def create(settings: AvaTaxSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> AvaTax:
    """The tax port on AvaTax; `transport` is a simulator in process, else the network."""
    return AvaTax(settings, AvaTaxClient(settings, transport))
