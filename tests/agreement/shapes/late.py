"""Shapes of backdated changes, versions out of order, and anchors and currencies."""

from typing import Any

from tests.agreement.shapes.common import (
    EURO,
    NOT_BY_ITSELF,
    TAXED,
    YEARLY,
    YEN,
    added,
    after,
    late,
    lived,
    more_seats,
    next_day_of,
    shape,
    used,
)
from tests.rules.scenarios import amendment, cancellation, flat, metered, renewal, seats
from tests.workflows.sales import arrears, day, month, sold

# -- backdated changes --------------------------------------------------------------------------------


@shape
def backdated_up_over_billed_months() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-4), every=1),
        more_seats(month(-2, 11), received_date=month(1, 12)),
        until=month(4),
    )


@shape
def backdated_down_over_billed_months() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-4), every=1),
        more_seats(month(-1), "4", received_date=month(2, 12)),
        until=month(4),
    )


@shape
def backdated_received_on_a_billing_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-4), every=1),
        more_seats(month(0, 7), received_date=month(2)),
        until=month(4),
    )


@shape
def two_backdated_received_on_one_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-4), every=1),
        more_seats(month(-1, 7), "15", received_date=month(2, 9), name="A1"),
        more_seats(month(0, 7), "12", received_date=month(2, 9), name="A2"),
        until=month(4),
    )


@shape
def backdated_line_added_in_arrears() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-4), billing=arrears(1)),
        amendment(month(-1, 7), added(flat("L2", "33.33", **TAXED)), received_date=month(1, 12)),
        until=month(4),
    )


@shape
def backdated_cancellation_with_usage() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-3), every=1),
        cancellation(month(0, 11), received_date=month(2, 5)),
        usage=used("U1", -3, 2),
        until=month(4),
    )


@shape
def backdated_renewal() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=4, every=1, renewal=NOT_BY_ITSELF),
        renewal(month(2), received_date=month(3, 9)),
        until=month(6),
    )


@shape
def backdated_over_a_closed_period() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-4), every=1),
        more_seats(month(-2, 11), received_date=month(0, 28)),
        until=month(3),
        periods={"closed": [month(-4)[:7], month(-3)[:7], month(-2)[:7]]},
    )


@shape
def started_in_the_past_with_changes_of_then() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), flat("L2", "99.99", per="year"), start=month(-14), every=3, renewal=YEARLY),
        more_seats(month(-8, 11), "15"),
        more_seats(month(-5), "12"),
        until=month(3),
    )


# -- versions -----------------------------------------------------------------------------------------


@shape
def versions_against_the_order_of_their_days() -> dict[str, Any]:
    """The CRM's versions count up while the days go back; the last one comes when all has been billed."""
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        more_seats(month(3, 11), "15", name="SECOND"),
        more_seats(month(2, 11), "12", name="THIRD"),
        amendment(month(1, 5), {"id": "L1", "discount_percent": "10"}, name="FOURTH"),
        more_seats(month(2, 20), "9", name="FIFTH", received_date=month(4, 14)),
        until=month(6),
    )


@shape
def late_version_on_a_billing_day_before_a_cancellation() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        {**cancellation(month(3, 11)), "id": "STOP"},
        more_seats(month(2), "12", name="AHEAD"),
        more_seats(month(1, 20), "4", name="LATE", received_date=month(2, 9)),
        usage=[*used("U1", -1, 4), late("late", month(2, 7), month(3, 20))],
        until=month(5),
    )


@shape
def late_version_once_the_contract_is_cancelled() -> dict[str, Any]:
    """Taken in after the end, with usage that came later still."""
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        {**cancellation(month(2, 11)), "id": "STOP"},
        more_seats(month(1, 20), "12", name="LATE", received_date=month(3, 9)),
        usage=[*used("U1", -1, 3), late("late", month(1, 7), month(3, 20))],
        until=month(5),
    )


@shape
def renewed_by_itself_and_then_by_a_late_word() -> dict[str, Any]:
    """A renewal of another term makes other periods of those that are billed, and a term's end of none."""
    return lived(
        sold(
            seats(**TAXED),
            metered(price="0.5", **TAXED),
            start=month(-1),
            months=2,
            every=3,
            renewal={"auto": True, "term_months": 2},
        ),
        renewal(month(1), term_months=6, uplift_percent="20", received_date=month(5, 11)),
        usage=used("U1", -1, 7),
        until=month(9),
    )


