"""Products, prices, tax rates and coupons."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, exclusive, invalid, required
from sandbox.stripe.money import check_amount, unit_amounts
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import keep, metadata, url_safe
from sandbox.stripe.search import searched
from sandbox.stripe.world import World

Document = dict[str, Any]

_PRODUCT = (
    "active",
    "description",
    "name",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)
_LONGEST_INTERVAL = {"day": 1095, "week": 156, "month": 36, "year": 3}


# Products


@operation("POST /v1/products")
def create_product(call: Call) -> Document:
    world = call.world
    id = url_safe(call.params["id"], "id") if call.get("id") else world.new_id("prod", 14)
    product = _new_product(world, id, call.params["name"])
    keep(product, call, _PRODUCT)
    product["images"] = call.get("images", [])
    product["marketing_features"] = call.get("marketing_features", [])
    product["package_dimensions"] = call.get("package_dimensions")
    world.create(product, "product.created")
    data = call.get("default_price_data")
    if data:
        price = new_price(world, {**data, "product": id})
        product["default_price"] = price["id"]
        world.update(product, "product.updated")
    return product


def _new_product(world: World, id: str, name: str) -> Document:
    if world.get("product", id) is not None:
        raise invalid("Product already exists.", "id", "resource_already_exists")
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": world.now(),
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": world.now(),
        "url": None,
    }


@operation("GET /v1/products")
def list_products(call: Call) -> Document:
    found = pages.matching(call, call.world.all("product"), ("active", "shippable", "url"), ("created",))
    if call.get("ids"):
        found = [product for product in found if product["id"] in call.params["ids"]]
    return pages.page(call, found)


@operation("GET /v1/products/search")
def search_products(call: Call) -> Document:
    return searched(call, call.world.all("product"), ("active", "description", "name", "shippable", "url"))


@operation("GET /v1/products/{id}")
def retrieve_product(call: Call) -> Document:
    return call.world.require("product", call.id())


@operation("POST /v1/products/{id}")
def update_product(call: Call) -> Document:
    product = call.world.require("product", call.id())
    keep(product, call, _PRODUCT)
    if call.get("default_price"):
        price = call.world.require("price", call.params["default_price"], "default_price")
        if price["product"] != product["id"]:
            raise invalid("The price does not belong to this product.", "default_price")
        product["default_price"] = price["id"]
    for name in ("images", "marketing_features"):
        if call.sent(name):
            product[name] = call.params[name] or []
    product["updated"] = call.world.now()
    return call.world.update(product, "product.updated")


@operation("DELETE /v1/products/{id}")
def delete_product(call: Call) -> Document:
    product = call.world.require("product", call.id())
    if call.world.all("price", product=product["id"]):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    return call.world.delete(product, "product.deleted")


# Prices


@operation("POST /v1/prices")
def create_price(call: Call) -> Document:
    if call.get("product") and call.get("product_data"):
        raise exclusive("product", "product_data")
    return new_price(call.world, call.params)


def new_price(world: World, sent: Document, *, one_off: bool = False) -> Document:
    """A price of the given parameters; `one_off` ones (of `price_data`) are inactive."""
    amount, decimal = _amounts(sent)
    recurring = _recurring(world, sent.get("recurring") or None)
    price: Document = {
        "id": world.new_id("price", 24),
        "object": "price",
        "active": sent.get("active", True) and not one_off,
        "billing_scheme": sent.get("billing_scheme") or "per_unit",
        "created": world.now(),
        "currency": sent["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": metadata(sent.get("metadata")),
        "nickname": sent.get("nickname") or None,
        "product": _product_of(world, sent),
        "recurring": recurring,
        "tax_behavior": sent.get("tax_behavior") or "unspecified",
        "tiers_mode": sent.get("tiers_mode") or None,
        "transform_quantity": sent.get("transform_quantity") or None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": decimal,
        "_tiers": _tiers(sent),
        "_of_line": one_off,
    }
    if amount is not None and not one_off:
        check_amount(amount, sent["currency"], "unit_amount")
    if sent.get("lookup_key"):
        _take_lookup_key(world, price, sent["lookup_key"], transfer=bool(sent.get("transfer_lookup_key")))
    return world.create(price, "price.created")


def _amounts(sent: Document) -> tuple[int | None, str | None]:
    if sent.get("billing_scheme") == "tiered":
        if not sent.get("tiers"):
            raise required("tiers")
        if not sent.get("tiers_mode"):
            raise required("tiers_mode")
        return None, None
    if sent.get("tiers"):
        message = "You cannot specify `tiers` without setting `billing_scheme=tiered`."
        raise invalid(message, "tiers")
    if sent.get("custom_unit_amount"):
        return None, None
    if sent.get("unit_amount") is None and sent.get("unit_amount_decimal") is None:
        message = (
            "You must specify either `unit_amount` or `unit_amount_decimal` when `billing_scheme=per_unit`."
        )
        raise StripeError(400, message, code="parameter_missing", param="unit_amount")
    amount, decimal = unit_amounts(sent.get("unit_amount"), sent.get("unit_amount_decimal"))
    if decimal.startswith("-"):
        raise invalid("Invalid non-negative integer", "unit_amount", "parameter_invalid_integer")
    return amount, decimal


def _tiers(sent: Document) -> list[Document] | None:
    tiers = sent.get("tiers") or None
    if tiers is None:
        return None
    made = []
    for index, tier in enumerate(tiers):
        last = index == len(tiers) - 1
        if (tier["up_to"] == "inf") != last:
            raise invalid(
                "The last tier, and no other, must have `up_to` of `inf`.", f"tiers[{index}][up_to]"
            )
        unit = unit_amounts(tier.get("unit_amount"), tier.get("unit_amount_decimal"))
        flat = unit_amounts(tier.get("flat_amount"), tier.get("flat_amount_decimal"), "flat_amount")
        has_flat = tier.get("flat_amount") is not None or tier.get("flat_amount_decimal") is not None
        made.append(
            {
                "flat_amount": flat[0] if has_flat else None,
                "flat_amount_decimal": flat[1] if has_flat else None,
                "unit_amount": unit[0],
                "unit_amount_decimal": unit[1],
                "up_to": None if last else tier["up_to"],
            }
        )
    return made


def _recurring(world: World, sent: Document | None) -> Document | None:
    if sent is None:
        return None
    count = sent.get("interval_count", 1)
    if not 1 <= count <= _LONGEST_INTERVAL[sent["interval"]]:
        message = (
            "Invalid interval_count: the maximum interval is three years (3 years, 36 months or 156 weeks)."
        )
        raise invalid(message, "recurring[interval_count]")
    usage_type = sent.get("usage_type") or "licensed"
    meter = sent.get("meter") or None
    if usage_type == "metered" and meter is None:
        raise required("recurring[meter]")
    if meter is not None:
        world.require("billing.meter", meter, "recurring[meter]")
    return {"interval": sent["interval"], "interval_count": count, "meter": meter, "usage_type": usage_type}


def _product_of(world: World, sent: Document) -> str:
    data = sent.get("product_data")
    if data:
        product = _new_product(world, data.get("id") or world.new_id("prod", 14), data["name"])
        product["metadata"] = metadata(data.get("metadata"))
        for name in ("active", "statement_descriptor", "tax_code", "unit_label"):
            product[name] = data.get(name, product[name])
        world.create(product, "product.created")
        return str(product["id"])
    if not sent.get("product"):
        raise required("product")
    return str(world.require("product", sent["product"], "product")["id"])


def _take_lookup_key(world: World, price: Document, key: str, *, transfer: bool) -> None:
    holder = next(iter(world.all("price", lookup_key=key)), None)
    if holder is not None and holder["id"] != price["id"]:
        if not transfer:
            message = (
                f"A price (`{holder['id']}`) already uses that lookup key. Pass `transfer_lookup_key:"
                " true` to transfer"
                " the lookup key to this price."
            )
            raise invalid(message, "lookup_key")
        holder["lookup_key"] = None
        world.update(holder, "price.updated")
    price["lookup_key"] = key


@operation("GET /v1/prices")
def list_prices(call: Call) -> Document:
    found = pages.matching(
        call, call.world.all("price"), ("active", "currency", "product", "type"), ("created",)
    )
    if call.get("lookup_keys"):
        if len(call.params["lookup_keys"]) > 10:
            raise invalid("You may pass up to 10 lookup_keys.", "lookup_keys")
        found = [price for price in found if price["lookup_key"] in call.params["lookup_keys"]]
    for name, value in (call.get("recurring") or {}).items():
        found = [price for price in found if (price["recurring"] or {}).get(name) == value]
    if not call.get("product"):
        found = [price for price in found if not price.get("_of_line")]
    return pages.page(call, found)


@operation("GET /v1/prices/search")
def search_prices(call: Call) -> Document:
    return searched(call, call.world.all("price"), ("active", "currency", "lookup_key", "product", "type"))


@operation("GET /v1/prices/{price}")
def retrieve_price(call: Call) -> Document:
    return call.world.require("price", call.id(), "price")


@operation("POST /v1/prices/{price}")
def update_price(call: Call) -> Document:
    """What a price costs never changes."""
    price = call.world.require("price", call.id(), "price")
    keep(price, call, ("active", "nickname", "tax_behavior"))
    if call.sent("lookup_key"):
        price["lookup_key"] = None
        if call.params["lookup_key"]:
            transfer = bool(call.get("transfer_lookup_key"))
            _take_lookup_key(call.world, price, call.params["lookup_key"], transfer=transfer)
    return call.world.update(price, "price.updated")
