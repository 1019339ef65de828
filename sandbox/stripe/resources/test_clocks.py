"""Test clocks: a time of their own for the customers that are attached to them."""

from typing import Any

from sandbox.stripe import billing, pages
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.world import DAY

Document = dict[str, Any]

_KIND = "test_helpers.test_clock"
_LONGEST_DAYS = 2 * 366


@operation("POST /v1/test_helpers/test_clocks")
def create(call: Call) -> Document:
    world = call.world
    clock: Document = {
        "id": world.new_id("clock"),
        "object": _KIND,
        "created": world.clock_time(),
        "deletes_after": world.clock_time() + 30 * DAY,
        "frozen_time": call.params["frozen_time"],
        "livemode": False,
        "name": call.get("name"),
        "status": "ready",
        "status_details": {},
    }
    return world.create(clock, "test_helpers.test_clock.created")


@operation("GET /v1/test_helpers/test_clocks")
def list_clocks(call: Call) -> Document:
    return pages.page(call, call.world.all(_KIND))


@operation("GET /v1/test_helpers/test_clocks/{test_clock}")
def retrieve(call: Call) -> Document:
    return call.world.require(_KIND, call.id(), "test_clock")


@operation("POST /v1/test_helpers/test_clocks/{test_clock}/advance")
def advance(call: Call) -> Document:
    """What falls due on the way is done when the answer comes; it says `advancing` as Stripe's does."""
    world = call.world
    clock = world.require(_KIND, call.id(), "test_clock")
    before, to = clock["frozen_time"], call.params["frozen_time"]
    if to <= before:
        raise invalid("`frozen_time` must be later than the clock's current time.", "frozen_time")
    if to - before > _LONGEST_DAYS * DAY:
        raise invalid("A test clock can be advanced by at most two intervals at a time.", "frozen_time")
    clock["frozen_time"] = to
    world.update(clock, None, "test_helpers.test_clock.advancing")
    billing.run(world, test_clock=clock["id"])
    world.emit("test_helpers.test_clock.ready", clock)
    return clock | {"status": "advancing", "status_details": {"advancing": {"target_frozen_time": to}}}


@operation("DELETE /v1/test_helpers/test_clocks/{test_clock}")
def delete(call: Call) -> Document:
    """Its customers go with it."""
    world = call.world
    clock = world.require(_KIND, call.id(), "test_clock")
    for kind in ("subscription", "subscription_schedule", "invoice", "invoiceitem", "customer"):
        for obj in world.all(kind, test_clock=clock["id"]):
            world.state.delete(kind, obj["id"])
    return world.delete(clock, "test_helpers.test_clock.deleted")
