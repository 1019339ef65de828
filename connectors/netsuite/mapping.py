"""Between our nouns and NetSuite's records: pure functions."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from canonical.contract import Address
from canonical.money import UnknownCurrency, minor_unit_digits
from canonical.origin import Origin, Reference
from connectors.netsuite.wire import (
    AddressLine,
    Customer,
    Journal,
    LineRow,
    Sale,
    TransactionRow,
    TransactionType,
)
from ports.billing import CustomerOrder
from ports.erp import Dimensions, LedgerDocument, LedgerJournal, LedgerLine, PostedDocument, PostedLine

PLATFORM = "netsuite"
PREFIX = "q2c:"
VOID, REVERSAL = "void:", "reversal:"
ADDRESS_LABEL = "Billing (q2c)"
_CUSTOM_PRICE = "-1"
_APPROVED = "2"
_MEMO_LENGTH = 999
_SAFE = re.compile(r"[A-Za-z0-9_.:-]")
_ESCAPED = re.compile(r"~([0-9A-F]{2})")

DocumentKind = Literal["invoice", "credit_memo"]
RECORD_OF: Mapping[str, str] = {
    "invoice": "invoice",
    "credit_memo": "creditMemo",
    "journal_entry": "journalEntry",
}
TYPE_OF: Mapping[str, TransactionType] = {
    "invoice": "CustInvc",
    "credit_memo": "CustCred",
    "journal_entry": "Journal",
}
KIND_OF: Mapping[TransactionType, Literal["invoice", "credit_memo", "journal_entry"]] = {
    "CustInvc": "invoice",
    "CustCred": "credit_memo",
    "Journal": "journal_entry",
}


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


def external_id(key: str) -> str:
    """`q2c:` and the business key; what is not a letter, digit or one of `_.:-` as ~ and its hex bytes, so
    that it can stand in a path and be read back."""
    escaped = (
        character if _SAFE.fullmatch(character) else "".join(f"~{byte:02X}" for byte in character.encode())
        for character in key
    )
    return PREFIX + "".join(escaped)


def key_of(external: str | None) -> str | None:
    """The business key of one of our external ids; None for a foreign one."""
    if external is None or not external.startswith(PREFIX):
        return None
    raw = bytearray()
    rest = external.removeprefix(PREFIX)
    position = 0
    while position < len(rest):
        found = _ESCAPED.match(rest, position)
        raw += bytes.fromhex(found.group(1)) if found else rest[position].encode()
        position = found.end() if found else position + 1
    return raw.decode(errors="replace")


def customer_key(account: str, legal_entity: str, currency: str) -> str:
    """NetSuite's customers belong to one subsidiary and currency: an account is one for each such pair."""
    return f"customer:{account}:{legal_entity}:{currency}"


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


def lineage(origin: Origin, key: str) -> str:
    return f"contract {origin.contract}, change {origin.change}, {key}, correlation {origin.correlation_id}"


def memo(said: str, origin: Origin, key: str) -> str:
    """What is said, cut where NetSuite would, then where it comes from, which is never cut."""
    tail = f" [{lineage(origin, key)}]"
    return said[: max(0, _MEMO_LENGTH - len(tail))] + tail


def item_name(line: LedgerLine, suffixes: Mapping[Any, str]) -> str:
    return line.item + suffixes.get(line.role, "")


