"""Credit notes: what is taken off an issued invoice, before payment or after it."""

from fractions import Fraction
from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, exclusive, invalid, missing, required, unsupported
from sandbox.stripe.money import check_amount, rounded, shown, unit_amounts
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import charges, customers, invoice_life
from sandbox.stripe.resources.fields import keep, metadata
from sandbox.stripe.resources.tax_rates import require_rates
from sandbox.stripe.resources.totals import all_tax, exclusive_tax, settle, summed, tax, taxes_of
from sandbox.stripe.world import World

Document = dict[str, Any]

_WAYS = ("credit_amount", "refund_amount", "out_of_band_amount")


@operation("POST /v1/credit_notes")
def create(call: Call) -> Document:
    world = call.world
    note = _drafted(call)
    invoice = world.require("invoice", call.params["invoice"], "invoice")
    number = len(world.all("credit_note", invoice=invoice["id"])) + 1
    note["number"] = f"{invoice['number']}-CN-{number:02d}"
    _settle_after_payment(call, note, invoice)
    world.create(note, "credit_note.created")
    invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    settle(invoice)
    if invoice["status"] == "open" and note["pre_payment_amount"] and invoice["amount_remaining"] == 0:
        invoice_life.mark_paid(world, invoice)
    else:
        world.update(invoice, "invoice.updated")
    return note


def _drafted(call: Call) -> Document:
    """The credit note as it would be, checked; nothing is kept."""
    world = call.world
    invoice = world.require("invoice", call.params["invoice"], "invoice")
    if invoice["status"] in ("draft", "void"):
        raise invalid("You can only create credit notes for open, paid or uncollectible invoices.", "invoice")
    given = [name for name in ("amount", "lines", "shipping_cost") if call.get(name) is not None]
    if not given:
        raise StripeError(
            400, "One of `amount`, `lines`, or `shipping_cost` must be provided.", param="amount"
        )
    if "shipping_cost" in given:
        raise unsupported("shipping costs", "shipping_cost")
    if {"amount", "lines"} <= set(given):
        raise exclusive("amount", "lines")
    lines = _lines(call, invoice)
    for line in lines:
        check_amount(line["amount"], invoice["currency"], "lines[amount]")
    note = _new_note(call, invoice, lines)
    _check_limit(world, note, invoice)
    note["pre_payment_amount"] = min(note["total"], invoice["amount_remaining"])
    note["post_payment_amount"] = note["total"] - note["pre_payment_amount"]
    split = bool(note["pre_payment_amount"]), bool(note["post_payment_amount"])
    note["type"] = {(True, True): "mixed", (False, True): "post_payment"}.get(split, "pre_payment")
    _check_split(call, note)
    return note


def _new_note(call: Call, invoice: Document, lines: list[Document]) -> Document:
    world = call.world
    taxes = summed([one for line in lines for one in line["taxes"]])
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal + exclusive_tax(taxes)
    id = world.new_id("cn")
    return {
        "id": id,
        "object": "credit_note",
        "amount": total,
        "amount_shipping": 0,
        "created": world.now(),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": call.get("effective_at") or world.now(),
        "invoice": invoice["id"],
        "livemode": False,
        "memo": call.get("memo"),
        "metadata": metadata(call.get("metadata")),
        "number": f"{invoice['number']}-CN-00",
        "out_of_band_amount": call.get("out_of_band_amount"),
        "pdf": f"https://pay.stripe.com/credit_notes/{id}/pdf",
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": call.get("reason"),
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - (all_tax(taxes) - exclusive_tax(taxes)),
        "total": total,
        "total_excluding_tax": total - all_tax(taxes),
        "total_taxes": taxes,
        "type": "pre_payment",
        "voided_at": None,
        "_lines": lines,
    }


# Lines


def _lines(call: Call, invoice: Document) -> list[Document]:
    if call.get("amount") is not None:
        if call.params["amount"] <= 0:
            raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
        return [_new_line(call.world, "custom_line_item", call.params["amount"], description="Credit")]
    made: list[Document] = []
    for index, sent in enumerate(call.params["lines"]):
        where = f"lines[{index}]"
        if sent.get("tax_amounts") and sent.get("tax_rates"):
            raise exclusive(f"{where}[tax_amounts]", f"{where}[tax_rates]")
        custom = sent["type"] == "custom_line_item"
        line = _custom(call, sent, where) if custom else _of_invoice(call, invoice, sent, where, made)
        made.append(line)
    return made


def _new_line(world: World, type: str, amount: int, **more: Any) -> Document:
    line: Document = {
        "id": world.new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": None,
        "tax_rates": [],
        "taxes": [],
        "type": type,
        "unit_amount": None,
        "unit_amount_decimal": None,
    }
    return line | more


