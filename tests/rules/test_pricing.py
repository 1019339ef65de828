"""What a quantity costs."""

from decimal import Decimal
from fractions import Fraction

import pytest

from canonical.contract import Pricing, Tier
from rules.pricing import monthly_rate, price

TIERS = (
    Tier(up_to=Decimal(10), unit_price=Decimal("19.90")),
    Tier(up_to=Decimal(50), unit_price=Decimal("17.50")),
    Tier(up_to=None, unit_price=Decimal(15)),
)


def _cost(model: str, quantity: str) -> Fraction:
    return price(Pricing.model_validate({"model": model, "tiers": TIERS}), Fraction(quantity))


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        ("0", "0"),
        ("10", "199"),  # 10 × 19.90
        ("10.5", "207.75"),  # 199 + 0.5 × 17.50
        ("37", "671.50"),  # 199 + 27 × 17.50
        ("50", "899"),  # 199 + 40 × 17.50
        ("61", "1064"),  # 899 + 11 × 15
    ],
)
def test_graduated_prices_each_unit_in_its_tier(quantity: str, cost: str) -> None:
    assert _cost("graduated", quantity) == Fraction(cost)


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [("0", "0"), ("10", "199"), ("10.01", "175.175"), ("50", "875"), ("51", "765")],
)
def test_volume_prices_all_units_in_the_tier_of_the_whole_and_up_to_is_inclusive(
    quantity: str, cost: str
) -> None:
    assert _cost("volume", quantity) == Fraction(cost)


def test_per_unit_and_flat() -> None:
    assert price(Pricing(model="per_unit", unit_price=Decimal("0.02")), Fraction("500.5")) == Fraction(
        "10.01"
    )
    assert price(Pricing(model="flat", amount=Decimal(249)), Fraction(1)) == 249


def test_monthly_rate_is_price_by_months_less_discount_times_uplift_unrounded() -> None:
    pricing = Pricing(model="per_unit", unit_price=Decimal("12.10"), per="year")
    rate = monthly_rate(pricing, Decimal(1), Decimal("7.5"), Fraction("1.05"))
    assert rate == Fraction("12.10") / 12 * Fraction("0.925") * Fraction("1.05")


def test_a_price_without_its_figure_is_an_error_and_no_zero() -> None:
    with pytest.raises(ValueError, match="unit_price"):
        price(Pricing(model="per_unit"), Fraction(1))
    with pytest.raises(ValueError, match="tiers"):
        price(Pricing(model="volume"), Fraction(1))
    with pytest.raises(ValueError, match="per"):
        monthly_rate(Pricing(model="flat", amount=Decimal(1)), Decimal(1), Decimal(0), Fraction(1))
