"""Subscription schedules: phases one after the other, each with its own items, and what comes at the end."""

from typing import Any

from sandbox.stripe import pages, periods
from sandbox.stripe.errors import exclusive, invalid, required, unsupported
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import customers, phases, subscription_items, subscriptions
from sandbox.stripe.resources.fields import keep, metadata
from sandbox.stripe.resources.tax_rates import require_rates
from sandbox.stripe.world import World

Document = dict[str, Any]

_DONE = ("canceled", "completed", "released")


@operation("POST /v1/subscription_schedules")
def create(call: Call) -> Document:
    world = call.world
    if call.get("from_subscription"):
        others = {"phases", "start_date", "customer", "default_settings", "end_behavior", "metadata"}
        also = sorted(others & set(call.params))
        if also:
            message = "You cannot set `{}` if `from_subscription` is set."
            raise invalid(message.format(also[0]), also[0])
        return _from_subscription(world, call.params["from_subscription"])
    customer = customers.of(call)
    if not call.get("phases"):
        raise required("phases")
    start = call.get("start_date")
    if start is None:
        raise required("start_date")
    schedule = _new_schedule(world, customer, call.get("end_behavior", "release"))
    schedule["metadata"] = metadata(call.get("metadata"))
    _keep_defaults(call, schedule)
    first = world.now() if start == "now" else start
    schedule["phases"] = _read_phases(call, schedule, first)
    world.create(schedule, "subscription_schedule.created")
    if first <= world.now():
        phases.start(world, schedule, first)
    return schedule


def _new_schedule(world: World, customer: Document, end_behaviour: str) -> Document:
    if end_behaviour not in ("release", "cancel"):
        raise unsupported(f"end_behavior {end_behaviour}", "end_behavior")
    return {
        "id": world.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "canceled_at": None,
        "completed_at": None,
        "created": world.now(),
        "current_phase": None,
        "customer": customer["id"],
        "default_settings": {
            "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": None,
            "description": None,
            "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": end_behaviour,
        "livemode": False,
        "metadata": {},
        "phases": [],
        "released_at": None,
        "released_subscription": None,
        "status": "not_started",
        "subscription": None,
        "test_clock": customer["test_clock"],
    }


def _keep_defaults(call: Call, schedule: Document) -> None:
    settings = schedule["default_settings"]
    for name, value in (call.get("default_settings") or {}).items():
        if name == "invoice_settings":
            settings[name] = settings[name] | value
        else:
            settings[name] = None if value == "" else value
    if settings["automatic_tax"].get("enabled"):
        raise unsupported("Stripe Tax", "default_settings[automatic_tax][enabled]")
    if (
        settings["collection_method"] == "send_invoice"
        and settings["invoice_settings"]["days_until_due"] is None
    ):
        raise required("default_settings[invoice_settings][days_until_due]")


def _from_subscription(world: World, id: str) -> Document:
    """One phase over the running period, with the subscription's items."""
    subscription = world.require("subscription", id, "from_subscription")
    if subscription["schedule"] is not None:
        raise invalid(
            f"You cannot migrate a subscription that is already attached to a schedule:"
            f" {subscription['schedule']}",
            "from_subscription",
        )
    if subscription["status"] in subscriptions.ENDED:
        raise invalid("You cannot migrate a subscription that has ended.", "from_subscription")
    customer = world.require("customer", subscription["customer"])
    schedule = _new_schedule(world, customer, "release")
    settings = schedule["default_settings"]
    settings["collection_method"] = subscription["collection_method"]
    settings["default_payment_method"] = subscription["default_payment_method"]
    settings["invoice_settings"]["days_until_due"] = subscription["days_until_due"]
    first = subscription["_items"][0]
    phase = phases.new_phase(
        first["current_period_start"], first["current_period_end"], subscription["currency"]
    )
    phase["items"] = [phases.item_of(item) for item in subscription["_items"]]
    phase["default_tax_rates"] = list(subscription["default_tax_rates"])
    schedule |= {"phases": [phase], "status": "active", "subscription": id}
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}
    subscription["schedule"] = schedule["id"]
    world.update(subscription, "customer.subscription.updated")
    return world.create(schedule, "subscription_schedule.created")


# Phases as sent


def _read_phases(call: Call, schedule: Document, first: int) -> list[Document]:
    made: list[Document] = []
    at = first
    for index, sent in enumerate(call.params["phases"]):
        where = f"phases[{index}]"
        phase = _read_phase(call.world, schedule, sent, at, where)
        if phase["currency"] != (made[0] if made else phase)["currency"]:
            raise invalid("All phases must have the same currency.", f"{where}[items]")
        made.append(phase)
        at = phase["end_date"]
    return made


def _read_phase(world: World, schedule: Document, sent: Document, start: int, where: str) -> Document:
    if sent.get("add_invoice_items"):
        raise unsupported("`add_invoice_items` of phases", f"{where}[add_invoice_items]")
    if sent.get("discounts"):
        raise unsupported("discounts", f"{where}[discounts]")
    items = [_read_item(world, one, f"{where}[items][{index}]") for index, one in enumerate(sent["items"])]
    currency = subscription_items.check_together(world, items, sent.get("currency"))
    phase = phases.new_phase(start, _end(world, sent, items, start, where), currency)
    phase["items"] = items
    phase["default_tax_rates"] = require_rates(
        world, sent.get("default_tax_rates") or [], f"{where}[default_tax_rates]"
    )
    phase["metadata"] = metadata(sent.get("metadata"))
    phase["proration_behavior"] = sent.get("proration_behavior", "create_prorations")
    for name in ("billing_cycle_anchor", "collection_method", "default_payment_method", "description"):
        phase[name] = sent.get(name) or None
    if sent.get("invoice_settings"):
        phase["invoice_settings"] = {"account_tax_ids": None, "days_until_due": None} | sent[
            "invoice_settings"
        ]
    if sent.get("trial") or sent.get("trial_end"):
        phase["trial_end"] = phase["end_date"] if sent.get("trial") else sent["trial_end"]
    return phase


