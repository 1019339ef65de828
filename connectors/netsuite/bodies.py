"""The bodies that we send, made of our nouns and the internal ids of what they refer to. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from canonical.contract import Address
from canonical.origin import Origin
from connectors.netsuite.mapping import REVERSAL, VOID, DocumentKind, external_id, memo
from connectors.netsuite.wire import AddressLine, Customer, Journal, Sale, SaleLine
from ports.billing import CustomerOrder
from ports.erp import Dimensions, LedgerDocument, LedgerJournal, LedgerLine

ADDRESS_LABEL = "Billing (q2c)"
_CUSTOM_PRICE = "-1"
_APPROVED = "2"


@dataclass(frozen=True)
class Targets:
    """Internal ids of what a body refers to, by our names."""

    subsidiary: str
    currency: str
    accounts: Mapping[str, str]
    items: Mapping[str, str]
    segments: Mapping[tuple[str, str], str]
    tax_code: str | None = None
    tax_type: str | None = None
    period: str | None = None
    """Only where the posting date lies in another period than the document's date."""


@dataclass(frozen=True)
class Credited:
    """A credited invoice: its internal id, how much of it a credit memo settles, the rate that it is posted
    at."""

    id: str
    amount: Decimal
    exchange_rate: Decimal


def customer_fields(order: CustomerOrder) -> dict[str, Any]:
    """The fields that we own."""
    fields: dict[str, Any] = {"companyName": order.account.name}
    if order.account.email is not None:
        fields["email"] = order.account.email
    return fields


def new_customer(order: CustomerOrder, subsidiary: str, currency: str) -> dict[str, Any]:
    return {
        **customer_fields(order),
        "isPerson": False,
        "subsidiary": {"id": subsidiary},
        "currency": {"id": currency},
        "addressBook": {"items": [_address_line(order)]},
    }


def changed_customer(order: CustomerOrder, held: Customer) -> dict[str, Any]:
    """What of our fields differs; empty if nothing does."""
    was = {"companyName": held.company_name, "email": held.email}
    changes: dict[str, Any] = {
        name: value for name, value in customer_fields(order).items() if was[name] != value
    }
    line = _our_address(held)
    wanted = address(order.account.billing_address, order.account.name)
    if line is None or any(_plain(line.address.get(name)) != _plain(value) for name, value in wanted.items()):
        same = {} if line is None else {"internalId": line.internal_id}
        changes["addressBook"] = {"items": [{**_address_line(order), **same}]}
    return changes


def address(billing: Address, name: str) -> dict[str, Any]:
    parts = {
        "addressee": name,
        "addr1": billing.line1,
        "addr2": billing.line2,
        "city": billing.city,
        "state": billing.region,
        "zip": billing.postal_code,
    }
    return {**{k: v for k, v in parts.items() if v is not None}, "country": {"id": billing.country}}


def item_name(line: LedgerLine, suffixes: Mapping[Any, str]) -> str:
    return line.item + suffixes.get(line.role, "")


