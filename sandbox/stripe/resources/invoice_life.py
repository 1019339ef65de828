"""What happens to an invoice: finalized, sent, paid, voided, written off."""

from typing import Any

from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import customers, payments
from sandbox.stripe.resources.totals import settle
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]

_HOST = "https://invoice.stripe.com/i"


@operation("POST /v1/invoices/{invoice}/finalize")
def finalize_invoice(call: Call) -> Document:
    world = call.world
    invoice = world.require("invoice", call.id(), "invoice")
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    if call.get("auto_advance") is not None:
        invoice["auto_advance"] = call.params["auto_advance"]
    finalize(world, invoice)
    if invoice["auto_advance"]:
        advance(world, invoice)
    return invoice


def finalize(world: World, invoice: Document) -> Document:
    """Number it, use the customer's balance, and open it; one of which nothing is due is paid at once."""
    now = world.now()
    customer = world.get("customer", invoice["customer"]) or {}
    if invoice["number"] is None:
        invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
        customer["next_invoice_sequence"] += 1
        world.put(customer)
    invoice["status"] = "open"
    invoice["status_transitions"]["finalized_at"] = now
    invoice["effective_at"] = invoice["effective_at"] or now
    invoice["automatically_finalizes_at"] = None
    invoice["hosted_invoice_url"] = f"{_HOST}/{invoice['id']}"
    invoice["invoice_pdf"] = f"https://pay.stripe.com/invoice/{invoice['id']}/pdf"
    if invoice["_days_until_due"] is not None:
        invoice["due_date"] = now + invoice["_days_until_due"] * DAY
    _use_balance(world, customer, invoice)
    settle(invoice)
    world.update(invoice, "invoice.updated", "invoice.finalized")
    if invoice["amount_remaining"] == 0:
        mark_paid(world, invoice)
    return invoice


def _use_balance(world: World, customer: Document, invoice: Document) -> None:
    """Credit pays, up to the total; a debit is billed with it; a total below zero becomes credit."""
    currency = invoice["currency"]
    before = customers.balance(customer, currency)
    total = invoice["total"]
    invoice["starting_balance"] = before
    applied = total if total < 0 else -min(-before, total) if before < 0 else before
    invoice["_balance_applied"] = applied if total >= 0 else -total
    change = total if total < 0 else -applied
    if change:
        kind = "invoice_too_small" if total < 0 else "applied_to_invoice"
        customers.change_balance(world, customer, change, currency, kind, invoice=invoice["id"])
    invoice["ending_balance"] = customers.balance(customer, currency)


def advance(world: World, invoice: Document) -> None:
    """What automatic collection does to an invoice that was just finalized."""
    if invoice["status"] != "open":
        return
    if invoice["collection_method"] == "send_invoice":
        world.emit("invoice.sent", invoice)
        return
    collect(world, invoice)


def collect(world: World, invoice: Document) -> bool:
    """Charge the default payment method; whether it was paid."""
    method = payments.default_method(world, invoice)
    invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
    world.put(invoice)
    if method is None:
        world.emit("invoice.payment_failed", invoice)
        return False
    intent = payments.charge_invoice(world, invoice, method)
    if intent["status"] == "processing":
        return False
    if intent["status"] != "succeeded":
        world.emit("invoice.payment_failed", invoice)
        return False
    add_payment(world, invoice, intent, invoice["amount_remaining"])
    return True


def add_payment(world: World, invoice: Document, intent: Document | None, amount: int) -> None:
    """Count a payment (without an intent: one outside of Stripe) towards the invoice."""
    if intent is not None:
        for expected in world.all("invoice_payment", _intent=intent["id"], status="open"):
            world.delete(expected)
        payment = payments.new_invoice_payment(world, invoice, intent, amount)
        world.create(payment, "invoice_payment.paid")
    else:
        invoice["amount_paid_off_stripe"] += amount
    invoice["amount_paid"] += amount
    settle(invoice)
    if invoice["amount_remaining"] == 0:
        mark_paid(world, invoice)
    else:
        world.update(invoice, "invoice.updated")


def mark_paid(world: World, invoice: Document) -> None:
    invoice["status"] = "paid"
    invoice["attempted"] = True
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = world.now()
    world.update(invoice, "invoice.updated", "invoice.paid", "invoice.payment_succeeded")
    _subscription_paid(world, invoice)


