"""Cancellations, effective on the first day without service."""

from tests.rules.scenarios import (
    amendment,
    billed,
    cancellation,
    contract,
    credited,
    earned,
    entry,
    metered,
    one_time,
    run,
    seats,
)

USAGE = [{"line": "U1", "date": day, "quantity": "10"} for day in ("2026-05-15", "2026-05-16", "2026-06-01")]


def test_prorated_is_the_default_and_credits_what_is_unused_of_every_billed_recurring_line() -> None:
    found = run(
        contract(seats(), one_time()),
        amendment("2026-04-01", {"id": "L1", "quantity": "15"}),
        cancellation("2026-08-15"),
    )
    assert credited(found) == [
        ("2026-08-15", "INV-1", "L1", "456.99", "2026-08-15", "2027-01-01"),
        ("2026-08-15", "INV-2", "L1", "228.49", "2026-08-15", "2027-01-01"),
    ]
    assert [str(memo.subtotal) for memo in found.credit_memos] == ["456.99", "228.49"]


def test_no_credit_where_none_is_agreed_and_the_service_is_still_earned_to_its_end() -> None:
    found = run(contract(seats()), cancellation("2026-08-15", credit="none"))
    assert credited(found) == []
    assert str(found.totals.recognized) == "1200.00"


def test_on_a_periods_first_day_nothing_is_credited_and_nothing_more_is_billed() -> None:
    found = run(contract(seats(), every=3), cancellation("2026-07-01"))
    assert [line[4] for line in billed(found)] == ["2026-01-01", "2026-04-01"]
    assert credited(found) == []


def test_on_the_terms_end_nothing_is_credited() -> None:
    found = run(contract(seats()), cancellation("2027-01-01"))
    assert len(billed(found)) == 1
    assert credited(found) == []


def test_on_the_contracts_start_nothing_is_billed_at_all() -> None:
    found = run(contract(seats(), one_time()), cancellation("2026-01-01"))
    assert billed(found) == []


def test_in_arrears_the_final_invoice_is_by_days() -> None:
    found = run(contract(seats(), every=3, timing="arrears"), cancellation("2026-05-16"))
    assert billed(found)[1:] == [
        ("2026-05-16", "L1", "recurring", "148.35", "2026-04-01", "2026-05-16")
    ]  # 300 × 45/91


def test_usage_up_to_the_day_is_billed_on_it() -> None:
    found = run(contract(seats(), metered(), every=3), cancellation("2026-05-16"), usage=USAGE)
    assert billed(found)[2:] == [("2026-05-16", "U1", "usage", "10.00", "2026-04-01", "2026-05-16")]


def test_on_a_periods_first_day_the_period_before_is_billed_as_ever() -> None:
    found = run(
        contract(seats(), metered(), every=3, timing="arrears"), cancellation("2026-07-01"), usage=USAGE
    )
    assert billed(found)[1:] == [
        ("2026-07-01", "L1", "recurring", "300.00", "2026-04-01", "2026-07-01"),
        ("2026-07-01", "U1", "usage", "30.00", "2026-04-01", "2026-07-01"),
    ]


def test_it_makes_amendments_of_its_date_void() -> None:
    added = {key: value for key, value in one_time("O2").items() if key != "id"}
    void = amendment("2026-08-15", {"id": "L1", "quantity": "99"}, {"id": "O2", "add": added})
    assert run(contract(seats()), void, cancellation("2026-08-15")) == run(
        contract(seats()), cancellation("2026-08-15")
    )


def test_what_is_billed_of_one_time_lines_stays() -> None:
    found = run(contract(seats(), one_time()), cancellation("2026-01-02"))
    assert [line[2] for line in credited(found)] == ["L1"]


def test_a_fee_is_a_one_time_line_of_the_day_and_earns_as_termination_fees() -> None:
    found = run(contract(seats()), cancellation("2026-08-15", credit="none", fee="250"))
    assert billed(found)[1:] == [
        ("2026-08-15", "termination-fee", "one_time", "250.00", "2026-08-15", "2026-08-15")
    ]
    assert earned(found, "termination-fee") == {"2026-08": "250.00"}
    assert entry(found, "revenue", "2026-08") == {
        "deferred_revenue": "351.91",  # 250 and 1200 × 243/365 − 1200 × 212/365
        "revenue": "-101.91",
        "termination_fees": "-250.00",
    }


def test_a_credited_invoice_that_was_paid_leaves_the_receivable_below_zero() -> None:
    found = run(
        contract(seats()),
        cancellation("2026-08-15"),
        payments=[{"id": "P", "date": "2026-01-31", "amount": "1200.00"}],
    )
    assert str(found.totals.receivable) == "-456.99"
    assert str(found.totals.customer_credits) == "0.00"


def test_in_arrears_no_day_after_the_end_stays_billed_where_one_without_credit_comes_late() -> None:
    sold = contract(seats(), every=1, timing="arrears")
    in_time = run(sold, cancellation("2026-02-15", credit="none"))
    late = run(sold, cancellation("2026-02-15", credit="none", received_date="2026-04-10"))
    assert credited(late) == [
        ("2026-04-10", "INV-2", "L1", "50.00", "2026-02-15", "2026-03-01"),
        ("2026-04-10", "INV-3", "L1", "100.00", "2026-03-01", "2026-04-01"),
    ]
    assert late.totals.billed_net == in_time.totals.billed_net
