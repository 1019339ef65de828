"""What the customer, her bank and the account's schedule do: no API calls of Stripe's, but control verbs.

`{"pay": {"invoice" | "customer", "amount", "method"}}`, `{"refund": {"payment", "amount"}}`,
`{"dispute": {"payment", "amount", "fee"}}`, `{"decide_dispute": {"dispute", "won"}}`,
`{"payout": {"currency"}}`, `{"settle_debits": true}`. Amounts in minor units. Invoices are named by id,
number or a value of their metadata; a payment by its id or that of its invoice.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.resources import charges, disputes, invoice_life, payment_methods, payments, payouts
from sandbox.stripe.world import World

Document = dict[str, Any]
METHODS = {
    "card": "pm_card_visa",
    "declined": "pm_card_chargeDeclined",
    "disputed": "pm_card_createDispute",
    "bank_debit": "pm_usBankAccount_success",
    "bank_debit_failed": "pm_usBankAccount_insufficientFunds",
}


def act(world: World, document: Mapping[str, Any]) -> Document:
    """Raises ValueError, with Stripe's own words where it is Stripe that refuses."""
    made: Document = {}
    for name, does in _ACTS.items():
        if name in document:
            try:
                made[name] = does(world, document[name])
            except StripeError as error:
                raise ValueError(f"{name}: {error.message}") from error
    return made


def _pay(world: World, said: Mapping[str, Any]) -> Document:
    """Pays an invoice, in part or as a whole; what it can't take is a payment that only names it (by a copy
    of its metadata), as a payment link's is."""
    method_name = METHODS.get(str(said.get("method", "card")))
    if method_name is None:
        raise ValueError(f"pay.method: one of {', '.join(METHODS)}")
    invoice = _invoice(world, str(said["invoice"])) if said.get("invoice") else None
    customer = str(said.get("customer") or (invoice or {}).get("customer") or "")
    world.require("customer", customer, "customer")
    remaining = invoice["amount_remaining"] if invoice and invoice["status"] == "open" else 0
    amount = int(said["amount"]) if said.get("amount") is not None else remaining
    if amount <= 0:
        raise ValueError("pay.amount: nothing is open; say how much")
    currency = str(said.get("currency") or (invoice or {}).get("currency") or "usd").lower()
    more: Document = {"customer": customer, "description": "Payment"}
    fits = invoice is not None and amount <= remaining
    if invoice is not None and not fits:
        more["metadata"] = dict(invoice["metadata"])
    intent = payments.new_intent(world, amount, currency, **more)
    world.create(intent, "payment_intent.created")
    if invoice is not None and fits:
        payments.expect(world, invoice, intent)
    payments.confirm(world, intent, payment_methods.require_method(world, method_name))
    if intent["status"] == "succeeded" and invoice is not None and fits:
        invoice_life.add_payment(world, invoice, intent, amount)
    return {"id": intent["id"], "status": intent["status"], "charge": intent["latest_charge"]}


def _refund(world: World, said: Mapping[str, Any]) -> Document:
    made = charges.refund(world, _charge(world, said), _amount(said))
    return {"id": made["id"], "status": made["status"]}


def _dispute(world: World, said: Mapping[str, Any]) -> Document:
    fee = said.get("fee")
    made = disputes.open_dispute(
        world, _charge(world, said), _amount(said), disputes.FEE if fee is None else int(fee)
    )
    return {"id": made["id"], "status": made["status"]}


def _decide(world: World, said: Mapping[str, Any]) -> Document:
    dispute = world.require("dispute", str(said["dispute"]), "dispute")
    disputes.decide(world, dispute, won=bool(said["won"]))
    return {"id": dispute["id"], "status": dispute["status"]}


def _payout(world: World, said: Mapping[str, Any]) -> Document:
    made = payouts.pay_out(world, str(said.get("currency", "usd")).lower())
    return {"id": made["id"], "amount": made["amount"]}


def _settle(world: World, _said: object) -> Document:
    return {"settled": payments.settle_debits(world, due_only=False)}


def _invoice(world: World, name: str) -> Document:
    for invoice in world.all("invoice"):
        if name in (invoice["id"], invoice["number"], *invoice["metadata"].values()):
            return invoice
    raise ValueError(f"there is no invoice {name!r}")


def _charge(world: World, said: Mapping[str, Any]) -> Document:
    name = str(said.get("payment") or said.get("invoice"))
    if not name.startswith("pi_"):
        invoice = _invoice(world, name)
        paid = world.all("invoice_payment", invoice=invoice["id"], status="paid")
        if not paid:
            raise ValueError(f"invoice {name} is not paid")
        name = paid[0]["_intent"]
    intent = world.require("payment_intent", name, "payment_intent")
    if intent["latest_charge"] is None:
        raise ValueError(f"payment {intent['id']} has no charge")
    return world.require("charge", intent["latest_charge"])


def _amount(said: Mapping[str, Any]) -> int | None:
    return int(said["amount"]) if said.get("amount") is not None else None


_ACTS: Mapping[str, Callable[[World, Any], Document]] = {
    "pay": _pay,
    "refund": _refund,
    "dispute": _dispute,
    "decide_dispute": _decide,
    "payout": _payout,
    "settle_debits": _settle,
}
