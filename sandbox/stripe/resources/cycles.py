"""The invoices that subscriptions make by themselves: one line for each item and period."""

from fractions import Fraction
from typing import Any

from sandbox.stripe import periods
from sandbox.stripe.money import rounded
from sandbox.stripe.resources import invoice_life, invoiceitems, invoices, usage
from sandbox.stripe.resources.lines import amount_of, exact_amount, line_of_subscription_item
from sandbox.stripe.resources.totals import recompute
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]


def interval_of(world: World, item: Document) -> tuple[str, int]:
    recurring = (world.get("price", item["price"]) or {})["recurring"]
    return recurring["interval"], recurring["interval_count"]


def anchor_day(subscription: Document) -> int | None:
    """The day of the month that the caller configured."""
    config = subscription["billing_cycle_anchor_config"]
    return config["day_of_month"] if config else None


def roll(world: World, subscription: Document, due: int) -> Document:
    """The periods that end at `due` are over: the next ones begin and are invoiced as a draft."""
    items = [item for item in subscription["_items"] if item["current_period_end"] <= due]
    ended = [(item, (item["current_period_start"], item["current_period_end"])) for item in items]
    for item in items:
        interval, count = interval_of(world, item)
        item["current_period_start"] = due
        anchor, day = subscription["billing_cycle_anchor"], anchor_day(subscription)
        item["current_period_end"] = periods.next_boundary(anchor, interval, count, due, day)
    if subscription["status"] == "trialing" and (subscription["trial_end"] or 0) <= due:
        subscription["status"] = "active"
    usage_lines = [line for item, period in ended for line in _usage_lines(world, subscription, item, period)]
    return invoice_periods(world, subscription, items, "subscription_cycle", usage_lines=usage_lines)


def _usage_lines(
    world: World, subscription: Document, item: Document, period: tuple[int, int]
) -> list[Document]:
    """What a metered item's past period costs."""
    price = world.get("price", item["price"]) or {}
    if price["recurring"]["usage_type"] != "metered":
        return []
    quantity = usage.measured(world, price["recurring"]["meter"], subscription["customer"], period)
    amount = amount_of(price, quantity)
    return [line_of_subscription_item(world, subscription, item, period, amount, quantity)]


def invoice_periods(
    world: World,
    subscription: Document,
    items: list[Document],
    reason: str,
    *,
    usage_lines: list[Document] | None = None,
    extra_lines: list[Document] | None = None,
    billed: bool = True,
) -> Document:
    """An invoice of the running periods of these items and of what waits; kept, and told."""
    customer = world.get("customer", subscription["customer"]) or {}
    invoice = invoices.new_invoice(world, customer, subscription["currency"], reason)
    fill_in(world, subscription, invoice)
    starts = [item["current_period_start"] for item in items]
    if reason == "subscription_cycle" and starts:
        invoice["period_start"] = _previous(world, items[0], min(starts))
    lines = [*(extra_lines or []), *(usage_lines or [])]
    if billed:
        lines += [line for item in items for line in _period_lines(world, subscription, item)]
    for line in lines:
        line["invoice"] = invoice["id"]
        invoice["_lines"].append(line)
    world.create(invoice)
    for item in invoiceitems.pending(world, customer["id"], subscription["currency"], subscription["id"]):
        invoiceitems.attach(world, invoice, item)
    recompute(world, invoice)
    _start_collection(world, subscription, invoice)
    world.put(invoice)
    world.emit("invoice.created", invoice)
    subscription["latest_invoice"] = invoice["id"]
    if reason in ("subscription_create", "subscription_update") and not invoice["auto_advance"]:
        invoice_life.finalize(world, invoice)
    return invoice


def fill_in(world: World, subscription: Document, invoice: Document) -> None:
    """What an invoice takes over from its subscription."""
    invoice["parent"] = invoices.parent_of(subscription)
    invoice["default_tax_rates"] = list(subscription["default_tax_rates"])
    invoice["collection_method"] = subscription["collection_method"]
    invoice["auto_advance"] = True
    invoice["default_payment_method"] = subscription["default_payment_method"]
    invoice["description"] = subscription["description"]
    if subscription["collection_method"] == "send_invoice":
        days = subscription["days_until_due"]
        invoice["_days_until_due"] = days
        invoice["due_date"] = world.now() + days * DAY


def _start_collection(world: World, subscription: Document, invoice: Document) -> None:
    paused = subscription["pause_collection"]
    if paused is not None:
        invoice["auto_advance"] = False
        invoice["_paused"] = paused["behavior"]
        return
    at_once = invoice["billing_reason"] in ("subscription_create", "subscription_update")
    if at_once and subscription["collection_method"] == "charge_automatically":
        invoice["auto_advance"] = False  # finalized in the same request
        return
    invoice["automatically_finalizes_at"] = world.now() + invoices.HOUR


def _previous(world: World, item: Document, start: int) -> int:
    """`period_start` of a cycle's invoice is one period before the period that it bills."""
    interval, count = interval_of(world, item)
    return periods.boundary(start, interval, count, -1)


def _period_lines(world: World, subscription: Document, item: Document) -> list[Document]:
    """The licensed item's line for its running period; shorter where the subscription ends within it."""
    price = world.get("price", item["price"]) or {}
    if price["recurring"]["usage_type"] == "metered":
        return []
    quantity = Fraction(item["quantity"])
    start, end = item["current_period_start"], item["current_period_end"]
    if subscription["status"] == "trialing":
        line = line_of_subscription_item(world, subscription, item, (start, end), 0, quantity)
        product = world.get("product", price["product"]) or {"name": price["product"]}
        return [line | {"description": f"Trial period for {product['name']}"}]
    last = subscription["cancel_at"]
    if last is not None and start < last < end:
        share = Fraction(last - start, end - start)
        amount = rounded(exact_amount(price, quantity) * share)
        return [line_of_subscription_item(world, subscription, item, (start, last), amount, quantity)]
    amount = amount_of(price, quantity)
    return [line_of_subscription_item(world, subscription, item, (start, end), amount, quantity)]


def prorated_line(
    world: World, subscription: Document, item: Document, period: tuple[int, int], full: tuple[int, int]
) -> Document:
    """A part of a full period, by time."""
    price = world.get("price", item["price"]) or {}
    quantity = Fraction(item["quantity"])
    share = Fraction(period[1] - period[0], full[1] - full[0])
    amount = rounded(exact_amount(price, quantity) * share)
    return line_of_subscription_item(world, subscription, item, period, amount, quantity)
