"""Invoices: making, reading, changing and deleting them. What happens to them later is in `invoice_life`."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import exclusive, invalid, required, unsupported
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import customers, invoiceitems
from sandbox.stripe.resources.fields import keep, shipping
from sandbox.stripe.resources.tax_rates import require_rates
from sandbox.stripe.resources.totals import recompute
from sandbox.stripe.search import searched
from sandbox.stripe.text import words
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]

HOUR = 3600
_FINAL_FIELDS = words(
    """
    collection_method days_until_due due_date default_tax_rates number effective_at account_tax_ids
    custom_fields automatic_tax discounts issuer shipping_cost description footer
    automatically_finalizes_at
    """
)
"""What can't be changed any more once an invoice is finalized."""


def new_invoice(world: World, customer: Document, currency: str, reason: str, **more: Any) -> Document:
    """A draft without lines; it is not kept yet."""
    now = world.now()
    tax_ids = [
        {"type": one["type"], "value": one["value"]} for one in world.all("tax_id", customer=customer["id"])
    ]
    invoice: Document = {
        "id": world.new_id("in"),
        "object": "invoice",
        "account_country": "US",
        "account_name": "q2c sandbox",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": list(reversed(tax_ids)),
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": customer["invoice_settings"]["footer"],
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": customer["test_clock"],
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": now,
        "_lines": [],
        "_balance_applied": 0,
        "_days_until_due": None,
        "_made_at": world.clock_time(),
    }
    customers.check_currency(customer, currency)
    world.put(customer)
    return invoice | more


@operation("POST /v1/invoices")
def create(call: Call) -> Document:
    world = call.world
    _refuse_unsupported(call)
    customer = customers.of(call)
    subscription = None
    if call.get("subscription"):
        subscription = world.require("subscription", call.params["subscription"], "subscription")
        if subscription["customer"] != customer["id"]:
            raise invalid("The subscription belongs to a different customer.", "subscription")
    currency = call.get("currency") or (subscription or customer)["currency"] or "usd"
    invoice = new_invoice(world, customer, currency, "manual")
    if subscription is not None:
        invoice["parent"] = parent_of(subscription)
        invoice["default_tax_rates"] = list(subscription["default_tax_rates"])
    invoice["auto_advance"] = call.get("auto_advance", False)
    _keep_plain(call, invoice)
    _keep_terms(call, invoice)
    _keep_finalization(call, invoice)
    world.create(invoice)
    if call.get("pending_invoice_items_behavior") == "include":
        items = invoiceitems.pending(
            world, customer["id"], currency, subscription["id"] if subscription else None
        )
        for item in items:
            invoiceitems.attach(world, invoice, item)
    recompute(world, invoice)
    world.put(invoice)
    world.emit("invoice.created", invoice)
    return invoice


def parent_of(subscription: Document) -> Document:
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _refuse_unsupported(call: Call) -> None:
    for name in ("discounts", "shipping_cost", "from_invoice", "transfer_data", "application_fee_amount"):
        if call.get(name):
            raise unsupported(f"`{name}` of invoices", name)
    if (call.get("automatic_tax") or {}).get("enabled"):
        raise unsupported("Stripe Tax", "automatic_tax[enabled]")


def _keep_plain(call: Call, invoice: Document) -> None:
    keep(
        invoice,
        call,
        ("description", "footer", "statement_descriptor", "default_payment_method", "effective_at"),
    )
    if call.sent("custom_fields"):
        invoice["custom_fields"] = call.params["custom_fields"] or None
    if call.sent("shipping_details"):
        invoice["shipping_details"] = shipping(call.params["shipping_details"])
    if call.sent("default_tax_rates"):
        ids = call.params["default_tax_rates"] or []
        invoice["default_tax_rates"] = require_rates(call.world, ids, "default_tax_rates")
    if call.get("default_payment_method"):
        call.world.require("payment_method", call.params["default_payment_method"], "default_payment_method")
    if call.sent("number"):
        _keep_number(call, invoice)


def _keep_number(call: Call, invoice: Document) -> None:
    number = call.params["number"] or None
    taken = call.world.all("invoice", number=number) if number else []
    if any(other["id"] != invoice["id"] for other in taken):
        raise invalid(f"The invoice number '{number}' is already in use.", "number")
    invoice["number"] = number


