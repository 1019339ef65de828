"""Shapes of transfers and merges on days on which the platform bills by itself."""

from typing import Any

from tests.agreement.shapes.common import TAXED, YEARLY, YEN, late, lived, more_seats, shape, used
from tests.rules.scenarios import metered, seats
from tests.workflows.sales import BERLIN, account, arrears, month, sold

_BERLINER: dict[str, Any] = {"account": account("A-2", BERLIN), "tax_rate_percent": "19"}


def _transfer(day: str, name: str = "T", **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "transfer", "effective_date": day, **_BERLINER, **more}


@shape
def transferred_on_a_first_day_with_usage() -> dict[str, Any]:
    """In New York, where the platform's day begins before the contract's."""
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        _transfer(month(2)),
        usage=used("U1", -1, 4),
        until=month(5),
    )


@shape
def transferred_and_amended_on_a_first_day() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        _transfer(month(2)),
        more_seats(month(2)),
        until=month(4),
    )


@shape
def transferred_and_amended_inside_a_month() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        more_seats(month(1, 20), "12", name="BEFORE"),
        _transfer(month(2, 11)),
        more_seats(month(2, 11), name="SAME-DAY"),
        more_seats(month(3), "9", name="AFTER"),
        until=month(5),
    )


@shape
def transferred_on_a_first_day_in_arrears() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), billing=arrears(3)),
        _transfer(month(2)),
        usage=used("U1", -1, 5),
        until=month(6),
    )


@shape
def transferred_on_the_day_of_a_renewal() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), start=month(-2), months=4, every=1, renewal=YEARLY),
        _transfer(month(2)),
        until=month(5),
    )


@shape
def transferred_twice_on_first_days_in_tokyo() -> dict[str, Any]:
    """Where the contract's day begins before the platform's."""
    contract = sold(seats(price="1000", tax_rate_percent="10"), start=month(-1), every=1) | YEN
    return lived(
        contract,
        _transfer(month(2), name="T1"),
        _transfer(month(3), name="T2", account=contract["account"], tax_rate_percent="10"),
        until=month(5),
    )


@shape
def transferred_late_over_a_first_day() -> dict[str, Any]:
    """Two periods of seats are billed to the customer before."""
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        more_seats(month(1, 20), "12", name="BEFORE"),
        _transfer(month(1, 11), received_date=month(2, 5)),
        more_seats(month(3), "9", name="AFTER"),
        until=month(4),
    )


@shape
def transferred_late_on_a_first_day_with_usage() -> dict[str, Any]:
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        _transfer(month(2), received_date=month(2, 2)),
        usage=used("U1", -1, 4),
        until=month(4),
    )


@shape
def merged_late_over_a_first_day() -> dict[str, Any]:
    other = sold(seats("M1", price="7", **TAXED), start=month(-1), every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(2), "contracts": [other]}
    return lived(
        sold(seats(**TAXED), start=month(-1), every=1),
        {**merge, "received_date": month(2, 4)},
        more_seats(month(3), "9", name="AFTER"),
        until=month(4),
    )


@shape
def merged_late_on_a_first_day_with_usage() -> dict[str, Any]:
    """Usage of the days between is the leading contract's, as that of after the merge."""
    calls = metered("U2", price="0.25", **TAXED)
    other = sold(seats("M1", price="7", **TAXED), calls, start=month(-1), every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(2), "contracts": [other]}
    between = {"date": month(2), "quantity": "40"}
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        {**merge, "received_date": month(2, 2)},
        usage=[
            *used("U1", -1, 4),
            *used("U2", -1, 4),
            {"line": "U1", "id": "between-1", **between},
            {"line": "U2", "id": "between-2", **between},
        ],
        until=month(5),
    )


@shape
def merged_on_a_first_day_with_usage() -> dict[str, Any]:
    calls = metered("U2", price="0.25", **TAXED)
    other = sold(seats("M1", price="7", **TAXED), calls, start=month(-1), every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(2), "contracts": [other]}
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        merge,
        usage=[*used("U1", -1, 4), *used("U2", -1, 4)],
        until=month(5),
    )


@shape
def late_usage_of_before_a_merge() -> dict[str, Any]:
    """The leading contract's comes with the next draft, the merged one's when it is reported."""
    calls = metered("U2", price="0.25", **TAXED)
    other = sold(seats("M1", price="7", **TAXED), calls, start=month(-1), every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(2, 11), "contracts": [other]}
    come = late("late", month(1, 7), month(2, 20))
    return lived(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-1), every=1),
        merge,
        usage=[*used("U1", -1, 4), *used("U2", -1, 4), come, {**come, "line": "U2", "id": "late-2"}],
        until=month(4),
    )
