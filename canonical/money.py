"""The one home of money arithmetic: minor units of ISO 4217, the one rounding, and how an amount is
written.

Everything before the rounding is a `fractions.Fraction` (exact), everything after it a `Decimal` with
exactly the currency's number of decimals. A float is refused wherever it could come in. Source: FINANCE.md,
"Numbers".
"""

from collections.abc import Iterable
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from functools import cache

from iso4217 import Currency

Exact = Fraction | Decimal | int


class UnknownCurrency(ValueError):
    """The code is not a currency of ISO 4217 in which an amount can be written."""


class MixedCurrencies(ValueError):
    """Amounts of two currencies met in one sum."""


@cache
def minor_unit_digits(currency: str) -> int:
    """How many decimals the currency has: JPY 0, USD 2, KWD 3.

    Raises UnknownCurrency for codes that ISO 4217 does not have (historic ones such as DEM, lower case),
    and for those it has without a minor unit (gold XAU, "no currency" XXX, testing XTS): no amount can be
    rounded to them.
    """
    try:
        digits = Currency(currency).exponent
    except ValueError:
        raise UnknownCurrency(f"{currency!r} is not a currency of ISO 4217") from None
    if digits is None:
        raise UnknownCurrency(f"{currency!r} has no minor unit in ISO 4217, so no amount can be billed in it")
    return int(digits)


def exact(value: Exact) -> Fraction:
    """The value as an exact rational. Raises TypeError for a float: it has already lost the cent it had."""
    if isinstance(value, bool) or not isinstance(value, Fraction | Decimal | int):
        raise TypeError(f"money is computed from Decimal, Fraction or int, not from {type(value).__name__}")
    return Fraction(value)


def to_minor_units(amount: Exact, currency: str) -> int:
    """The amount in whole minor units (cents, yen, fils), rounded half away from zero (ROUND_HALF_UP)."""
    scale: int = 10 ** minor_unit_digits(currency)
    scaled = exact(amount) * scale
    magnitude = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)
    return magnitude if scaled >= 0 else -magnitude


def from_minor_units(units: int, currency: str) -> Decimal:
    """The amount of so many minor units, with exactly the currency's number of decimals; zero has no sign."""
    digits = tuple(int(digit) for digit in str(abs(units)))
    return Decimal((1 if units < 0 else 0, digits, -minor_unit_digits(currency)))


def round_amount(amount: Exact, currency: str) -> Decimal:
    """The amount as it stands on a document: half away from zero, to the currency's minor unit.

    To be called once per amount, when it becomes a document line: what is computed from a rounded amount is
    another amount.
    """
    return from_minor_units(to_minor_units(amount, currency), currency)


def is_whole_minor_units(amount: Decimal, currency: str) -> bool:
    """Whether the amount can exist in the currency (10.005 USD can't be paid)."""
    return exact(amount) == exact(round_amount(amount, currency))


def zero(currency: str) -> Decimal:
    return from_minor_units(0, currency)


def total(amounts: Iterable[Decimal], currency: str) -> Decimal:
    """The exact sum of rounded amounts of one currency."""
    return round_amount(sum((exact(amount) for amount in amounts), Fraction(0)), currency)


def difference(amount: Decimal, taken: Decimal, currency: str) -> Decimal:
    """`amount` − `taken`, exact however large: `Decimal`'s own minus rounds to 28 digits."""
    return round_amount(exact(amount) - exact(taken), currency)


def format_amount(amount: Decimal, currency: str) -> str:
    """The amount in plain notation with the currency's decimals: JPY "1200", KWD "1.234".

    Raises ValueError where that would hide a part of it: this writes, it does not round.
    """
    if not is_whole_minor_units(amount, currency):
        raise ValueError(f"{amount} has more decimals than {currency} has")
    return format(round_amount(amount, currency), "f")


_UNROUNDED = Context(prec=500, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])


def plus(*figures: Decimal) -> Decimal:
    """The exact sum of figures that are not amounts (units, quantities): `Decimal`'s own plus rounds to 28
    digits. Raises decimal.Inexact where 500 do not hold it.
    """
    found = Decimal(0)
    for figure in figures:
        found = _UNROUNDED.add(found, figure)
    return found


def require_one_currency(currencies: Iterable[str]) -> str:
    """The one currency of a sum. Raises MixedCurrencies where there are two, ValueError for none."""
    found = sorted(set(currencies))
    if len(found) > 1:
        raise MixedCurrencies(f"amounts of {' and '.join(found)} can't be added up")
    if not found:
        raise ValueError("no amount, so no currency")
    return found[0]


def decimal_of(value: Fraction) -> Decimal:
    """A sum of decimals as a decimal again, exact. Raises ValueError for thirds and the like."""
    scale = 0
    while value.denominator != 1:
        value, scale = value * 10, scale + 1
        if scale > 40:
            raise ValueError("not a finite decimal")
    return Decimal((1 if value < 0 else 0, tuple(int(digit) for digit in str(abs(value.numerator))), -scale))
