"""Stripe's payments, refunds, disputes and payouts as our nouns. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence

from canonical.ids import cash_key
from canonical.payment import (
    BalanceEntry,
    CashMovement,
    Dispute,
    DisputeMovement,
    DisputeStatus,
    PaidInvoice,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Payout,
    PayoutStatus,
    Refund,
    RefundStatus,
)
from connectors.stripe import wire
from connectors.stripe.client import PLATFORM
from connectors.stripe.forms import day_of
from connectors.stripe.money import from_stripe

OF_UNAPPLIED = "q2c_unapplied"
"""Metadata of a refund that gives back what was not applied."""
_METHODS: Mapping[str, PaymentMethod] = {
    "card": "card",
    "card_present": "card",
    "acss_debit": "bank_debit",
    "au_becs_debit": "bank_debit",
    "bacs_debit": "bank_debit",
    "sepa_debit": "bank_debit",
    "us_bank_account": "bank_debit",
    "customer_balance": "bank_transfer",
}
_REFUNDS: Mapping[str, RefundStatus] = {
    "canceled": "cancelled",
    "failed": "failed",
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
}
_DISPUTES: Mapping[str, DisputeStatus] = {
    "lost": "lost",
    "needs_response": "open",
    "prevented": "inquiry",
    "under_review": "under_review",
    "warning_closed": "inquiry",
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "won": "won",
}
_PAYOUTS: Mapping[str, PayoutStatus] = {
    "canceled": "cancelled",
    "failed": "failed",
    "in_transit": "pending",
    "paid": "paid",
    "pending": "pending",
}
WITHDRAWN, REINSTATED = "withdrawn", "reinstated"
ADJUSTMENT = "adjustment"
"""The type of the balance's entries that disputes make."""


def status_of(intent: wire.PaymentIntent) -> PaymentStatus:
    """One that has failed waits for another payment method: until that comes, nothing is captured."""
    if intent.status == "succeeded":
        return "succeeded"
    if intent.status == "canceled":
        return "cancelled"
    if intent.status == "requires_payment_method" and intent.last_payment_error is not None:
        return "failed"
    return "pending"


def payment(
    intent: wire.PaymentIntent,
    charge: wire.Charge | None,
    invoices: tuple[PaidInvoice, ...],
    contract: str | None,
) -> Payment:
    currency = intent.currency.upper()
    error = intent.last_payment_error
    status = status_of(intent)
    units = intent.amount_received if status == "succeeded" else intent.amount
    method = charge.method if charge is not None else None
    return Payment(
        platform=PLATFORM,
        id=intent.id,
        status=status,
        method=_METHODS.get(method or "", "other"),
        amount=from_stripe(units, currency),
        currency=currency,
        date=day_of(charge.created if charge is not None else intent.created),
        customer_id=intent.customer,
        contract=contract,
        invoices=invoices,
        failure=(error.decline_code or error.code) if error is not None and status == "failed" else None,
    )


def refund(
    found: wire.Refund, payment_id: str, invoices: tuple[PaidInvoice, ...], contract: str | None
) -> Refund:
    currency = found.currency.upper()
    return Refund(
        platform=PLATFORM,
        id=found.id,
        status=_REFUNDS[found.status or "pending"],
        payment_id=payment_id,
        amount=from_stripe(found.amount, currency),
        currency=currency,
        date=day_of(found.created),
        contract=contract,
        invoices=invoices,
        unapplied=found.metadata.get(OF_UNAPPLIED) == "true",
    )


def dispute(
    found: wire.Dispute, payment_id: str, invoices: tuple[PaidInvoice, ...], contract: str | None
) -> Dispute:
    currency = found.currency.upper()
    due = found.evidence_details.due_by
    return Dispute(
        platform=PLATFORM,
        id=found.id,
        status=_DISPUTES[found.status],
        payment_id=payment_id,
        amount=from_stripe(found.amount, currency),
        currency=currency,
        date=day_of(found.created),
        evidence_due_at=dt.datetime.fromtimestamp(due, dt.UTC) if due is not None else None,
        movements=tuple(_dispute_movement(entry, currency) for entry in found.balance_transactions),
        contract=contract,
        invoices=invoices,
    )


