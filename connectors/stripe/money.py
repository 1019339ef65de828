"""Amounts in Stripe's minor units, which are ISO 4217's but for a few currencies.

Source: docs.stripe.com/currencies, "zero-decimal currencies" and "special cases".
"""

from collections.abc import Iterable
from decimal import Decimal

from canonical.document import DocumentLine
from canonical.money import exact, minor_unit_digits
from connectors.stripe.client import PLATFORM
from ports.errors import Rejected

_SMALLEST_STEPS = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10}
"""Three-decimal currencies: what is no multiple of ten minor units can't be settled, and is refused."""
_OTHER_DIGITS = {"ISK": 2, "UGX": 2, "MGA": 0}


def digits(currency: str) -> int:
    return _OTHER_DIGITS.get(currency, minor_unit_digits(currency))


def smallest_step(currency: str) -> int:
    """What amounts must be a multiple of, in minor units."""
    return _SMALLEST_STEPS.get(currency, 1)


def to_stripe(amount: Decimal, currency: str, field: str = "amount") -> int:
    """Whole minor units. Rejected, naming the field, where Stripe can't take the amount: it never is rounded.

    See docs/decisions/0011-what-a-platform-can-not-take.md.
    """
    units, step = exact(amount) * 10 ** digits(currency), smallest_step(currency)
    if units.denominator != 1 or units.numerator % step:
        smallest = from_stripe(step, currency)
        raise Rejected(
            f"Stripe takes {currency} in steps of {smallest}, and {amount} is none: have it come to one "
            "(usage corrected, another price or discount), then retry",
            platform=PLATFORM,
            operation="to_stripe",
            field=field,
        )
    return int(units.numerator)


def require_billable(lines: Iterable[DocumentLine], currency: str) -> None:
    """Rejected where an amount or a tax can't be had at Stripe: to be asked before the first write."""
    for line in lines:
        to_stripe(line.amount, currency, f"lines.{line.line}.amount")
        to_stripe(line.tax, currency, f"lines.{line.line}.tax")


def from_stripe(units: int, currency: str) -> Decimal:
    """With exactly the decimals that the currency has in ISO 4217."""
    value = Decimal(units).scaleb(-digits(currency))
    return value.quantize(Decimal(1).scaleb(-minor_unit_digits(currency)))
