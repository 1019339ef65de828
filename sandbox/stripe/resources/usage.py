"""Billing meters and their events; what was measured is billed by metered prices."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import keep
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]

_OLDEST_DAYS, _AHEAD_SECONDS = 35, 300


@operation("POST /v1/billing/meters")
def create(call: Call) -> Document:
    world = call.world
    name = call.params["event_name"]
    if any(meter["status"] == "active" for meter in world.all("billing.meter", event_name=name)):
        raise invalid(f"An active meter with the event name `{name}` already exists.", "event_name")
    mapping = call.get("customer_mapping") or {"event_payload_key": "stripe_customer_id", "type": "by_id"}
    meter: Document = {
        "id": world.new_id("mtr"),
        "object": "billing.meter",
        "created": world.now(),
        "customer_mapping": mapping,
        "default_aggregation": call.params["default_aggregation"],
        "display_name": call.params["display_name"],
        "event_name": name,
        "event_time_window": call.get("event_time_window"),
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": world.now(),
        "value_settings": call.get("value_settings") or {"event_payload_key": "value"},
    }
    return world.create(meter)


@operation("GET /v1/billing/meters")
def list_meters(call: Call) -> Document:
    return pages.page(call, pages.matching(call, call.world.all("billing.meter"), ("status",)))


@operation("GET /v1/billing/meters/{id}")
def retrieve(call: Call) -> Document:
    return call.world.require("billing.meter", call.id())


@operation("POST /v1/billing/meters/{id}")
def update(call: Call) -> Document:
    meter = call.world.require("billing.meter", call.id())
    keep(meter, call, ("display_name",))
    meter["updated"] = call.world.now()
    return call.world.update(meter, None)


@operation("POST /v1/billing/meters/{id}/deactivate")
def deactivate(call: Call) -> Document:
    meter = call.world.require("billing.meter", call.id())
    if meter["status"] != "active":
        raise invalid("The meter is already inactive.")
    meter |= {"status": "inactive", "status_transitions": {"deactivated_at": call.world.now()}}
    return call.world.update(meter, None)


@operation("POST /v1/billing/meters/{id}/reactivate")
def reactivate(call: Call) -> Document:
    meter = call.world.require("billing.meter", call.id())
    if meter["status"] != "inactive":
        raise invalid("The meter is already active.")
    meter |= {"status": "active", "status_transitions": {"deactivated_at": None}}
    return call.world.update(meter, None)


@operation("POST /v1/billing/meter_events")
def create_event(call: Call) -> Document:
    """An `identifier` counts once."""
    world = call.world
    name, payload = call.params["event_name"], call.params["payload"]
    meters = [one for one in world.all("billing.meter", event_name=name) if one["status"] == "active"]
    if not meters:
        raise StripeError(
            400, f"No active meter found for event name {name}.", code="no_meter", param="event_name"
        )
    meter = meters[0]
    key = meter["customer_mapping"]["event_payload_key"]
    customer = payload.get(key)
    if not customer:
        raise invalid(f"The payload is missing the customer: `{key}`.", f"payload[{key}]")
    world.require("customer", customer, f"payload[{key}]")
    at = call.get("timestamp", world.now())
    if not world.now() - _OLDEST_DAYS * DAY <= at <= world.now() + _AHEAD_SECONDS:
        message = "The timestamp must be within the past 35 calendar days or up to 5 minutes in the future."
        raise invalid(message, "timestamp", "timestamp_invalid")
    identifier = call.get("identifier") or world.new_id("mev")
    if world.get("billing.meter_event", identifier) is not None:
        raise invalid(f"An event already exists with identifier {identifier}.", "identifier")
    event: Document = {
        "id": identifier,
        "object": "billing.meter_event",
        "created": world.now(),
        "event_name": name,
        "identifier": identifier,
        "livemode": False,
        "payload": payload,
        "timestamp": at,
        "_customer": customer,
        "_meter": meter["id"],
        "_value": _value(payload.get(meter["value_settings"]["event_payload_key"]), meter),
    }
    world.create(event)
    return {name: value for name, value in event.items() if name != "id"}


def _value(text: str | None, meter: Document) -> str:
    if meter["default_aggregation"]["formula"] == "count":
        return "1"
    key = meter["value_settings"]["event_payload_key"]
    try:
        value = Decimal(text or "")
    except InvalidOperation:
        raise invalid(f"The value `{key}` of the payload is not a number.", f"payload[{key}]") from None
    if not value.is_finite():
        raise invalid(f"The value `{key}` of the payload is not a number.", f"payload[{key}]")
    return format(value, "f")


@operation("POST /v1/billing/meter_event_adjustments")
def adjust(call: Call) -> Document:
    identifier = (call.get("cancel") or {}).get("identifier") or ""
    event = call.world.require("billing.meter_event", identifier, "cancel[identifier]")
    if call.world.now() - event["created"] > DAY:
        raise invalid("Only events of the last 24 hours can be cancelled.", "cancel[identifier]")
    call.world.put(event | {"_value": "0", "_cancelled": True})
    return {
        "object": "billing.meter_event_adjustment",
        "cancel": {"identifier": identifier},
        "event_name": call.params["event_name"],
        "livemode": False,
        "status": "complete",
        "type": "cancel",
    }


def measured(world: World, meter_id: str, customer: str, period: tuple[int, int]) -> Fraction:
    """The meter's aggregate of a customer over `[start, end)`."""
    meter = world.get("billing.meter", meter_id) or {}
    events = [
        event
        for event in reversed(world.all("billing.meter_event", _customer=customer, _meter=meter_id))
        if period[0] <= event["timestamp"] < period[1] and not event.get("_cancelled")
    ]
    values = [
        Fraction(Decimal(event["_value"])) for event in sorted(events, key=lambda one: one["timestamp"])
    ]
    if meter["default_aggregation"]["formula"] == "last":
        return values[-1] if values else Fraction(0)
    return sum(values, Fraction(0))


@operation("GET /v1/billing/meters/{id}/event_summaries")
def summaries(call: Call) -> Document:
    meter = call.world.require("billing.meter", call.id())
    start, end = call.params["start_time"], call.params["end_time"]
    step = {"hour": 3600, "day": DAY}.get(call.get("value_grouping_window", ""), end - start)
    if step <= 0 or start % 60 or end % 60:
        raise invalid("start_time and end_time must be aligned with minute boundaries.", "start_time")
    found = []
    for at in range(start, end, step):
        window = (at, min(at + step, end))
        value = measured(call.world, meter["id"], call.params["customer"], window)
        found.append(
            {
                "id": f"mtrusg_{meter['id']}_{at}",
                "object": "billing.meter_event_summary",
                "aggregated_value": float(value),
                "end_time": window[1],
                "livemode": False,
                "meter": meter["id"],
                "start_time": at,
            }
        )
    return pages.page(call, list(reversed(found)))
