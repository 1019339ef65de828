"""Payment intents, as far as invoices need them."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.money import check_amount
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import payment_methods
from sandbox.stripe.resources.charges import new_charge, settle_charge
from sandbox.stripe.resources.fields import keep, shipping
from sandbox.stripe.resources.ledger import new_balance_transaction
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]

require_method = payment_methods.require_method
_DEBIT_DAYS = 4
_DECLINES = ("generic_decline", "insufficient_funds", "expired_card")


def default_method(world: World, invoice: Document) -> Document | None:
    """The invoice's, its subscription's or its customer's payment method."""
    details = (invoice["parent"] or {}).get("subscription_details")
    subscription = world.get("subscription", details["subscription"]) if details else None
    customer = world.get("customer", invoice["customer"]) or {"invoice_settings": {}}
    named = [
        invoice["default_payment_method"],
        subscription["default_payment_method"] if subscription else None,
        customer["invoice_settings"].get("default_payment_method"),
    ]
    id = next((name for name in named if name), None)
    return payment_methods.require_method(world, id) if id else None


def charge_invoice(world: World, invoice: Document, method: Document) -> Document:
    """A payment intent over what remains of the invoice, confirmed."""
    intent = new_intent(
        world,
        invoice["amount_remaining"],
        invoice["currency"],
        customer=invoice["customer"],
        description=f"Payment for Invoice {invoice['number']}",
    )
    world.create(intent, "payment_intent.created")
    expect(world, invoice, intent)
    confirm(world, intent, method)
    return intent


def new_invoice_payment(world: World, invoice: Document, intent: Document, amount: int) -> Document:
    now = world.now()
    return {
        "id": world.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": amount,
        "amount_requested": amount,
        "created": now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": now},
        "_intent": intent["id"],
    }


@operation("GET /v1/invoice_payments")
def list_invoice_payments(call: Call) -> Document:
    found = pages.matching(call, call.world.all("invoice_payment"), ("invoice", "status"), ("created",))
    intent = (call.get("payment") or {}).get("payment_intent")
    return pages.page(call, [one for one in found if intent in (None, one["_intent"])])


@operation("GET /v1/invoice_payments/{invoice_payment}")
def retrieve_invoice_payment(call: Call) -> Document:
    return call.world.require("invoice_payment", call.id(), "invoice_payment")


# Payment intents


def new_intent(world: World, amount: int, currency: str, **more: Any) -> Document:
    id = world.new_id("pi")
    intent: Document = {
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{id}_secret_{world.new_id('s', 20)[2:]}",
        "confirmation_method": "automatic",
        "created": world.now(),
        "currency": currency,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    return intent | more


@operation("POST /v1/payment_intents")
def create_intent(call: Call) -> Document:
    world = call.world
    amount, currency = call.params["amount"], call.params["currency"]
    if amount <= 0:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, "amount", "parameter_invalid_integer")
    check_amount(amount, currency, "amount")
    if call.get("customer"):
        world.require("customer", call.params["customer"], "customer")
    intent = new_intent(world, amount, currency, customer=call.get("customer"))
    _keep_intent(call, intent)
    world.create(intent, "payment_intent.created")
    if call.get("confirm"):
        method = _method_of(call, intent)
        refuse_unless_succeeded(confirm(world, intent, method))
    elif call.get("payment_method"):
        intent["payment_method"] = require_method(world, call.params["payment_method"])["id"]
        intent["status"] = "requires_confirmation"
        world.put(intent)
    return intent


def _keep_intent(call: Call, intent: Document) -> None:
    keep(intent, call, ("description", "receipt_email", "statement_descriptor", "setup_future_usage"))
    for name in ("capture_method", "confirmation_method", "payment_method_types", "transfer_group"):
        if call.get(name) is not None:
            intent[name] = call.params[name]
    if call.sent("shipping"):
        intent["shipping"] = shipping(call.params["shipping"])


def _method_of(call: Call, intent: Document) -> Document:
    id = call.get("payment_method") or intent["payment_method"]
    if id is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can"
            " either update"
            " the"
            " PaymentIntent with a payment method and then confirm it again, or confirm it again"
            " directly with a"
            " payment method."
        )
        raise StripeError(400, message, code="payment_intent_unexpected_state", param="payment_method")
    return require_method(call.world, id)


def confirm(world: World, intent: Document, method: Document) -> Document:
    """Charge the method; the intent says whether that succeeded. Nothing is raised."""
    intent["payment_method"] = method["id"]
    reason = method["_behaviour"]
    if method["type"] == "us_bank_account":
        return _start_debit(world, intent, method)
    charge = new_charge(world, intent, method, failed=reason if reason in _DECLINES else None)
    intent["latest_charge"] = charge["id"]
    if charge["status"] == "failed":
        error = payment_methods.declined(reason).body("req")["error"]
        error.pop("request_log_url")
        intent |= {"status": "requires_payment_method", "payment_method": None}
        intent["last_payment_error"] = error | {"charge": charge["id"]}
        world.update(intent, None, "payment_intent.payment_failed")
        return intent
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        world.update(intent, None, "payment_intent.amount_capturable_updated")
        return intent
    _succeed(world, intent, intent["amount"])
    if reason == "dispute":
        from sandbox.stripe.resources import disputes

        disputes.open_dispute(world, charge)
    return intent


