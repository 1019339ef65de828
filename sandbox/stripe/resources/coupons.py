"""Coupons: kept, but not applied."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid, required
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import deletion, keep, metadata, url_safe

Document = dict[str, Any]


@operation("POST /v1/coupons")
def create_coupon(call: Call) -> Document:
    world = call.world
    percent, amount = call.get("percent_off"), call.get("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("You must set either `percent_off` or `amount_off`, and not both.", "percent_off")
    if amount is not None and not call.get("currency"):
        raise required("currency")
    duration = call.get("duration", "once")
    if (duration == "repeating") != (call.get("duration_in_months") is not None):
        raise invalid("`duration_in_months` goes with `duration=repeating`.", "duration_in_months")
    id = url_safe(call.params["id"], "id") if call.get("id") else world.new_id("", 8)[1:]
    if world.get("coupon", id) is not None:
        raise invalid("Coupon already exists.", "id", "resource_already_exists")
    coupon: Document = {
        "id": id,
        "object": "coupon",
        "amount_off": amount,
        "created": world.now(),
        "currency": call.get("currency"),
        "duration": duration,
        "duration_in_months": call.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": call.get("max_redemptions"),
        "metadata": metadata(call.get("metadata")),
        "name": call.get("name"),
        "percent_off": percent,
        "redeem_by": call.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    return world.create(coupon, "coupon.created")


@operation("GET /v1/coupons")
def list_coupons(call: Call) -> Document:
    return pages.page(call, pages.matching(call, call.world.all("coupon"), (), ("created",)))


@operation("GET /v1/coupons/{coupon}")
def retrieve_coupon(call: Call) -> Document:
    return call.world.require("coupon", call.id(), "coupon")


@operation("POST /v1/coupons/{coupon}")
def update_coupon(call: Call) -> Document:
    coupon = call.world.require("coupon", call.id(), "coupon")
    keep(coupon, call, ("name",))
    return call.world.update(coupon, "coupon.updated")


@operation("DELETE /v1/coupons/{coupon}")
def delete_coupon(call: Call) -> Document:
    coupon = call.world.require("coupon", call.id(), "coupon")
    call.world.delete(coupon, "coupon.deleted")
    return deletion(coupon)
