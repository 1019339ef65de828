"""Invoice previews: the next invoice as it would be, computed and thrown away."""

from typing import Any

from sandbox.stripe.errors import StripeError, invalid, required, unsupported
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import (
    beginnings,
    changes,
    customers,
    cycles,
    invoiceitems,
    invoices,
    subscription_items,
    subscriptions,
)
from sandbox.stripe.resources.totals import recompute
from sandbox.stripe.world import World

Document = dict[str, Any]


class _Undo(Exception):
    """Ends the transaction in which a preview was computed."""


@operation("POST /v1/invoices/create_preview")
def create_preview(call: Call) -> Document:
    """Of a customer's waiting items, a subscription's next cycle, or a subscription that is not yet made."""
    for name in ("schedule", "schedule_details", "discounts"):
        if call.get(name):
            raise unsupported(f"previews with `{name}`", name)
    if not call.get("customer") and not call.get("subscription"):
        raise required("customer")
    return _undone(call)


def _undone(call: Call) -> Document:
    world = call.world
    made: Document = {}
    outbox_send = world.quiet
    world.quiet = True
    touched = set(world.touched)
    try:
        with world.state.transaction():
            made = _preview(call)
            raise _Undo
    except _Undo:
        world.touched = touched
    finally:
        world.quiet = outbox_send
    return made


def _preview(call: Call) -> Document:
    world = call.world
    subscription = _subscription(call)
    if subscription is None:
        invoice = _of_items(call)
    elif subscription.get("_not_made"):
        invoice = _of_new_subscription(world, subscription)
    else:
        invoice = _of_next_cycle(call, subscription)
    _add_items(call, invoice)
    recompute(world, invoice)
    id = invoice["id"].replace("in_", "upcoming_in_")
    for line in invoice["_lines"]:
        line["invoice"] = id
    return invoice | {"id": id, "status": "draft", "number": None}


def _subscription(call: Call) -> Document | None:
    world = call.world
    if call.get("subscription"):
        subscription = world.require("subscription", call.params["subscription"], "subscription")
        if subscription["status"] in subscriptions.ENDED:
            message = "No upcoming invoices for customer: the subscription is canceled."
            raise StripeError(404, message, code="invoice_upcoming_none")
        return subscription
    details = call.get("subscription_details") or {}
    if not details.get("items"):
        return None
    customer = customers.of(call)
    made = subscriptions.new_subscription(world, customer, _not_made=True)
    made["_items"] = [
        subscription_items.new_item(world, made["id"], sent, f"subscription_details[items][{index}]")
        for index, sent in enumerate(details["items"])
    ]
    made["currency"] = subscription_items.check_together(world, made["_items"], call.get("currency"))
    beginnings.start_periods(world, made)
    return made


def _of_new_subscription(world: World, subscription: Document) -> Document:
    return cycles.invoice_periods(world, subscription, subscription["_items"], "subscription_create")


def _of_next_cycle(call: Call, subscription: Document) -> Document:
    world = call.world
    details = call.get("subscription_details") or {}
    if details.get("items"):
        items = subscription_items.changed_items(world, subscription, details["items"])
        behaviour = details.get("proration_behavior", "create_prorations")
        at = details.get("proration_date")
        changes.change_items(world, subscription, items, behaviour, at=at)
    due = min(item["current_period_end"] for item in subscription["_items"])
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= due:
        message = "No upcoming invoices for customer: the subscription ends with its period."
        raise StripeError(404, message, code="invoice_upcoming_none")
    with world.at(due):
        return cycles.roll(world, subscription, due)


def _of_items(call: Call) -> Document:
    world = call.world
    customer = customers.of(call)
    currency = call.get("currency") or customer["currency"] or "usd"
    invoice = invoices.new_invoice(world, customer, currency, "upcoming")
    world.put(invoice)
    for item in invoiceitems.pending(world, customer["id"], currency, None):
        invoiceitems.attach(world, invoice, item)
    if not invoice["_lines"] and not call.get("invoice_items"):
        message = f"No upcoming invoices for customer: {customer['id']}"
        raise StripeError(404, message, code="invoice_upcoming_none")
    return invoice


def _add_items(call: Call, invoice: Document) -> None:
    world = call.world
    customer = world.get("customer", invoice["customer"]) or {}
    for index, sent in enumerate(call.get("invoice_items") or []):
        where = f"invoice_items[{index}]"
        if sent.get("invoiceitem"):
            raise invalid("The sandbox previews new invoice items only.", f"{where}[invoiceitem]")
        data = dict(sent)
        if data.get("price"):
            data["pricing"] = {"price": data.pop("price")}
        if data.get("unit_amount") is not None:
            data["unit_amount_decimal"] = str(data.pop("unit_amount"))
        item = invoiceitems.new_item(world, customer, data, invoice, None, where)
        invoiceitems.attach(world, invoice, item)
