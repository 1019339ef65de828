"""Amendments: prorations up, credits down, lines added and removed."""

from tests.rules.scenarios import amendment, billed, contract, credited, flat, metered, one_time, run, seats

YEAR = contract(seats())  # 10 seats at 10.00 a month, billed 1200.00 a year ahead


def test_a_rise_inside_a_period_is_billed_for_the_rest_of_it_by_days() -> None:
    found = run(YEAR, amendment("2026-04-01", {"id": "L1", "quantity": "15"}), as_of="2026-12-31")
    # 5 × 10 × 12 months × 275/365 days
    assert billed(found)[1] == ("2026-04-01", "L1", "proration", "452.05", "2026-04-01", "2027-01-01")


def test_a_fall_inside_a_period_is_credited_to_what_was_billed_last() -> None:
    changes = (
        amendment("2026-04-01", {"id": "L1", "quantity": "15"}),
        amendment("2026-08-15", {"id": "L1", "quantity": "12"}),
    )
    found = run(YEAR, *changes, as_of="2026-12-31")
    # 3 × 120 × 139/365 = 137.10, of the 452.05 × 139/275 = 228.49 that are unused of the proration
    assert credited(found) == [("2026-08-15", "INV-2", "L1", "137.10", "2026-08-15", "2027-01-01")]


def test_a_credit_goes_on_to_the_invoice_before_where_the_last_one_is_used_up() -> None:
    found = run(
        YEAR,
        amendment("2026-04-01", {"id": "L1", "quantity": "11"}),
        amendment("2026-08-15", {"id": "L1", "quantity": "5"}),
        amendment("2026-10-01", {"id": "L1", "quantity": "2"}),
        as_of="2026-12-31",
    )
    assert credited(found) == [
        # 6 × 120 × 139/365 = 274.19: 90.41 × 139/275 = 45.70 are unused of the proration
        ("2026-08-15", "INV-1", "L1", "228.49", "2026-08-15", "2027-01-01"),
        ("2026-08-15", "INV-2", "L1", "45.70", "2026-08-15", "2027-01-01"),
        # 3 × 120 × 92/365 = 90.74; of the proration 90.41 × 92/275 − 45.70 × 92/139 = 0.00 is left
        ("2026-10-01", "INV-1", "L1", "90.74", "2026-10-01", "2027-01-01"),
    ]


def test_a_line_removed_is_credited_what_is_unused_of_every_line_billed_of_it() -> None:
    found = run(
        YEAR,
        amendment("2026-04-01", {"id": "L1", "quantity": "15"}),
        amendment("2026-08-15", {"id": "L1", "remove": True}),
        as_of="2027-12-31",
    )
    assert credited(found) == [
        ("2026-08-15", "INV-1", "L1", "456.99", "2026-08-15", "2027-01-01"),  # 1200 × 139/365
        ("2026-08-15", "INV-2", "L1", "228.49", "2026-08-15", "2027-01-01"),  # 452.05 × 139/275
    ]


def test_a_removal_credits_each_billed_line_its_own_rounded_value_and_no_rate() -> None:
    found = run(
        contract(seats(quantity="1", price="0.17")),
        amendment("2026-03-05", {"id": "L1", "quantity": "2"}),
        amendment("2026-05-17", {"id": "L1", "quantity": "3"}),
        amendment("2026-10-31", {"id": "L1", "remove": True}),
        as_of="2026-12-31",
    )
    # 2.04 × 62/365, 1.69 × 62/302 and 1.28 × 62/229 are 0.35 each; by its rate it would be 1.04
    assert [line[3] for line in credited(found)] == ["0.35", "0.35", "0.35"]


def test_what_a_fall_is_more_than_all_lines_have_left_lapses() -> None:
    found = run(
        contract(seats(quantity="3", price="0.05")),
        amendment("2026-03-05", {"id": "L1", "quantity": "1"}),
        amendment("2026-05-17", {"id": "L1", "quantity": "3"}),
        amendment("2026-10-31", {"id": "L1", "quantity": "0"}),
        as_of="2026-12-31",
    )
    # 1.80 × 62/365 = 0.31 is due; 0.75 × 62/229 = 0.20 and 1.80 × 62/365 − 0.99 × 62/302 = 0.10 are left
    assert credited(found)[1:] == [
        ("2026-10-31", "INV-1", "L1", "0.10", "2026-10-31", "2027-01-01"),
        ("2026-10-31", "INV-2", "L1", "0.20", "2026-10-31", "2027-01-01"),
    ]


