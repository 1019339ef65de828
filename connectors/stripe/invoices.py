"""Invoices by order: drafted with exactly the ordered lines, completed, issued, discarded."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from canonical.document import DocumentLine
from canonical.ids import idempotency_key
from canonical.origin import Origin, Reference
from connectors.stripe import mapping
from connectors.stripe.catalog import Catalog
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.errors import KEY_USED_OTHERWISE, STORED_SERVER_ERROR
from connectors.stripe.forms import midnight
from connectors.stripe.lookups import Lookups
from connectors.stripe.money import require_billable, to_stripe
from connectors.stripe.wire import Customer, Invoice, Line
from connectors.stripe.writes import StripeWrites
from ports.billing import DraftCompletion, InvoiceOrder, IssuedDocument
from ports.errors import Conflict, OutcomeUnknown, Rejected

_INVOICE = "/v1/invoices/{id}"
_MOST_KEYS = 8


class Invoices:
    def __init__(
        self, client: StripeClient, catalog: Catalog, lookups: Lookups, tax_display_name: str
    ) -> None:
        self._client, self._catalog, self._lookups = client, catalog, lookups
        self._writes = StripeWrites(client)
        self._tax_display_name = tax_display_name

    async def draft(self, order: InvoiceOrder) -> Reference:
        """The draft with its lines. One that is half made is completed; an issued one is left as it is."""
        require_billable(order.lines, order.currency)
        invoice = await self._writes.create(
            Invoice,
            "/v1/invoices",
            body=self._head(order),
            origin=order.origin,
            part=f"invoice/{order.key}",
            find=lambda: self._standing(order.key, order.contract, order.customer_id),
        )
        if invoice.status == "draft":
            invoice = await self._with_lines(order, invoice)
        return mapping.reference(await self._lookups.issued(invoice), order.key)

    async def _standing(self, key: str, contract: str, customer: str | None) -> Invoice | None:
        """The invoice of the key that was made as ours, unless it was voided."""
        found = await self._lookups.invoice_by_key(key, contract, customer)
        if found is None or found[0].status == "void" or mapping.KEY not in found[0].metadata:
            return None
        return found[0]

    def _head(self, order: InvoiceOrder) -> mapping.Body:
        more = {
            mapping.KEY: order.key,
            mapping.CONTRACT: order.contract,
            mapping.DATE: order.date.isoformat(),
            mapping.DUE: order.due_date.isoformat(),
            "q2c_subscription": order.subscription_id,
        }
        return {
            "customer": order.customer_id,
            "currency": order.currency.lower(),
            "auto_advance": False,
            "collection_method": "send_invoice",
            "pending_invoice_items_behavior": "exclude",
            "metadata": mapping.metadata(order.origin, **more),
            **self._dates(order.date, order.due_date),
        }

    def _dates(self, date: dt.date, due_date: dt.date) -> dict[str, Any]:
        """The date of issue where it has come; the due date where it lies ahead, else due at once (the true
        one is in the metadata)."""
        now = self._client.now().timestamp()
        issued, due = midnight(date), midnight(due_date)
        terms: dict[str, Any] = {"due_date": due} if due > now else {"days_until_due": 0}
        return terms | ({"effective_at": issued} if issued <= now else {})

    # Lines

    async def _with_lines(self, order: InvoiceOrder, invoice: Invoice) -> Invoice:
        """Brings the draft's lines to the ordered ones: what is too much goes, what lacks is added."""
        lines = await self._lookups.lines_of(invoice)
        lacking, surplus = _compared(order.lines, lines, order.currency)
        if surplus:
            body = {"lines": [{"id": line.id, "behavior": "delete"} for line in surplus]}
            await self._client.post(Invoice, _INVOICE + "/remove_lines", invoice.id, body=body)
        if lacking:
            invoice = await self._add(order.origin, order.contract, order.currency, invoice, lacking)
        return await self._with_taxes(order.lines, order.currency, invoice)

    async def _add(
        self, origin: Origin, contract: str, currency: str, invoice: Invoice, lines: Sequence[DocumentLine]
    ) -> Invoice:
        """All lines in one request, which Stripe carries out as a whole."""
        rates = await self._catalog.tax_rates(origin, [line.tax_rate_percent for line in lines])
        bodies = [mapping.line_body(line, contract, currency, rates[line.tax_rate_percent]) for line in lines]
        before = Counter(mapping.identity_of(line) for line in await self._lookups.lines_of(invoice))
        part = f"lines/{invoice.id}/{_digest(lines)}"
        for ordinal in range(_MOST_KEYS):
            key = idempotency_key(origin, f"{part}#{ordinal}" if ordinal else part)
            try:
                posted = await self._client.post(
                    Invoice, _INVOICE + "/add_lines", invoice.id, body={"lines": bodies}, key=key
                )
            except OutcomeUnknown as error:
                if error.vendor_code not in (STORED_SERVER_ERROR, KEY_USED_OTHERWISE):
                    raise
            else:
                if not posted.replayed:
                    return posted.value
            invoice = await self._client.get(Invoice, _INVOICE, invoice.id)
            if Counter(mapping.identity_of(line) for line in await self._lookups.lines_of(invoice)) != before:
                return invoice
        raise OutcomeUnknown(
            "add_lines: no idempotency key is free", platform=PLATFORM, operation="add_lines"
        )

    async def _with_taxes(self, expected: Sequence[DocumentLine], currency: str, invoice: Invoice) -> Invoice:
        """Where Stripe's tax on a line is not the expected one, it is set in so many words."""
        changes = []
        for line, wanted in _pairs(await self._lookups.lines_of(invoice), expected):
            if mapping.tax_of(line.taxes) != to_stripe(wanted.tax, currency):
                amounts = mapping.tax_amounts(wanted, line.amount, currency, self._tax_display_name)
                changes.append({"id": line.id, "tax_amounts": amounts})
        if not changes:
            return invoice
        body = {"lines": changes}
        return (await self._client.post(Invoice, _INVOICE + "/update_lines", invoice.id, body=body)).value

    # A cycle's draft

    async def complete(self, order: DraftCompletion) -> IssuedDocument:
        invoice = await self._client.get(Invoice, _INVOICE, order.invoice_id)
        if invoice.status != "draft":
            return await self._lookups.issued(invoice)
        currency = invoice.currency.upper()
        await self._hold_unless_billable(invoice, (*order.taxes, *order.add), currency)
        more = {
            mapping.KEY: order.key,
            mapping.CONTRACT: order.contract,
            mapping.DATE: order.date.isoformat(),
            mapping.DUE: order.due_date.isoformat(),
        }
        body = {"metadata": mapping.metadata(order.origin, **more), **self._dates(order.date, order.due_date)}
        invoice = (await self._client.post(Invoice, _INVOICE, invoice.id, body=body)).value
        lines = await self._lookups.lines_of(invoice)
        there = {mapping.identity_of(line) for line in lines}
        lacking = [line for line in order.add if mapping.identity(line) not in there]
        if lacking:
            invoice = await self._add(order.origin, order.contract, currency, invoice, lacking)
        invoice = await self._with_rates(order, currency, invoice)
        return await self._lookups.issued(
            await self._with_taxes((*order.taxes, *order.add), currency, invoice)
        )

    async def _hold_unless_billable(
        self, draft: Invoice, lines: Sequence[DocumentLine], currency: str
    ) -> None:
        """A draft that can't have its lines must not issue itself without them while somebody decides."""
        try:
            require_billable(lines, currency)
        except Rejected:
            await self._client.post(Invoice, _INVOICE, draft.id, body={"auto_advance": False})
            raise

    async def _with_rates(self, order: DraftCompletion, currency: str, invoice: Invoice) -> Invoice:
        """The rates of the day on the lines that Stripe billed by itself with those of the day before."""
        rates = await self._catalog.tax_rates(order.origin, [line.tax_rate_percent for line in order.taxes])
        changes = []
        for line, wanted in _pairs(await self._lookups.lines_of(invoice), order.taxes):
            now = [tax.tax_rate for tax in line.taxes or ()]
            right = rates[wanted.tax_rate_percent]
            if now != right and mapping.tax_of(line.taxes) != to_stripe(wanted.tax, currency):
                changes.append({"id": line.id, "tax_rates": right})
        if not changes:
            return invoice
        body = {"lines": changes}
        return (await self._client.post(Invoice, _INVOICE + "/update_lines", invoice.id, body=body)).value

    # Issuing and discarding

    async def finalize(self, invoice_id: str) -> IssuedDocument:
        invoice = await self._client.get(Invoice, _INVOICE, invoice_id)
        if invoice.status == "draft":
            invoice = await self._finalized(invoice, {})
        return await self._lookups.issued(invoice)

    async def _finalized(self, draft: Invoice, body: mapping.Body) -> Invoice:
        """A refusal because somebody else was faster is none."""
        try:
            return (await self._client.post(Invoice, _INVOICE + "/finalize", draft.id, body=body)).value
        except Rejected:
            again = await self._client.get(Invoice, _INVOICE, draft.id)
            if again.status == "draft":
                raise
            return again

    async def discard(self, origin: Origin, key: str, reason: str, id: str | None) -> Reference | None:
        if id is None:
            found = await self._lookups.invoice_by_key(key, origin.contract)
        else:
            named = await self._client.get(Invoice, _INVOICE, id)
            found = named, await self._lookups.lines_of(named)
        if found is None:
            return None
        invoice, lines = found
        document = mapping.issued_invoice(invoice, lines)
        if invoice.status == "paid" and invoice.total != 0:
            raise Rejected(
                f"{key} is paid: it can be credited, but not voided",
                platform=PLATFORM,
                operation="discard_invoice",
                field="status",
                vendor_code="paid",
            )
        if (
            invoice.status == "draft"
            and invoice.subscription is None
            and await self._cannot_be_voided(invoice)
        ):
            await self._delete(invoice, lines)
            return mapping.reference(document.model_copy(update={"status": "void"}), key)
        if invoice.status == "draft":  # issued and voided, not deleted: what was written leaves a trace
            invoice = await self._finalized(invoice, {"auto_advance": False})
        if invoice.status in ("open", "uncollectible"):
            invoice = await self._void(invoice, reason)
        if invoice.status != "void" and invoice.total != 0:
            raise Conflict(
                f"{key} is {invoice.status} where it was to be void",
                platform=PLATFORM,
                operation="discard_invoice",
                field="status",
            )
        return mapping.reference(await self._lookups.issued(invoice), key)

    async def _cannot_be_voided(self, draft: Invoice) -> bool:
        """Finalized, it would be paid at once: by nothing, or by the customer's credit."""
        if draft.total == 0:
            return True
        customer = await self._client.get(Customer, "/v1/customers/{id}", draft.customer)
        return customer.balance < 0

    async def _delete(self, draft: Invoice, lines: Sequence[Line]) -> None:
        """Its items first, lest they wait for the customer's next invoice."""
        if lines:
            body = {"lines": [{"id": line.id, "behavior": "delete"} for line in lines]}
            await self._client.post(Invoice, _INVOICE + "/remove_lines", draft.id, body=body)
        await self._client.delete(_INVOICE, draft.id)

    async def _void(self, invoice: Invoice, reason: str) -> Invoice:
        body = {"metadata": {"q2c_reason": reason[:500]}}
        await self._client.post(Invoice, _INVOICE, invoice.id, body=body)
        try:
            return (await self._client.post(Invoice, _INVOICE + "/void", invoice.id, body={})).value
        except Rejected:
            again = await self._client.get(Invoice, _INVOICE, invoice.id)
            if again.status != "void":
                raise
            return again


