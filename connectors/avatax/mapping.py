"""Our tax documents as AvaTax's transactions, and back. Pure.

A credit memo is a return: its amounts and taxes are negative there and positive here. It is taxed as of the
credited invoice's date, and where the tax given back is known, that is what it carries.
"""

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Literal

from canonical.contract import Account, Address
from connectors.avatax.wire import (
    Addresses,
    AddressLocationInfo,
    CreateOrAdjust,
    CreateTransaction,
    DocumentType,
    LineItem,
    TaxOverride,
    Transaction,
    TransactionLine,
)
from ports.tax import TaxDocument, TaxLine, TaxResult, TaxResultLine
from rules.customer_checks import ENTITY_USES

DocumentKind = Literal["invoice", "credit_memo"]
ResultStatus = Literal["temporary", "saved", "committed", "cancelled"]

RECORDED: dict[DocumentKind, DocumentType] = {"invoice": "SalesInvoice", "credit_memo": "ReturnInvoice"}
_ESTIMATED: dict[DocumentKind, DocumentType] = {"invoice": "SalesOrder", "credit_memo": "ReturnOrder"}
_KINDS: dict[str, DocumentKind] = {
    "SalesOrder": "invoice",
    "SalesInvoice": "invoice",
    "ReturnOrder": "credit_memo",
    "ReturnInvoice": "credit_memo",
}
_STATUSES: dict[str, ResultStatus] = {
    "Temporary": "temporary",
    "Saved": "saved",
    "Posted": "saved",
    "Committed": "committed",
    "Cancelled": "cancelled",
}
SUPERSEDED = "Adjusted"
"""The status of a version that another one has replaced."""

_LONGEST_CODE = 50
_DIGEST_LENGTH = 16
_LONGEST_DESCRIPTION = 2048
_LONGEST_LINE_DESCRIPTION = 2096
_REASONS: dict[DocumentKind, str] = {
    "invoice": "Tax as it was billed",
    "credit_memo": "Tax of the credited invoice",
}


class UnknownStatus(ValueError):
    """A status or type that the API's description does not have for our documents."""


def transaction_code(key: str, generation: int = 1) -> str:
    """AvaTax's code of a business key: itself, or where it is too long, its beginning and a digest.

    A document that was voided keeps its code; one that is recorded again after it is the next `generation`.
    """
    suffix = "" if generation == 1 else f"~{generation}"
    if len(key) + len(suffix) <= _LONGEST_CODE:
        return key + suffix
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
    kept = _LONGEST_CODE - _DIGEST_LENGTH - 1 - len(suffix)
    return f"{key[:kept]}~{digest}{suffix}"


def estimate(document: TaxDocument, company: str, origin: Address | None) -> CreateTransaction:
    """What is computed and not recorded."""
    return _transaction(document, company, origin, document.code, _ESTIMATED[document.kind], commit=False)


def recorded(
    document: TaxDocument, company: str, origin: Address | None, generation: int = 1
) -> CreateOrAdjust:
    """What is recorded as final."""
    code = transaction_code(document.code, generation)
    return CreateOrAdjust(
        adjustment_description=f"{document.origin.contract} {document.origin.change}",
        create_transaction_model=_transaction(
            document, company, origin, code, RECORDED[document.kind], commit=True
        ),
    )


def _transaction(
    document: TaxDocument,
    company: str,
    origin: Address | None,
    code: str,
    document_type: DocumentType,
    *,
    commit: bool,
) -> CreateTransaction:
    account = document.account
    override = TaxOverride(
        type="TaxDate", tax_date=document.tax_date.isoformat(), reason=_REASONS[document.kind]
    )
    number, use = exemption(account)
    return CreateTransaction(
        code=transaction_code(code) if not commit else code,
        type=document_type,
        company_code=company,
        date=document.date.isoformat(),
        customer_code=account.id,
        currency_code=document.currency,
        addresses=Addresses(
            ship_from=address(origin) if origin else None, ship_to=address(account.billing_address)
        ),
        lines=tuple(_line(document, line) for line in document.lines),
        commit=commit,
        tax_override=override if document.tax_date != document.date else None,
        exemption_no=number,
        entity_use_code=use,
        business_identification_no=account.tax_registration,
        reference_code=document.code,
        description=document.reference[:_LONGEST_DESCRIPTION] if document.reference else None,
    )


