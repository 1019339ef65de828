"""Charges of payment intents, and what is given back of them."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.stripe.money import shown
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import payment_methods
from sandbox.stripe.resources.fields import keep, metadata
from sandbox.stripe.resources.ledger import new_balance_transaction
from sandbox.stripe.text import words
from sandbox.stripe.world import World

Document = dict[str, Any]


def new_charge(
    world: World, intent: Document, method: Document, *, failed: str | None, pending: bool = False
) -> Document:
    captured = intent["capture_method"] != "manual" and failed is None
    id = world.new_id("ch")
    amount = intent["amount"]
    details: Document = {method["type"]: _charged(method, amount), "type": method["type"]}
    charge: Document = {
        "id": id,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "Q2C SANDBOX",
        "captured": captured,
        "created": world.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None
        if failed is None
        else "expired_card"
        if failed == "expired_card"
        else "card_declined",
        "failure_message": None if failed is None else payment_methods.declined(failed).message,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": failed is None and not pending,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": details,
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"https://pay.stripe.com/receipts/{id}",
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending" if pending else "succeeded" if failed is None else "failed",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    if pending:
        return world.create(charge, "charge.pending")
    if captured:
        charge["balance_transaction"] = new_balance_transaction(
            world, amount, intent["currency"], "charge", id
        )
    return world.create(charge, "charge.succeeded" if failed is None else "charge.failed")


def settle_charge(world: World, charge: Document) -> None:
    """A pending charge has succeeded: it is money from now on."""
    charge |= {"status": "succeeded", "paid": True}
    charge["balance_transaction"] = new_balance_transaction(
        world, charge["amount"], charge["currency"], "charge", charge["id"]
    )
    world.update(charge, None, "charge.succeeded")


_OF_BANK = words("account_holder_type account_type bank_name fingerprint last4 routing_number")
_OF_CARD = words("brand checks country exp_month exp_year fingerprint funding last4 wallet")


def _charged(method: Document, amount: int) -> Document:
    details: Document = method[method["type"]]
    if method["type"] != "card":
        return {name: details[name] for name in _OF_BANK} | {"payment_reference": None}
    more = {"amount_authorized": amount, "installments": None, "mandate": None, "network": details["brand"]}
    return {name: details[name] for name in _OF_CARD} | more | {"three_d_secure": None}


@operation("GET /v1/charges")
def list_charges(call: Call) -> Document:
    fields = ("customer", "payment_intent", "transfer_group")
    return pages.page(call, pages.matching(call, call.world.all("charge"), fields, ("created",)))


@operation("GET /v1/charges/{charge}")
def retrieve_charge(call: Call) -> Document:
    return call.world.require("charge", call.id(), "charge")


@operation("POST /v1/charges/{charge}")
def update_charge(call: Call) -> Document:
    charge = call.world.require("charge", call.id(), "charge")
    keep(charge, call, ("description", "receipt_email", "transfer_group"))
    return call.world.update(charge, "charge.updated")


# Refunds


@operation("POST /v1/refunds")
def create_refund(call: Call) -> Document:
    world = call.world
    if call.get("charge"):
        charge = world.require("charge", call.params["charge"], "charge")
    elif call.get("payment_intent"):
        intent = world.require("payment_intent", call.params["payment_intent"], "payment_intent")
        if not intent["latest_charge"]:
            raise invalid("This PaymentIntent does not have a successful charge to refund.", "payment_intent")
        charge = world.require("charge", intent["latest_charge"], "payment_intent")
    else:
        raise required("charge")
    return refund(
        world, charge, call.get("amount"), reason=call.get("reason"), metadata=metadata(call.get("metadata"))
    )


def refund(world: World, charge: Document, amount: int | None, **more: Any) -> Document:
    """Give back a part of a charge, or what is left of it."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    wanted = left if amount is None else amount
    if charge["refunded"] or left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeError(400, message, code="charge_already_refunded")
    if wanted <= 0:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if wanted > left:
        currency = charge["currency"]
        raise invalid(
            f"Refund amount ({shown(wanted, currency)}) is greater than unrefunded amount on charge"
            f" ({shown(left, currency)})",
            "amount",
        )
    id = world.new_id("re")
    made: Document = {
        "id": id,
        "object": "refund",
        "amount": wanted,
        "balance_transaction": new_balance_transaction(world, -wanted, charge["currency"], "refund", id),
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    made |= more
    world.create(made, "refund.created")
    charge["amount_refunded"] += wanted
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    world.update(charge, "charge.refunded")
    return made


@operation("GET /v1/refunds")
def list_refunds(call: Call) -> Document:
    fields = ("charge", "payment_intent")
    return pages.page(call, pages.matching(call, call.world.all("refund"), fields, ("created",)))


@operation("GET /v1/charges/{charge}/refunds")
def list_refunds_of_charge(call: Call) -> Document:
    charge = call.world.require("charge", call.id(), "charge")
    return pages.page(call, call.world.all("refund", charge=charge["id"]))


@operation("GET /v1/refunds/{refund}")
def retrieve_refund(call: Call) -> Document:
    return call.world.require("refund", call.id(), "refund")


@operation("POST /v1/refunds/{refund}")
def update_refund(call: Call) -> Document:
    kept = call.world.require("refund", call.id(), "refund")
    keep(kept, call, ())
    return call.world.update(kept, "refund.updated")