def _custom(call: Call, sent: Document, where: str) -> Document:
    if sent.get("amount") is not None:
        raise invalid("`amount` is only valid for lines of type `invoice_line_item`.", f"{where}[amount]")
    if sent.get("unit_amount") is None and sent.get("unit_amount_decimal") is None:
        raise required(f"{where}[unit_amount]")
    if not sent.get("description"):
        raise required(f"{where}[description]")
    unit, decimal = unit_amounts(
        sent.get("unit_amount"), sent.get("unit_amount_decimal"), f"{where}[unit_amount]"
    )
    quantity = sent.get("quantity", 1)
    amount = rounded(Fraction(decimal) * quantity)
    line = _new_line(
        call.world,
        "custom_line_item",
        amount,
        description=sent["description"],
        metadata=metadata(sent.get("metadata")),
        quantity=quantity,
        unit_amount=unit,
        unit_amount_decimal=decimal,
    )
    _tax(call.world, line, sent, [])
    return line


def _of_invoice(
    call: Call, invoice: Document, sent: Document, where: str, before: list[Document]
) -> Document:
    world = call.world
    id = sent.get("invoice_line_item")
    if not id:
        raise required(f"{where}[invoice_line_item]")
    credited = next((line for line in invoice["_lines"] if line["id"] == id), None)
    if credited is None:
        raise missing("invoice line item", id, f"{where}[invoice_line_item]")
    amount, quantity = _credited_amount(credited, sent, where)
    earlier = [*_earlier_lines(world, invoice), *before]
    _check_line(
        credited, amount, quantity, [line for line in earlier if line.get("invoice_line_item") == id], where
    )
    line = _new_line(
        world,
        "invoice_line_item",
        amount,
        description=sent.get("description") or credited["description"],
        invoice_line_item=id,
        metadata=metadata(sent.get("metadata")),
        quantity=quantity,
    )
    _tax(world, line, sent, credited["taxes"])
    return line


def _credited_amount(credited: Document, sent: Document, where: str) -> tuple[int, int | None]:
    amount, quantity = sent.get("amount"), sent.get("quantity")
    if amount is not None and quantity is not None:
        raise exclusive(f"{where}[amount]", f"{where}[quantity]")
    if amount is not None:
        if amount < 0:
            raise invalid("Invalid non-negative integer", f"{where}[amount]", "parameter_invalid_integer")
        return amount, None
    if quantity is None:
        raise StripeError(
            400, "You must specify an amount or a quantity.", code="parameter_missing", param=where
        )
    units = Fraction(credited["quantity_decimal"])
    if quantity < 0 or units == 0 or quantity > units:
        raise invalid("The quantity is more than the invoice line item's.", f"{where}[quantity]")
    return rounded(Fraction(credited["amount"]) * quantity / units), quantity


def _earlier_lines(world: World, invoice: Document) -> list[Document]:
    notes = [note for note in world.all("credit_note", invoice=invoice["id"]) if note["status"] == "issued"]
    return [line for note in notes for line in note["_lines"]]


def _check_line(
    credited: Document, amount: int, quantity: int | None, earlier: list[Document], where: str
) -> None:
    if any((line["quantity"] is None) != (quantity is None) for line in earlier):
        message = "An invoice line item can be credited by amount or by quantity, but not by both."
        raise invalid(message, f"{where}[{'amount' if quantity is None else 'quantity'}]")
    left = credited["amount"] - sum(line["amount"] for line in earlier)
    if amount > left:
        currency = credited["currency"]
        raise invalid(
            f"The amount ({shown(amount, currency)}) is more than what is left to credit of the"
            " invoice line item"
            f" ({shown(left, currency)}).",
            f"{where}[amount]",
        )


def _tax(world: World, line: Document, sent: Document, of_invoice: list[Document]) -> None:
    """Tax as sent, else by the rates sent, else by the rates of the invoice's line."""
    if sent.get("tax_amounts"):
        line["taxes"] = [_given_tax(world, one) for one in sent["tax_amounts"]]
        line["tax_rates"] = [one["tax_rate"] for one in sent["tax_amounts"]]
        return
    if sent.get("tax_amounts") == "" or sent.get("tax_rates") == "":
        return
    ids = [one["tax_rate_details"]["tax_rate"] for one in of_invoice]
    if sent.get("tax_rates"):
        ids = require_rates(world, sent["tax_rates"], "lines[tax_rates]")
    line["tax_rates"] = ids
    line["taxes"] = taxes_of(world, line["amount"], ids)


