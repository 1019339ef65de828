"""Backdated changes: computed as of their effective date, on documents of the day on which they are taken
in.
"""

from tests.rules.scenarios import (
    amendment,
    billed,
    cancellation,
    contract,
    credited,
    entry,
    flat,
    metered,
    one_time,
    renewal,
    run,
    seats,
)

MONTHLY = contract(seats(), every=1)


def test_a_rise_is_billed_over_every_period_billed_since_with_one_line_for_each() -> None:
    change = amendment("2026-02-15", {"id": "L1", "quantity": "12"}, received_date="2026-04-10")
    found = run(MONTHLY, change, as_of="2026-05-01")
    assert billed(found)[4:] == [
        ("2026-04-10", "L1", "proration", "10.00", "2026-02-15", "2026-03-01"),  # 20 × 14/28
        ("2026-04-10", "L1", "proration", "20.00", "2026-03-01", "2026-04-01"),
        ("2026-04-10", "L1", "proration", "20.00", "2026-04-01", "2026-05-01"),
        ("2026-05-01", "L1", "recurring", "120.00", "2026-05-01", "2026-06-01"),
    ]


def test_a_fall_is_credited_against_the_lines_of_each_period() -> None:
    change = amendment("2026-02-15", {"id": "L1", "quantity": "8"}, received_date="2026-04-10")
    found = run(MONTHLY, change, as_of="2026-05-01")
    assert credited(found) == [
        ("2026-04-10", "INV-2", "L1", "10.00", "2026-02-15", "2026-03-01"),
        ("2026-04-10", "INV-3", "L1", "20.00", "2026-03-01", "2026-04-01"),
        ("2026-04-10", "INV-4", "L1", "20.00", "2026-04-01", "2026-05-01"),
    ]


def test_the_period_that_starts_on_the_day_it_is_taken_in_is_billed_with_it() -> None:
    change = amendment("2026-02-15", {"id": "L1", "quantity": "12"}, received_date="2026-03-01")
    found = run(MONTHLY, change, as_of="2026-03-01")
    assert billed(found)[2:] == [
        ("2026-03-01", "L1", "proration", "10.00", "2026-02-15", "2026-03-01"),
        ("2026-03-01", "L1", "recurring", "120.00", "2026-03-01", "2026-04-01"),
    ]


def test_documents_before_the_day_it_is_taken_in_know_nothing_of_it() -> None:
    change = amendment("2026-02-15", {"id": "L1", "quantity": "12"}, received_date="2026-04-10")
    assert run(MONTHLY, change, as_of="2026-04-09") == run(MONTHLY, as_of="2026-04-09")


def test_it_stands_before_what_takes_effect_later_though_that_is_carried_out() -> None:
    dearer = {"model": "per_unit", "unit_price": "12", "per": "month"}
    found = run(
        contract(seats()),
        amendment("2026-07-02", {"id": "L1", "quantity": "20"}),
        amendment("2026-04-01", {"id": "L1", "pricing": dearer}, received_date="2026-10-01"),
        as_of="2026-12-31",
    )
    # from April to July 10 × 2 a month more, from July on 20 × 2: 12 × (20 × 92 + 40 × 183)/365
    assert billed(found)[2:] == [("2026-10-01", "L1", "proration", "301.15", "2026-04-01", "2027-01-01")]


def test_what_a_later_change_has_overtaken_is_settled_up_to_it() -> None:
    found = run(
        contract(seats()),
        amendment("2026-07-02", {"id": "L1", "quantity": "20"}),
        amendment("2026-04-01", {"id": "L1", "quantity": "15"}, received_date="2026-10-01"),
        as_of="2026-12-31",
    )
    # 5 seats more from April to July only: 50 × 12 × 92/365
    assert billed(found)[2:] == [("2026-10-01", "L1", "proration", "151.23", "2026-04-01", "2026-07-02")]


def test_in_arrears_only_what_is_billed_by_then_is_settled() -> None:
    sold = contract(seats(), every=3, timing="arrears", months=6)
    found = run(sold, amendment("2026-03-01", {"id": "L1", "quantity": "12"}, received_date="2026-05-10"))
    assert billed(found) == [
        ("2026-04-01", "L1", "recurring", "300.00", "2026-01-01", "2026-04-01"),
        ("2026-05-10", "L1", "proration", "20.67", "2026-03-01", "2026-04-01"),  # 60 × 31/90
        ("2026-07-01", "L1", "recurring", "360.00", "2026-04-01", "2026-07-01"),
    ]


