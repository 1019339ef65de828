"""The tax rate of a line on a day, and the tax of an amount.

Tax is exclusive and computed per document line; a document's tax is the sum of its lines'. Source:
FINANCE.md, "Invoices and credit memos".
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from canonical.contract import DatedRate, LineTerms
from canonical.money import round_amount


class NoTaxRate(ValueError):
    """The line has dated tax rates, and none is in force on the day."""


def rate_percent(terms: LineTerms, day: dt.date) -> Decimal:
    """The rate in force on the day, in percent; 0 where the line names none. Raises NoTaxRate."""
    if terms.tax_rates is None:
        return Decimal(0) if terms.tax_rate_percent is None else terms.tax_rate_percent
    return in_force(terms.tax_rates, day)


def in_force(rates: Iterable[DatedRate], day: dt.date) -> Decimal:
    """The dated rate in force on the day, in percent. Raises NoTaxRate."""
    begun = [rate for rate in rates if rate.from_date <= day]
    if not begun:
        raise NoTaxRate(f"no tax rate is in force on {day}")
    return max(begun, key=lambda rate: rate.from_date).percent


def tax(amount: Decimal, rate: Decimal | Fraction, currency: str) -> Decimal:
    """The tax on a document line's amount, rounded."""
    return round_amount(Fraction(amount) * Fraction(rate) / 100, currency)


def tax_credited(amount: Decimal, rate: Decimal | Fraction, still_billed: Decimal, currency: str) -> Decimal:
    """The tax that a credit of this amount gives back: at the billed line's rate, and never more than is
    left of it.

    `still_billed` is the billed line's tax less what earlier credits gave back.
    """
    return min(tax(amount, rate, currency), still_billed)