def segment_names(lines: Sequence[Dimensions]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {"department": set(), "class": set(), "location": set()}
    for dimensions in lines:
        for kind, name in _segments_of(dimensions).items():
            names[kind].add(name)
    return names


def sale_body(
    document: LedgerDocument, to: Targets, suffixes: Mapping[Any, str], credited: Credited | None
) -> dict[str, Any]:
    """An invoice, or a credit memo of the `credited` one, at whose rate it is posted."""
    body: dict[str, Any] = {
        "externalId": external_id(document.key),
        "entity": {"id": document.customer_id},
        "subsidiary": {"id": to.subsidiary},
        "currency": {"id": to.currency},
        "account": {"id": to.accounts[document.receivable_account]},
        "tranDate": document.document_date.isoformat(),
        "tranId": document.number,
        "otherRefNum": document.number,
        "memo": memo(document.memo, document.origin, document.key),
        "item": {"items": [_sale_line(n, line, to, suffixes) for n, line in enumerate(document.lines, 1)]},
        **_taxes(document, to),
    }
    if to.period is not None:
        body["postingPeriod"] = {"id": to.period}
    if document.kind == "invoice" and document.due_date is not None:
        body["dueDate"] = document.due_date.isoformat()
    rate = document.exchange_rate if credited is None else credited.exchange_rate
    if rate is not None:
        body["exchangeRate"] = rate
    if credited is not None and credited.amount > 0:
        body["apply"] = {"items": [_application(credited.id, credited.amount)]}
    return body


def journal_body(journal: LedgerJournal, to: Targets) -> dict[str, Any]:
    lines = []
    for line in journal.lines:
        lines.append(
            {
                "account": {"id": to.accounts[line.account]},
                **({"debit": line.debit} if line.debit else {"credit": line.credit}),
                "memo": line.memo,
                **({"entity": {"id": line.entity_customer_id}} if line.entity_customer_id else {}),
                **_segments(line.dimensions, to),
            }
        )
    return {
        "externalId": external_id(journal.key),
        "subsidiary": {"id": to.subsidiary},
        "currency": {"id": to.currency},
        "tranDate": journal.date.isoformat(),
        "memo": memo(journal.memo, journal.origin, journal.key),
        "approvalStatus": {"id": _APPROVED},
        "line": {"items": lines},
        **({"postingPeriod": {"id": to.period}} if to.period is not None else {}),
    }


def counter_sale(
    kind: DocumentKind, held: Sale, origin: Origin, key: str, date: str, reason: str
) -> dict[str, Any]:
    """The document that takes the whole effect of `held` off again: same customer, lines and taxes."""
    body: dict[str, Any] = {
        "externalId": external_id(VOID + key),
        "entity": {"id": held.entity.id},
        "subsidiary": {"id": held.subsidiary.id},
        "currency": {"id": held.currency.id},
        "exchangeRate": held.exchange_rate,
        "account": {"id": held.account.id},
        "tranDate": date,
        "otherRefNum": held.tran_id or held.id,
        "memo": memo(f"Void of {held.tran_id or held.id}: {reason}", origin, key),
        "item": {"items": [_same_line(line) for line in held.item.items]},
        "taxDetailsOverride": True,
        "taxDetails": {"items": [detail.model_dump(by_alias=True) for detail in held.tax_details.items]},
    }
    if kind == "invoice" and held.amount_remaining > 0:
        body["apply"] = {"items": [_application(held.id, held.amount_remaining)]}
    return body


def counter_journal(held: Journal, origin: Origin, key: str, date: str, reason: str) -> dict[str, Any]:
    """The same entry with debits and credits exchanged."""
    lines = []
    for line in held.line.items:
        refs = {"account": line.account, "entity": line.entity, "department": line.department}
        refs |= {"class": line.class_, "location": line.location}
        amounts = {"credit": line.debit} if line.debit else {"debit": line.credit}
        said = {} if line.memo is None else {"memo": line.memo}
        lines.append({**{k: {"id": v.id} for k, v in refs.items() if v is not None}, **amounts, **said})
    return {
        "externalId": external_id(REVERSAL + key),
        "subsidiary": {"id": held.subsidiary.id},
        "currency": {"id": held.currency.id},
        "exchangeRate": held.exchange_rate,
        "tranDate": date,
        "memo": memo(f"Reversal of {held.tran_id or held.id}: {reason}", origin, key),
        "approvalStatus": {"id": _APPROVED},
        "line": {"items": lines},
    }


def reapplied(held: Sale, void_id: str) -> dict[str, Any]:
    """A credit memo taken off its invoices and set against the invoice that voids it."""
    off = [
        {"doc": {"id": a.doc.id}, "apply": False} for a in held.apply.items if a.apply and a.doc.id != void_id
    ]
    return {"apply": {"items": [*off, _application(void_id, held.total)]}}


def is_applied_to(held: Sale, id_: str) -> bool:
    return any(line.apply and line.doc.id == id_ for line in held.apply.items)


def _sale_line(number: int, line: LedgerLine, to: Targets, suffixes: Mapping[Any, str]) -> dict[str, Any]:
    return {
        "item": {"id": to.items[item_name(line, suffixes)]},
        "quantity": line.quantity,
        "price": {"id": _CUSTOM_PRICE},
        "amount": line.amount,
        "description": f"{line.memo} ({line.period_start.isoformat()} to {line.period_end.isoformat()})",
        "taxDetailsReference": f"line{number}",
        **_segments(line.dimensions, to),
    }


def _taxes(document: LedgerDocument, to: Targets) -> dict[str, Any]:
    """The tax that the tax engine has computed, as it is: SuiteTax's own computation is overridden."""
    details = [
        {
            "taxDetailsReference": {"id": f"line{number}"},
            "taxType": to.tax_type,
            "taxCode": {"id": to.tax_code},
            "taxBasis": line.amount,
            "taxRate": line.tax_rate_percent,
            "taxAmount": line.tax,
        }
        for number, line in enumerate(document.lines, 1)
        if line.tax
    ]
    return {"taxDetailsOverride": True, "taxDetails": {"items": details}}


def _same_line(line: SaleLine) -> dict[str, Any]:
    refs = {"item": line.item, "department": line.department, "class": line.class_, "location": line.location}
    said = {"description": line.description, "taxDetailsReference": line.tax_details_reference}
    return {
        **{name: {"id": ref.id} for name, ref in refs.items() if ref is not None},
        "quantity": line.quantity,
        "price": {"id": _CUSTOM_PRICE},
        "amount": line.amount,
        **{name: value for name, value in said.items() if value is not None},
    }


def _application(id_: str, amount: Decimal) -> dict[str, Any]:
    return {"doc": {"id": id_}, "apply": True, "amount": amount}


def _segments_of(dimensions: Dimensions) -> dict[str, str]:
    named = {"department": dimensions.department, "class": dimensions.class_, "location": dimensions.location}
    return {kind: name for kind, name in named.items() if name is not None}


def _segments(dimensions: Dimensions, to: Targets) -> dict[str, Any]:
    return {kind: {"id": to.segments[kind, name]} for kind, name in _segments_of(dimensions).items()}


def _address_line(order: CustomerOrder) -> dict[str, Any]:
    return {
        "label": ADDRESS_LABEL,
        "defaultBilling": True,
        "addressBookAddress": address(order.account.billing_address, order.account.name),
    }


def _our_address(held: Customer) -> AddressLine | None:
    return next((line for line in held.address_book.items if line.label == ADDRESS_LABEL), None)


def _plain(value: object) -> object:
    """A reference without its name."""
    return value.get("id") if isinstance(value, dict) else value
