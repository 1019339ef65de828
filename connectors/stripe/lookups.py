"""Finding what was made, by business key.

Lists show everything at once but only by customer; searches go by metadata but may lag by a minute. Both
together find everything: what the search does not show yet is among the newest of the list.
"""

import datetime as dt
from collections.abc import AsyncIterator
from typing import TypeVar

from connectors.stripe import mapping
from connectors.stripe.client import StripeClient
from connectors.stripe.wire import CreditLine, CreditNote, Invoice, Line, Subscription
from ports.billing import IssuedDocument

Found = TypeVar("Found", Invoice, Subscription)


def quoted(text: str) -> str:
    """As a value in Stripe's search language."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class Lookups:
    def __init__(self, client: StripeClient, recent: dt.timedelta) -> None:
        self._client, self._recent = client, recent

    async def customers_of(self, contract: str) -> set[str]:
        """The customers who have subscriptions or invoices of the contract (two after a transfer)."""
        query = f"metadata['{mapping.CONTRACT}']:{quoted(contract)}"
        found: set[str] = set()
        async for subscription in self._everywhere(Subscription, "/v1/subscriptions", query):
            if subscription.metadata.get(mapping.CONTRACT) == contract:
                found.add(subscription.customer)
        async for invoice in self._everywhere(Invoice, "/v1/invoices", query):
            if mapping.contract_of(invoice) == contract:
                found.add(invoice.customer)
        return found

    async def _everywhere(self, model: type[Found], path: str, query: str) -> AsyncIterator[Found]:
        async for one in self._client.search(model, f"{path}/search", query):
            yield one
        since = int((self._client.now() - self._recent).timestamp())
        asked: dict[str, object] = {"created": {"gte": since}}
        if model is Subscription:
            asked["status"] = "all"
        async for one in self._client.list(model, path, params=asked):
            yield one

    # Invoices

    async def lines_of(self, invoice: Invoice) -> list[Line]:
        """All lines; an invoice itself shows the first ten."""
        if not invoice.more_lines:
            return list(invoice.lines)
        path = "/v1/invoices/{id}/lines"
        return [line async for line in self._client.list(Line, path, invoice.id)]

    async def issued(self, invoice: Invoice) -> IssuedDocument:
        return mapping.issued_invoice(invoice, await self.lines_of(invoice))

    async def invoices_of(self, customer: str) -> AsyncIterator[Invoice]:
        async for invoice in self._client.list(Invoice, "/v1/invoices", params={"customer": customer}):
            yield invoice

    async def contract_of_customer(self, customer: str) -> str | None:
        """That of the newest of the customer's invoices that names one."""
        async for invoice in self.invoices_of(customer):
            contract = mapping.contract_of(invoice)
            if contract is not None:
                return contract
        return None

    async def invoice_by_key(
        self, key: str, contract: str, customer: str | None = None
    ) -> tuple[Invoice, list[Line]] | None:
        """The invoice of a business key that counts: one that is not void, else the void one. A cycle's that
        nobody has completed yet only where no other has the key.
        """
        customers = {customer} if customer else await self.customers_of(contract)
        other: tuple[Invoice, list[Line]] | None = None
        for each in sorted(customers):
            async for invoice in self.invoices_of(each):
                if mapping.contract_of(invoice) != contract:
                    continue
                lines = await self.lines_of(invoice)
                if mapping.key_of(invoice, lines) != key:
                    continue
                if invoice.status != "void" and mapping.KEY in invoice.metadata:
                    return invoice, lines
                if other is None or other[0].status == "void":
                    other = invoice, lines
        return other

    # Credit notes

    async def credit_lines_of(self, note: CreditNote) -> list[CreditLine]:
        if not note.more_lines:
            return list(note.lines)
        path = "/v1/credit_notes/{id}/lines"
        return [line async for line in self._client.list(CreditLine, path, note.id)]

    async def credited(self, note: CreditNote) -> IssuedDocument:
        return mapping.issued_credit(note, await self.credit_lines_of(note))

    async def credit_note_by_key(self, key: str, **scope: str) -> CreditNote | None:
        """The note of a business key within an invoice's or a customer's; an issued one before a void one."""
        void: CreditNote | None = None
        async for note in self._client.list(CreditNote, "/v1/credit_notes", params=scope):
            if note.metadata.get(mapping.KEY) == key:
                if note.status == "issued":
                    return note
                void = void or note
        return void
