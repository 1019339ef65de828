"""The shapes that one contract's life may have: each a scenario as a file has it, around today.

Days are relative to today where they may be, so that a shape is the same life on any day; anchors at a
month's end are those that come next. `SHAPES` has them by name.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from rules.calendar import add_months
from tests.rules.scenarios import amendment, cancellation, flat, metered, one_time, renewal, seats
from tests.workflows.sales import BERLIN, TOKYO, account, arrears, day, month, scenario, sold
from tests.world import today

Shape = Callable[[], dict[str, Any]]

TAXED = {"tax_rate_percent": "8.875"}
EURO: dict[str, Any] = {"currency": "EUR", "legal_entity": "DE01", "account": account("A-1", BERLIN)}
YEN: dict[str, Any] = {"currency": "JPY", "legal_entity": "JP01", "account": account("A-1", TOKYO)}
GRADUATED = {
    "model": "graduated",
    "tiers": [{"up_to": "10", "unit_price": "9.99"}, {"up_to": None, "unit_price": "7.335"}],
    "per": "month",
}
VOLUME = {
    "model": "volume",
    "tiers": [{"up_to": "100", "unit_price": "0.5"}, {"up_to": None, "unit_price": "0.335"}],
}
YEARLY = {"auto": True, "term_months": 12, "uplift_percent": "7"}
NOT_BY_ITSELF = {"term_months": 12, "uplift_percent": "5"}

SHAPES: dict[str, Shape] = {}


def shape(make: Shape) -> Shape:
    """Registers a shape under its name."""
    SHAPES[make.__name__] = make
    return make


def lived(
    contract: dict[str, Any],
    *changes: dict[str, Any],
    until: str,
    usage: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {**scenario(contract, *changes, usage=usage), "as_of": until, **more}


def used(line: str, first: int, last: int, quantity: str = "12.5") -> list[dict[str, Any]]:
    """Usage on the fifth of the months from one offset up to another."""
    return [{"line": line, "date": month(offset, 5), "quantity": quantity} for offset in range(first, last)]


def more_seats(on: str, quantity: str = "15", name: str | None = None, **more: Any) -> dict[str, Any]:
    return amendment(on, {"id": "L1", "quantity": quantity}, name=name, **more)


def added(line: dict[str, Any]) -> dict[str, Any]:
    return {"id": line["id"], "add": {key: value for key, value in line.items() if key != "id"}}


def next_day_of(month_number: int, day_number: int) -> dt.date:
    """The next 31 January, say, from tomorrow on."""
    year = today().year
    while True:
        try:
            found = dt.date(year, month_number, day_number)
        except ValueError:
            found = dt.date.min
        if found > today():
            return found
        year += 1


def after(start: dt.date, months: int, day_of_month: int | None = None) -> str:
    moved = add_months(start, months)
    return (moved if day_of_month is None else moved.replace(day=day_of_month)).isoformat()


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


# -- usage: tiers, commitments, minimums, late -------------------------------------------------------


@shape
def usage_by_tiers_with_discount() -> dict[str, Any]:
    line = metered(price="1", discount_percent="12.5", **TAXED) | {"pricing": VOLUME}
    return lived(
        sold(seats(**TAXED), line, start=month(-1), every=1), usage=used("U1", -1, 4, "99.5"), until=month(5)
    )


@shape
def usage_price_changes_with_the_next_period() -> dict[str, Any]:
    price = {"model": "per_unit", "unit_price": "0.75"}
    return lived(
        sold(metered(price="0.5", **TAXED), start=month(-1), every=1),
        amendment(month(1, 11), {"id": "U1", "pricing": price}),
        usage=used("U1", -1, 4),
        until=month(5),
    )


@shape
def commitment_with_overage() -> dict[str, Any]:
    line = metered(price="1", commitment={"quantity": "100", "amount": "80"}, **TAXED)
    return lived(
        sold(line, start=month(-1), months=6, every=1), usage=used("U1", -1, 5, "40"), until=month(6)
    )


@shape
def commitment_renewed_by_itself() -> dict[str, Any]:
    line = metered(price="1", commitment={"quantity": "100", "amount": "80"}, **TAXED)
    return lived(
        sold(line, start=month(-2), months=3, every=3, renewal={**YEARLY, "term_months": 3}),
        usage=used("U1", -2, 5, "40"),
        until=month(5),
    )


@shape
def minimum_of_each_period() -> dict[str, Any]:
    line = metered(price="1", minimum={"amount": "50"}, **TAXED)
    return lived(
        sold(seats(**TAXED), line, start=month(-1), every=3), usage=used("U1", -1, 6), until=month(11)
    )


@shape
def usage_that_comes_late() -> dict[str, Any]:
    late = {"line": "U1", "date": month(1, 20), "quantity": "30", "received_date": month(2, 9), "id": "late"}
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        usage=[*used("U1", 0, 4), late],
        until=month(5),
    )


@shape
def usage_corrected_late_is_credited() -> dict[str, Any]:
    late = {"line": "U1", "date": month(1, 20), "quantity": "-6", "received_date": month(2, 9), "id": "late"}
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        usage=[*used("U1", 0, 4), late],
        until=month(5),
    )


def late(name: str, on: str, received: str, quantity: str = "30") -> dict[str, Any]:
    return {"line": "U1", "date": on, "quantity": quantity, "received_date": received, "id": name}


@shape
def usage_late_after_a_cancellation() -> dict[str, Any]:
    """On the next day, weeks after, and a correction of what was billed then; one of days without service."""
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), months=None, every=1),
        cancellation(month(2, 11)),
        usage=[
            *used("U1", -1, 2),
            late("next-day", month(2, 3), month(2, 12)),
            late("weeks-after", month(1, 7), month(3, 9)),
            late("correction", month(2, 3), month(3, 20), "-12"),
            late("without-service", month(2, 20), month(3, 9)),
        ],
        until=month(4),
    )


@shape
def usage_late_after_a_cancellation_on_a_first_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=3),
        cancellation(month(2)),
        usage=[*used("U1", -1, 2), late("late", month(1, 7), month(2, 9))],
        until=month(4),
    )


@shape
def usage_late_after_the_term_with_a_commitment_and_a_minimum() -> dict[str, Any]:
    committed = metered("U2", "1", commitment={"quantity": "100", "amount": "80"}, **TAXED)
    least = metered(price="0.5", minimum={"amount": "10"}, **TAXED)
    return lived(
        sold(least, committed, start=month(-1), months=3, billing=arrears(1)),
        usage=[
            *used("U1", -1, 2),
            *used("U2", -1, 2, "30"),
            late("covered", month(1, 7), month(2, 9), "5"),
            late("beyond", month(1, 7), month(2, 20), "40"),
            late("committed", month(0, 7), month(2, 20), "25") | {"line": "U2"},
        ],
        until=month(4),
    )


@shape
def usage_corrected_on_a_day_on_which_a_change_credits_the_same_invoice() -> dict[str, Any]:
    """The change is set right by one that was known before, so that the cycle of the day stays what it is."""
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        more_seats(month(1, 20), "15"),
        more_seats(month(1, 10), "4", received_date=month(2)),
        usage=[*used("U1", 0, 4), late("correction", month(0, 7), month(2), "-6")],
        until=month(4),
    )


BERLINER: dict[str, Any] = {"account": account("A-2", BERLIN), "tax_rate_percent": "19"}


@shape
def usage_late_after_a_transfer() -> dict[str, Any]:
    """Of the customer before, on the next invoice's day an invoice of its own; a correction is its credit."""
    moved = {"id": "T", "type": "transfer", "effective_date": month(1, 11), **BERLINER}
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        moved,
        usage=[
            *used("U1", -1, 3),
            late("before", month(1, 7), month(1, 20)),
            late("much-before", month(0, 7), month(2, 9), "7"),
            late("correction", month(1, 5), month(2, 9), "-3"),
            late("after", month(1, 25), month(2, 9), "4"),
        ],
        until=month(4),
    )


@shape
def usage_late_after_a_merge() -> dict[str, Any]:
    """Of the leading contract's own time: taken in by the next draft, and billed on that day."""
    other = sold(seats("M1", price="7", **TAXED), metered("U2", "0.25", **TAXED), start=month(-1), id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(1, 11), "contracts": [other]}
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        merge,
        usage=[
            *used("U1", -1, 3),
            *used("U2", -1, 3),
            late("before", month(1, 7), month(2, 11)),
            late("correction", month(0, 5), month(3, 11), "-3"),
            late("merged", month(1, 7), month(2, 20)) | {"line": "U2"},
        ],
        until=month(4),
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
