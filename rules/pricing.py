"""What a quantity costs: flat, per unit, graduated and volume; the monthly rate of a recurring line.

Exact rationals throughout, nothing is rounded here. Source: FINANCE.md, "Charges".
"""

from decimal import Decimal
from fractions import Fraction

from canonical.contract import Pricing, Tier

MONTHS_OF = {"month": 1, "year": 12}


def price(pricing: Pricing, quantity: Fraction) -> Fraction:
    """The list price of the quantity as a whole, in the contract's currency, per the pricing's `per`.

    A flat price is the amount whatever the quantity (validation lets only 1 through). Not included:
    discount, uplift, the division by months. Raises ValueError where the pricing has not the field that its
    model needs.
    """
    if pricing.model == "flat":
        return Fraction(_figure(pricing.amount, "amount"))
    if pricing.model == "per_unit":
        return quantity * Fraction(_figure(pricing.unit_price, "unit_price"))
    if pricing.tiers is None:
        raise ValueError(f"a {pricing.model} price needs tiers")
    if pricing.model == "graduated":
        return _graduated(pricing.tiers, quantity)
    return _volume(pricing.tiers, quantity)


def _figure(value: Decimal | None, field: str) -> Decimal:
    if value is None:
        raise ValueError(f"the price needs {field}")
    return value


def _graduated(tiers: tuple[Tier, ...], quantity: Fraction) -> Fraction:
    """Each unit at the price of its tier."""
    cost, lower = Fraction(0), Fraction(0)
    for tier in tiers:
        upper = quantity if tier.up_to is None else min(quantity, Fraction(tier.up_to))
        if upper > lower:
            cost += (upper - lower) * Fraction(tier.unit_price)
            lower = upper
    return cost


def _volume(tiers: tuple[Tier, ...], quantity: Fraction) -> Fraction:
    """All units at the price of the one tier into which the whole quantity falls; `up_to` is inclusive."""
    for tier in tiers:
        if tier.up_to is None or quantity <= Fraction(tier.up_to):
            return quantity * Fraction(tier.unit_price)
    raise ValueError("the tiers have no last one that is open")


def after_discount(amount: Fraction, discount_percent: Decimal) -> Fraction:
    return amount * (1 - Fraction(discount_percent) / 100)


def monthly_rate(
    pricing: Pricing, quantity: Decimal, discount_percent: Decimal, uplift: Fraction
) -> Fraction:
    """price(quantity) ÷ (1 or 12) × (1 − discount/100) × uplift, for a recurring line; per month, unrounded.

    Raises ValueError where the pricing does not say `per`.
    """
    if pricing.per is None:
        raise ValueError("a recurring price needs per: month or year")
    return (
        after_discount(price(pricing, Fraction(quantity)), discount_percent) / MONTHS_OF[pricing.per] * uplift
    )