def _compared(
    expected: Sequence[DocumentLine], there: Sequence[Line], currency: str
) -> tuple[list[DocumentLine], list[Line]]:
    """(what lacks, what is too much), by line, kind, period and amount."""
    left = list(there)
    lacking = []
    for wanted in expected:
        same = next(
            (
                line
                for line in left
                if mapping.identity_of(line) == mapping.identity(wanted)
                and line.amount == to_stripe(wanted.amount, currency)
            ),
            None,
        )
        if same is None:
            lacking.append(wanted)
        else:
            left.remove(same)
    return lacking, left


def _pairs(lines: Sequence[Line], expected: Sequence[DocumentLine]) -> list[tuple[Line, DocumentLine]]:
    """Each line with the expected one of its line, kind and period."""
    left = list(expected)
    pairs = []
    for line in lines:
        same = [one for one in left if mapping.identity(one) == mapping.identity_of(line)]
        exact = [one for one in same if _decimal(one.amount) == line.amount]
        if same:
            chosen = (exact or same)[0]
            left.remove(chosen)
            pairs.append((line, chosen))
    return pairs


def _decimal(amount: Decimal) -> int:
    """The digits of an amount, as minor units have them."""
    return int(amount.scaleb(-int(amount.as_tuple().exponent)))


def _digest(lines: Sequence[DocumentLine]) -> str:
    text = "\n".join(line.model_dump_json() for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
