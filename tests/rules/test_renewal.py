"""Renewals: explicit, automatic, early; uplift; evergreen."""

from tests.rules.scenarios import (
    amendment,
    billed,
    cancellation,
    contract,
    credited,
    metered,
    one_time,
    renewal,
    run,
    seats,
)

AUTO = {"auto": True, "term_months": 12, "uplift_percent": "5"}


def _amounts(found: object) -> list[str]:
    return [line[3] for line in billed(found)]  # type: ignore[arg-type]


def test_without_renewal_the_contract_ends_with_its_term() -> None:
    assert _amounts(run(contract(seats()), as_of="2030-12-31")) == ["1200.00"]


def test_an_automatic_renewal_begins_a_new_term_again_and_again_with_uplift_unrounded() -> None:
    found = run(contract(seats(quantity="1", price="33.33", per="year"), renewal=AUTO), as_of="2029-01-01")
    # 33.33, × 1.05 = 34.9965, × 1.05² = 36.746325, × 1.05³ = 38.58364125
    assert _amounts(found) == ["33.33", "35.00", "36.75", "38.58"]


def test_an_explicit_renewal_takes_what_it_does_not_say_from_the_contract() -> None:
    terms = {"auto": False, "term_months": 6, "uplift_percent": "10"}
    found = run(contract(seats(), every=6, renewal=terms), renewal("2027-01-01"), as_of="2029-01-01")
    assert _amounts(found) == ["600.00", "600.00", "660.00"]


def test_an_explicit_renewal_replaces_the_automatic_one_and_that_goes_on_after_it() -> None:
    found = run(
        contract(seats(), renewal=AUTO),
        renewal("2027-01-01", term_months=24, uplift_percent="0"),
        as_of="2029-01-01",
    )
    assert _amounts(found) == ["1200.00", "1200.00", "1200.00", "1260.00"]


def test_a_renewals_periods_count_from_its_first_day() -> None:
    found = run(
        contract(seats(), months=7, every=3, renewal={"auto": True, "term_months": 7}), as_of="2027-02-01"
    )
    assert [line[4] for line in billed(found)] == [
        "2026-01-01", "2026-04-01", "2026-07-01", "2026-08-01", "2026-11-01", "2027-02-01",
    ]  # fmt: skip


def test_renewal_dates_are_reckoned_from_the_contracts_start() -> None:
    sold = contract(seats(), start="2026-01-31", months=1, every=1, renewal={"auto": True, "term_months": 1})
    assert [line[4] for line in billed(run(sold, as_of="2026-04-30"))] == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30",
    ]  # fmt: skip


def test_one_time_lines_are_not_billed_again() -> None:
    found = run(contract(seats(), one_time(), renewal=AUTO), as_of="2027-01-01")
    assert [line[1] for line in billed(found)] == ["L1", "O1", "L1"]


def test_usage_prices_have_no_uplift() -> None:
    found = run(
        contract(metered(), renewal=AUTO),
        usage=[{"line": "U1", "date": "2027-05-01", "quantity": "10"}],
        as_of="2028-01-01",
    )
    assert _amounts(found) == ["10.00"]


def test_a_price_set_by_an_amendment_starts_again_from_uplift_1() -> None:
    new_price = {"model": "per_unit", "unit_price": "10", "per": "month"}
    found = run(
        contract(seats(), renewal=AUTO),
        amendment("2027-07-02", {"id": "L1", "pricing": new_price}),
        as_of="2028-01-01",
    )
    # 1200, 1260, back to 1200 in the middle of 2027, 1260 again in 2028
    assert _amounts(found) == ["1200.00", "1260.00", "1260.00"]
    assert credited(found) == [
        ("2027-07-02", "INV-2", "L1", "30.08", "2027-07-02", "2028-01-01")
    ]  # 60 × 183/365


def test_a_quantity_set_by_an_amendment_keeps_the_uplift() -> None:
    found = run(
        contract(seats(), renewal=AUTO),
        amendment("2027-01-01", {"id": "L1", "quantity": "20"}),
        as_of="2027-01-01",
    )
    assert _amounts(found) == ["1200.00", "2520.00"]


def test_on_one_date_the_renewal_comes_before_the_amendment() -> None:
    new_price = {"model": "per_unit", "unit_price": "10", "per": "month"}
    change = amendment("2027-01-01", {"id": "L1", "pricing": new_price})
    explicit = renewal("2027-01-01", term_months=12, uplift_percent="50")
    assert _amounts(run(contract(seats()), change, explicit, as_of="2027-12-31")) == ["1200.00", "1200.00"]


def test_a_line_added_by_an_amendment_is_uplifted_from_the_next_renewal_on() -> None:
    added = {key: value for key, value in seats().items() if key != "id"}
    found = run(
        contract(seats(), renewal=AUTO),
        amendment("2027-01-01", {"id": "L2", "add": added}),
        as_of="2028-01-01",
    )
    assert [(line[1], line[3]) for line in billed(found)] == [
        ("L1", "1200.00"), ("L1", "1260.00"), ("L2", "1200.00"), ("L1", "1323.00"), ("L2", "1260.00"),
    ]  # fmt: skip


def test_a_cancellation_at_the_renewals_date_prevents_the_new_term() -> None:
    found = run(contract(seats(), renewal=AUTO), cancellation("2027-01-01"), as_of="2029-01-01")
    assert _amounts(found) == ["1200.00"]
    assert credited(found) == []


def test_an_evergreen_contract_bills_until_it_is_cancelled() -> None:
    found = run(contract(seats(), months=None, every=6), cancellation("2027-10-01"), as_of="2030-01-01")
    assert [line[4] for line in billed(found)] == ["2026-01-01", "2026-07-01", "2027-01-01", "2027-07-01"]
    assert credited(found) == [
        ("2027-10-01", "INV-4", "L1", "300.00", "2027-10-01", "2028-01-01")
    ]  # 600 × 92/184


def test_a_contract_can_renew_into_an_evergreen_one() -> None:
    forever = {"auto": True, "term_months": None, "uplift_percent": "0"}
    found = run(contract(seats(), every=12, renewal=forever), as_of="2030-01-01")
    assert len(billed(found)) == 5


def test_an_early_renewal_credits_the_rest_and_its_periods_count_from_its_day() -> None:
    found = run(
        contract(seats(), every=3),
        renewal("2026-05-16", term_months=6, uplift_percent="10"),
        as_of="2027-12-31",
    )
    assert billed(found)[2:] == [
        ("2026-05-16", "L1", "recurring", "330.00", "2026-05-16", "2026-08-16"),
        ("2026-08-16", "L1", "recurring", "330.00", "2026-08-16", "2026-11-16"),
    ]
    assert credited(found) == [
        ("2026-05-16", "INV-2", "L1", "151.65", "2026-05-16", "2026-07-01")
    ]  # 300 × 46/91


def test_an_early_renewal_in_arrears_bills_the_days_before_it() -> None:
    found = run(
        contract(seats(), every=3, timing="arrears"),
        renewal("2026-05-16", term_months=3, uplift_percent="0"),
        as_of="2026-12-31",
    )
    assert billed(found) == [
        ("2026-04-01", "L1", "recurring", "300.00", "2026-01-01", "2026-04-01"),
        ("2026-05-16", "L1", "recurring", "148.35", "2026-04-01", "2026-05-16"),  # 300 × 45/91
        ("2026-08-16", "L1", "recurring", "300.00", "2026-05-16", "2026-08-16"),
    ]
