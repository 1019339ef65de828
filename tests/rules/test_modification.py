"""Modifications caught up where the contract says so (ASC 606-10-25-13(b), IFRS 15.21(b))."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from rules.modification import Measure, remeasured
from rules.revenue import Earning
from tests.rules.scenarios import (
    amendment,
    cancellation,
    contract,
    earned,
    entry,
    findings,
    flat,
    metered,
    one_time,
    raw,
    run,
    seats,
)

UP = amendment("2026-07-02", {"id": "L1", "quantity": "20"})
DOWN = amendment("2026-07-02", {"id": "L1", "quantity": "5"})


def sold(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    return contract(*(lines or (seats(),)), start="2026-01-01", modification="catch_up", **more)


def test_upgrade_is_caught_up_on_its_day() -> None:
    """1,200.00 a year; on 2 July (182 of 365 days gone) 601.64 more for the rest of it, 1,801.64 in all.

    By then 598.36 are earned, and 1801.64 × 182/365 = 898.35 should be: 299.99 are caught up. In July come
    30 days × 1801.64/365 = 148.08 and one day at the old price, 3.29: 451.36.
    """
    july = Decimal(earned(run(sold(), UP), "L1")["2026-07"])
    assert july == Decimal("451.36")
    prospective = run(contract(seats(), start="2026-01-01"), UP)
    assert earned(prospective, "L1")["2026-07"] == "200.55"


def test_months_before_the_change_stay_as_they_were() -> None:
    caught, plain = run(sold(), UP), run(contract(seats(), start="2026-01-01"), UP)
    months = ("2026-01", "2026-02", "2026-06")
    assert [earned(caught, "L1")[m] for m in months] == [earned(plain, "L1")[m] for m in months]


def test_downgrade_takes_back_what_was_earned_too_much() -> None:
    found = run(sold(), DOWN)
    assert Decimal(earned(found, "L1")["2026-07"]) < 0
    assert found.totals.recognized == found.totals.billed_net


def test_line_that_is_not_modified_keeps_its_own_schedule() -> None:
    found = run(sold(seats(), flat("L2")), UP)
    assert earned(found, "L2") == earned(run(contract(seats(), flat("L2"), start="2026-01-01")), "L2")


@pytest.mark.parametrize(
    "changes",
    [
        (UP, amendment("2026-10-01", {"id": "L1", "quantity": "12"})),
        (UP, DOWN | {"id": "later", "effective_date": "2026-09-15"}),
        (UP, cancellation("2026-11-11")),
        (amendment("2026-03-10", {"id": "L1", "quantity": "30"}, received_date="2026-08-05"),),
        (UP, amendment("2026-09-01", {"id": "L1", "remove": True})),
    ],
    ids=["twice", "up and down", "cancelled", "backdated", "removed"],
)
@pytest.mark.parametrize("terms", [{"every": 12}, {"every": 3}, {"every": 1, "timing": "arrears"}])
@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_all_that_is_billed_is_earned_in_the_end(
    changes: tuple[dict[str, Any], ...], terms: dict[str, Any], currency: str
) -> None:
    lines = (seats(), metered(), one_time())
    used = [{"line": "U1", "date": "2026-05-03", "quantity": "9"}]
    found = run(sold(*lines, currency=currency, **terms), *changes, usage=used, as_of="2027-01-31")
    assert found.totals.recognized == found.totals.billed_net
    assert found.totals.deferred == found.totals.unbilled == 0


def test_catch_up_beyond_what_is_billed_is_a_contract_asset() -> None:
    found = run(sold(every=12, timing="arrears"), UP, as_of="2026-07-31")
    assert found.totals.unbilled == found.totals.recognized > 0
    assert "contract_asset" in entry(found, "revenue", "2026-07")


def test_amendment_on_the_terms_first_day_modifies_nothing() -> None:
    first_day = amendment("2026-01-01", {"id": "L1", "quantity": "20"})
    plain = run(contract(seats(), start="2026-01-01"), first_day)
    assert run(sold(), first_day).revenue_schedule == plain.revenue_schedule


def test_without_a_change_nothing_is_treated_otherwise() -> None:
    assert run(sold()) == run(contract(seats(), start="2026-01-01"))


def test_evergreen_contract_has_no_term_over_which_progress_is_measured() -> None:
    told = raw(sold(months=None))
    assert "evergreen" in findings(told)["contract.modification"]


def test_unknown_treatment_is_named() -> None:
    told = raw(contract(seats(), start="2026-01-01", modification="retrospective"))
    assert "contract.modification" in findings(told)


def test_measures_add_up_to_the_last_ones_total() -> None:
    start, end = dt.date(2026, 1, 1), dt.date(2027, 1, 1)
    before = [Earning("L1", Fraction(1200), start, end, "deferred_revenue")]
    measures = [
        Measure(dt.date(2026, 4, 11), Fraction(1500), end),
        Measure(dt.date(2026, 9, 8), Fraction(900), end),
    ]
    found = remeasured("L1", start, before, measures)
    assert sum(one.amount for one in found) == 900
    by_september = sum((one.by(dt.date(2026, 9, 8)) for one in found), Fraction(0))
    assert by_september == Fraction(900) * 251 / 365


@pytest.mark.parametrize("terms", [{"every": 12}, {"every": 3}, {"every": 1, "timing": "arrears"}])
def test_early_renewal_ends_the_obligation_of_its_term_and_begins_another(terms: dict[str, Any]) -> None:
    """An amendment after it modifies the new term alone: the months before stay as they were without it, and
    all that is billed of both terms is earned."""
    early = {"id": "R", "type": "renewal", "effective_date": "2026-05-11", "term_months": 12}
    later = amendment("2026-09-01", {"id": "L1", "quantity": "20"})
    found = run(sold(**terms), early, later)
    without = run(sold(**terms), early)
    months = [f"2026-0{month}" for month in range(1, 9)]
    assert [earned(found, "L1")[m] for m in months] == [earned(without, "L1")[m] for m in months]
    assert found.totals.recognized == found.totals.billed_net


def test_backdated_change_that_comes_after_the_terms_end_is_caught_up_on_its_day() -> None:
    late = amendment("2026-10-01", {"id": "L1", "quantity": "20"}, received_date="2027-02-10")
    found = run(sold(renewal={"auto": True, "term_months": 12}), late)
    assert found.totals.recognized == found.totals.billed_net - found.totals.deferred
    assert Decimal(earned(found, "L1")["2027-02"]) > 300
