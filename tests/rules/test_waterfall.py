"""The waterfall adds up to what the preview says, month by month."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from rules.month_end import Sold
from rules.preview import preview
from rules.waterfall import WaterfallMonth, WaterfallRow, added_up, waterfall
from tests.rules.scenarios import (
    amendment,
    cancellation,
    contract,
    flat,
    metered,
    one_time,
    raw,
    renewal,
    scenario,
    seats,
)

JANUARY, DECEMBER = dt.date(2026, 1, 1), dt.date(2026, 12, 1)


def rows_of(
    told: Any, first: dt.date = JANUARY, last: dt.date = DECEMBER
) -> dict[str, tuple[WaterfallMonth, ...]]:
    sold = Sold(told.contract, told.changes, told.usage)
    return {row.line: row.months for row in waterfall(sold, told.as_of, first, last)}


def test_annual_seats_are_billed_once_and_earned_by_the_day() -> None:
    """1,200.00 in advance on 1 January 2026; 31 of 365 days are 101.92 (1200 × 31/365 = 101.9178)."""
    months = rows_of(scenario(contract(seats(), start="2026-01-01"), as_of="2026-01-31"))["L1"]
    first, last = months[0], months[-1]
    assert (first.billed, first.earned, first.deferred, first.remaining) == (
        Decimal("1200.00"),
        Decimal("101.92"),
        Decimal("1098.08"),
        Decimal("1098.08"),
    )
    assert (last.billed, last.earned, last.deferred, last.remaining) == (
        Decimal("0.00"),
        Decimal("101.92"),
        Decimal("0.00"),
        Decimal("0.00"),
    )


def test_months_to_come_are_billed_as_planned_and_remain_to_be_earned() -> None:
    months = rows_of(scenario(contract(seats(), start="2026-01-01", every=3), as_of="2026-02-28"))["L1"]
    assert [str(each.billed) for each in months[::3]] == ["300.00"] * 4
    assert months[1].remaining == Decimal("1200.00") - months[0].earned - months[1].earned


def test_renewal_that_is_still_to_come_is_no_remaining_obligation() -> None:
    terms = {"auto": True, "term_months": 12, "uplift_percent": "5"}
    told = scenario(contract(seats(), start="2025-07-01", renewal=terms), as_of="2026-01-31")
    months = rows_of(told)["L1"]
    assert (months[5].remaining, months[6].billed, months[6].earned) == (Decimal("0.00"),) * 3


CASES = {
    "usage": raw(
        contract(seats(), metered(), start="2026-01-01", every=1),
        usage=[{"line": "U1", "date": "2026-02-03", "quantity": "7"}],
        as_of="2026-06-30",
    ),
    "credit": raw(
        contract(seats(), start="2026-01-01"),
        amendment("2026-04-10", {"id": "L1", "quantity": "3"}),
        as_of="2026-06-30",
    ),
    "fee": raw(
        contract(seats(), start="2026-01-01"), cancellation("2026-05-10", fee="99.99"), as_of="2026-06-30"
    ),
    "ssp": raw(
        contract(seats(ssp="3000"), one_time(ssp="700"), start="2026-01-01", every=3), as_of="2026-06-30"
    ),
    "dinar": raw(contract(flat(amount="33.333"), start="2026-01-15", currency="KWD"), as_of="2026-06-30"),
    "yen": raw(contract(flat(amount="33333"), start="2026-01-15", currency="JPY"), as_of="2026-06-30"),
    "renewed": raw(
        contract(seats(), start="2025-03-01"), renewal("2026-03-01", term_months=12), as_of="2026-06-30"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_columns_are_the_previews_totals(name: str) -> None:
    case = CASES[name]
    told = scenario(case["contract"], *case["changes"], as_of=case["as_of"], usage=case.get("usage", []))
    first, last = told.contract.start_date, told.as_of
    sold = Sold(told.contract, told.changes, told.usage)
    [row] = added_up(waterfall(sold, told.as_of, first, last), first, last).totals
    totals = preview(told).totals
    end = row.months[-1]
    assert sum(each.earned for each in row.months) == totals.recognized
    assert sum(each.billed for each in row.months) == totals.billed_net
    assert end.deferred - end.unbilled == totals.deferred - totals.unbilled


def test_arrears_are_earned_before_they_are_billed() -> None:
    told = scenario(contract(flat(), start="2026-01-01", every=3, timing="arrears"), as_of="2026-02-28")
    months = rows_of(told)["L1"]
    assert [str(each.billed) for each in months[:4]] == ["0.00", "0.00", "0.00", "300.00"]
    assert months[2].unbilled == sum(each.earned for each in months[:3]) == Decimal("300.00")
    assert months[2].deferred == 0


def test_currencies_are_added_up_apart() -> None:
    rows: list[WaterfallRow] = []
    for currency in ("USD", "JPY", "USD"):
        told = scenario(
            contract(flat(amount="100"), start="2026-01-01", currency=currency), as_of="2026-01-31"
        )
        rows += waterfall(Sold(told.contract, (), ()), told.as_of, JANUARY, JANUARY)
    found = added_up(rows, JANUARY, JANUARY).totals
    assert [(each.currency, each.months[0].billed) for each in found] == [
        ("JPY", Decimal("1200")),
        ("USD", Decimal("2400.00")),
    ]
