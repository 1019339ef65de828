"""Subscriptions: made, changed, cancelled."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, exclusive, invalid, required, unsupported
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import beginnings, changes, customers, invoices, subscription_items
from sandbox.stripe.resources.fields import keep
from sandbox.stripe.resources.tax_rates import require_rates
from sandbox.stripe.search import searched
from sandbox.stripe.world import World

Document = dict[str, Any]

ENDED = ("canceled", "incomplete_expired")
_UNSUPPORTED = (
    "discounts",
    "transfer_data",
    "application_fee_percent",
    "billing_schedules",
    "billing_thresholds",
)


def new_subscription(world: World, customer: Document, **more: Any) -> Document:
    """Without items and periods; not kept yet."""
    now = world.now()
    subscription: Document = {
        "id": world.new_id("sub"),
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": customer["currency"] or "usd",
        "customer": customer["id"],
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "active",
        "test_clock": customer["test_clock"],
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
        "_items": [],
    }
    return subscription | more


@operation("POST /v1/subscriptions")
def create(call: Call) -> Document:
    world = call.world
    _refuse_unsupported(call)
    customer = customers.of(call)
    sent_items = call.get("items") or []
    if not sent_items:
        raise required("items")
    subscription = new_subscription(world, customer)
    items = [
        subscription_items.new_item(world, subscription["id"], sent, f"items[{index}]")
        for index, sent in enumerate(sent_items)
    ]
    subscription["currency"] = subscription_items.check_together(world, items, call.get("currency"))
    subscription["_items"] = items
    _keep_plain(call, subscription)
    keep_collection(subscription, call.params)
    beginnings.set_times(call, subscription)
    beginnings.start_periods(world, subscription)
    _keep_end(call, subscription)
    world.put(subscription)
    beginnings.begin(
        world,
        subscription,
        call.get("proration_behavior", "create_prorations"),
        call.get("add_invoice_items"),
        call.get("payment_behavior", "allow_incomplete"),
    )
    return subscription


def _refuse_unsupported(call: Call) -> None:
    for name in _UNSUPPORTED:
        if call.get(name):
            raise unsupported(f"`{name}` of subscriptions", name)
    if (call.get("automatic_tax") or {}).get("enabled"):
        raise unsupported("Stripe Tax", "automatic_tax[enabled]")
    if (call.get("billing_mode") or {}).get("type") == "classic":
        raise unsupported("billing_mode classic", "billing_mode[type]")


def _keep_plain(call: Call, subscription: Document) -> None:
    keep(subscription, call, ("description", "default_payment_method"))
    if call.get("default_payment_method"):
        call.world.require("payment_method", call.params["default_payment_method"], "default_payment_method")
    if call.sent("default_tax_rates"):
        ids = call.params["default_tax_rates"] or []
        subscription["default_tax_rates"] = require_rates(call.world, ids, "default_tax_rates")
    if call.sent("trial_settings"):
        subscription["trial_settings"] = call.params["trial_settings"]


def keep_collection(subscription: Document, sent: Document) -> None:
    """`collection_method` and `days_until_due` belong together."""
    method = sent.get("collection_method") or subscription["collection_method"]
    days: Any = sent.get("days_until_due", subscription["days_until_due"])
    if method == "send_invoice" and days is None:
        raise required("days_until_due")
    if method == "charge_automatically":
        if sent.get("days_until_due") is not None:
            message = "`days_until_due` can only be set when `collection_method` is `send_invoice`."
            raise invalid(message, "days_until_due")
        days = None
    elif days < 0:
        raise invalid("Invalid non-negative integer", "days_until_due", "parameter_invalid_integer")
    subscription["collection_method"], subscription["days_until_due"] = method, days


# Reading and changing


@operation("GET /v1/subscriptions")
def list_subscriptions(call: Call) -> Document:
    named = {"customer": call.params["customer"]} if call.get("customer") else {}
    found = call.world.all("subscription", **named)
    found = pages.matching(call, found, ("collection_method", "test_clock"), ("created",))
    status = call.get("status")
    if status is None:
        found = [one for one in found if one["status"] not in ENDED]
    elif status == "ended":
        found = [one for one in found if one["status"] in ENDED]
    elif status != "all":
        found = [one for one in found if one["status"] == status]
    if call.get("price"):
        found = [one for one in found if any(item["price"] == call.params["price"] for item in one["_items"])]
    for name in ("current_period_start", "current_period_end"):
        if call.get(name) is not None:
            wanted = call.params[name]
            found = [one for one in found if any(pages.within(item[name], wanted) for item in one["_items"])]
    return pages.page(call, found)


@operation("GET /v1/subscriptions/search")
def search(call: Call) -> Document:
    return searched(call, call.world.all("subscription"), ("canceled_at", "customer", "status"))


@operation("GET /v1/subscriptions/{subscription_exposed_id}")
def retrieve(call: Call) -> Document:
    return call.world.require("subscription", call.id())


@operation("POST /v1/subscriptions/{subscription_exposed_id}")
def update(call: Call) -> Document:
    world = call.world
    subscription = world.require("subscription", call.id())
    _refuse_unsupported(call)
    if subscription["status"] in ENDED:
        allowed = {"metadata", "cancellation_details", "expand"}
        if set(call.params) - allowed:
            message = "A canceled subscription can only update its cancellation_details and metadata."
            raise invalid(message)
    _check_schedule(call, subscription)
    _keep_plain(call, subscription)
    if call.sent("collection_method") or call.sent("days_until_due"):
        keep_collection(subscription, call.params)
    if call.sent("pause_collection"):
        paused = call.params["pause_collection"] or None
        subscription["pause_collection"] = {"resumes_at": None} | paused if paused else None
    if call.get("cancellation_details"):
        subscription["cancellation_details"] |= call.params["cancellation_details"]
    _keep_end(call, subscription)
    _change(call, subscription)
    return world.update(subscription, "customer.subscription.updated")


def _check_schedule(call: Call, subscription: Document) -> None:
    if subscription["schedule"] is None:
        return
    for name in ("cancel_at", "cancel_at_period_end", "billing_cycle_anchor", "trial_end"):
        if call.sent(name):
            raise invalid(
                f"The subscription is managed by the subscription schedule"
                f" `{subscription['schedule']}`, and updating"
                " any cancelation behavior directly is not allowed. Please update the schedule instead.",
                name,
            )


def _change(call: Call, subscription: Document) -> None:
    """Items, a cycle that starts anew, the end of a trial."""
    behaviour = call.get("proration_behavior", "create_prorations")
    reset = call.get("billing_cycle_anchor") == "now"
    if call.get("trial_end") is not None:
        _change_trial(call, subscription)
        reset = reset or call.params["trial_end"] == "now"
    if call.get("items") or reset:
        sent = call.get("items") or []
        items = subscription_items.changed_items(call.world, subscription, sent)
        at = call.get("proration_date")
        changes.change_items(call.world, subscription, items, behaviour, reset_anchor=reset, at=at)
    if call.get("add_invoice_items"):
        beginnings.add_items(call.world, subscription, call.params["add_invoice_items"])


def _change_trial(call: Call, subscription: Document) -> None:
    now, end = call.world.now(), call.params["trial_end"]
    if end == "now":
        subscription |= {"trial_end": now, "status": "active"}
        return
    if end <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    subscription |= {
        "trial_start": subscription["trial_start"] or now,
        "trial_end": end,
        "status": "trialing",
    }
    subscription["billing_cycle_anchor"] = end
    for item in subscription["_items"]:
        item["current_period_start"], item["current_period_end"] = now, end


def _keep_end(call: Call, subscription: Document) -> None:
    """`cancel_at` and `cancel_at_period_end`."""
    if call.get("cancel_at") is not None and call.get("cancel_at_period_end"):
        raise exclusive("cancel_at", "cancel_at_period_end")
    now = call.world.now()
    ends = [item["current_period_end"] for item in subscription["_items"]]
    if call.sent("cancel_at_period_end"):
        wanted = bool(call.params["cancel_at_period_end"])
        subscription["cancel_at_period_end"] = wanted
        subscription["cancel_at"] = max(ends) if wanted else None
        _note_request(subscription, now if wanted else None)
    if call.sent("cancel_at"):
        at = call.params["cancel_at"]
        at = (
            {"min_period_end": min(ends), "max_period_end": max(ends)}.get(at, at)
            if isinstance(at, str)
            else at
        )
        if isinstance(at, int) and at <= now:
            raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "cancel_at")
        subscription["cancel_at"] = at or None
        subscription["cancel_at_period_end"] = False
        _note_request(subscription, now if at else None)


def _note_request(subscription: Document, at: int | None) -> None:
    subscription["canceled_at"] = at
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if at else None


@operation("DELETE /v1/subscriptions/{subscription_exposed_id}")
def cancel(call: Call) -> Document:
    world = call.world
    subscription = world.require("subscription", call.id())
    if subscription["status"] in ENDED:
        raise StripeError(404, f"No such subscription: '{call.id()}'", code="resource_missing", param="id")
    if call.get("cancellation_details"):
        subscription["cancellation_details"] |= call.params["cancellation_details"]
    if call.get("prorate"):
        changes.credit_unused(world, subscription)
    cancel_now(world, subscription)
    if call.get("invoice_now"):
        changes.invoice_waiting(world, subscription)
        world.put(subscription)
    return subscription


def cancel_now(world: World, subscription: Document) -> None:
    """Ended from now on: nothing is billed any more, and what is open is no longer collected by itself."""
    now = world.now()
    subscription |= {"status": "canceled", "canceled_at": subscription["canceled_at"] or now, "ended_at": now}
    subscription["cancellation_details"]["reason"] = (
        subscription["cancellation_details"]["reason"] or "cancellation_requested"
    )
    schedule = (
        world.get("subscription_schedule", subscription["schedule"]) if subscription["schedule"] else None
    )
    if schedule is not None and schedule["status"] in ("active", "not_started"):
        schedule |= {"status": "canceled", "canceled_at": now, "current_phase": None}
        world.update(schedule, None, "subscription_schedule.canceled")
    world.update(subscription, None, "customer.subscription.deleted")
    for invoice in world.all("invoice", customer=subscription["customer"]):
        if invoices.subscription_of(invoice) == subscription["id"] and invoice["status"] in ("draft", "open"):
            invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
            world.update(invoice, "invoice.updated")
