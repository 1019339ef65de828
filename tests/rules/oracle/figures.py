"""Figures: exact numbers, the one rounding, months that clamp, prices, tax rates, as a scenario says them."""

import datetime as dt
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
ONE_DAY = dt.timedelta(days=1)
_DECIMALS = {"JPY": 0, "KRW": 0, "USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "KWD": 3, "BHD": 3, "CLF": 4}


def number(text: str) -> Fraction:
    return Fraction(text)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rounded(value: Fraction, currency: str) -> Fraction:
    """Half away from zero, to the minor unit."""
    scale = Fraction(10 ** _DECIMALS[currency])
    sign = -1 if value < 0 else 1
    whole = (abs(value) * scale + Fraction(1, 2)) // 1
    return sign * whole / scale


def written(value: Fraction, currency: str) -> str:
    digits = _DECIMALS[currency]
    units = value * Fraction(10**digits)
    assert units.denominator == 1, f"{value} is not a whole number of minor units"
    text = str(abs(units.numerator)).rjust(digits + 1, "0")
    if digits:
        text = f"{text[:-digits]}.{text[-digits:]}"
    return f"-{text}" if units < 0 else text


def month_after(start: dt.date, months: int) -> dt.date:
    """`start` + `months`, clamped to the month's last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    month += 1
    after = dt.date(year + 1, 1, 1) if month == 12 else dt.date(year, month + 1, 1)
    last = (after - ONE_DAY).day
    return dt.date(year, month, min(start.day, last))


def days(first: dt.date, end: dt.date) -> int:
    return (end - first).days


def price(pricing: Json, quantity: Fraction) -> Fraction:
    """What this quantity costs; graduated unit by unit of tier, volume by the one tier."""
    model = pricing["model"]
    if model == "flat":
        return number(pricing["amount"])
    if model == "per_unit":
        return number(pricing["unit_price"]) * quantity
    if model == "volume":
        for tier in pricing["tiers"]:
            if tier["up_to"] is None or quantity <= number(tier["up_to"]):
                return number(tier["unit_price"]) * quantity
        raise AssertionError("no last tier")
    total, below = Fraction(0), Fraction(0)
    for tier in pricing["tiers"]:
        top = quantity if tier["up_to"] is None else min(quantity, number(tier["up_to"]))
        if top > below:
            total += (top - below) * number(tier["unit_price"])
            below = top
    return total


def discounted(value: Fraction, discount_percent: str) -> Fraction:
    return value * (100 - number(discount_percent)) / 100


def tax_rate(line: Json, on: dt.date) -> Fraction:
    """Percent in force on the invoice's date."""
    if line.get("tax_rates"):
        known = [entry for entry in line["tax_rates"] if day(entry["from"]) <= on]
        return number(max(known, key=lambda entry: str(entry["from"]))["percent"])
    return number(line.get("tax_rate_percent") or "0")