def test_a_line_added_is_billed_for_every_period_since() -> None:
    added = {key: value for key, value in flat(amount="30").items() if key != "id"}
    found = run(
        MONTHLY,
        amendment("2026-02-15", {"id": "L2", "add": added}, received_date="2026-03-10"),
        as_of="2026-03-31",
    )
    assert [line for line in billed(found) if line[1] == "L2"] == [
        ("2026-03-10", "L2", "proration", "15.00", "2026-02-15", "2026-03-01"),
        ("2026-03-10", "L2", "proration", "30.00", "2026-03-01", "2026-04-01"),
    ]


def test_a_one_time_line_keeps_its_true_day() -> None:
    added = {key: value for key, value in one_time().items() if key != "id"}
    found = run(
        MONTHLY,
        amendment("2026-02-15", {"id": "O1", "add": added}, received_date="2026-03-10"),
        as_of="2026-03-31",
    )
    assert [line for line in billed(found) if line[1] == "O1"] == [
        ("2026-03-10", "O1", "one_time", "500.00", "2026-02-15", "2026-02-15")
    ]


def test_a_removal_credits_all_that_was_billed_since() -> None:
    found = run(
        MONTHLY,
        amendment("2026-02-15", {"id": "L1", "remove": True}, received_date="2026-04-10"),
        as_of="2026-12-31",
    )
    assert credited(found) == [
        ("2026-04-10", "INV-2", "L1", "50.00", "2026-02-15", "2026-03-01"),
        ("2026-04-10", "INV-3", "L1", "100.00", "2026-03-01", "2026-04-01"),
        ("2026-04-10", "INV-4", "L1", "100.00", "2026-04-01", "2026-05-01"),
    ]


def test_a_change_that_first_rises_and_then_falls_is_billed_and_credited_without_netting() -> None:
    tiers = [{"up_to": "10", "unit_price": "12"}, {"up_to": None, "unit_price": "8"}]
    by_volume = {"model": "volume", "tiers": tiers, "per": "month"}
    found = run(
        contract(seats()),
        amendment("2026-07-02", {"id": "L1", "quantity": "20"}),
        amendment("2026-04-01", {"id": "L1", "pricing": by_volume}, received_date="2026-10-01"),
        as_of="2026-12-31",
    )
    # 120 instead of 100 a month for 10 seats: 240 × 92/365; 160 instead of 200 for 20: 480 × 183/365
    assert billed(found)[2:] == [("2026-10-01", "L1", "proration", "60.49", "2026-04-01", "2026-07-02")]
    assert credited(found) == [("2026-10-01", "INV-2", "L1", "240.66", "2026-07-02", "2027-01-01")]


def test_a_usage_line_removed_is_credited_once_for_what_was_used_since() -> None:
    found = run(
        contract(metered(), every=1),
        amendment("2026-02-15", {"id": "U1", "remove": True}, received_date="2026-04-10"),
        usage=[{"line": "U1", "date": f"2026-{day}", "quantity": "7"} for day in ("02-10", "02-20", "03-20")],
        as_of="2026-12-31",
    )
    assert credited(found) == [
        ("2026-04-10", "INV-1", "U1", "7.00", "2026-02-01", "2026-03-01"),
        ("2026-04-10", "INV-2", "U1", "7.00", "2026-03-01", "2026-04-01"),
    ]


def test_a_cancellation_credits_all_that_was_billed_since_usage_too() -> None:
    found = run(
        contract(seats(), metered(), every=1),
        cancellation("2026-02-15", received_date="2026-04-10"),
        usage=[{"line": "U1", "date": f"2026-{month}-20", "quantity": "7"} for month in ("01", "02", "03")],
        as_of="2026-12-31",
    )
    assert credited(found) == [
        ("2026-04-10", "INV-2", "L1", "50.00", "2026-02-15", "2026-03-01"),
        ("2026-04-10", "INV-3", "L1", "100.00", "2026-03-01", "2026-04-01"),
        ("2026-04-10", "INV-3", "U1", "7.00", "2026-02-01", "2026-03-01"),
        ("2026-04-10", "INV-4", "L1", "100.00", "2026-04-01", "2026-05-01"),
        ("2026-04-10", "INV-4", "U1", "7.00", "2026-03-01", "2026-04-01"),
    ]