def segment_names(lines: Sequence[Dimensions]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {"department": set(), "class": set(), "location": set()}
    for dimensions in lines:
        for kind, name in _segments_of(dimensions).items():
            names[kind].add(name)
    return names


def sale_body(
    document: LedgerDocument, to: Targets, suffixes: Mapping[Any, str], applied: tuple[str, Decimal] | None
) -> dict[str, Any]:
    """An invoice or credit memo; `applied` is the internal id of the credited invoice and how much of it."""
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
    if applied is not None:
        body["apply"] = {"items": [_application(applied[0], applied[1])]}
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


def difference(row: TransactionRow, lines: Sequence[LineRow], expected: Mapping[str, object]) -> str | None:
    """The first field in which a posted transaction is not the one that is asked for."""
    amounts = [(line.account, line.amount) for line in lines]
    found: dict[str, object] = {
        "type": row.type,
        "legal_entity": row.subsidiary,
        "currency": row.currency,
        "date": row.trandate,
        "customer_id": row.entity,
        "total": abs(row.foreigntotal),
        "lines": _by_account(amounts) if row.type != "Journal" else _line_by_line(amounts),
    }
    return next((name for name, value in expected.items() if found[name] != value), None)


def expected_sale(document: LedgerDocument) -> dict[str, object]:
    """How a posted document must look; its lines by account, since NetSuite may sum up tax lines."""
    sign = 1 if document.kind == "invoice" else -1
    lines = [(document.receivable_account, sign * document.total)]
    lines += [(line.account, -sign * line.amount) for line in document.lines]
    lines += [(document.tax_account, -sign * line.tax) for line in document.lines]
    return {
        "type": TYPE_OF[document.kind],
        "legal_entity": document.legal_entity,
        "currency": document.currency,
        "date": document.document_date,
        "customer_id": document.customer_id,
        "total": document.total,
        "lines": _by_account(lines),
    }


def expected_journal(journal: LedgerJournal) -> dict[str, object]:
    return {
        "type": "Journal",
        "legal_entity": journal.legal_entity,
        "currency": journal.currency,
        "date": journal.date,
        "lines": _line_by_line([(line.account, line.debit - line.credit) for line in journal.lines]),
    }


def expected_counter(row: TransactionRow, date: dt.date) -> dict[str, object]:
    """How the document must look that takes the effect of `row` off."""
    return {
        "legal_entity": row.subsidiary,
        "currency": row.currency,
        "date": date,
        "total": abs(row.foreigntotal),
    }


def reference(row: TransactionRow, url: str, key: str, *, status: str | None = None) -> Reference:
    return Reference(
        platform=PLATFORM,
        kind=KIND_OF[row.type],
        id=row.id,
        business_key=key,
        number=row.tranid,
        url=url,
        date=row.trandate,
        total=written(abs(row.foreigntotal), row.currency),
        status=status,
    )


def written(amount: Decimal, currency: str) -> Decimal:
    """The amount with all its currency's decimals, which NetSuite leaves out where they are zero. One that has
    more of them, or whose currency ISO 4217 does not have, stays as it is: nothing is rounded here."""
    try:
        padded = amount.quantize(Decimal(1).scaleb(-minor_unit_digits(currency)))
    except UnknownCurrency:
        return amount
    return padded if padded == amount else amount


def posted_document(
    row: TransactionRow, lines: Sequence[LineRow], taxes: Mapping[tuple[str, str], Decimal], undone: bool
) -> PostedDocument:
    """As the ERP lists it. Amounts of invoices and credit memos are positive; a journal's lines are debits
    above zero and credits below, its total is the sum of its debits."""
    kind = KIND_OF[row.type]
    if kind == "journal_entry":
        posted = tuple(_posted(row, line, line.amount, Decimal(0)) for line in lines)
        total, tax = sum((max(line.amount, Decimal(0)) for line in lines), Decimal(0)), Decimal(0)
    else:
        sign = -1 if kind == "invoice" else 1
        posted = tuple(
            _posted(row, line, sign * line.amount, taxes.get((row.id, line.line), Decimal(0)))
            for line in lines
            if line.mainline == "F" and line.taxline == "F"
        )
        total = abs(row.foreigntotal)
        tax = sum((sign * line.amount for line in lines if line.taxline == "T"), Decimal(0))
    return PostedDocument(
        platform=PLATFORM,
        kind=kind,
        id=row.id,
        number=row.tranid,
        key=key_of(row.externalid),
        legal_entity=row.subsidiary,
        currency=row.currency,
        date=row.trandate,
        period=row.period,
        status=_status(row, undone=undone),
        lines=posted,
        tax=written(tax, row.currency),
        total=written(total, row.currency),
    )


def _status(row: TransactionRow, *, undone: bool) -> Literal["open", "paid", "voided", "posted", "reversed"]:
    if row.type == "Journal":
        return "reversed" if undone else "posted"
    if undone or row.status == "V":
        return "voided"
    return "paid" if row.status == "B" else "open"


def _posted(row: TransactionRow, line: LineRow, amount: Decimal, tax: Decimal) -> PostedLine:
    net, tax = written(amount, row.currency), written(tax, row.currency)
    return PostedLine(account=line.account, amount=net, tax=tax, memo=line.memo)


def _by_account(lines: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for account, amount in lines:
        sums[account] = sums.get(account, Decimal(0)) + amount
    return tuple(sorted((account, total.normalize()) for account, total in sums.items() if total))


def _line_by_line(lines: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    return tuple(sorted((account, amount.normalize()) for account, amount in lines if amount))


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


def _same_line(line: Any) -> dict[str, Any]:
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
