"""Minor units: every amount is an integer in its currency's smallest unit; rounded half away from zero."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.text import words

ZERO_DECIMAL = words(
    """
    bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf
    """
)
THREE_DECIMAL = words(
    """
    bhd jod kwd omr tnd
    """
)
CURRENCIES = words(
    """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn
    bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf
    gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr
    lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen
    pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd
    top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
    """
)


def rounded(value: Fraction | Decimal) -> int:
    """To the whole minor unit, half away from zero."""
    exact = Fraction(value)
    whole = (abs(exact) + Fraction(1, 2)).__floor__()
    return whole if exact >= 0 else -whole


def check_amount(amount: int, currency: str, param: str) -> None:
    """Three-decimal currencies must end in a zero: Stripe settles them to two decimals."""
    if currency in THREE_DECIMAL and amount % 10:
        raise invalid(
            f"Invalid {param}: amounts in {currency.upper()} must be evenly divisible by 10"
            f" (the least-significant digit must be 0), but {amount} was given.",
            param,
            "invalid_charge_amount",
        )


def unit_amounts(
    amount: int | None, decimal: str | None, param: str = "unit_amount"
) -> tuple[int | None, str]:
    """(`unit_amount`, `unit_amount_decimal`) of a price: the integer is null unless the decimal is whole."""
    if amount is not None and decimal is not None:
        message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
        raise StripeError(400, message, code="parameters_exclusive", param=param)
    exact = Decimal(amount) if amount is not None else Decimal(decimal or "0")
    if -int(exact.as_tuple().exponent) > 12:
        raise invalid(f"Invalid decimal: {decimal}; must contain at maximum twelve decimal places.", param)
    whole = int(exact) if exact == exact.to_integral_value() else None
    return whole, plain(exact)


def plain(value: Decimal) -> str:
    """`1200`, `0.5`: without exponent and without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(amount: int, currency: str) -> str:
    """`$12.00` as Stripe writes it in messages: `12.00 usd`."""
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    value = Decimal(amount).scaleb(-digits).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{value} {currency}"
