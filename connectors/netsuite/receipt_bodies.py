"""The bodies of payments, deposits, refunds, write-offs. Pure; `q2c_amount` is taken off before sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.netsuite.mapping import external_id, memo
from ports.receipts import CashEntry

Body = dict[str, Any]
AMOUNT = "q2c_amount"
"""What the transaction is over, by which it is known again."""
_CUSTOM_PRICE = "-1"
_APPROVED = "2"


@dataclass(frozen=True)
class CashTargets:
    """Internal ids of what the bodies refer to."""

    subsidiary: str
    currency: str
    cash: str
    receivable: str
    fees: str
    write_off_item: str | None
    period: str | None


@dataclass(frozen=True)
class Use:
    """How much of a document is settled or used up."""

    document_id: str
    amount: Decimal


def payment(entry: CashEntry, to: CashTargets, uses: Sequence[Use]) -> Body:
    total = sum((-each.change for each in entry.application.invoices), Decimal(0))
    return {
        AMOUNT: total,
        **_head(entry, to),
        "customer": {"id": entry.customer_id},
        "currency": {"id": to.currency},
        "account": {"id": to.cash},
        "arAcct": {"id": to.receivable},
        "payment": total,
        "apply": _applied(uses),
    }


def deposit(entry: CashEntry, to: CashTargets, suffix: str) -> Body:
    total = entry.application.unapplied
    return {
        AMOUNT: total,
        **_head(entry, to, suffix),
        "customer": {"id": entry.customer_id},
        "currency": {"id": to.currency},
        "account": {"id": to.cash},
        "payment": total,
    }


def deposit_application(entry: CashEntry, to: CashTargets, source: Use, uses: Sequence[Use]) -> Body:
    return {
        AMOUNT: source.amount,
        **_head(entry, to),
        "deposit": {"id": source.document_id},
        "arAcct": {"id": to.receivable},
        "apply": _applied(uses),
    }


def refund(entry: CashEntry, to: CashTargets, credits: Sequence[Use], deposits: Sequence[Use]) -> Body:
    body: Body = {
        AMOUNT: entry.application.amount,
        **_head(entry, to),
        "customer": {"id": entry.customer_id},
        "currency": {"id": to.currency},
        "account": {"id": to.cash},
        "arAcct": {"id": to.receivable},
    }
    if credits:
        body["apply"] = _applied(credits)
    if deposits:
        body["deposit"] = _applied(deposits)
    return body


def write_off(entry: CashEntry, to: CashTargets, uses: Sequence[Use], rate: Decimal) -> Body:
    """A credit memo over an item that posts to bad debt, without tax, at its invoices' exchange rate."""
    return {**recovery(entry, to, rate), "apply": _applied(uses)}


def recovery(entry: CashEntry, to: CashTargets, rate: Decimal) -> Body:
    """The other way round: an invoice over the item, at the rate of the invoice that was written off."""
    total = entry.application.amount
    line = {
        "item": {"id": to.write_off_item},
        "quantity": Decimal(1),
        "price": {"id": _CUSTOM_PRICE},
        "amount": total,
        "description": entry.memo,
    }
    return {
        AMOUNT: total,
        **_head(entry, to),
        "entity": {"id": entry.customer_id},
        "currency": {"id": to.currency},
        "exchangeRate": rate,
        "account": {"id": to.receivable},
        "item": {"items": [line]},
        "taxDetailsOverride": True,
        "taxDetails": {"items": []},
    }


def fee(entry: CashEntry, to: CashTargets, suffix: str) -> Body:
    """A fee below zero is one that is given back."""
    amount = abs(entry.application.fee)
    to_fees, to_cash = ("debit", "credit") if entry.application.fee > 0 else ("credit", "debit")
    lines = [
        {"account": {"id": to.fees}, to_fees: amount, "memo": entry.memo},
        {"account": {"id": to.cash}, to_cash: amount, "memo": entry.memo},
    ]
    return {
        AMOUNT: amount,
        **_head(entry, to, suffix),
        "currency": {"id": to.currency},
        "approvalStatus": {"id": _APPROVED},
        "line": {"items": lines},
    }


def taken_off(invoice_id: str, left: Decimal) -> Body:
    """A payment's application to an invoice brought down to what is left of it."""
    return {"apply": {"items": applied_so_far(invoice_id, left)}}


def applied_so_far(invoice_id: str, amount: Decimal) -> list[Body]:
    """The line of a credit's application to an invoice; none of it: the line that takes it off."""
    if not amount:
        return [{"doc": {"id": invoice_id}, "apply": False}]
    return [{"doc": {"id": invoice_id}, "apply": True, "amount": amount}]


def _head(entry: CashEntry, to: CashTargets, suffix: str = "") -> Body:
    key = entry.key + suffix
    head: Body = {
        "externalId": external_id(key),
        "subsidiary": {"id": to.subsidiary},
        "tranDate": entry.date.isoformat(),
        "memo": memo(entry.memo, entry.origin, key),
    }
    if to.period is not None:
        head["postingPeriod"] = {"id": to.period}
    if entry.exchange_rate is not None:
        head["exchangeRate"] = entry.exchange_rate
    return head


def _applied(uses: Sequence[Use]) -> Body:
    return {"items": [{"doc": {"id": use.document_id}, "apply": True, "amount": use.amount} for use in uses]}