@shape
def renewed_by_itself_amended_and_then_renewed_by_a_late_word() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=3, every=1, renewal=YEARLY),
        more_seats(month(1, 16), "12"),
        renewal(month(1), term_months=24, uplift_percent="10", received_date=month(2, 11)),
        cancellation(month(4, 16)),
        until=month(5),
    )


@shape
def renewed_by_itself_and_then_early_by_a_late_word_in_arrears() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=4, billing=arrears(1), renewal=YEARLY),
        renewal(month(1, 16), term_months=6, uplift_percent="10", received_date=month(3, 11)),
        until=month(5),
    )


# -- anchors and currencies ---------------------------------------------------------------------------


@shape
def from_the_31st_of_january_monthly() -> dict[str, Any]:
    start = next_day_of(1, 31)
    return lived(
        sold(seats(price="12.10", **TAXED), start=start.isoformat(), every=1),
        more_seats(after(start, 1), "15"),
        more_seats(after(start, 3), "12"),
        amendment(after(start, 4, 15), {"id": "L1", "discount_percent": "10"}),
        until=after(start, 6),
    )


@shape
def from_the_31st_of_a_month_by_quarters() -> dict[str, Any]:
    start = next_day_of(8, 31)
    return lived(
        sold(seats(price="12.10", **TAXED), start=start.isoformat(), every=3, months=12),
        more_seats(after(start, 6), "15"),
        cancellation(after(start, 9)),
        until=after(start, 11),
    )


@shape
def from_a_leap_day_yearly() -> dict[str, Any]:
    start = next_day_of(2, 29)
    return lived(
        sold(seats(**TAXED), start=start.isoformat(), every=12, months=24, renewal=YEARLY),
        more_seats(after(start, 12), "15"),
        until=after(start, 26),
    )


@shape
def thirty_first_in_arrears_with_usage() -> dict[str, Any]:
    start = next_day_of(10, 31)
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=start.isoformat(), billing=arrears(1)),
        more_seats(after(start, 1), "15"),
        usage=[{"line": "U1", "date": after(start, n), "quantity": "7.5"} for n in range(4)],
        until=after(start, 4),
    )


@shape
def short_last_period() -> dict[str, Any]:
    return lived(
        sold(seats(price="12.10", **TAXED), start=month(-1), months=7, every=3),
        more_seats(month(5), "15"),
        until=month(7),
    )


@shape
def euro_amended_on_a_first_day() -> dict[str, Any]:
    line = seats(price="12.10", tax_rate_percent="19")
    return lived(
        sold(line, start=month(-1), every=1, **EURO),
        more_seats(month(2), "15"),
        more_seats(month(3, 11), "12"),
        cancellation(month(4)),
        until=month(5),
    )


@shape
def euro_in_arrears_with_usage_renewed() -> dict[str, Any]:
    taxed = {"tax_rate_percent": "19"}
    return lived(
        sold(seats(**taxed), metered(price="0.335", **taxed), start=month(-2), months=6, billing=arrears(3))
        | EURO
        | {"renewal": NOT_BY_ITSELF},
        renewal(month(4)),
        usage=used("U1", -2, 7),
        until=month(7),
    )


@shape
def yen_amended_on_a_first_day() -> dict[str, Any]:
    line = seats(price="1333", quantity="3", tax_rate_percent="10")
    return lived(
        sold(line, start=month(-1), every=1, **YEN),
        more_seats(month(2), "5"),
        more_seats(month(3, 11), "2"),
        until=month(5),
    )


@shape
def yen_cancelled_in_arrears() -> dict[str, Any]:
    line = seats(price="1333", quantity="3", tax_rate_percent="10")
    return lived(
        sold(line, start=month(-1), billing=arrears(3), **YEN), cancellation(month(2)), until=month(4)
    )


@shape
def yen_renewed_explicitly() -> dict[str, Any]:
    line = seats(price="1333", quantity="3", tax_rate_percent="10")
    return lived(
        sold(line, start=month(-2), months=3, every=1, renewal=NOT_BY_ITSELF, **YEN),
        renewal(month(1)),
        until=month(3),
    )


@shape
def discount_of_decimal_quantities() -> dict[str, Any]:
    line = seats(quantity="2.5", price="33.333", discount_percent="12.345", **TAXED)
    return lived(
        sold(line, start=month(-1), every=1),
        amendment(month(1), {"id": "L1", "quantity": "3.75"}),
        amendment(month(2, 11), {"id": "L1", "discount_percent": "100"}),
        until=month(4),
    )


@shape
def starts_tomorrow_and_is_amended_at_once() -> dict[str, Any]:
    return lived(sold(seats(**TAXED), start=day(20), every=1), more_seats(day(25)), until=day(80))
