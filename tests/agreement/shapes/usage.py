"""Shapes of usage: tiers, commitments, minimums, late."""

from typing import Any

from tests.agreement.shapes.common import TAXED, VOLUME, YEARLY, late, lived, more_seats, shape, used
from tests.rules.scenarios import amendment, cancellation, metered, seats
from tests.workflows.sales import BERLIN, account, arrears, month, sold

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
