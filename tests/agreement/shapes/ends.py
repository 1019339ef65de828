"""Shapes of cancellations, and of terms: renewals, evergreen, ramps."""

from typing import Any

from tests.agreement.shapes.common import NOT_BY_ITSELF, TAXED, YEARLY, lived, more_seats, shape, used
from tests.rules.scenarios import cancellation, flat, metered, renewal, seats
from tests.workflows.sales import arrears, month, sold

# -- cancellations ------------------------------------------------------------------------------------


@shape
def cancelled_inside_a_year_with_credit() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=month(-1)), cancellation(month(4, 11)), until=month(6))


@shape
def cancelled_on_a_months_first_day() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=month(-1), every=1), cancellation(month(2)), until=month(4))


@shape
def cancelled_without_credit() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=3),
        cancellation(month(3, 11), credit="none"),
        until=month(6),
    )


@shape
def cancelled_with_a_fee() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=3), cancellation(month(3, 11), fee="250"), until=month(6)
    )


@shape
def cancelled_with_a_fee_on_a_first_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=3), cancellation(month(2), fee="250"), until=month(6)
    )


@shape
def cancelled_in_arrears_with_usage() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), billing=arrears(3)),
        cancellation(month(3, 11)),
        usage=used("U1", -1, 5),
        until=month(6),
    )


@shape
def cancelled_in_arrears_on_a_first_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), billing=arrears(1)),
        cancellation(month(2)),
        usage=used("U1", -1, 2),
        until=month(4),
    )


@shape
def cancelled_on_a_first_day_with_usage_in_advance() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        cancellation(month(2)),
        usage=used("U1", -1, 2),
        until=month(4),
    )


@shape
def cancelled_at_the_terms_end() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=6, every=3, renewal=YEARLY),
        cancellation(month(4)),
        until=month(6),
    )


@shape
def cancellation_voids_the_amendment_of_its_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        more_seats(month(2, 11)),
        cancellation(month(2, 11)),
        until=month(4),
    )


@shape
def cancellation_voids_the_amendment_of_a_first_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        more_seats(month(2)),
        cancellation(month(2)),
        until=month(4),
    )


@shape
def amended_then_cancelled_credits_both_lines() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1)),
        more_seats(month(2, 11)),
        cancellation(month(5, 3)),
        until=month(7),
    )


# -- terms: renewals, evergreen, ramps ----------------------------------------------------------------


@shape
def renews_by_itself_twice() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), flat("L2", "99.99", per="year"), start=month(-2), months=6, every=3)
        | {"renewal": {**YEARLY, "term_months": 6}},
        more_seats(month(5, 9), "12"),
        until=month(14),
    )


@shape
def renewed_and_amended_on_one_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=6, every=3, renewal={**YEARLY, "term_months": 6}),
        more_seats(month(4), "12"),
        until=month(8),
    )


@shape
def renewed_explicitly_ahead() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=6, every=3, renewal=NOT_BY_ITSELF),
        renewal(month(4)),
        until=month(9),
    )


@shape
def renewed_explicitly_with_usage_at_the_end() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-2), months=6, every=3)
        | {"renewal": NOT_BY_ITSELF},
        renewal(month(4)),
        usage=used("U1", -2, 8),
        until=month(9),
    )


@shape
def renewed_explicitly_in_arrears() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=6, billing=arrears(3), renewal=NOT_BY_ITSELF),
        renewal(month(4), uplift_percent="10"),
        until=month(9),
    )


@shape
def renewed_and_amended_explicitly_on_one_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=6, every=1, renewal=NOT_BY_ITSELF),
        renewal(month(4)),
        more_seats(month(4), "12"),
        until=month(7),
    )


@shape
def renewed_early_inside_a_period() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=3),
        renewal(month(3, 11), term_months=12, uplift_percent="5"),
        until=month(8),
    )


@shape
def renewed_early_on_a_first_day_with_usage() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=3),
        renewal(month(2), term_months=12, uplift_percent="5"),
        usage=used("U1", -1, 6),
        until=month(7),
    )


@shape
def renewed_early_in_arrears() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), billing=arrears(3)),
        renewal(month(3, 11), term_months=6, uplift_percent="5"),
        until=month(8),
    )


@shape
def evergreen_amended_and_cancelled() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), months=None, every=1),
        more_seats(month(2), "12"),
        cancellation(month(4, 9)),
        usage=used("U1", -1, 6),
        until=month(6),
    )


@shape
def becomes_evergreen_at_the_renewal() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), months=3, every=1)
        | {"renewal": {"auto": True, "term_months": None, "uplift_percent": "3"}},
        more_seats(month(4, 9), "12"),
        until=month(6),
    )


@shape
def ramp_on_a_first_day() -> dict[str, Any]:
    price = {"model": "per_unit", "unit_price": "12.5", "per": "month"}
    return lived(
        sold(seats(ramp=[{"from": month(2), "pricing": price}], **TAXED), start=month(-1), every=1),
        until=month(4),
    )


@shape
def ramp_inside_a_period_up_and_down() -> dict[str, Any]:
    up = {"model": "per_unit", "unit_price": "12.5", "per": "month"}
    down = {"model": "per_unit", "unit_price": "9.5", "per": "month"}
    ramp = [{"from": month(2, 11), "pricing": up}, {"from": month(4, 6), "pricing": down}]
    return lived(sold(seats(ramp=ramp, **TAXED), start=month(-1), every=3), until=month(8))


@shape
def ramp_in_arrears() -> dict[str, Any]:
    price = {"model": "per_unit", "unit_price": "12.5", "per": "month"}
    ramp = [{"from": month(2, 11), "pricing": price}]
    return lived(sold(seats(ramp=ramp, **TAXED), start=month(-1), billing=arrears(3)), until=month(6))
