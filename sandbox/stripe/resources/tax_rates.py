"""Tax rates."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import keep, metadata
from sandbox.stripe.world import World

Document = dict[str, Any]


@operation("POST /v1/tax_rates")
def create_tax_rate(call: Call) -> Document:
    return new_tax_rate(call.world, call.params, active=call.get("active", True))


def new_tax_rate(world: World, sent: Document, *, active: bool) -> Document:
    percentage = sent["percentage"]
    if not 0 <= percentage <= 100:
        raise invalid("Invalid percentage: must be between 0 and 100.", "percentage")
    if round(percentage, 4) != percentage:
        raise invalid("Invalid decimal; must contain at maximum four decimal places.", "percentage")
    rate: Document = {
        "id": world.new_id("txr"),
        "object": "tax_rate",
        "active": active,
        "country": sent.get("country") or None,
        "created": world.now(),
        "description": sent.get("description") or None,
        "display_name": sent["display_name"],
        "effective_percentage": percentage,
        "flat_amount": None,
        "inclusive": sent["inclusive"],
        "jurisdiction": sent.get("jurisdiction") or None,
        "jurisdiction_level": sent.get("jurisdiction_level") or None,
        "livemode": False,
        "metadata": metadata(sent.get("metadata")),
        "percentage": percentage,
        "rate_type": "percentage",
        "state": sent.get("state") or None,
        "tax_type": sent.get("tax_type") or None,
    }
    return world.create(rate, "tax_rate.created" if active else None)


@operation("GET /v1/tax_rates")
def list_tax_rates(call: Call) -> Document:
    found = pages.matching(call, call.world.all("tax_rate"), ("active", "inclusive"), ("created",))
    return pages.page(call, found)


@operation("GET /v1/tax_rates/{tax_rate}")
def retrieve_tax_rate(call: Call) -> Document:
    return call.world.require("tax_rate", call.id(), "tax_rate")


@operation("POST /v1/tax_rates/{tax_rate}")
def update_tax_rate(call: Call) -> Document:
    rate = call.world.require("tax_rate", call.id(), "tax_rate")
    keep(
        rate, call, ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
    )
    return call.world.update(rate, "tax_rate.updated")


def require_rates(world: World, ids: Any, param: str) -> list[str]:
    """The given tax rates, each of which must be there and active."""
    for id in ids or []:
        rate = world.require("tax_rate", id, param)
        if not rate["active"]:
            raise invalid(f"The tax rate `{id}` is inactive and can't be applied.", param)
    return list(ids or [])