def _subscription_paid(world: World, invoice: Document) -> None:
    details = (invoice["parent"] or {}).get("subscription_details")
    subscription = world.get("subscription", details["subscription"]) if details else None
    if subscription is not None and subscription["status"] in ("incomplete", "past_due"):
        subscription["status"] = "active"
        world.update(subscription, "customer.subscription.updated")


@operation("POST /v1/invoices/{invoice}/send")
def send(call: Call) -> Document:
    invoice = call.world.require("invoice", call.id(), "invoice")
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalize(call.world, invoice)
    if invoice["status"] in ("void", "uncollectible"):
        raise invalid("You can only send invoices that are open or paid.")
    call.world.emit("invoice.sent", invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/pay")
def pay(call: Call) -> Document:
    world = call.world
    invoice = world.require("invoice", call.id(), "invoice")
    if invoice["status"] == "draft":
        finalize(world, invoice)
        if invoice["status"] == "paid":
            return invoice
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] == "void":
        raise invalid("Invoices that are void can't be paid.")
    if call.get("paid_out_of_band"):
        add_payment(world, invoice, None, invoice["amount_remaining"])
        return invoice
    return _pay_by_method(call, invoice)


def _pay_by_method(call: Call, invoice: Document) -> Document:
    world = call.world
    named = call.get("payment_method")
    if named:
        method: Document | None = payments.require_method(world, named)
    else:
        method = payments.default_method(world, invoice)
    if method is None:
        message = (
            "There is no `default_payment_method` set on this Customer or Invoice. Please set a"
            " `default_payment_method`."
        )
        raise StripeError(400, message, code="invoice_no_payment_method_types")
    invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
    intent = payments.charge_invoice(world, invoice, method)
    world.put(invoice)
    if intent["status"] == "processing":
        return invoice
    if intent["status"] != "succeeded":
        world.emit("invoice.payment_failed", invoice)
    payments.refuse_unless_succeeded(intent)
    add_payment(world, invoice, intent, invoice["amount_remaining"])
    return invoice


@operation("POST /v1/invoices/{invoice}/attach_payment")
def attach_payment(call: Call) -> Document:
    world = call.world
    invoice = world.require("invoice", call.id(), "invoice")
    if invoice["status"] != "open":
        raise invalid("Payments can only be attached to open invoices.")
    intent = world.require("payment_intent", call.get("payment_intent", ""), "payment_intent")
    if intent["status"] != "succeeded":
        raise invalid("The PaymentIntent has not succeeded.", "payment_intent")
    if intent["currency"] != invoice["currency"]:
        raise invalid("The PaymentIntent's currency is not the invoice's.", "payment_intent")
    if world.all("invoice_payment", _intent=intent["id"]):
        raise invalid("The PaymentIntent is already attached to an invoice.", "payment_intent")
    if intent["amount"] > invoice["amount_remaining"]:
        raise invalid(
            "The PaymentIntent's amount is more than the invoice's amount remaining.", "payment_intent"
        )
    add_payment(world, invoice, intent, intent["amount"])
    return invoice


@operation("POST /v1/invoices/{invoice}/void")
def void_invoice(call: Call) -> Document:
    world = call.world
    invoice = world.require("invoice", call.id(), "invoice")
    if invoice["status"] not in ("open", "uncollectible"):
        message = (
            "You can only pass in open or uncollectible invoices. This invoice isn't open or uncollectible."
        )
        raise invalid(message)
    if invoice["amount_paid"] > 0:
        raise invalid("You cannot void an invoice that has been partially paid.")
    applied = invoice["_balance_applied"]
    if applied:
        customer = world.get("customer", invoice["customer"]) or {}
        kind = "unapplied_from_invoice"
        customers.change_balance(world, customer, applied, invoice["currency"], kind, invoice=invoice["id"])
    invoice["status"] = "void"
    invoice["auto_advance"] = False
    invoice["status_transitions"]["voided_at"] = world.now()
    return world.update(invoice, "invoice.updated", "invoice.voided")


@operation("POST /v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(call: Call) -> Document:
    invoice = call.world.require("invoice", call.id(), "invoice")
    if invoice["status"] != "open":
        raise invalid("You can only mark open invoices as uncollectible.")
    invoice["status"] = "uncollectible"
    invoice["status_transitions"]["marked_uncollectible_at"] = call.world.now()
    return call.world.update(invoice, "invoice.updated", "invoice.marked_uncollectible")