def test_a_line_removed_is_credited_by_what_was_billed_whatever_its_rate() -> None:
    found = run(
        YEAR,
        amendment("2026-04-01", {"id": "L1", "discount_percent": "100"}, name="A"),
        amendment("2026-04-01", {"id": "L1", "remove": True}, name="B"),
    )
    # 1200 × 275/365 by the fall; nothing is left for the removal
    assert credited(found) == [("2026-04-01", "INV-1", "L1", "904.11", "2026-04-01", "2027-01-01")]


def test_a_line_added_inside_a_period_is_billed_for_the_rest_of_it_and_ends_with_the_contract() -> None:
    added = {key: value for key, value in flat(amount="50").items() if key != "id"}
    sold = contract(seats(), months=14)
    found = run(sold, amendment("2027-01-15", {"id": "L2", "add": added}))
    # the last period has 2 months and 59 days: 50 × 2 × 45/59
    assert billed(found) == [
        ("2026-01-01", "L1", "recurring", "1200.00", "2026-01-01", "2027-01-01"),
        ("2027-01-01", "L1", "recurring", "200.00", "2027-01-01", "2027-03-01"),
        ("2027-01-15", "L2", "proration", "76.27", "2027-01-15", "2027-03-01"),
    ]


def test_a_one_time_line_added_is_billed_on_its_day_with_no_days_of_service() -> None:
    added = {key: value for key, value in one_time().items() if key != "id"}
    found = run(YEAR, amendment("2026-05-05", {"id": "O1", "add": added}), as_of="2026-12-31")
    assert billed(found)[1] == ("2026-05-05", "O1", "one_time", "500.00", "2026-05-05", "2026-05-05")


def test_on_a_periods_first_day_the_change_comes_before_the_period_is_billed() -> None:
    sold = contract(seats(), every=3)
    found = run(sold, amendment("2026-04-01", {"id": "L1", "quantity": "15"}), as_of="2026-04-30")
    assert billed(found)[1:] == [("2026-04-01", "L1", "recurring", "450.00", "2026-04-01", "2026-07-01")]
    assert credited(found) == []


def test_a_line_added_on_a_periods_first_day_is_billed_as_the_period_is() -> None:
    added = {key: value for key, value in flat(amount="50").items() if key != "id"}
    found = run(
        contract(seats(), every=3), amendment("2026-04-01", {"id": "L2", "add": added}), as_of="2026-04-30"
    )
    assert billed(found)[1:] == [
        ("2026-04-01", "L1", "recurring", "300.00", "2026-04-01", "2026-07-01"),
        ("2026-04-01", "L2", "recurring", "150.00", "2026-04-01", "2026-07-01"),
    ]


def test_ups_and_downs_of_one_date_are_not_netted() -> None:
    found = run(
        contract(seats(), seats("L2", quantity="5")),
        amendment("2026-07-02", {"id": "L1", "quantity": "11"}, {"id": "L2", "quantity": "4"}),
        as_of="2026-12-31",
    )
    # 183 days are left: ±120 × 183/365
    assert billed(found)[2:] == [("2026-07-02", "L1", "proration", "60.16", "2026-07-02", "2027-01-01")]
    assert credited(found) == [("2026-07-02", "INV-1", "L2", "60.16", "2026-07-02", "2027-01-01")]


def test_two_amendments_of_one_date_stand_each_on_the_one_before() -> None:
    up, down = {"id": "L1", "quantity": "15"}, {"id": "L1", "quantity": "12"}
    found = run(
        YEAR,
        amendment("2026-04-01", up, name="1"),
        amendment("2026-04-01", down, name="2"),
        as_of="2026-12-31",
    )
    assert billed(found)[1:] == [("2026-04-01", "L1", "proration", "452.05", "2026-04-01", "2027-01-01")]
    assert credited(found) == [("2026-04-01", "INV-2", "L1", "271.23", "2026-04-01", "2027-01-01")]


def test_price_and_quantity_in_one_entry_are_one_change_of_the_rate() -> None:
    cheaper = {"model": "per_unit", "unit_price": "8", "per": "month"}
    found = run(
        YEAR, amendment("2026-07-02", {"id": "L1", "quantity": "15", "pricing": cheaper}), as_of="2026-12-31"
    )
    # 15 × 8 = 120 instead of 100 a month: 20 × 12 × 183/365
    assert billed(found)[1:] == [("2026-07-02", "L1", "proration", "120.33", "2026-07-02", "2027-01-01")]


