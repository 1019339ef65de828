"""From canonical nouns to Stripe's fields and back. Pure: no HTTP, no clock."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_args

from canonical.contract import Account
from canonical.document import DocumentLine, LineKind
from canonical.ids import invoice_key
from canonical.origin import Origin, Reference
from connectors.stripe.client import PLATFORM
from connectors.stripe.forms import day_of, midnight
from connectors.stripe.money import from_stripe, to_stripe
from connectors.stripe.wire import CreditLine, CreditNote, Invoice, Line, Tax
from ports.billing import IssuedDocument, IssuedLine

Body = Mapping[str, Any]

CYCLE_REASONS = ("subscription_cycle", "subscription_create", "subscription_update")
KEY, CONTRACT, LINE, KIND = "q2c_key", "q2c_contract", "q2c_line", "q2c_kind"
DATE, DUE, ACCOUNT = "q2c_date", "q2c_due_date", "q2c_account"
DOCUMENTS, PARTY = "q2c_documents", "q2c_party"
"""How the keys of a subscription's invoices begin and end, where they are not the contract's own."""
START, END = "q2c_start", "q2c_end"
_LONGEST_VALUE = 500

_TAX_ID_TYPES = {
    "AU": "au_abn",
    "CA": "ca_bn",
    "CH": "ch_vat",
    "GB": "gb_vat",
    "IN": "in_gst",
    "JP": "jp_cn",
    "NO": "no_vat",
    "NZ": "nz_gst",
    "SG": "sg_gst",
    "US": "us_ein",
    "ZA": "za_vat",
}
_EU = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
)


def metadata(origin: Origin, **more: str | None) -> dict[str, str]:
    """Where an object comes from, readable in Stripe's dashboard."""
    values = {
        "q2c_tenant": origin.tenant,
        CONTRACT: origin.contract,
        "q2c_change": origin.change,
        "q2c_correlation": origin.correlation_id,
        **more,
    }
    return {name: value[:_LONGEST_VALUE] for name, value in values.items() if value}


# Customers


def customer_body(account: Account, tenant: str) -> Body:
    address = account.billing_address
    return {
        "name": account.name,
        "email": account.email or "",
        "address": {
            "line1": address.line1,
            "line2": address.line2 or "",
            "city": address.city,
            "state": address.region or "",
            "postal_code": address.postal_code,
            "country": address.country,
        },
        "metadata": {
            ACCOUNT: account.id,
            "q2c_tenant": tenant,
            "q2c_parent": account.parent or "",
            "q2c_exemption_code": account.exemption_code or "",
            "q2c_tax_registration": account.tax_registration or "",
        },
    }


def tax_id(account: Account) -> tuple[str, str] | None:
    """(type, value) of the account's tax registration; None where Stripe has no type for its country."""
    value = account.tax_registration
    country = account.billing_address.country
    if not value:
        return None
    if country in _EU:
        prefix = "EL" if country == "GR" else country
        compact = re.sub(r"[\s.-]", "", value)
        return "eu_vat", compact if compact.startswith(prefix) else prefix + compact
    kind = _TAX_ID_TYPES.get(country)
    return (kind, value) if kind else None


def product_id(product: str) -> str:
    """The product's own name where Stripe can take it as an id, else a name made from it."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,200}", product):
        return product
    return "q2c_" + hashlib.sha256(product.encode()).hexdigest()[:24]


# Lines to be written


def line_metadata(line: DocumentLine, contract: str) -> dict[str, str]:
    return {
        LINE: line.line,
        KIND: line.kind,
        CONTRACT: contract,
        "q2c_product": line.product,
        "q2c_quantity": format(line.quantity, "f"),
    }


def line_body(line: DocumentLine, contract: str, currency: str, rates: Sequence[str]) -> Body:
    """A line of an invoice, with the tax rates by which Stripe computes its tax."""
    return {
        "amount": to_stripe(line.amount, currency),
        "description": f"{line.product} ({line.line})",
        "metadata": line_metadata(line, contract),
        "period": {"start": midnight(line.period_start), "end": midnight(line.period_end)},
        "tax_rates": list(rates) or None,
    }


def tax_amounts(line: DocumentLine, amount: int, currency: str, display_name: str) -> list[Body]:
    """The expected tax in so many words, for where Stripe's own computation gives another."""
    percent = line.tax_rate_percent.quantize(Decimal("0.0001"))
    rate = {"display_name": display_name, "inclusive": False, "percentage": format(percent.normalize(), "f")}
    return [{"amount": to_stripe(line.tax, currency), "taxable_amount": amount, "tax_rate_data": rate}]


# Lines that are there


def tax_of(taxes: Sequence[Tax] | None) -> int:
    return sum(tax.amount for tax in taxes or ())


def kind_of(line: Line) -> LineKind | None:
    named = line.metadata.get(KIND)
    if named in get_args(LineKind):
        return named  # type: ignore[return-value]
    return "recurring" if line.of_subscription and LINE in line.metadata else None


def identity(line: DocumentLine) -> tuple[str, str, dt.date, dt.date]:
    return line.line, line.kind, line.period_start, line.period_end


def identity_of(line: Line) -> tuple[str | None, str | None, dt.date, dt.date]:
    """By which a line of the platform is one of ours."""
    return line.metadata.get(LINE), kind_of(line), day_of(line.period.start), day_of(line.period.end)


