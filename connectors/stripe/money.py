"""Amounts in Stripe's minor units, which are ISO 4217's but for a few currencies.

Source: docs.stripe.com/currencies, "zero-decimal currencies" and "special cases".
"""

from decimal import Decimal

from canonical.money import exact, minor_unit_digits
from connectors.stripe.client import PLATFORM
from ports.errors import Rejected

_OTHER_DIGITS = {"ISK": 2, "UGX": 2, "MGA": 0}


def digits(currency: str) -> int:
    return _OTHER_DIGITS.get(currency, minor_unit_digits(currency))


def to_stripe(amount: Decimal, currency: str) -> int:
    """Whole minor units. Rejected where the amount has more decimals than Stripe can take."""
    units = exact(amount) * 10 ** digits(currency)
    if units.denominator != 1:
        raise Rejected(
            f"{currency} amounts have {digits(currency)} decimals at Stripe",
            platform=PLATFORM,
            operation="to_stripe",
            field="amount",
        )
    return int(units.numerator)


def from_stripe(units: int, currency: str) -> Decimal:
    """With exactly the decimals that the currency has in ISO 4217."""
    value = Decimal(units).scaleb(-digits(currency))
    return value.quantize(Decimal(1).scaleb(-minor_unit_digits(currency)))