def test_a_cancellation_in_arrears_bills_the_days_before_it_when_it_is_taken_in() -> None:
    found = run(
        contract(seats(), every=3, timing="arrears"), cancellation("2026-02-15", received_date="2026-03-10")
    )
    assert billed(found) == [
        ("2026-03-10", "L1", "recurring", "150.00", "2026-01-01", "2026-02-15")
    ]  # 300 × 45/90


def test_a_renewal_bills_the_periods_since_when_it_is_taken_in() -> None:
    found = run(
        contract(seats(), months=3, every=1),
        renewal("2026-04-01", term_months=3, uplift_percent="10", received_date="2026-05-10"),
    )
    assert billed(found)[3:] == [
        ("2026-05-10", "L1", "recurring", "110.00", "2026-04-01", "2026-05-01"),
        ("2026-05-10", "L1", "recurring", "110.00", "2026-05-01", "2026-06-01"),
        ("2026-06-01", "L1", "recurring", "110.00", "2026-06-01", "2026-07-01"),
    ]


def test_a_period_that_a_late_renewal_brings_is_billed_as_its_lines_then_were() -> None:
    found = run(
        contract(seats(), months=3, every=3),
        renewal("2026-04-01", term_months=3, uplift_percent="0", received_date="2026-05-20"),
        amendment("2026-05-16", {"id": "L1", "quantity": "20"}),
        as_of="2026-12-31",
    )
    assert billed(found)[1:] == [
        ("2026-05-20", "L1", "proration", "148.35", "2026-04-01", "2026-05-16"),  # 300 × 45/91
        ("2026-05-20", "L1", "proration", "303.30", "2026-05-16", "2026-07-01"),  # 600 × 46/91
    ]


def test_an_explicit_renewal_after_an_automatic_one_settles_the_uplift() -> None:
    auto = {"auto": True, "term_months": 12, "uplift_percent": "5"}
    found = run(
        contract(seats(), renewal=auto),
        renewal("2027-01-01", term_months=12, uplift_percent="10", received_date="2027-07-02"),
    )
    # 1260 was billed, 1320 is right: 60 for the whole year, as of its effective date
    assert billed(found)[1:] == [
        ("2027-01-01", "L1", "recurring", "1260.00", "2027-01-01", "2028-01-01"),
        ("2027-07-02", "L1", "proration", "60.00", "2027-01-01", "2028-01-01"),
    ]


def test_an_amendment_of_a_line_waits_until_that_line_is_known() -> None:
    added = {key: value for key, value in seats(quantity="10").items() if key != "id"}
    found = run(
        MONTHLY,
        amendment("2026-02-01", {"id": "L2", "add": added}, received_date="2026-03-10"),
        amendment("2026-02-15", {"id": "L2", "quantity": "12"}),
        as_of="2026-03-31",
    )
    assert [line for line in billed(found) if line[1] == "L2"] == [
        ("2026-03-10", "L2", "proration", "100.00", "2026-02-01", "2026-03-01"),
        ("2026-03-10", "L2", "proration", "10.00", "2026-02-15", "2026-03-01"),
        ("2026-03-10", "L2", "proration", "20.00", "2026-03-01", "2026-04-01"),
        ("2026-03-10", "L2", "proration", "100.00", "2026-03-01", "2026-04-01"),
    ]


def test_tax_is_that_of_the_day_on_which_it_is_billed() -> None:
    dated = [{"from": "2026-01-01", "percent": "19"}, {"from": "2026-04-01", "percent": "16"}]
    change = amendment("2026-02-15", {"id": "L1", "quantity": "12"}, received_date="2026-04-10")
    found = run(contract(seats(tax_rates=dated), every=1), change, as_of="2026-04-30")
    assert str(found.invoices[-1].tax) == "8.00"  # 16 % of 50