def _dispute_movement(entry: wire.BalanceTransaction, currency: str) -> DisputeMovement:
    return DisputeMovement(
        id=entry.id,
        amount=from_stripe(entry.amount, currency),
        fee=from_stripe(entry.fee, currency),
        date=day_of(entry.created),
    )


def payout(found: wire.Payout, entries: Sequence[BalanceEntry], contract: str | None = None) -> Payout:
    currency = found.currency.upper()
    return Payout(
        platform=PLATFORM,
        id=found.id,
        status=_PAYOUTS[found.status],
        amount=from_stripe(found.amount, currency),
        currency=currency,
        arrival_date=day_of(found.arrival_date),
        entries=tuple(entries),
        contract=contract,
    )


def dispute_of(entry: wire.BalanceTransaction) -> str | None:
    """The dispute that moved the balance; None where something else did."""
    is_dispute = entry.type == ADJUSTMENT and (entry.source or "").startswith(("du_", "dp_"))
    return entry.source if is_dispute else None


def balance_entry(entry: wire.BalanceTransaction, payments: Mapping[str, str | None]) -> BalanceEntry:
    """`payments`: the payment of each charge. Fees of the platform's own are entries without a source of
    ours."""
    currency = entry.currency.upper()
    kind, key = "other", None
    source = entry.source
    if entry.type in ("charge", "payment") and source is not None:
        kind = "payment"
        payment_id = payments.get(source)
        key = cash_key("payment", PLATFORM, payment_id) if payment_id else None
    elif entry.type in ("refund", "payment_refund") and source is not None:
        kind, key = "refund", cash_key("refund", PLATFORM, source)
    elif (disputed := dispute_of(entry)) is not None:
        part = WITHDRAWN if entry.amount < 0 else REINSTATED
        kind, key = "dispute", cash_key("dispute", PLATFORM, disputed, part)
    elif entry.type == "stripe_fee":
        kind = "fee"
    return BalanceEntry.model_validate(
        {
            "id": entry.id,
            "kind": kind,
            "source_id": source,
            "movement_key": key,
            "amount": from_stripe(entry.amount, currency),
            "fee": from_stripe(entry.fee, currency),
            "net": from_stripe(entry.net, currency),
            "currency": currency,
        }
    )


def movements_of_dispute(found: Dispute) -> list[CashMovement]:
    return [
        CashMovement(
            platform=PLATFORM,
            kind="chargeback" if each.amount < 0 else "chargeback_won",
            id=found.id,
            key=cash_key("dispute", PLATFORM, found.id, WITHDRAWN if each.amount < 0 else REINSTATED),
            amount=each.amount,
            fee=each.fee,
            currency=found.currency,
            date=each.date,
            contract=found.contract,
            invoice_keys=_keys(found.invoices),
        )
        for each in found.movements
        if each.amount
    ]


def movement(found: Payment | Refund) -> CashMovement:
    is_payment = isinstance(found, Payment)
    kind = "payment" if is_payment else "refund"
    return CashMovement.model_validate(
        {
            "platform": PLATFORM,
            "kind": kind,
            "id": found.id,
            "key": cash_key(kind, PLATFORM, found.id),
            "amount": found.amount if is_payment else -found.amount,
            "fee": from_stripe(0, found.currency),
            "currency": found.currency,
            "date": found.date,
            "contract": found.contract,
            "invoice_keys": _keys(found.invoices),
        }
    )


def _keys(invoices: Sequence[PaidInvoice]) -> tuple[str, ...]:
    return tuple(each.key for each in invoices if each.key is not None)
