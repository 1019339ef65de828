"""Money: minor units of ISO 4217, one rounding half away from zero, no float anywhere."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import (
    MixedCurrencies,
    UnknownCurrency,
    decimal_of,
    difference,
    format_amount,
    from_minor_units,
    is_whole_minor_units,
    minor_unit_digits,
    require_one_currency,
    round_amount,
    to_minor_units,
    total,
)


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("ISK", 0)]
)
def test_minor_unit_is_that_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_unit_digits(currency) == digits


@pytest.mark.parametrize("code", ["XAU", "XAG", "XXX", "XTS", "XDR"])
def test_codes_without_a_minor_unit_are_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="no minor unit"):
        minor_unit_digits(code)


@pytest.mark.parametrize("code", ["DEM", "FRF", "usd", "Usd", "", "US", "DOLLAR", "BTC"])
def test_codes_that_iso_4217_does_not_have_are_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="not a currency"):
        minor_unit_digits(code)


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [
        (Fraction("0.005"), "USD", "0.01"),
        (Fraction("-0.005"), "USD", "-0.01"),
        (Fraction("2.675"), "USD", "2.68"),
        (Fraction("0.125"), "USD", "0.13"),
        (Fraction("0.0049999"), "USD", "0.00"),
        (Fraction("-0.0049999"), "USD", "0.00"),
        (Fraction(1, 2), "JPY", "1"),
        (Fraction(-1, 2), "JPY", "-1"),
        (Fraction("0.0005"), "KWD", "0.001"),
        (Fraction("1.2344999"), "KWD", "1.234"),
        (Fraction(10, 3), "USD", "3.33"),
    ],
)
def test_rounding_is_half_away_from_zero_to_the_minor_unit(
    exact: Fraction, currency: str, rounded: str
) -> None:
    assert str(round_amount(exact, currency)) == rounded


def test_a_quarter_of_12_10_a_year_is_3_03() -> None:
    exact = Fraction(Decimal("12.10")) / 12 * 3
    assert round_amount(exact, "USD") == Decimal("3.03")


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        round_amount(0.1, "USD")  # type: ignore[arg-type]


def test_amounts_are_written_with_the_decimals_of_the_currency() -> None:
    assert format_amount(Decimal("1200"), "JPY") == "1200"
    assert format_amount(Decimal("1.234"), "KWD") == "1.234"
    assert format_amount(Decimal("1200"), "USD") == "1200.00"
    with pytest.raises(ValueError, match="more decimals"):
        format_amount(Decimal("1.005"), "USD")


def test_sums_are_exact_beyond_28_digits() -> None:
    large = Decimal("12345678901234567890123456789012345.67")
    assert total([large, Decimal("0.01")], "USD") == Decimal("12345678901234567890123456789012345.68")
    assert str(difference(large, Decimal("0.67"), "USD")) == "12345678901234567890123456789012345.00"


def test_amounts_of_two_currencies_never_meet() -> None:
    with pytest.raises(MixedCurrencies):
        require_one_currency(["USD", "EUR", "USD"])
    assert require_one_currency(["USD", "USD"]) == "USD"


def test_whole_minor_units() -> None:
    assert is_whole_minor_units(Decimal("10.50"), "USD")
    assert not is_whole_minor_units(Decimal("10.505"), "USD")
    assert not is_whole_minor_units(Decimal("10.5"), "JPY")


def test_a_sum_of_decimals_is_a_decimal_and_a_third_is_none() -> None:
    assert decimal_of(Fraction("1500.5")) == Decimal("1500.5")
    assert decimal_of(Fraction(-3)) == Decimal(-3)
    with pytest.raises(ValueError, match="finite"):
        decimal_of(Fraction(1, 3))


CURRENCIES = st.sampled_from(["JPY", "USD", "KWD", "CLF"])
EXACT = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**6)


@given(EXACT, CURRENCIES)
def test_rounding_moves_by_at_most_half_a_minor_unit_and_away_from_zero_at_half(
    exact: Fraction, currency: str
) -> None:
    scale = Fraction(10) ** minor_unit_digits(currency)
    moved = Fraction(to_minor_units(exact, currency)) - exact * scale
    assert abs(moved) <= Fraction(1, 2)
    if abs(moved) == Fraction(1, 2):
        assert (moved > 0) == (exact > 0)


@given(EXACT, CURRENCIES)
def test_rounding_is_symmetric_and_stable(exact: Fraction, currency: str) -> None:
    rounded = round_amount(exact, currency)
    assert round_amount(-exact, currency) == -rounded
    assert round_amount(rounded, currency) == rounded
    assert -rounded.as_tuple().exponent == minor_unit_digits(currency)  # type: ignore[operator]


@given(st.integers(min_value=-(10**40), max_value=10**40), CURRENCIES)
def test_minor_units_go_there_and_back(units: int, currency: str) -> None:
    assert to_minor_units(from_minor_units(units, currency), currency) == units
