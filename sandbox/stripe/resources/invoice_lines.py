"""The lines of a draft, several at once or one at a time."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid, missing, required
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import invoiceitems
from sandbox.stripe.resources.fields import metadata
from sandbox.stripe.resources.lines import apply_taxes, priced
from sandbox.stripe.resources.totals import recompute
from sandbox.stripe.world import World

Document = dict[str, Any]


@operation("GET /v1/invoices/{invoice}/lines")
def list_lines(call: Call) -> Document:
    """In the invoice's order, not newest first."""
    invoice = call.world.require("invoice", call.id(), "invoice")
    return pages.page(call, invoice["_lines"])


def _draft(call: Call) -> Document:
    invoice = call.world.require("invoice", call.ids["invoice"], "invoice")
    if invoice["status"] != "draft":
        message = "Only draft invoices can have their lines changed; this invoice is no longer editable."
        raise invalid(message, None, "invoice_not_editable")
    return invoice


def _kept(call: Call, invoice: Document) -> Document:
    if call.sent("invoice_metadata"):
        invoice["metadata"] = metadata(call.params["invoice_metadata"], invoice["metadata"])
    recompute(call.world, invoice)
    return call.world.update(invoice, "invoice.updated")


@operation("POST /v1/invoices/{invoice}/add_lines")
def add_lines(call: Call) -> Document:
    world = call.world
    invoice = _draft(call)
    customer = world.require("customer", invoice["customer"], "customer")
    for index, sent in enumerate(call.params["lines"] or []):
        where = f"lines[{index}]"
        item = _item(world, customer, sent, invoice, where)
        line = invoiceitems.attach(world, invoice, item)
        apply_taxes(world, line, sent, where)
    return _kept(call, invoice)


def _item(world: World, customer: Document, sent: Document, invoice: Document, where: str) -> Document:
    """The waiting item that is named, or a new one."""
    if sent.get("invoice_item"):
        item = world.require("invoiceitem", sent["invoice_item"], f"{where}[invoice_item]")
        if item["invoice"] is not None:
            raise invalid("The invoice item is already assigned to an invoice.", f"{where}[invoice_item]")
        return item
    data = _with_product(sent)
    item = invoiceitems.new_item(world, customer, data, invoice, None, where)
    return world.create(item, "invoiceitem.created")


def _with_product(sent: Document) -> Document:
    if sent.get("price_data") and not (
        sent["price_data"].get("product") or sent["price_data"].get("product_data")
    ):
        raise required("price_data[product]")
    return sent


@operation("POST /v1/invoices/{invoice}/update_lines")
def update_lines(call: Call) -> Document:
    invoice = _draft(call)
    for index, sent in enumerate(call.params["lines"] or []):
        _change(call.world, invoice, sent["id"], sent, f"lines[{index}]")
    return _kept(call, invoice)


@operation("POST /v1/invoices/{invoice}/lines/{line_item_id}")
def update_line(call: Call) -> Document:
    invoice = _draft(call)
    line = _change(call.world, invoice, call.ids["line_item_id"], call.params, "")
    _kept(call, invoice)
    return line


def _line(invoice: Document, id: str, param: str) -> Document:
    for line in invoice["_lines"]:
        if line["id"] == id:
            found: Document = line
            return found
    raise missing("invoice line item", id, param)


def _change(world: World, invoice: Document, id: str, sent: Document, where: str) -> Document:
    line = _line(invoice, id, f"{where}[id]" if where else "line_item_id")
    figures = [
        name for name in ("amount", "pricing", "price_data", "quantity", "quantity_decimal") if name in sent
    ]
    if figures:
        _refuse_subscription_line(line, figures[0])
        wanted: Document = {name: sent[name] for name in figures}
        if not set(wanted) & {"amount", "pricing", "price_data"} and line["pricing"]:
            wanted["unit_amount_decimal"] = line["pricing"]["unit_amount_decimal"]
        line |= priced(world, wanted, invoice["currency"], where)
    if "period" in sent:
        line["period"] = {"end": sent["period"]["end"], "start": sent["period"]["start"]}
    for name in ("description", "discountable"):
        if name in sent:
            line[name] = sent[name] if sent[name] != "" else None
    if "metadata" in sent:
        line["metadata"] = metadata(sent["metadata"], line["metadata"])
    apply_taxes(world, line, sent, where)
    _keep_item(world, line)
    return line


def _refuse_subscription_line(line: Document, param: str) -> None:
    if line["parent"]["type"] == "subscription_item_details":
        message = (
            "You cannot change the amount, price or quantity of a line item that comes from a subscription."
        )
        raise invalid(message, param)


def _keep_item(world: World, line: Document) -> None:
    """The invoice item behind a line follows it."""
    details = line["parent"]["invoice_item_details"]
    item = world.get("invoiceitem", details["invoice_item"]) if details else None
    if item is None:
        return
    for name in (
        "amount",
        "description",
        "discountable",
        "metadata",
        "period",
        "pricing",
        "quantity_decimal",
    ):
        item[name] = line[name]
    item["quantity"] = line["quantity"] if line["quantity"] is not None else 1
    item["net_amount"], item["tax_rates"] = line["amount"], line["_tax_rates"]
    world.put(item)


@operation("POST /v1/invoices/{invoice}/remove_lines")
def remove_lines(call: Call) -> Document:
    """`delete` the items of lines, or `unassign` them: they wait for the next invoice."""
    world = call.world
    invoice = _draft(call)
    for index, sent in enumerate(call.params["lines"] or []):
        line = _line(invoice, sent["id"], f"lines[{index}][id]")
        _refuse_subscription_line(line, f"lines[{index}][id]")
        item = world.require("invoiceitem", line["parent"]["invoice_item_details"]["invoice_item"])
        if sent["behavior"] == "delete":
            world.delete(item, "invoiceitem.deleted")
        else:
            world.put(item | {"invoice": None, "_line": None, "_was_pending": True})
        invoice["_lines"].remove(line)
    return _kept(call, invoice)