def test_periods_that_a_late_renewal_does_away_with_are_credited_and_billed_anew() -> None:
    found = run(
        contract(seats(), metered(), months=2, every=3, renewal={"auto": True, "term_months": 2}),
        renewal("2026-03-01", term_months=6, uplift_percent="20", received_date="2026-05-10"),
        usage=[{"line": "U1", "date": day, "quantity": "3"} for day in ("2026-03-05", "2026-05-20")],
        as_of="2026-06-01",
    )
    # by itself it renewed on 1 March and on 1 May for two months each; now March to May is one period
    assert billed(found)[1:] == [
        ("2026-03-01", "L1", "recurring", "200.00", "2026-03-01", "2026-05-01"),
        ("2026-05-01", "L1", "recurring", "200.00", "2026-05-01", "2026-07-01"),
        ("2026-05-01", "U1", "usage", "3.00", "2026-03-01", "2026-05-01"),
        ("2026-05-10", "L1", "recurring", "360.00", "2026-03-01", "2026-06-01"),
        ("2026-06-01", "L1", "recurring", "360.00", "2026-06-01", "2026-09-01"),
        ("2026-06-01", "U1", "usage", "6.00", "2026-03-01", "2026-06-01"),
    ]
    assert credited(found) == [
        ("2026-05-10", "INV-2", "L1", "200.00", "2026-03-01", "2026-05-01"),
        ("2026-05-10", "INV-3", "L1", "200.00", "2026-05-01", "2026-07-01"),
        ("2026-05-10", "INV-3", "U1", "3.00", "2026-03-01", "2026-05-01"),
    ]


def test_a_late_renewal_that_leaves_the_periods_as_they_are_settles_only_the_uplift() -> None:
    found = run(
        contract(
            seats(), every=1, months=2, renewal={"auto": True, "term_months": 2, "uplift_percent": "10"}
        ),
        renewal("2026-03-01", term_months=6, uplift_percent="20", received_date="2026-03-10"),
        as_of="2026-04-01",
    )
    assert billed(found)[2:] == [
        ("2026-03-01", "L1", "recurring", "110.00", "2026-03-01", "2026-04-01"),
        ("2026-03-10", "L1", "proration", "10.00", "2026-03-01", "2026-04-01"),
        ("2026-04-01", "L1", "recurring", "120.00", "2026-04-01", "2026-05-01"),
    ]


def test_in_arrears_what_a_late_change_adds_is_unbilled_receivable_as_all_that_is_billed_there() -> None:
    found = run(
        contract(seats(), every=1, timing="arrears"),
        amendment("2026-01-16", {"id": "L1", "quantity": "20"}, received_date="2026-02-10"),
        as_of="2026-02-10",
    )
    assert entry(found, "invoice", "INV-2") == {
        "accounts_receivable": "51.61",
        "unbilled_receivable": "-51.61",
    }


def test_what_is_prepaid_for_a_term_that_a_late_renewal_does_away_with_is_credited() -> None:
    prepaid = metered(commitment={"quantity": "10", "amount": "12"})
    found = run(
        contract(prepaid, months=2, every=1, renewal={"auto": True, "term_months": 2}),
        renewal("2026-03-01", term_months=6, received_date="2026-05-10"),
        usage=[{"line": "U1", "date": day, "quantity": "8"} for day in ("2026-03-05", "2026-05-05")],
        as_of="2026-06-01",
    )
    # 8 units in March and 8 in May are 6 above the 10 of the one term that there is now
    assert billed(found)[1:] == [
        ("2026-03-01", "U1", "usage", "12.00", "2026-03-01", "2026-05-01"),
        ("2026-05-01", "U1", "usage", "12.00", "2026-05-01", "2026-07-01"),
        ("2026-05-10", "U1", "usage", "12.00", "2026-03-01", "2026-09-01"),
        ("2026-06-01", "U1", "usage", "6.00", "2026-05-01", "2026-06-01"),
    ]
    assert credited(found) == [
        ("2026-05-10", "INV-2", "U1", "12.00", "2026-03-01", "2026-05-01"),
        ("2026-05-10", "INV-3", "U1", "12.00", "2026-05-01", "2026-07-01"),
    ]
