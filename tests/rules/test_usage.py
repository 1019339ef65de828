"""Usage: summed per line and billing period, priced as a whole, billed on the period's end."""

from typing import Any

from tests.rules.scenarios import (
    amendment,
    billed,
    cancellation,
    contract,
    earned,
    entry,
    metered,
    run,
    seats,
)

TIERS = {
    "model": "graduated",
    "tiers": [{"up_to": "100", "unit_price": "0"}, {"up_to": None, "unit_price": "0.5"}],
}


def _used(*events: tuple[str, str], line: str = "U1") -> list[dict[str, Any]]:
    return [{"line": line, "date": day, "quantity": quantity} for day, quantity in events]


def _monthly(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return contract(*lines, months=3, every=1, **more)


def test_tiers_start_afresh_each_period() -> None:
    sold = _monthly({**metered(), "pricing": TIERS})
    found = run(
        sold,
        usage=_used(("2026-01-10", "90"), ("2026-01-31", "30"), ("2026-02-01", "90"), ("2026-03-31", "101")),
    )
    assert billed(found) == [
        ("2026-02-01", "U1", "usage", "10.00", "2026-01-01", "2026-02-01"),
        ("2026-04-01", "U1", "usage", "0.50", "2026-03-01", "2026-04-01"),
    ]


def test_it_is_billed_on_the_periods_end_also_where_recurring_lines_are_billed_ahead() -> None:
    found = run(_monthly(metered(), seats()), usage=_used(("2026-01-10", "7")), as_of="2026-02-01")
    assert billed(found) == [
        ("2026-01-01", "L1", "recurring", "100.00", "2026-01-01", "2026-02-01"),
        ("2026-02-01", "L1", "recurring", "100.00", "2026-02-01", "2026-03-01"),
        ("2026-02-01", "U1", "usage", "7.00", "2026-01-01", "2026-02-01"),
    ]


def test_it_is_held_in_unbilled_receivable_until_it_is_billed() -> None:
    found = run(_monthly(metered()), usage=_used(("2026-01-10", "7")), as_of="2026-02-01")
    assert entry(found, "revenue", "2026-01") == {"unbilled_receivable": "7.00", "revenue": "-7.00"}
    assert entry(found, "invoice", "INV-1") == {"accounts_receivable": "7.00", "unbilled_receivable": "-7.00"}


def test_a_sum_below_zero_counts_as_zero() -> None:
    found = run(
        _monthly(metered()),
        usage=_used(("2026-01-10", "7"), ("2026-01-11", "-9"), ("2026-02-10", "5"), ("2026-02-11", "-2")),
    )
    assert [line[3] for line in billed(found)] == ["3.00"]


def test_an_event_id_counts_once() -> None:
    events = [{"line": "U1", "date": "2026-01-10", "quantity": "7", "id": "e-1"}] * 3
    assert [line[3] for line in billed(run(_monthly(metered()), usage=events))] == ["7.00"]


def test_events_without_an_id_all_count() -> None:
    found = run(_monthly(metered()), usage=_used(("2026-01-10", "7"), ("2026-01-10", "7")))
    assert [line[3] for line in billed(found)] == ["14.00"]


def test_usage_outside_the_lines_life_is_not_billed() -> None:
    added = {key: value for key, value in metered().items() if key != "id"}
    found = run(
        _monthly(seats()),
        amendment("2026-01-15", {"id": "U1", "add": added}),
        amendment("2026-02-10", {"id": "U1", "remove": True}),
        usage=_used(
            ("2025-12-31", "1"),
            ("2026-01-14", "2"),
            ("2026-01-15", "4"),
            ("2026-02-09", "8"),
            ("2026-02-10", "16"),
        ),
    )
    assert [line for line in billed(found) if line[1] == "U1"] == [
        ("2026-02-01", "U1", "usage", "4.00", "2026-01-15", "2026-02-01"),
        ("2026-03-01", "U1", "usage", "8.00", "2026-02-01", "2026-02-10"),
    ]


def test_a_discount_counts_from_the_next_period_and_on_a_first_day_at_once() -> None:
    found = run(
        _monthly(metered()),
        amendment("2026-01-10", {"id": "U1", "discount_percent": "50"}),
        amendment("2026-03-01", {"id": "U1", "discount_percent": "0"}),
        usage=_used(("2026-01-15", "10"), ("2026-02-15", "10"), ("2026-03-15", "10")),
    )
    assert [line[3] for line in billed(found)] == ["10.00", "5.00", "10.00"]


def test_a_line_added_in_a_period_has_its_first_price_until_the_next_one() -> None:
    added = {key: value for key, value in metered().items() if key != "id"}
    dearer = {"model": "per_unit", "unit_price": "3"}
    found = run(
        _monthly(seats()),
        amendment("2026-01-10", {"id": "U1", "add": added}),
        amendment("2026-01-20", {"id": "U1", "pricing": dearer}),
        usage=_used(("2026-01-25", "10"), ("2026-02-15", "10")),
    )
    assert [line[3] for line in billed(found) if line[1] == "U1"] == ["10.00", "30.00"]


def test_it_is_billed_at_the_terms_end_of_a_contract_that_is_not_renewed() -> None:
    found = run(
        contract(metered()), usage=_used(("2026-12-31", "10"), ("2027-01-01", "99")), as_of="2027-01-01"
    )
    assert billed(found) == [("2027-01-01", "U1", "usage", "10.00", "2026-01-01", "2027-01-01")]


def test_it_earns_evenly_over_its_service_period() -> None:
    found = run(contract(metered(), months=3, every=3), usage=_used(("2026-03-31", "90")))
    assert earned(found, "U1") == {"2026-01": "31.00", "2026-02": "28.00", "2026-03": "31.00"}


def test_usage_that_comes_late_is_a_line_of_its_own_on_the_next_invoice() -> None:
    late = {"line": "U1", "date": "2026-01-20", "quantity": "30", "received_date": "2026-02-05"}
    sold = _monthly({**metered(), "pricing": TIERS})
    found = run(sold, usage=[*_used(("2026-01-10", "90"), ("2026-02-10", "102")), late])
    assert billed(found) == [
        ("2026-03-01", "U1", "usage", "10.00", "2026-01-01", "2026-02-01"),  # 120 in all: 20 × 0.5
        ("2026-03-01", "U1", "usage", "1.00", "2026-02-01", "2026-03-01"),
    ]


def test_late_usage_bills_nothing_else_of_its_period_again() -> None:
    late = {"line": "U1", "date": "2026-01-20", "quantity": "30", "received_date": "2026-02-05"}
    found = run(_monthly(metered(), seats(), timing="arrears"), usage=[late])
    assert [(line[0], line[1]) for line in billed(found)] == [
        ("2026-02-01", "L1"),
        ("2026-03-01", "L1"),
        ("2026-03-01", "U1"),
        ("2026-04-01", "L1"),
    ]


def test_usage_that_comes_after_the_last_invoice_has_one_of_its_own() -> None:
    late = {"line": "U1", "date": "2026-03-20", "quantity": "30", "received_date": "2026-05-05"}
    found = run(_monthly(metered()), usage=[late])
    assert billed(found) == [("2026-05-05", "U1", "usage", "30.00", "2026-03-01", "2026-04-01")]


def test_a_late_correction_is_credited_to_what_was_billed() -> None:
    late = {"line": "U1", "date": "2026-01-20", "quantity": "-3", "received_date": "2026-02-05"}
    found = run(_monthly(metered()), usage=[*_used(("2026-01-10", "10")), late])
    assert [(str(m.date), m.invoice, str(m.subtotal)) for m in found.credit_memos] == [
        ("2026-03-01", "INV-1", "3.00")
    ]


def test_a_commitment_is_billed_at_the_terms_start_and_what_is_above_it_over_the_term_is_overage() -> None:
    sold = _monthly(metered(commitment={"quantity": "100", "amount": "80"}))
    found = run(sold, usage=_used(("2026-01-05", "70"), ("2026-02-05", "50"), ("2026-03-05", "5")))
    assert billed(found) == [
        ("2026-01-01", "U1", "usage", "80.00", "2026-01-01", "2026-04-01"),
        ("2026-03-01", "U1", "usage", "20.00", "2026-02-01", "2026-03-01"),
        ("2026-04-01", "U1", "usage", "5.00", "2026-03-01", "2026-04-01"),
    ]
    assert entry(found, "invoice", "INV-1") == {"accounts_receivable": "80.00", "deferred_revenue": "-80.00"}


def test_a_commitment_is_made_anew_for_each_term() -> None:
    sold = _monthly(
        metered(commitment={"quantity": "100", "amount": "80"}), renewal={"auto": True, "term_months": 3}
    )
    found = run(sold, usage=_used(("2026-01-05", "170"), ("2026-04-05", "101")), as_of="2026-05-01")
    assert [line[3] for line in billed(found)] == ["80.00", "70.00", "80.00", "1.00"]


def test_a_commitment_stays_billed_when_the_contract_is_cancelled() -> None:
    sold = _monthly(metered(commitment={"quantity": "100", "amount": "80"}))
    found = run(sold, cancellation("2026-02-10"), usage=_used(("2026-02-05", "120")))
    assert [line[3] for line in billed(found)] == ["80.00", "20.00"]
    assert found.credit_memos == ()


def test_removing_the_line_credits_what_is_unused_of_its_commitment() -> None:
    sold = _monthly(metered(commitment={"quantity": "100", "amount": "90"}), seats())
    found = run(sold, amendment("2026-02-15", {"id": "U1", "remove": True}))
    assert [(m.invoice, str(m.subtotal)) for m in found.credit_memos] == [("INV-1", "45.00")]  # 90 × 45/90


def test_a_minimum_bills_the_shortfall_at_the_periods_end() -> None:
    found = run(
        _monthly(metered(minimum={"amount": "30"})), usage=_used(("2026-01-05", "70"), ("2026-02-05", "12.5"))
    )
    assert billed(found) == [
        ("2026-02-01", "U1", "usage", "70.00", "2026-01-01", "2026-02-01"),
        ("2026-03-01", "U1", "usage", "12.50", "2026-02-01", "2026-03-01"),
        ("2026-03-01", "U1", "usage", "17.50", "2026-02-01", "2026-03-01"),
        ("2026-04-01", "U1", "usage", "30.00", "2026-03-01", "2026-04-01"),
    ]