def _keep_terms(call: Call, invoice: Document) -> None:
    """How it is collected, and until when."""
    now = call.world.now()
    days, due = call.get("days_until_due"), call.get("due_date")
    method = call.get("collection_method") or invoice["collection_method"]
    invoice["collection_method"] = method
    if days is not None and due is not None:
        raise exclusive("days_until_due", "due_date")
    if method == "charge_automatically":
        for name, value in (("days_until_due", days), ("due_date", due)):
            if value is not None:
                raise invalid(f"`{name}` can only be set when `collection_method` is `send_invoice`.", name)
        invoice["due_date"] = invoice["_days_until_due"] = None
        return
    if days is not None:
        if days < 0:
            raise invalid("Invalid non-negative integer", "days_until_due", "parameter_invalid_integer")
        invoice["_days_until_due"], invoice["due_date"] = days, now + days * DAY
    elif due is not None:
        if due <= now:
            raise invalid("`due_date` must be in the future.", "due_date")
        invoice["_days_until_due"], invoice["due_date"] = None, due
    elif invoice["due_date"] is None:
        raise required("days_until_due")


def _keep_finalization(call: Call, invoice: Document) -> None:
    """`auto_advance` drafts finalize by themselves, about an hour after they were made unless told when."""
    at = call.get("automatically_finalizes_at")
    if at is not None:
        if not invoice["auto_advance"]:
            message = "`automatically_finalizes_at` can only be set when `auto_advance` is true."
            raise invalid(message, "automatically_finalizes_at")
        if at <= call.world.now():
            raise invalid("`automatically_finalizes_at` must be in the future.", "automatically_finalizes_at")
    if invoice["status"] != "draft":
        return
    if not invoice["auto_advance"]:
        invoice["automatically_finalizes_at"] = None
    elif at is not None or invoice["automatically_finalizes_at"] is None:
        invoice["automatically_finalizes_at"] = at or call.world.now() + HOUR


@operation("GET /v1/invoices")
def list_invoices(call: Call) -> Document:
    found = call.world.all("invoice", customer=call.params["customer"]) if call.get("customer") else None
    found = call.world.all("invoice") if found is None else found
    found = pages.matching(call, found, ("collection_method", "customer", "status"), ("created", "due_date"))
    if call.get("subscription"):
        found = [invoice for invoice in found if subscription_of(invoice) == call.params["subscription"]]
    return pages.page(call, found)


def subscription_of(invoice: Document) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details")
    return details["subscription"] if details else None


@operation("GET /v1/invoices/search")
def search(call: Call) -> Document:
    fields = (
        "currency",
        "customer",
        "last_finalization_error_code",
        "number",
        "receipt_number",
        "status",
        "total",
    )
    return searched(call, call.world.all("invoice"), (*fields, "subscription"))


@operation("GET /v1/invoices/{invoice}")
def retrieve(call: Call) -> Document:
    return call.world.require("invoice", call.id(), "invoice")


@operation("POST /v1/invoices/{invoice}")
def update(call: Call) -> Document:
    world = call.world
    invoice = world.require("invoice", call.id(), "invoice")
    _refuse_unsupported(call)
    if invoice["status"] != "draft":
        fixed = next((name for name in _FINAL_FIELDS if call.sent(name)), None)
        if fixed is not None:
            raise invalid("Finalized invoices can't be updated in this way", fixed, "invoice_not_editable")
    if call.get("auto_advance") is not None:
        invoice["auto_advance"] = call.params["auto_advance"]
    _keep_plain(call, invoice)
    if any(call.sent(name) for name in ("collection_method", "days_until_due", "due_date")):
        _keep_terms(call, invoice)
    _keep_finalization(call, invoice)
    if invoice["status"] == "draft":
        recompute(world, invoice)
    return world.update(invoice, "invoice.updated")


@operation("DELETE /v1/invoices/{invoice}")
def delete(call: Call) -> Document:
    """Only one-off drafts go, with the items made for them; items that were waiting before wait again."""
    world = call.world
    invoice = world.require("invoice", call.id(), "invoice")
    if invoice["status"] != "draft":
        raise invalid("You can only delete draft invoices.", None, "invoice_not_editable")
    if subscription_of(invoice) is not None:
        message = "You cannot delete invoices that are for a subscription; finalize and void it instead."
        raise invalid(message, None, "invoice_not_editable")
    for item in world.all("invoiceitem", invoice=invoice["id"]):
        if item["_was_pending"]:
            world.put(item | {"invoice": None, "_line": None})
        else:
            world.delete(item, "invoiceitem.deleted")
    return world.delete(invoice, "invoice.deleted")
