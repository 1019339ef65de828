"""The lines of invoices: of invoice items, and of subscription items for a period."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.stripe import periods
from sandbox.stripe.errors import StripeError, exclusive, invalid, unsupported
from sandbox.stripe.money import check_amount, plain, rounded
from sandbox.stripe.resources.catalog import new_price
from sandbox.stripe.resources.fields import metadata
from sandbox.stripe.resources.tax_rates import new_tax_rate, require_rates
from sandbox.stripe.resources.totals import tax
from sandbox.stripe.world import World

Document = dict[str, Any]
MOST_LINES = 250


def new_line(world: World, amount: int, currency: str, period: tuple[int, int], **more: Any) -> Document:
    line: Document = {
        "id": world.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"end": period[1], "start": period[0]},
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": None,
        "subtotal": amount,
        "taxes": [],
        "_tax_rates": [],
        "_explicit_taxes": False,
    }
    return line | more


def pricing_of(price: Document) -> Document:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def amount_of(price: Document, quantity: Fraction) -> int:
    """What a quantity costs at a price, rounded once."""
    return rounded(exact_amount(price, quantity))


def exact_amount(price: Document, quantity: Fraction) -> Fraction:
    transform = price["transform_quantity"]
    if transform:
        parts = quantity / transform["divide_by"]
        quantity = Fraction(parts.__ceil__() if transform["round"] == "up" else parts.__floor__())
    if price["billing_scheme"] == "per_unit":
        return Fraction(Decimal(price["unit_amount_decimal"] or "0")) * quantity
    tiers: list[Document] = price["_tiers"]
    return _volume(tiers, quantity) if price["tiers_mode"] == "volume" else _graduated(tiers, quantity)


def _volume(tiers: list[Document], quantity: Fraction) -> Fraction:
    tier = next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
    return _flat(tier) + _unit(tier) * quantity


def _graduated(tiers: list[Document], quantity: Fraction) -> Fraction:
    total, below = Fraction(0), Fraction(0)
    for index, tier in enumerate(tiers):
        if quantity <= below and index > 0:
            break
        top = quantity if tier["up_to"] is None else min(quantity, Fraction(tier["up_to"]))
        total += _flat(tier) + _unit(tier) * (top - below)
        below = top
    return total


def _flat(tier: Document) -> Fraction:
    return Fraction(Decimal(tier["flat_amount_decimal"] or "0"))


def _unit(tier: Document) -> Fraction:
    return Fraction(Decimal(tier["unit_amount_decimal"] or "0"))


# What a caller may say about a line or an invoice item


def priced(world: World, sent: Document, currency: str, where: str = "") -> Document:
    """`amount`, `quantity`, `pricing` of what was sent: an amount, a price, price data or a unit amount."""
    param = f"{where}[amount]" if where else "amount"
    _refuse_unsupported(sent)
    ways = [
        name
        for name in ("amount", "pricing", "price_data", "unit_amount_decimal")
        if sent.get(name) is not None
    ]
    if len(ways) > 1:
        raise exclusive(ways[0], ways[1])
    if not ways:
        raise StripeError(
            400, "You must specify an amount or a price.", code="parameter_missing", param=param
        )
    quantity = _quantity(sent)
    if ways == ["amount"]:
        if quantity is not None and quantity != 1:
            raise exclusive("amount", "quantity")
        check_amount(sent["amount"], currency, param)
        return {"amount": sent["amount"], "quantity": 1, "quantity_decimal": "1", "pricing": None}
    price = _price(world, sent, currency, ways[0])
    units = Fraction(1) if quantity is None else quantity
    decimal = plain(Decimal(units.numerator) / Decimal(units.denominator))
    whole = int(units) if units.denominator == 1 else None
    pricing = {**pricing_of(price)}
    return {
        "amount": amount_of(price, units),
        "quantity": whole,
        "quantity_decimal": decimal,
        "pricing": pricing,
    }


def _refuse_unsupported(sent: Document) -> None:
    if sent.get("discounts"):
        raise unsupported("discounts", "discounts")


def _quantity(sent: Document) -> Fraction | None:
    if sent.get("quantity") is not None and sent.get("quantity_decimal") is not None:
        raise exclusive("quantity", "quantity_decimal")
    given = sent.get("quantity") if sent.get("quantity") is not None else sent.get("quantity_decimal")
    if given is None:
        return None
    quantity = Fraction(str(given))
    if quantity < 0:
        raise invalid("Invalid non-negative integer", "quantity", "parameter_invalid_integer")
    return quantity


def _price(world: World, sent: Document, currency: str, way: str) -> Document:
    if way == "pricing":
        price = world.require("price", sent["pricing"].get("price", ""), "pricing[price]")
        if price["type"] == "recurring":
            message = (
                "The price specified is set to `type=recurring` but this field only accepts prices with"
                " `type=one_time`."
            )
            raise invalid(message, "pricing[price]")
        if price["currency"] != currency:
            raise invalid(f"The price specified only supports `{price['currency']}`.", "pricing[price]")
        return price
    if way == "price_data":
        return new_price(world, sent["price_data"], one_off=True)
    data = {"currency": currency, "unit_amount_decimal": sent["unit_amount_decimal"].removeprefix("-")}
    product = {"product_data": {"name": sent.get("description") or "Invoice item"}}
    price = new_price(world, data | product, one_off=True)
    price["unit_amount_decimal"] = sent["unit_amount_decimal"]
    return price


def explicit_taxes(world: World, sent: list[Document]) -> list[Document]:
    """Taxes that somebody else computed; their rates are kept inactive."""
    made = []
    for one in sent:
        data = one["tax_rate_data"]
        rate = _known_rate(world, data) or new_tax_rate(world, data, active=False)
        reason = one.get("taxability_reason") or "not_available"
        made.append(
            tax(
                one["amount"],
                rate["id"],
                taxable=one["taxable_amount"],
                inclusive=data["inclusive"],
                reason=reason,
            )
        )
    return made


def _known_rate(world: World, data: Document) -> Document | None:
    names = (
        "country",
        "description",
        "display_name",
        "inclusive",
        "jurisdiction",
        "percentage",
        "state",
        "tax_type",
    )
    for rate in world.all("tax_rate", active=False):
        if all(rate[name] == (data.get(name) if data.get(name) != "" else None) for name in names):
            return rate
    return None


def apply_taxes(world: World, line: Document, sent: Document, where: str) -> None:
    """`tax_rates` or `tax_amounts` as sent; one drives out the other."""
    if sent.get("tax_rates") and sent.get("tax_amounts"):
        raise exclusive(f"{where}[tax_rates]" if where else "tax_rates", "tax_amounts")
    if "tax_amounts" in sent:
        line["_explicit_taxes"] = bool(sent["tax_amounts"])
        line["taxes"] = explicit_taxes(world, sent["tax_amounts"] or [])
        if sent["tax_amounts"]:
            line["_tax_rates"] = []
    if "tax_rates" in sent:
        line["_tax_rates"] = require_rates(world, sent["tax_rates"] or [], "tax_rates")
        line["_explicit_taxes"] = line["_explicit_taxes"] and not sent["tax_rates"]


def line_of_item(world: World, item: Document) -> Document:
    """The line by which an invoice item stands on an invoice."""
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None} if item["proration"] else None,
        "subscription": item["_subscription"],
    }
    parent = {
        "invoice_item_details": details,
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
    period = item["period"]["start"], item["period"]["end"]
    line = new_line(
        world,
        item["amount"],
        item["currency"],
        period,
        description=item["description"],
        discountable=item["discountable"],
        metadata=metadata(item["metadata"]),
        parent=parent,
        pricing=item["pricing"],
        quantity=item["quantity"],
        quantity_decimal=item["quantity_decimal"],
        subscription=item["_subscription"],
        _tax_rates=item["tax_rates"],
    )
    item["_line"] = line["id"]
    return line


def line_of_subscription_item(
    world: World,
    subscription: Document,
    item: Document,
    period: tuple[int, int],
    amount: int,
    quantity: Fraction,
) -> Document:
    """What a subscription item costs for a period."""
    price = world.get("price", item["price"]) or {}
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    whole = int(quantity) if quantity.denominator == 1 else None
    return new_line(
        world,
        amount,
        subscription["currency"],
        period,
        description=_description(world, price, quantity),
        metadata=metadata(item["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        pricing=pricing_of(price),
        quantity=whole,
        quantity_decimal=plain(Decimal(quantity.numerator) / Decimal(quantity.denominator)),
        subscription=subscription["id"],
        _tax_rates=item["tax_rates"],
    )


def _description(world: World, price: Document, quantity: Fraction) -> str:
    product = world.get("product", price["product"]) or {"name": price["product"]}
    each = Decimal(price["unit_amount_decimal"] or "0") / 100
    interval = (price["recurring"] or {"interval": "once"})["interval"]
    count = Decimal(quantity.numerator) / Decimal(quantity.denominator)
    return f"{plain(count)} × {product['name']} (at {plain(each)} {price['currency'].upper()} / {interval})"


def proration_text(word: str, name: str, moment: int) -> str:
    return f"{word} on {name} after {periods.shown(moment)}"
