"""Events of the last 30 days."""

from fnmatch import fnmatchcase
from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import exclusive
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.world import DAY, EVENT_DAYS

Document = dict[str, Any]


@operation("GET /v1/events")
def list_events(call: Call) -> Document:
    if call.get("type") and call.get("types"):
        raise exclusive("type", "types")
    oldest = call.world.clock_time() - EVENT_DAYS * DAY
    found = [event for event in call.world.all("event") if event["created"] >= oldest]
    found = pages.matching(call, found, (), ("created",))
    if call.get("type"):
        found = [event for event in found if fnmatchcase(event["type"], call.params["type"])]
    if call.get("types"):
        found = [event for event in found if event["type"] in call.params["types"]]
    if call.get("delivery_success") is not None:
        found = [event for event in found if _delivered(call, event) == call.params["delivery_success"]]
    return pages.page(call, found)


def _delivered(call: Call, event: Document) -> bool:
    sent = call.world.state.find("_webhook", id=event["id"])
    return all(entry["status"] == "delivered" for entry in sent)


@operation("GET /v1/events/{id}")
def retrieve(call: Call) -> Document:
    return call.world.require("event", call.id())