def _issued_line(line: Line, currency: str) -> IssuedLine:
    return IssuedLine(
        id=line.id,
        line=line.metadata.get(LINE),
        kind=kind_of(line),
        amount=from_stripe(line.amount, currency),
        tax=from_stripe(tax_of(line.taxes), currency),
        period_start=day_of(line.period.start),
        period_end=day_of(line.period.end),
    )


# Documents that are there


def contract_of(invoice: Invoice) -> str | None:
    named = invoice.metadata.get(CONTRACT)
    if named is None and invoice.subscription is not None:
        named = invoice.subscription.metadata.get(CONTRACT)
    return named


def origin_of(invoice: Invoice) -> Literal["ours", "cycle", "foreign"]:
    """A cycle is one of a subscription of ours; ours has the key by which it was ordered."""
    of_ours = invoice.subscription is not None and CONTRACT in invoice.subscription.metadata
    if of_ours and invoice.billing_reason in CYCLE_REASONS:
        return "cycle"
    return "ours" if KEY in invoice.metadata else "foreign"


def date_of(invoice: Invoice, lines: Sequence[Line]) -> dt.date:
    """The document's date: as ordered, else the day on which the cycle begins, else the day of issue."""
    if DATE in invoice.metadata:
        return dt.date.fromisoformat(invoice.metadata[DATE])
    starts = [line.period.start for line in lines if line.of_subscription]
    if origin_of(invoice) == "cycle":
        return day_of(min(starts, default=invoice.period_end))
    return day_of(invoice.effective_at or invoice.created)


def key_of(invoice: Invoice, lines: Sequence[Line]) -> str | None:
    """The business key; a cycle's is made from its subscription and date, whether it was completed or not."""
    contract = contract_of(invoice)
    if origin_of(invoice) == "cycle" and contract is not None and invoice.subscription is not None:
        named = invoice.subscription.metadata
        return invoice_key(named.get(DOCUMENTS, contract), date_of(invoice, lines), named.get(PARTY))
    return invoice.metadata.get(KEY)


def subscription_key(metadata: Mapping[str, str]) -> str | None:
    """The business key that a subscription (or what it has billed) names; None where it is not ours."""
    return metadata.get(KEY, metadata.get(CONTRACT))


def issued_invoice(invoice: Invoice, lines: Sequence[Line]) -> IssuedDocument:
    currency = invoice.currency.upper()
    due = invoice.metadata.get(DUE)
    named = invoice.metadata.get("q2c_subscription")
    return IssuedDocument(
        platform=PLATFORM,
        kind="invoice",
        id=invoice.id,
        number=invoice.number,
        key=key_of(invoice, lines),
        contract=contract_of(invoice),
        customer_id=invoice.customer,
        subscription_id=invoice.subscription.subscription if invoice.subscription else named,
        subscription_key=subscription_key(invoice.subscription.metadata) if invoice.subscription else None,
        status=invoice.status,
        origin=origin_of(invoice),
        currency=currency,
        date=date_of(invoice, lines),
        due_date=dt.date.fromisoformat(due)
        if due
        else day_of(invoice.due_date)
        if invoice.due_date
        else None,
        lines=tuple(_issued_line(line, currency) for line in lines),
        subtotal=from_stripe(invoice.subtotal, currency),
        tax=from_stripe(tax_of(invoice.total_taxes), currency),
        total=from_stripe(invoice.total, currency),
        url=invoice.hosted_invoice_url,
    )


def issued_credit(note: CreditNote, lines: Sequence[CreditLine]) -> IssuedDocument:
    currency = note.currency.upper()
    named = note.metadata.get(DATE)
    return IssuedDocument(
        platform=PLATFORM,
        kind="credit_memo",
        id=note.id,
        number=note.number,
        key=note.metadata.get(KEY),
        contract=note.metadata.get(CONTRACT),
        customer_id=note.customer,
        subscription_id=None,
        status=note.status,
        origin="ours" if KEY in note.metadata else "foreign",
        currency=currency,
        date=dt.date.fromisoformat(named) if named else day_of(note.effective_at or note.created),
        due_date=None,
        credited_invoice_id=note.invoice,
        lines=tuple(_credit_line(line, note, currency) for line in lines),
        subtotal=from_stripe(note.subtotal, currency),
        tax=from_stripe(tax_of(note.total_taxes), currency),
        total=from_stripe(note.total, currency),
        url=note.pdf,
    )


def _credit_line(line: CreditLine, note: CreditNote, currency: str) -> IssuedLine:
    """Stripe's credit lines have no period: ours is in the metadata; others earn on the day of issue."""
    issued = day_of(note.effective_at or note.created)
    kind = line.metadata.get(KIND)
    return IssuedLine(
        id=line.id,
        line=line.metadata.get(LINE),
        kind=kind if kind in get_args(LineKind) else None,
        amount=from_stripe(line.amount, currency),
        tax=from_stripe(tax_of(line.taxes), currency),
        period_start=dt.date.fromisoformat(line.metadata[START]) if START in line.metadata else issued,
        period_end=dt.date.fromisoformat(line.metadata[END]) if END in line.metadata else issued,
    )


def reference(document: IssuedDocument, key: str) -> Reference:
    return Reference(
        platform=PLATFORM,
        kind=document.kind,
        id=document.id,
        business_key=key,
        number=document.number,
        url=document.url,
        date=document.date,
        total=document.total,
        status=document.status,
    )
