"""Shapes of amendments, in advance and in arrears."""

from typing import Any

from tests.agreement.shapes.common import GRADUATED, TAXED, added, lived, more_seats, shape, used
from tests.rules.scenarios import amendment, flat, metered, one_time, seats
from tests.workflows.sales import arrears, month, sold

# -- amendments in advance ----------------------------------------------------------------------------


@shape
def up_inside_a_month() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=month(-1), every=1), more_seats(month(2, 11)), until=month(5))


@shape
def up_on_a_months_first_day() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=month(-1), every=1), more_seats(month(2)), until=month(5))


@shape
def down_on_a_quarters_first_day() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=month(-1), every=3), more_seats(month(2), "7"), until=month(6))


@shape
def down_inside_a_quarter() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=month(-1), every=3), more_seats(month(3, 9), "7"), until=month(8))


@shape
def price_and_discount_inside_a_year() -> dict[str, Any]:
    price = {"model": "per_unit", "unit_price": "12.345", "per": "month"}
    return lived(
        sold(seats(**TAXED), flat("L2", "99.99", per="year"), start=month(-1), months=24),
        amendment(month(3, 9), {"id": "L1", "pricing": price}, {"id": "L2", "discount_percent": "12.5"}),
        until=month(13),
    )


@shape
def plan_changed_for_tiers() -> dict[str, Any]:
    return lived(
        sold(seats(quantity="17", **TAXED), start=month(-1), every=1),
        amendment(month(2, 15), {"id": "L1", "pricing": GRADUATED}),
        more_seats(month(3), "9"),
        until=month(5),
    )


@shape
def amendments_of_amendments() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=3),
        more_seats(month(1, 7), "15"),
        more_seats(month(1, 19), "12"),
        amendment(month(2), {"id": "L1", "discount_percent": "10"}),
        amendment(month(4, 10), {"id": "L1", "quantity": "3"}),
        until=month(8),
    )


@shape
def plan_swapped_line_for_line() -> dict[str, Any]:
    new = flat("L2", "180", per="month", **TAXED)
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        amendment(month(2, 10), {"id": "L1", "remove": True}, added(new)),
        until=month(5),
    )


@shape
def plan_swapped_on_a_quarters_first_day() -> dict[str, Any]:
    new = flat("L2", "180", per="month", **TAXED)
    return lived(
        sold(seats(**TAXED), start=month(-1), every=3),
        amendment(month(2), {"id": "L1", "remove": True}, added(new)),
        until=month(6),
    )


@shape
def lines_added_co_terminate() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=12),
        amendment(month(3, 20), added(flat("L2", "50", **TAXED)), added(one_time("O1", **TAXED))),
        amendment(month(5, 1), added(flat("L3", "33.33", **TAXED))),
        until=month(12),
    )


@shape
def one_time_line_added_on_a_billing_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        amendment(month(2), added(one_time("O1", **TAXED))),
        until=month(4),
    )


@shape
def usage_line_added_and_removed() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        amendment(month(1, 10), added(metered("U1", "0.5", **TAXED)), name="ADD"),
        amendment(month(3, 20), {"id": "U1", "remove": True}, name="REMOVE"),
        usage=[{"line": "U1", "date": month(offset, 12), "quantity": "7"} for offset in range(1, 4)],
        until=month(6),
    )


@shape
def two_changes_on_one_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), flat("L2", "80", **TAXED), start=month(-1), every=1),
        more_seats(month(2, 11), "15", name="A1"),
        amendment(month(2, 11), {"id": "L1", "quantity": "12"}, {"id": "L2", "remove": True}, name="A2"),
        until=month(4),
    )


@shape
def two_changes_on_a_billing_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        more_seats(month(2), "15", name="A1"),
        amendment(month(2), {"id": "L1", "discount_percent": "10"}, name="A2"),
        until=month(4),
    )


@shape
def removed_then_nothing_is_left_but_usage() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        amendment(month(2), {"id": "L1", "remove": True}),
        usage=used("U1", 0, 4),
        until=month(5),
    )


# -- amendments in arrears ----------------------------------------------------------------------------


@shape
def arrears_changed_inside_and_on_first_days() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), billing=arrears(3)),
        more_seats(month(1, 7), "15"),
        more_seats(month(2), "12"),
        amendment(month(5), added(flat("L2", "33.33", **TAXED))),
        until=month(11),
    )


@shape
def arrears_monthly_removed_line() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), flat("L2", "80", **TAXED), start=month(-1), billing=arrears(1)),
        amendment(month(1, 7), {"id": "L2", "remove": True}),
        amendment(month(2), {"id": "L1", "discount_percent": "50"}),
        until=month(4),
    )
