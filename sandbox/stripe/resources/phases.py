"""How a schedule's phases become its subscription's: start, change, end."""

from typing import Any

from sandbox.stripe.resources import beginnings, changes, subscription_items, subscriptions
from sandbox.stripe.world import World

Document = dict[str, Any]


def new_phase(start: int, end: int, currency: str) -> Document:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": currency,
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": [],
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
    }


def item_of(item: Document) -> Document:
    """A subscription's item as a phase has it."""
    names = ("billing_thresholds", "discounts", "metadata", "price", "quantity", "tax_rates")
    return {name: item[name] for name in names if name in item}


def start(world: World, schedule: Document, at: int) -> None:
    """The first phase begins: the subscription comes to be, from `at` on (which may lie in the past)."""
    phase = _phase_at(schedule, max(at, world.now())) or schedule["phases"][-1]
    customer = world.get("customer", schedule["customer"]) or {}
    subscription = subscriptions.new_subscription(world, customer, start_date=at)
    subscription["currency"] = phase["currency"]
    subscription["schedule"] = schedule["id"]
    subscription["billing_cycle_anchor"] = at
    subscription["metadata"] = dict(phase["metadata"])
    _keep_settings(schedule, phase, subscription)
    subscription["_items"] = [
        subscription_items.new_item(world, subscription["id"], one, "items") for one in phase["items"]
    ]
    if phase["trial_end"] is not None:
        subscription |= {"trial_start": at, "trial_end": phase["trial_end"], "status": "trialing"}
        subscription["billing_cycle_anchor"] = phase["trial_end"]
    beginnings.start_periods(world, subscription)
    if at < world.now() and subscription["status"] != "trialing":
        subscription["billing_cycle_anchor"] = at
    world.put(subscription)
    schedule |= {"status": "active", "subscription": subscription["id"]}
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}
    world.update(schedule, "subscription_schedule.updated")
    beginnings.begin(world, subscription, phase["proration_behavior"], None, "allow_incomplete")


def _keep_settings(schedule: Document, phase: Document, subscription: Document) -> None:
    defaults = schedule["default_settings"]
    settings = phase["invoice_settings"] or defaults["invoice_settings"]
    method = phase["collection_method"] or defaults["collection_method"]
    days = settings["days_until_due"]
    if days is None:
        days = defaults["invoice_settings"]["days_until_due"]
    sent = {"collection_method": method}
    subscriptions.keep_collection(
        subscription, sent | ({"days_until_due": days} if method == "send_invoice" else {})
    )
    subscription["default_payment_method"] = (
        phase["default_payment_method"] or defaults["default_payment_method"]
    )
    subscription["description"] = phase["description"] or defaults["description"]
    subscription["default_tax_rates"] = list(phase["default_tax_rates"])


def _phase_at(schedule: Document, moment: int) -> Document | None:
    for phase in schedule["phases"]:
        if phase["start_date"] <= moment < phase["end_date"]:
            found: Document = phase
            return found
    return None


def apply_current(world: World, schedule: Document, behaviour: str) -> None:
    """After a change of the schedule: the subscription becomes what the current phase says."""
    phase = _phase_at(schedule, world.now())
    subscription = world.get("subscription", schedule["subscription"]) if schedule["subscription"] else None
    if phase is None or subscription is None:
        return
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}
    world.put(schedule)
    _apply(world, schedule, phase, subscription, behaviour, reset=False)


def _apply(
    world: World, schedule: Document, phase: Document, subscription: Document, behaviour: str, *, reset: bool
) -> None:
    _keep_settings(schedule, phase, subscription)
    subscription["metadata"] |= phase["metadata"]
    items = _items(world, subscription, phase)
    if phase["trial_end"] is not None and phase["trial_end"] > world.now():
        subscription |= {"trial_start": world.now(), "trial_end": phase["trial_end"], "status": "trialing"}
    changes.change_items(world, subscription, items, behaviour, reset_anchor=reset)
    world.update(subscription, "customer.subscription.updated")


def _items(world: World, subscription: Document, phase: Document) -> list[Document]:
    """The phase's items; one with the price of an item that is there goes on as that item."""
    made = []
    left = {item["price"]: item for item in subscription["_items"]}
    for sent in phase["items"]:
        kept = left.pop(sent["price"], None)
        if kept is None:
            made.append(subscription_items.new_item(world, subscription["id"], sent, "items"))
        else:
            names = ("metadata", "quantity", "tax_rates")
            made.append({**kept, **{name: sent[name] for name in names if name in sent}})
    return made


def due(schedule: Document) -> int | None:
    """When something happens next."""
    if schedule["status"] == "not_started":
        return int(schedule["phases"][0]["start_date"])
    if schedule["status"] == "active" and schedule["current_phase"] is not None:
        return int(schedule["current_phase"]["end_date"])
    return None


def proceed(world: World, schedule: Document, moment: int) -> None:
    """What is due at `moment`: the start, the next phase, or the end."""
    if schedule["status"] == "not_started":
        start(world, schedule, moment)
        return
    subscription = world.get("subscription", schedule["subscription"])
    if subscription is None or subscription["status"] in subscriptions.ENDED:
        schedule |= {"status": "canceled", "canceled_at": moment, "current_phase": None}
        world.update(schedule, None, "subscription_schedule.canceled")
        return
    phase = _phase_at(schedule, moment)
    if phase is None:
        _end(world, schedule, subscription)
        return
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}
    world.update(schedule, "subscription_schedule.updated")
    reset = phase["billing_cycle_anchor"] == "phase_start"
    _apply(world, schedule, phase, subscription, phase["proration_behavior"], reset=reset)


def _end(world: World, schedule: Document, subscription: Document) -> None:
    if schedule["end_behavior"] == "release":
        release(world, schedule)
        return
    schedule |= {"status": "completed", "completed_at": world.now(), "current_phase": None}
    world.update(schedule, None, "subscription_schedule.completed")
    subscription["schedule"] = None
    subscriptions.cancel_now(world, subscription)


def release(world: World, schedule: Document) -> None:
    """The subscription goes on without the schedule."""
    released = schedule["subscription"]
    schedule |= {"status": "released", "released_at": world.now(), "released_subscription": released}
    schedule |= {"subscription": None, "current_phase": None}
    world.update(schedule, None, "subscription_schedule.released")
    subscription = world.get("subscription", released) if released else None
    if subscription is not None:
        subscription["schedule"] = None
        world.update(subscription, "customer.subscription.updated")
