"""Changes of a running subscription's items: what is prorated, and whether its cycle starts anew."""

from fractions import Fraction
from typing import Any

from sandbox.stripe import periods
from sandbox.stripe.money import rounded
from sandbox.stripe.resources import cycles, invoice_life, invoiceitems, invoices
from sandbox.stripe.resources.lines import exact_amount, pricing_of, proration_text
from sandbox.stripe.resources.totals import recompute
from sandbox.stripe.world import World

Document = dict[str, Any]


def change_items(
    world: World,
    subscription: Document,
    items: list[Document],
    behaviour: str,
    *,
    reset_anchor: bool = False,
    at: int | None = None,
) -> None:
    """Give the subscription these items from now on; it is changed, and kept by the caller."""
    moment = world.now() if at is None else at
    before = subscription["_items"]
    reset = reset_anchor or _intervals(world, before) != _intervals(world, items)
    trialing = subscription["status"] == "trialing"
    prorates = behaviour != "none" and not trialing
    made: list[Document] = []
    if prorates:
        made += [_credit(world, subscription, item, moment) for item in _changed(before, items, whole=reset)]
    if reset and not trialing:
        subscription["billing_cycle_anchor"] = world.now()
        subscription["billing_cycle_anchor_config"] = None
    for item in items:
        if reset or not item["current_period_end"]:
            _set_period(world, subscription, item, anew=reset)
    subscription["_items"] = items
    if prorates and not reset:
        made += [_debit(world, subscription, item, moment) for item in _changed(items, before, whole=False)]
    for one in made:
        if one["amount"]:
            world.create(one, "invoiceitem.created")
    if reset and not trialing:
        cycles.invoice_periods(world, subscription, items, "subscription_update")
    elif behaviour == "always_invoice" and made:
        invoice_waiting(world, subscription)


def credit_unused(world: World, subscription: Document) -> None:
    """Waiting credits for the rest of the running periods (a cancellation with `prorate`)."""
    for item in subscription["_items"]:
        credit = _credit(world, subscription, item, world.now()) if "quantity" in item else None
        if credit is not None and credit["amount"]:
            world.create(credit, "invoiceitem.created")


def _intervals(world: World, items: list[Document]) -> set[tuple[str, int]]:
    return {cycles.interval_of(world, item) for item in items}


def _changed(these: list[Document], those: list[Document], *, whole: bool) -> list[Document]:
    """The licensed items of `these` that are not the same among `those`."""
    licensed = [item for item in these if "quantity" in item]
    if whole:
        return licensed
    same = {(item["id"], item["price"], item.get("quantity")) for item in those}
    return [item for item in licensed if (item["id"], item["price"], item["quantity"]) not in same]


def _set_period(world: World, subscription: Document, item: Document, *, anew: bool) -> None:
    """The period that is running for an item that comes in now; `anew`: the cycle itself starts now."""
    now, anchor = world.now(), subscription["billing_cycle_anchor"]
    interval, count = cycles.interval_of(world, item)
    ended = next((one for one in subscription["_items"] if 0 < one["current_period_end"] <= now), None)
    if subscription["status"] == "trialing":
        start, end = subscription["trial_start"], subscription["trial_end"]
    elif ended is not None and not anew:  # its cycle is about to begin: so does this one's
        start, end = ended["current_period_start"], ended["current_period_end"]
    elif anchor > now:
        start, end = subscription["start_date"], anchor
    else:
        end = periods.next_boundary(anchor, interval, count, now, cycles.anchor_day(subscription))
        others = [one for one in subscription["_items"] if one["current_period_end"] == end]
        start = others[0]["current_period_start"] if others and anchor != now else now
    item["current_period_start"], item["current_period_end"] = start, end


def _share(item: Document, moment: int) -> Fraction:
    start, end = item["current_period_start"], item["current_period_end"]
    return Fraction(max(end - moment, 0), max(end - start, 1))


def _credit(world: World, subscription: Document, item: Document, moment: int) -> Document:
    return _proration(world, subscription, item, moment, -1, "Unused time")


def _debit(world: World, subscription: Document, item: Document, moment: int) -> Document:
    return _proration(world, subscription, item, moment, 1, "Remaining time")


def _proration(
    world: World, subscription: Document, item: Document, moment: int, sign: int, word: str
) -> Document:
    """A waiting invoice item over the rest of the running period."""
    price = world.get("price", item["price"]) or {}
    product = world.get("product", price["product"]) or {"name": price["product"]}
    amount = sign * rounded(exact_amount(price, Fraction(item["quantity"])) * _share(item, moment))
    details = {"subscription": subscription["id"], "subscription_item": item["id"]}
    return {
        "id": world.new_id("ii"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "date": world.now(),
        "description": proration_text(word, product["name"], moment),
        "discountable": False,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": dict(item["metadata"]),
        "net_amount": amount,
        "parent": {"subscription_details": details, "type": "subscription_details"},
        "period": {"end": item["current_period_end"], "start": moment},
        "pricing": pricing_of(price),
        "proration": True,
        "proration_details": {"credited_items": None, "discount_amounts": []},
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "tax_rates": list(item["tax_rates"]),
        "test_clock": subscription["test_clock"],
        "_subscription": subscription["id"],
        "_line": None,
        "_was_pending": True,
    }


def invoice_waiting(world: World, subscription: Document) -> None:
    """An invoice of what waits, at once and not as a draft."""
    customer = world.require("customer", subscription["customer"])
    invoice = invoices.new_invoice(world, customer, subscription["currency"], "subscription_update")
    cycles.fill_in(world, subscription, invoice)
    world.create(invoice)
    for item in invoiceitems.pending(world, customer["id"], subscription["currency"], subscription["id"]):
        invoiceitems.attach(world, invoice, item)
    recompute(world, invoice)
    world.put(invoice)
    world.emit("invoice.created", invoice)
    subscription["latest_invoice"] = invoice["id"]
    invoice_life.finalize(world, invoice)
    invoice_life.advance(world, invoice)