def test_a_discount_given_inside_a_period_is_a_fall() -> None:
    found = run(YEAR, amendment("2026-07-02", {"id": "L1", "discount_percent": "10"}), as_of="2026-12-31")
    assert credited(found) == [("2026-07-02", "INV-1", "L1", "60.16", "2026-07-02", "2027-01-01")]


def test_a_change_that_leaves_the_rate_as_it_is_costs_nothing() -> None:
    half = {"model": "per_unit", "unit_price": "5", "per": "month"}
    found = run(
        YEAR, amendment("2026-07-02", {"id": "L1", "quantity": "20", "pricing": half}), as_of="2026-12-31"
    )
    assert len(billed(found)) == 1
    assert credited(found) == []


def test_in_arrears_the_periods_invoice_has_one_line_for_each_stretch_of_one_rate() -> None:
    found = run(
        contract(seats(), every=3, timing="arrears", months=3),
        amendment("2026-02-10", {"id": "L1", "quantity": "20"}),
        amendment("2026-02-20", {"id": "L1", "quantity": "20"}),
        amendment("2026-03-01", {"id": "L1", "discount_percent": "50"}),
    )
    # 90 days; 100, 200 and 100 a month for 3 months
    assert billed(found) == [
        ("2026-04-01", "L1", "recurring", "133.33", "2026-01-01", "2026-02-10"),  # 300 × 40/90
        ("2026-04-01", "L1", "recurring", "126.67", "2026-02-10", "2026-03-01"),  # 600 × 19/90
        ("2026-04-01", "L1", "recurring", "103.33", "2026-03-01", "2026-04-01"),  # 300 × 31/90
    ]


def test_in_arrears_two_changes_of_one_date_that_undo_each_other_make_no_stretch() -> None:
    found = run(
        contract(seats(), every=3, timing="arrears", months=3),
        amendment("2026-02-10", {"id": "L1", "quantity": "20"}, name="1"),
        amendment("2026-02-10", {"id": "L1", "quantity": "10"}, name="2"),
    )
    assert billed(found) == [("2026-04-01", "L1", "recurring", "300.00", "2026-01-01", "2026-04-01")]


def test_in_arrears_a_line_removed_or_added_is_billed_for_its_own_days() -> None:
    added = {key: value for key, value in flat(amount="30").items() if key != "id"}
    found = run(
        contract(seats(), every=3, timing="arrears", months=3),
        amendment("2026-02-10", {"id": "L1", "remove": True}, {"id": "L2", "add": added}),
    )
    assert billed(found) == [
        ("2026-04-01", "L1", "recurring", "133.33", "2026-01-01", "2026-02-10"),
        ("2026-04-01", "L2", "recurring", "50.00", "2026-02-10", "2026-04-01"),  # 90 × 50/90
    ]
    assert credited(found) == []


def test_an_amendment_on_the_day_of_the_contracts_end_changes_nothing() -> None:
    found = run(contract(seats()), amendment("2027-01-01", {"id": "L1", "quantity": "15"}))
    assert len(billed(found)) == 1


def test_changes_count_by_effective_date_whatever_the_order_in_which_they_are_given() -> None:
    first, second = (
        amendment("2026-04-01", {"id": "L1", "quantity": "15"}),
        amendment("2026-08-15", {"id": "L1", "quantity": "12"}),
    )
    assert run(YEAR, first, second) == run(YEAR, second, first)


def test_a_change_given_twice_counts_once() -> None:
    change = amendment("2026-04-01", {"id": "L1", "quantity": "15"})
    assert run(YEAR, change, change) == run(YEAR, change)


def test_a_usage_lines_new_price_counts_from_the_next_period() -> None:
    dearer = {"model": "per_unit", "unit_price": "3"}
    found = run(
        contract(metered(), months=3, every=1),
        amendment("2026-02-10", {"id": "U1", "pricing": dearer}),
        usage=[
            {"line": "U1", "date": day, "quantity": "10"}
            for day in ("2026-01-15", "2026-02-20", "2026-03-05")
        ],
    )
    assert [line[3] for line in billed(found)] == ["10.00", "10.00", "30.00"]