def _read_item(world: World, sent: Document, where: str) -> Document:
    price = subscription_items.price_of(world, sent, where)
    item: Document = {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": metadata(sent.get("metadata")),
        "price": price["id"],
        "quantity": sent.get("quantity", 1),
        "tax_rates": require_rates(world, sent.get("tax_rates") or [], f"{where}[tax_rates]"),
    }
    if price["recurring"]["usage_type"] == "metered":
        item.pop("quantity")
    return item


def _end(world: World, sent: Document, items: list[Document], start: int, where: str) -> int:
    end, duration = sent.get("end_date"), sent.get("duration")
    if end is not None and duration is not None:
        raise exclusive(f"{where}[end_date]", f"{where}[duration]")
    if end == "now":
        end = world.now()
    if duration is not None:
        end = periods.later(start, duration["interval"], duration.get("interval_count", 1))
    if end is None:
        recurring = (world.get("price", items[0]["price"]) or {})["recurring"]
        end = periods.later(start, recurring["interval"], recurring["interval_count"])
    if end <= start:
        raise invalid("The `end_date` of a phase must be after its `start_date`.", f"{where}[end_date]")
    return int(end)


# Reading, changing, ending


@operation("GET /v1/subscription_schedules")
def list_schedules(call: Call) -> Document:
    ranges = ("created", "canceled_at", "completed_at", "released_at")
    found = pages.matching(call, call.world.all("subscription_schedule"), ("customer",), ranges)
    if call.get("scheduled"):
        found = [schedule for schedule in found if schedule["status"] == "not_started"]
    return pages.page(call, found)


@operation("GET /v1/subscription_schedules/{schedule}")
def retrieve(call: Call) -> Document:
    return call.world.require("subscription_schedule", call.id(), "schedule")


@operation("POST /v1/subscription_schedules/{schedule}")
def update(call: Call) -> Document:
    world = call.world
    schedule = world.require("subscription_schedule", call.id(), "schedule")
    _check_open(schedule, "update")
    keep(schedule, call, ())
    if call.get("end_behavior"):
        if call.params["end_behavior"] not in ("release", "cancel"):
            raise unsupported(f"end_behavior {call.params['end_behavior']}", "end_behavior")
        schedule["end_behavior"] = call.params["end_behavior"]
    _keep_defaults(call, schedule)
    if call.get("phases"):
        _replace_phases(call, schedule)
    world.update(schedule, "subscription_schedule.updated")
    if call.get("phases"):
        behaviour = call.get("proration_behavior", "create_prorations")
        phases.apply_current(world, schedule, behaviour)
    return world.require("subscription_schedule", schedule["id"])


def _replace_phases(call: Call, schedule: Document) -> None:
    """Past phases may be left out; the current one must come first and keep its start."""
    now = call.world.now()
    first = call.params["phases"][0].get("start_date")
    if first is None:
        raise invalid(
            "The subscription schedule update is missing at least one phase with a `start_date` to"
            " anchor end dates to.",
            "phases",
        )
    start = now if first == "now" else first
    current = schedule["current_phase"]
    starts = [phase["start_date"] for phase in schedule["phases"]]
    if current is not None and start not in [one for one in starts if one <= current["start_date"]]:
        raise invalid("You can not modify the start date of the current phase.", "phases[0][start_date]")
    if current is None and start < now:
        raise invalid(
            "The schedule has not started; its start can't be set to the past.", "phases[0][start_date]"
        )
    for index, sent in enumerate(call.params["phases"][1:], 1):
        given = sent.get("start_date")
        before = call.params["phases"][index - 1].get("end_date")
        if given is not None and before is not None and given != before:
            message = "The `start_date` of a phase must be the `end_date` of the one before."
            raise invalid(message, f"phases[{index}][start_date]")
    past = [phase for phase in schedule["phases"] if phase["end_date"] <= start]
    made = _read_phases(call, schedule, start)
    if current is not None and made[-1]["end_date"] <= now:
        raise invalid("The last phase must end in the future.", "phases")
    schedule["phases"] = past + made


def _check_open(schedule: Document, verb: str) -> None:
    if schedule["status"] in _DONE:
        raise invalid(
            f"You cannot {verb} a subscription schedule that is currently in the"
            f" `{schedule['status']}` status. It"
            " must be in `not_started` or `active`."
        )


@operation("POST /v1/subscription_schedules/{schedule}/cancel")
def cancel(call: Call) -> Document:
    """Ends its subscription too, at once."""
    world = call.world
    schedule = world.require("subscription_schedule", call.id(), "schedule")
    _check_open(schedule, "cancel")
    subscription = world.get("subscription", schedule["subscription"]) if schedule["subscription"] else None
    if subscription is not None and subscription["status"] not in subscriptions.ENDED:
        subscriptions.cancel_now(world, subscription)
        return world.require("subscription_schedule", schedule["id"])
    schedule |= {"status": "canceled", "canceled_at": world.now(), "current_phase": None}
    return world.update(schedule, None, "subscription_schedule.canceled")


@operation("POST /v1/subscription_schedules/{schedule}/release")
def release(call: Call) -> Document:
    schedule = call.world.require("subscription_schedule", call.id(), "schedule")
    _check_open(schedule, "release")
    phases.release(call.world, schedule)
    return schedule
