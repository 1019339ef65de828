"""Invoice items: what stands on an invoice without a subscription, or waits for the next one."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import customers
from sandbox.stripe.resources.fields import keep, metadata
from sandbox.stripe.resources.lines import MOST_LINES, line_of_item, priced
from sandbox.stripe.resources.tax_rates import require_rates
from sandbox.stripe.resources.totals import recompute
from sandbox.stripe.world import World

Document = dict[str, Any]


@operation("POST /v1/invoiceitems")
def create(call: Call) -> Document:
    world = call.world
    invoice = world.require("invoice", call.params["invoice"], "invoice") if call.get("invoice") else None
    if invoice is not None and not call.get("customer"):
        call.params["customer"] = invoice["customer"]
    customer = customers.of(call)
    if invoice is not None:
        _check_invoice(invoice, customer)
    subscription = None
    if call.get("subscription"):
        subscription = world.require("subscription", call.params["subscription"], "subscription")
    item = new_item(world, customer, call.params, invoice, subscription)
    world.create(item, "invoiceitem.created")
    if invoice is not None:
        attach(world, invoice, item)
        world.update(invoice, "invoice.updated")
    return item


def _check_invoice(invoice: Document, customer: Document) -> None:
    if invoice["status"] != "draft":
        message = "The invoice is no longer editable: invoice items can only be added to draft invoices."
        raise invalid(message, "invoice", "invoice_not_editable")
    if invoice["customer"] != customer["id"]:
        raise invalid("The invoice belongs to a different customer.", "invoice")


def new_item(
    world: World,
    customer: Document,
    sent: Document,
    invoice: Document | None,
    subscription: Document | None,
    where: str = "",
) -> Document:
    """An invoice item as sent; it is neither kept nor on an invoice yet."""
    currency = sent.get("currency") or _currency(world, customer, sent, invoice)
    if invoice is not None and invoice["currency"] != currency:
        message = f"The invoice is in {invoice['currency']}; its items must be in the same currency."
        raise invalid(message, "currency")
    figures = priced(world, sent, currency, where)
    customers.check_currency(customer, currency)
    world.put(customer)
    period = sent.get("period") or {"start": world.now(), "end": world.now()}
    if period["end"] < period["start"]:
        raise invalid("The period's end must not be before its start.", "period[end]")
    return {
        "id": world.new_id("ii"),
        "object": "invoiceitem",
        "currency": currency,
        "customer": customer["id"],
        "date": world.now(),
        "description": sent.get("description") or None,
        "discountable": sent.get("discountable", figures["amount"] >= 0),
        "discounts": [],
        "invoice": invoice["id"] if invoice else None,
        "livemode": False,
        "metadata": metadata(sent.get("metadata")),
        "net_amount": figures["amount"],
        "parent": _parent(subscription),
        "period": {"end": period["end"], "start": period["start"]},
        "proration": False,
        "tax_rates": require_rates(world, sent.get("tax_rates") or [], "tax_rates"),
        "test_clock": customer["test_clock"],
        "_subscription": subscription["id"] if subscription else None,
        "_line": None,
        "_was_pending": invoice is None,
        **figures,
        "quantity": figures["quantity"] if figures["quantity"] is not None else 1,
    }


def _parent(subscription: Document | None) -> Document | None:
    if subscription is None:
        return None
    details = {"subscription": subscription["id"], "subscription_item": None}
    return {"subscription_details": details, "type": "subscription_details"}


def _currency(world: World, customer: Document, sent: Document, invoice: Document | None) -> str:
    if invoice is not None:
        return str(invoice["currency"])
    if sent.get("price_data"):
        return str(sent["price_data"]["currency"])
    if sent.get("pricing"):
        return str(world.require("price", sent["pricing"].get("price", ""), "pricing[price]")["currency"])
    return customer["currency"] or "usd"


def attach(world: World, invoice: Document, item: Document) -> Document:
    """Put an item on a draft; returns the line. The invoice is changed, not kept."""
    if len(invoice["_lines"]) >= MOST_LINES:
        raise invalid(f"An invoice can have at most {MOST_LINES} line items.", "invoice")
    line = line_of_item(world, item)
    line["invoice"] = invoice["id"]
    item["invoice"] = invoice["id"]
    world.put(item)
    invoice["_lines"].append(line)
    recompute(world, invoice)
    return line


def pending(world: World, customer: str, currency: str, subscription: str | None) -> list[Document]:
    """Items that wait for the next invoice (of this subscription), oldest first."""
    found = [item for item in world.all("invoiceitem", customer=customer) if item["invoice"] is None]
    wanted = [item for item in found if item["_subscription"] in (None, subscription)]
    return [item for item in reversed(wanted) if item["currency"] == currency]


@operation("GET /v1/invoiceitems")
def list_items(call: Call) -> Document:
    found = pages.matching(call, call.world.all("invoiceitem"), ("customer", "invoice"), ("created",))
    if call.get("pending") is not None:
        found = [item for item in found if (item["invoice"] is None) == call.params["pending"]]
    return pages.page(call, found)


@operation("GET /v1/invoiceitems/{invoiceitem}")
def retrieve(call: Call) -> Document:
    return call.world.require("invoiceitem", call.id(), "invoiceitem")


@operation("POST /v1/invoiceitems/{invoiceitem}")
def update(call: Call) -> Document:
    world = call.world
    item = world.require("invoiceitem", call.id(), "invoiceitem")
    invoice = _editable_invoice(world, item)
    keep(item, call, ("description", "discountable"))
    if any(
        call.sent(name) for name in ("amount", "pricing", "price_data", "unit_amount_decimal", "quantity")
    ):
        item |= _changed_figures(call, item)
        item["net_amount"] = item["amount"]
    if call.sent("period"):
        item["period"] = call.params["period"]
    if call.sent("tax_rates"):
        item["tax_rates"] = require_rates(world, call.params["tax_rates"] or [], "tax_rates")
    world.update(item, None)
    if invoice is not None:
        at = next(index for index, line in enumerate(invoice["_lines"]) if line["id"] == item["_line"])
        replaced = line_of_item(world, item) | {"id": invoice["_lines"][at]["id"], "invoice": invoice["id"]}
        item["_line"] = replaced["id"]
        invoice["_lines"][at] = replaced
        world.put(item)
        recompute(world, invoice)
        world.update(invoice, "invoice.updated")
    return item


def _changed_figures(call: Call, item: Document) -> Document:
    sent = {name: value for name, value in call.params.items() if value != ""}
    if set(sent) & {"amount", "pricing", "price_data", "unit_amount_decimal"}:
        return priced(call.world, sent, item["currency"])
    if item["pricing"] is None:
        raise invalid("You cannot change the quantity of an invoice item that has an amount.", "quantity")
    price = call.world.require("price", item["pricing"]["price_details"]["price"], "pricing[price]")
    return priced(
        call.world,
        {"unit_amount_decimal": price["unit_amount_decimal"], "quantity": sent["quantity"]},
        item["currency"],
    ) | {"pricing": item["pricing"]}


def _editable_invoice(world: World, item: Document) -> Document | None:
    invoice = world.get("invoice", item["invoice"]) if item["invoice"] else None
    if invoice is not None and invoice["status"] != "draft":
        message = "This invoice item cannot be changed: its invoice is no longer editable."
        raise invalid(message, None, "invoice_not_editable")
    return invoice


@operation("DELETE /v1/invoiceitems/{invoiceitem}")
def delete(call: Call) -> Document:
    world = call.world
    item = world.require("invoiceitem", call.id(), "invoiceitem")
    invoice = _editable_invoice(world, item)
    if invoice is not None:
        invoice["_lines"] = [line for line in invoice["_lines"] if line["id"] != item["_line"]]
        recompute(world, invoice)
        world.update(invoice, "invoice.updated")
    return world.delete(item, "invoiceitem.deleted")