def _line(document: TaxDocument, line: TaxLine) -> LineItem:
    sign = -1 if document.kind == "credit_memo" else 1
    override = None
    if line.tax_amount is not None:
        override = TaxOverride(
            type="TaxAmount",
            tax_amount=sign * line.tax_amount,
            tax_date=document.tax_date.isoformat(),
            reason=_REASONS[document.kind],
        )
    return LineItem(
        number=line.number,
        quantity=line.quantity,
        amount=sign * line.amount,
        item_code=line.product,
        description=line.description[:_LONGEST_LINE_DESCRIPTION] if line.description else None,
        tax_override=override,
        ref1=document.origin.contract,
        ref2=document.origin.change,
    )


def address(canonical: Address) -> AddressLocationInfo:
    return AddressLocationInfo(
        line1=canonical.line1,
        line2=canonical.line2,
        city=canonical.city,
        region=canonical.region,
        country=canonical.country,
        postal_code=canonical.postal_code,
    )


def exemption(account: Account) -> tuple[str | None, str | None]:
    """The account's exemption as (certificate number, entity use code): AvaTax's own use codes (A to R, MED1,
    MED2, TAXABLE) are the one, everything else is the other."""
    code = account.exemption_code
    if code is None:
        return None, None
    return (None, code) if code in ENTITY_USES else (code, None)


def result(transaction: Transaction) -> TaxResult:
    """Raises UnknownStatus for a status or type that is none of ours."""
    if transaction.type not in _KINDS:
        raise UnknownStatus(f"type {transaction.type}")
    if transaction.status not in _STATUSES:
        raise UnknownStatus(f"status {transaction.status}")
    kind = _KINDS[transaction.type]
    return TaxResult(
        code=business_key(transaction),
        id=str(transaction.id),
        status=_STATUSES[transaction.status],
        total_tax=_signed(transaction.total_tax, kind),
        lines=tuple(_result_line(line, kind) for line in transaction.lines),
        kind=kind,
        currency=transaction.currency_code,
        date=dt.date.fromisoformat(transaction.date[:10]),
    )


def business_key(transaction: Transaction) -> str:
    """Our key where the document is ours; the code where somebody else made it."""
    key = transaction.reference_code
    if not key:
        return transaction.code
    generation = transaction.code.rpartition("~")[2]
    generations = (1, int(generation)) if generation.isdigit() and len(generation) < 6 else (1,)
    is_ours = transaction.code in {transaction_code(key, number) for number in generations}
    return key if is_ours else transaction.code


def _result_line(line: TransactionLine, kind: DocumentKind) -> TaxResultLine:
    taxed = [detail for detail in line.details if detail.taxable_amount or not line.line_amount]
    rate = sum((detail.rate for detail in taxed), Decimal(0))
    return TaxResultLine(
        number=line.line_number,
        tax=_signed(line.tax, kind),
        rate_percent=_plain(rate * 100),
        jurisdictions=tuple(detail.juris_name for detail in taxed),
    )


def _signed(tax: Decimal, kind: DocumentKind) -> Decimal:
    if not tax:
        return Decimal(0)
    return -tax if kind == "credit_memo" else tax


def _plain(value: Decimal) -> Decimal:
    """Without zeros at the end, and never with an exponent."""
    return Decimal(format(value.normalize(), "f"))


def differences(transaction: Transaction, wanted: CreateTransaction) -> tuple[str, ...]:
    """The fields in which a recorded document is not the one that is wanted; none: it is the same."""
    pairs: dict[str, tuple[object, object]] = {
        "referenceCode": (transaction.reference_code or "", wanted.reference_code),
        "date": (transaction.date[:10], wanted.date),
        "customerCode": (transaction.customer_code, wanted.customer_code),
        "currencyCode": (transaction.currency_code, wanted.currency_code),
        "lines": (_recorded_lines(transaction), _wanted_lines(wanted)),
    }
    return tuple(field for field, (there, here) in pairs.items() if there != here)


_Comparable = dict[str, tuple[Decimal, str, Decimal | None]]


def _recorded_lines(transaction: Transaction) -> _Comparable:
    return {
        line.line_number: (
            line.line_amount,
            line.item_code or "",
            line.tax if line.tax_override_type == "TaxAmount" else None,
        )
        for line in transaction.lines
    }


def _wanted_lines(wanted: CreateTransaction) -> _Comparable:
    return {
        line.number: (
            line.amount,
            line.item_code,
            line.tax_override.tax_amount if line.tax_override else None,
        )
        for line in wanted.lines
    }