def _given_tax(world: World, sent: Document) -> Document:
    rate = world.require("tax_rate", sent["tax_rate"], "lines[tax_amounts][tax_rate]")
    return tax(sent["amount"], rate["id"], taxable=sent["taxable_amount"], inclusive=rate["inclusive"])


# What is credited where


def _check_limit(world: World, note: Document, invoice: Document) -> None:
    notes = [one for one in world.all("credit_note", invoice=invoice["id"]) if one["status"] == "issued"]
    left = invoice["total"] - sum(one["total"] for one in notes)
    if note["total"] > left:
        currency = invoice["currency"]
        raise invalid(
            f"The credit note's total ({shown(note['total'], currency)}) is more than the amount that"
            " can still be"
            f" credited on the invoice ({shown(left, currency)}).",
            "lines",
        )
    if note["total"] < 0:
        raise invalid("A credit note's total can't be negative.", "lines")


def _check_split(call: Call, note: Document) -> None:
    linked = sum(one.get("amount_refunded") or 0 for one in call.get("refunds") or [])
    given = sum(call.get(name) or 0 for name in _WAYS) + linked
    for name in _WAYS:
        if (call.get(name) or 0) < 0:
            raise invalid("Invalid non-negative integer", name, "parameter_invalid_integer")
    if given != note["post_payment_amount"]:
        currency = note["currency"]
        raise invalid(
            "The sum of credit amount, refund amount and out of band amount"
            f" ({shown(given, currency)}) must equal the post payment credit note amount"
            f" ({shown(note['post_payment_amount'], currency)}).",
            "credit_amount",
        )


def _settle_after_payment(call: Call, note: Document, invoice: Document) -> None:
    """Credit to the customer's balance, and refunds."""
    world = call.world
    if call.get("credit_amount"):
        customer = world.require("customer", note["customer"], "customer")
        entry = customers.change_balance(
            world,
            customer,
            -call.params["credit_amount"],
            note["currency"],
            "credit_note",
            credit_note=note["id"],
            invoice=invoice["id"],
        )
        note["customer_balance_transaction"] = entry["id"]
    if call.get("refund_amount"):
        refund = charges.refund(world, _charge_of(world, invoice), call.params["refund_amount"])
        note["refunds"].append(_refunded(refund, refund["amount"]))
    for sent in call.get("refunds") or []:
        refund = world.require("refund", sent.get("refund") or "", "refunds[refund]")
        note["refunds"].append(_refunded(refund, sent.get("amount_refunded") or refund["amount"]))


def _refunded(refund: Document, amount: int) -> Document:
    return {
        "amount_refunded": amount,
        "payment_record_refund": None,
        "refund": refund["id"],
        "type": "refund",
    }


def _charge_of(world: World, invoice: Document) -> Document:
    payment = next(iter(world.all("invoice_payment", invoice=invoice["id"])), None)
    if payment is None:
        raise invalid("The invoice has no charge that could be refunded.", "refund_amount")
    intent = world.require("payment_intent", payment["_intent"])
    return world.require("charge", intent["latest_charge"])


@operation("GET /v1/credit_notes")
def list_notes(call: Call) -> Document:
    found = pages.matching(call, call.world.all("credit_note"), ("customer", "invoice"), ("created",))
    return pages.page(call, found)


@operation("GET /v1/credit_notes/preview")
def preview(call: Call) -> Document:
    return _drafted(call)


@operation("GET /v1/credit_notes/preview/lines")
def preview_lines(call: Call) -> Document:
    return pages.page(call, _drafted(call)["_lines"])


@operation("GET /v1/credit_notes/{id}")
def retrieve(call: Call) -> Document:
    return call.world.require("credit_note", call.id())


@operation("GET /v1/credit_notes/{credit_note}/lines")
def list_lines(call: Call) -> Document:
    return pages.page(call, call.world.require("credit_note", call.id())["_lines"])


@operation("POST /v1/credit_notes/{id}")
def update(call: Call) -> Document:
    note = call.world.require("credit_note", call.id())
    keep(note, call, ("memo",))
    return call.world.update(note, "credit_note.updated")


@operation("POST /v1/credit_notes/{id}/void")
def void(call: Call) -> Document:
    """Only while the invoice is open: what has been paid out or back can't be taken back."""
    world = call.world
    note = world.require("credit_note", call.id())
    if note["status"] == "void":
        raise invalid("This credit note has already been voided.")
    invoice = world.require("invoice", note["invoice"])
    if invoice["status"] != "open":
        raise invalid("You can only void a credit note if the associated invoice is open.")
    note["status"] = "void"
    note["voided_at"] = world.now()
    invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
    settle(invoice)
    world.update(note, None, "credit_note.voided")
    world.update(invoice, "invoice.updated")
    return note
