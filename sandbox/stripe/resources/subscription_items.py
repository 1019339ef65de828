"""Subscription items: making them from what was sent, and their own endpoints."""

from fractions import Fraction
from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import exclusive, invalid, required, unsupported
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import changes
from sandbox.stripe.resources.catalog import new_price
from sandbox.stripe.resources.fields import metadata
from sandbox.stripe.resources.tax_rates import require_rates
from sandbox.stripe.world import World

Document = dict[str, Any]

MOST_ITEMS = 20


def price_of(world: World, sent: Document, where: str) -> Document:
    """The recurring price that an item names or brings with it."""
    if sent.get("price") and sent.get("price_data"):
        raise exclusive(f"{where}[price]", f"{where}[price_data]")
    if sent.get("discounts"):
        raise unsupported("discounts", f"{where}[discounts]")
    if sent.get("price_data"):
        return new_price(world, sent["price_data"], one_off=True)
    if not sent.get("price"):
        raise required(f"{where}[price]")
    price = world.require("price", sent["price"], f"{where}[price]")
    if price["type"] != "recurring":
        message = (
            "The price specified is set to `type=one_time` but this field only accepts prices with"
            " `type=recurring`."
        )
        raise invalid(message, f"{where}[price]")
    if not price["active"] and not price.get("_of_line"):
        message = f"The price specified is inactive. This field only accepts active prices: {price['id']}"
        raise invalid(message, f"{where}[price]")
    return price


def new_item(world: World, subscription: str, sent: Document, where: str) -> Document:
    """An item without a period yet."""
    price = price_of(world, sent, where)
    item: Document = {
        "id": world.new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": world.now(),
        "current_period_end": 0,
        "current_period_start": 0,
        "discounts": [],
        "metadata": metadata(sent.get("metadata")),
        "price": price["id"],
        "subscription": subscription,
        "tax_rates": require_rates(world, sent.get("tax_rates") or [], f"{where}[tax_rates]"),
    }
    _set_quantity(price, item, sent.get("quantity"), where)
    return item


def _set_quantity(price: Document, item: Document, quantity: int | None, where: str) -> None:
    if price["recurring"]["usage_type"] == "metered":
        if quantity is not None:
            raise invalid(
                "Quantity should not be specified where usage_type is `metered`.", f"{where}[quantity]"
            )
        item.pop("quantity", None)
        return
    if quantity is not None and quantity < 0:
        raise invalid("Invalid non-negative integer", f"{where}[quantity]", "parameter_invalid_integer")
    item["quantity"] = item.get("quantity", 1) if quantity is None else quantity


def quantity_of(item: Document) -> Fraction:
    return Fraction(item.get("quantity", 0))


def check_together(world: World, items: list[Document], currency: str | None = None) -> str:
    """One currency, no price twice, not too many; returns the currency."""
    if not items:
        raise invalid("A subscription must have at least one active item.", "items")
    if len(items) > MOST_ITEMS:
        raise invalid(f"A subscription can have at most {MOST_ITEMS} items.", "items")
    prices = [world.get("price", item["price"]) or {} for item in items]
    for price in prices:
        if sum(other["id"] == price["id"] for other in prices) > 1:
            raise invalid(
                f"Cannot add multiple subscription items with the same price: {price['id']}", "items"
            )
    wanted: str = currency or prices[0]["currency"]
    if any(price["currency"] != wanted for price in prices):
        raise invalid(f"All prices of a subscription must be in its currency, {wanted}.", "items")
    return wanted


def changed_items(world: World, subscription: Document, sent: list[Document]) -> list[Document]:
    """The items after what was sent: those with an id are changed or deleted, the others added."""
    items = [dict(item) for item in subscription["_items"]]
    for index, one in enumerate(sent):
        where = f"items[{index}]"
        if not one.get("id"):
            items.append(new_item(world, subscription["id"], one, where))
            continue
        item = next((item for item in items if item["id"] == one["id"]), None)
        if item is None:
            message = f"Invalid item: {one['id']}. It does not belong to this subscription."
            raise invalid(message, f"{where}[id]", "resource_missing")
        if one.get("deleted"):
            items.remove(item)
        else:
            _change(world, item, one, where)
    check_together(world, items, subscription["currency"])
    return items


def _change(world: World, item: Document, sent: Document, where: str) -> None:
    if sent.get("price") or sent.get("price_data"):
        price = price_of(world, sent, where)
        if price["id"] != item["price"]:
            item["price"] = price["id"]
    price = world.require("price", item["price"])
    if sent.get("quantity") is not None or "quantity" not in item:
        _set_quantity(price, item, sent.get("quantity"), where)
    if "metadata" in sent:
        item["metadata"] = metadata(sent["metadata"], item["metadata"])
    if "tax_rates" in sent:
        item["tax_rates"] = require_rates(world, sent["tax_rates"] or [], f"{where}[tax_rates]")


@operation("GET /v1/subscription_items")
def list_items(call: Call) -> Document:
    subscription = call.world.require("subscription", call.params["subscription"], "subscription")
    return pages.page(call, list(reversed(subscription["_items"])))


@operation("POST /v1/subscription_items")
def create(call: Call) -> Document:
    subscription = call.world.require("subscription", call.params["subscription"], "subscription")
    before = {item["id"] for item in subscription["_items"]}
    items = changed_items(call.world, subscription, [_sent(call)])
    _apply(call, subscription, items)
    return next(item for item in subscription["_items"] if item["id"] not in before)


def _sent(call: Call) -> Document:
    names = ("price", "price_data", "quantity", "metadata", "tax_rates", "discounts")
    return {name: call.params[name] for name in names if call.sent(name)}


def _apply(call: Call, subscription: Document, items: list[Document]) -> None:
    behaviour = call.get("proration_behavior", "create_prorations")
    changes.change_items(call.world, subscription, items, behaviour, at=call.get("proration_date"))
    call.world.update(subscription, "customer.subscription.updated")


def _found(call: Call) -> tuple[Document, Document]:
    """(the subscription, its item of the path)."""
    for subscription in call.world.all("subscription"):
        for item in subscription["_items"]:
            if item["id"] == call.id():
                return call.world.require("subscription", subscription["id"]), item
    call.world.require("subscription_item", call.id(), "item")
    raise AssertionError("items are kept in their subscriptions")


@operation("GET /v1/subscription_items/{item}")
def retrieve(call: Call) -> Document:
    return _found(call)[1]


@operation("POST /v1/subscription_items/{item}")
def update(call: Call) -> Document:
    subscription, item = _found(call)
    items = changed_items(call.world, subscription, [_sent(call) | {"id": item["id"]}])
    _apply(call, subscription, items)
    return next(one for one in subscription["_items"] if one["id"] == item["id"])


@operation("DELETE /v1/subscription_items/{item}")
def delete(call: Call) -> Document:
    subscription, item = _found(call)
    items = changed_items(call.world, subscription, [{"id": item["id"], "deleted": True}])
    _apply(call, subscription, items)
    return {"id": item["id"], "object": "subscription_item", "deleted": True}