def _start_debit(world: World, intent: Document, method: Document) -> Document:
    """A bank debit is pending for days, then it has succeeded or not."""
    charge = new_charge(world, intent, method, failed=None, pending=True)
    intent |= {
        "latest_charge": charge["id"],
        "status": "processing",
        "payment_method_types": ["us_bank_account"],
        "_settles_at": world.now() + _DEBIT_DAYS * DAY,
        "_debit_fails": method["_behaviour"] == "insufficient_funds",
    }
    world.update(intent, None, "payment_intent.processing")
    return intent


def settle_debits(world: World, *, due_only: bool = True) -> int:
    """What the banks say of pending debits; how many they spoke of."""
    pending = world.all("payment_intent", status="processing")
    due = [one for one in pending if not due_only or one["_settles_at"] <= world.clock_time()]
    for intent in due:
        charge = world.require("charge", intent["latest_charge"])
        if intent["_debit_fails"]:
            _fail_debit(world, intent, charge)
        else:
            settle_charge(world, charge)
            _succeed(world, intent, intent["amount"])
            _count_debit(world, intent)
    return len(due)


def _fail_debit(world: World, intent: Document, charge: Document) -> None:
    message = "The bank account does not have sufficient funds."
    charge |= {"status": "failed", "failure_code": "insufficient_funds", "failure_message": message}
    world.update(charge, None, "charge.failed")
    intent |= {"status": "requires_payment_method", "payment_method": None}
    intent["last_payment_error"] = {
        "charge": charge["id"],
        "code": "payment_method_customer_decline",
        "decline_code": "insufficient_funds",
        "message": message,
        "type": "card_error",
    }
    world.update(intent, None, "payment_intent.payment_failed")


def _count_debit(world: World, intent: Document) -> None:
    from sandbox.stripe.resources import invoice_life

    for expected in world.all("invoice_payment", _intent=intent["id"], status="open"):
        invoice = world.require("invoice", expected["invoice"])
        invoice_life.add_payment(world, invoice, intent, expected["amount_requested"])


def expect(world: World, invoice: Document, intent: Document) -> None:
    """The invoice's payment before it is made: who reads the payment then sees what it is for."""
    payment = new_invoice_payment(world, invoice, intent, intent["amount"])
    payment |= {"amount_paid": None, "status": "open"}
    payment["status_transitions"]["paid_at"] = None
    world.create(payment)


def _succeed(world: World, intent: Document, amount: int) -> None:
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    world.update(intent, None, "payment_intent.succeeded")


def refuse_unless_succeeded(intent: Document) -> None:
    """Raise the decline of a payment that was made within the request."""
    if intent["status"] in ("succeeded", "requires_capture", "processing"):
        return
    last = intent["last_payment_error"]
    error = StripeError(
        402,
        last["message"],
        type="card_error",
        code=last["code"],
        decline_code=last.get("decline_code"),
        charge=last["charge"],
    )
    error.leaves_traces = True
    raise error


@operation("GET /v1/payment_intents")
def list_intents(call: Call) -> Document:
    return pages.page(
        call, pages.matching(call, call.world.all("payment_intent"), ("customer",), ("created",))
    )


@operation("GET /v1/payment_intents/{intent}")
def retrieve_intent(call: Call) -> Document:
    return call.world.require("payment_intent", call.id(), "intent")


@operation("POST /v1/payment_intents/{intent}")
def update_intent(call: Call) -> Document:
    intent = call.world.require("payment_intent", call.id(), "intent")
    if intent["status"] in ("succeeded", "canceled") and (call.sent("amount") or call.sent("currency")):
        message = (
            f"This PaymentIntent's amount could not be updated because it has a status of {intent['status']}."
        )
        raise StripeError(400, message, code="payment_intent_unexpected_state", param="amount")
    for name in ("amount", "currency", "customer"):
        if call.get(name) is not None:
            intent[name] = call.params[name]
    if call.get("payment_method"):
        intent["payment_method"] = require_method(call.world, call.params["payment_method"])["id"]
        intent["status"] = "requires_confirmation"
    _keep_intent(call, intent)
    return call.world.update(intent, None)


@operation("POST /v1/payment_intents/{intent}/confirm")
def confirm_intent(call: Call) -> Document:
    intent = call.world.require("payment_intent", call.id(), "intent")
    _check_state(intent, ("requires_payment_method", "requires_confirmation"), "confirm")
    confirm(call.world, intent, _method_of(call, intent))
    refuse_unless_succeeded(intent)
    return intent


@operation("POST /v1/payment_intents/{intent}/capture")
def capture_intent(call: Call) -> Document:
    world = call.world
    intent = world.require("payment_intent", call.id(), "intent")
    _check_state(intent, ("requires_capture",), "capture")
    amount = call.get("amount_to_capture", intent["amount"])
    charge = world.require("charge", intent["latest_charge"])
    charge |= {"captured": True, "amount_captured": amount}
    charge["balance_transaction"] = new_balance_transaction(
        world, amount, charge["currency"], "charge", charge["id"]
    )
    world.update(charge, None, "charge.captured")
    _succeed(world, intent, amount)
    return intent


@operation("POST /v1/payment_intents/{intent}/cancel")
def cancel_intent(call: Call) -> Document:
    intent = call.world.require("payment_intent", call.id(), "intent")
    _check_state(intent, ("requires_payment_method", "requires_confirmation", "requires_capture"), "cancel")
    intent |= {"status": "canceled", "canceled_at": call.world.now(), "amount_capturable": 0}
    intent["cancellation_reason"] = call.get("cancellation_reason")
    return call.world.update(intent, None, "payment_intent.canceled")


def _check_state(intent: Document, allowed: tuple[str, ...], verb: str) -> None:
    if intent["status"] not in allowed:
        message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
        raise StripeError(400, message, code="payment_intent_unexpected_state")
