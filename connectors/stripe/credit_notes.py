"""Credit memos: Stripe's credit notes against lines of one issued invoice."""

from collections.abc import Sequence
from typing import Any

from canonical.document import DocumentLine
from canonical.origin import Origin, Reference
from connectors.stripe import mapping
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.forms import midnight
from connectors.stripe.lookups import Lookups
from connectors.stripe.money import require_billable, to_stripe
from connectors.stripe.wire import CreditNote, Invoice, Line
from connectors.stripe.writes import StripeWrites
from ports.billing import CreditOrder, IssuedDocument
from ports.errors import Conflict, NotFound, Rejected

_NOTES = "/v1/credit_notes"
_ISSUE, _VOID = "issue_credit_memo", "void_credit_memo"


class CreditNotes:
    def __init__(self, client: StripeClient, lookups: Lookups) -> None:
        self._client, self._lookups = client, lookups
        self._writes = StripeWrites(client)

    async def issue(self, order: CreditOrder) -> IssuedDocument:
        """Takes off what is open of the invoice. What is more was paid: it is credited out of band, so that
        Stripe does not apply it to the next invoice by itself; where it goes is decided in the ledger."""
        require_billable(order.lines, order.currency)
        found = await self._lookups.invoice_by_key(order.invoice_key, order.contract)
        if found is None:
            raise NotFound(
                f"{order.invoice_key} is not at Stripe",
                platform=PLATFORM,
                operation=_ISSUE,
                field="invoice_key",
            )
        invoice, lines = found
        credited = sum(
            to_stripe(line.amount, order.currency) + to_stripe(line.tax, order.currency)
            for line in order.lines
        )
        after_payment = max(0, credited - invoice.amount_remaining)

        async def find() -> CreditNote | None:
            note = await self._lookups.credit_note_by_key(order.key, invoice=invoice.id)
            return note if note is not None and note.status == "issued" else None

        try:
            note = await self._writes.create(
                CreditNote,
                _NOTES,
                body=self._body(order, invoice, lines, after_payment),
                origin=order.origin,
                part=f"credit/{order.key}/{after_payment}",
                find=find,
            )
        except Rejected as error:
            if error.field in ("credit_amount", "out_of_band_amount"):  # it was paid meanwhile
                raise _moved(error) from error
            raise
        return await self._lookups.credited(note)

    def _body(
        self, order: CreditOrder, invoice: Invoice, lines: Sequence[Line], after_payment: int
    ) -> mapping.Body:
        issued = midnight(order.date)
        more = {
            mapping.KEY: order.key,
            mapping.CONTRACT: order.contract,
            mapping.DATE: order.date.isoformat(),
            "q2c_reason": order.reason,
        }
        return {
            "invoice": invoice.id,
            "lines": [_line(line, _credited(order, line, lines), order.currency) for line in order.lines],
            "out_of_band_amount": after_payment or None,
            "effective_at": issued if issued <= self._client.now().timestamp() else None,
            "memo": f"{order.reason.capitalize()} of {order.contract}",
            "reason": "order_change" if order.reason != "correction" else None,
            "metadata": mapping.metadata(order.origin, **more),
        }

    async def void(self, origin: Origin, key: str, reason: str) -> Reference | None:
        """Stripe voids a credit note only while its invoice is open; else Rejected, in its words."""
        for customer in sorted(await self._lookups.customers_of(origin.contract)):
            note = await self._lookups.credit_note_by_key(key, customer=customer)
            if note is not None:
                return await self._voided(note, key, reason)
        return None

    async def _voided(self, note: CreditNote, key: str, reason: str) -> Reference:
        if note.status == "issued":
            body = {"metadata": {"q2c_void_reason": reason[:500]}}
            await self._client.post(CreditNote, _NOTES + "/{id}", note.id, body=body)
            try:
                note = (await self._client.post(CreditNote, _NOTES + "/{id}/void", note.id, body={})).value
            except Rejected:
                note = await self._client.get(CreditNote, _NOTES + "/{id}", note.id)
                if note.status != "void":
                    raise
        return mapping.reference(await self._lookups.credited(note), key)


def _credited(order: CreditOrder, line: DocumentLine, lines: Sequence[Line]) -> Line:
    """The platform's line that is credited, by line, kind and period of ours."""
    if line.credits is None or not 0 <= line.credits < len(order.credited):
        raise Rejected(
            f"{line.line}: which line is credited?", platform=PLATFORM, operation=_ISSUE, field="credits"
        )
    wanted = order.credited[line.credits]
    same = [one for one in lines if mapping.identity_of(one) == mapping.identity(wanted)]
    if len(same) > 1:
        units = to_stripe(wanted.amount, order.currency)
        same = [one for one in same if one.amount == units] or same
    if not same:
        start, end = wanted.period_start, wanted.period_end
        raise NotFound(
            f"no line {wanted.line} ({wanted.kind}, {start} to {end}) on the invoice",
            platform=PLATFORM,
            operation=_ISSUE,
            field="credited",
        )
    return same[0]


def _line(line: DocumentLine, credited: Line, currency: str) -> dict[str, Any]:
    """The tax is given in so many words: a part's tax need not be the rate's on the part."""
    amount, tax = to_stripe(line.amount, currency), to_stripe(line.tax, currency)
    rates = [one.tax_rate for one in credited.taxes or () if one.tax_rate is not None]
    if tax and not rates:
        raise Rejected(
            f"{line.line}: tax is credited where none was billed",
            platform=PLATFORM,
            operation=_ISSUE,
            field="tax",
        )
    taxes = [{"amount": tax, "taxable_amount": amount, "tax_rate": rates[0]}] if rates else None
    return {
        "type": "invoice_line_item",
        "invoice_line_item": credited.id,
        "amount": amount,
        "tax_amounts": taxes,
        "metadata": {
            mapping.LINE: line.line,
            mapping.KIND: line.kind,
            mapping.START: line.period_start.isoformat(),
            mapping.END: line.period_end.isoformat(),
        },
    }


def _moved(error: Rejected) -> Conflict:
    return Conflict(
        "the invoice was paid while it was credited",
        platform=PLATFORM,
        operation=_ISSUE,
        status=error.status,
        field=error.field,
    )
