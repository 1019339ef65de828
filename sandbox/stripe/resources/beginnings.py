"""How subscriptions begin: start, trial and anchor, first periods, first invoice."""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.stripe import periods
from sandbox.stripe.errors import StripeError, exclusive, invalid
from sandbox.stripe.operations import Call
from sandbox.stripe.resources import cycles, invoice_life, invoiceitems
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]


def set_times(call: Call, subscription: Document) -> None:
    """Start, trial and anchor as sent."""
    now = call.world.now()
    backdated = call.get("backdate_start_date")
    if backdated is not None:
        if backdated > now:
            raise invalid("`backdate_start_date` must be in the past.", "backdate_start_date")
        subscription["start_date"] = backdated
    trial_end: int | str | None = call.get("trial_end")
    if call.get("trial_period_days") is not None:
        if trial_end is not None:
            raise exclusive("trial_end", "trial_period_days")
        trial_end = now + call.params["trial_period_days"] * DAY
    if isinstance(trial_end, int):
        if trial_end <= now:
            raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
        subscription |= {"trial_start": now, "trial_end": trial_end, "status": "trialing"}
        subscription["billing_cycle_anchor"] = trial_end
    anchor = call.get("billing_cycle_anchor")
    if call.get("billing_cycle_anchor_config"):
        if anchor is not None:
            raise exclusive("billing_cycle_anchor", "billing_cycle_anchor_config")
        anchor = _configured_anchor(call, now)
        names = ("day_of_month", "month", "hour", "minute", "second")
        config = call.params["billing_cycle_anchor_config"]
        subscription["billing_cycle_anchor_config"] = {name: config.get(name) for name in names}
    if anchor is not None:
        _check_anchor(call.world, subscription, anchor, now)
        subscription["billing_cycle_anchor"] = anchor


def _configured_anchor(call: Call, now: int) -> int:
    """The next day of the month at the given time."""
    config = call.params["billing_cycle_anchor_config"]
    moment = datetime.fromtimestamp(now, UTC)
    if not 1 <= config["day_of_month"] <= 31:
        raise invalid(
            "Invalid day_of_month: must be between 1 and 31.", "billing_cycle_anchor_config[day_of_month]"
        )
    clock = {name: config.get(name, getattr(moment, name)) for name in ("hour", "minute", "second")}
    first = moment.replace(day=1)
    for _ in range(13):
        last = calendar.monthrange(first.year, first.month)[1]
        candidate = first.replace(day=min(config["day_of_month"], last), **clock)
        if candidate > moment and config.get("month") in (None, candidate.month):
            return int(candidate.timestamp())
        first = (first + timedelta(days=32)).replace(day=1)
    raise invalid("Invalid billing_cycle_anchor_config.", "billing_cycle_anchor_config")


def _check_anchor(world: World, subscription: Document, anchor: int, now: int) -> None:
    """Not in the past, and not after the next natural date of billing."""
    if anchor <= now:
        raise invalid("billing_cycle_anchor must be in the future.", "billing_cycle_anchor")
    start = subscription["trial_end"] or now
    natural = min(periods.later(start, *cycles.interval_of(world, item)) for item in subscription["_items"])
    if anchor > natural:
        raise invalid(
            f"billing_cycle_anchor cannot be later than next natural billing date ({natural}) for plan",
            "billing_cycle_anchor",
        )


def start_periods(world: World, subscription: Document) -> None:
    """The first period of each item: the trial, the time to the anchor, or a whole one."""
    now, anchor = world.now(), subscription["billing_cycle_anchor"]
    for item in subscription["_items"]:
        start = now
        if subscription["status"] == "trialing":
            end = subscription["trial_end"]
        elif anchor > now:
            start, end = subscription["start_date"], anchor
        else:
            interval = cycles.interval_of(world, item)
            end = periods.next_boundary(anchor, *interval, now)
            start = periods.boundary(end, *interval, -1) if anchor < now else now
        item["current_period_start"], item["current_period_end"] = start, end


def begin(
    world: World,
    subscription: Document,
    behaviour: str,
    extra_items: list[Document] | None,
    payment_behaviour: str,
) -> None:
    """Make the first invoice, where there is one, and tell of the subscription."""
    now = world.now()
    stub = subscription["status"] != "trialing" and subscription["billing_cycle_anchor"] > now
    add_items(world, subscription, extra_items or [])
    free = behaviour == "none"
    extra = [] if free else _elapsed_lines(world, subscription)
    if stub and not free:
        extra += [
            _stub_line(world, subscription, item) for item in subscription["_items"] if "quantity" in item
        ]
    if not stub or extra or extra_items:
        items = [item for item in subscription["_items"] if "quantity" in item]
        invoice = cycles.invoice_periods(
            world, subscription, items, "subscription_create", extra_lines=extra, billed=not stub
        )
        world.put(subscription)
        if invoice["status"] == "open":
            _pay_first(world, subscription, invoice, payment_behaviour)
    world.create(subscription, "customer.subscription.created")


def add_items(world: World, subscription: Document, sent_items: list[Document]) -> None:
    customer = world.get("customer", subscription["customer"]) or {}
    for index, sent in enumerate(sent_items):
        data = {**sent, "currency": subscription["currency"]}
        if sent.get("price"):
            data["pricing"] = {"price": sent["price"]}
        data.pop("period", None)
        item = invoiceitems.new_item(world, customer, data, None, subscription, f"add_invoice_items[{index}]")
        world.create(item, "invoiceitem.created")


def _elapsed_lines(world: World, subscription: Document) -> list[Document]:
    """The backdated time up to now (or to a running period), one line for each item and natural period."""
    lines = []
    stub = subscription["billing_cycle_anchor"] > world.now()
    for item in subscription["_items"]:
        if "quantity" not in item:
            continue
        now = world.now() if stub else item["current_period_start"]
        start, interval = subscription["start_date"], cycles.interval_of(world, item)
        index = 0
        while start < now:
            index += 1
            full_end = periods.boundary(subscription["start_date"], *interval, index)
            period = (start, min(full_end, now))
            lines.append(cycles.prorated_line(world, subscription, item, period, (start, full_end)))
            start = full_end
    return lines


def _stub_line(world: World, subscription: Document, item: Document) -> Document:
    anchor = subscription["billing_cycle_anchor"]
    full = (periods.boundary(anchor, *cycles.interval_of(world, item), -1), anchor)
    return cycles.prorated_line(world, subscription, item, (world.now(), anchor), full)


def _pay_first(world: World, subscription: Document, invoice: Document, behaviour: str) -> None:
    if behaviour == "default_incomplete":
        subscription["status"] = "incomplete"
        return
    paid = invoice_life.collect(world, invoice)
    if not paid and behaviour == "error_if_incomplete":
        message = (
            "This customer has no attached payment source or default payment method that could be charged."
        )
        raise StripeError(
            402, message, type="card_error", code="card_declined", decline_code="generic_decline"
        )
    if not paid:
        subscription["status"] = "incomplete"
