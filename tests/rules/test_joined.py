"""Merged and transferred contracts earn, each by itself, what the preview of all says, month by month."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.change import Cancellation, JoinedContract, Merge
from canonical.scenario import Scenario
from rules.calendar import add_months, month_key, months_between
from rules.exchange import Exchange
from rules.month_end import Sold, earned
from rules.period_revenue import REVENUE_ROLES
from rules.preview import preview
from rules.waterfall import waterfall
from tests.rules.scenarios import amendment, contract, flat, metered, scenario, seats

FIRST, LAST = dt.date(2025, 6, 1), dt.date(2027, 6, 1)
AS_OF = "2026-11-15"
BERLINER = {"id": "A-2", "name": "Other", "billing_address": {"line1": "Torstraße 1", "city": "Berlin",
            "postal_code": "10119", "country": "DE"}}  # fmt: skip


def other(*lines: dict[str, Any], id: str = "C-2", every: int = 1) -> dict[str, Any]:
    return {**contract(*lines, start="2025-08-15", every=every), "id": id}


def merge(day: str, *contracts: dict[str, Any], id: str = "M") -> dict[str, Any]:
    return {"id": id, "type": "merge", "effective_date": day, "contracts": list(contracts)}


TRANSFER = {"id": "T", "type": "transfer", "effective_date": "2026-03-11", "account": BERLINER,
            "tax_rate_percent": "19"}  # fmt: skip

SHAPES: dict[str, Scenario] = {
    "merged in mid-period": scenario(
        contract(seats(price="9.99"), start="2026-01-01", every=3),
        merge("2026-05-20", other(seats("M1", price="7.77"), every=12)),
        as_of=AS_OF,
    ),
    "of yearly contracts": scenario(
        contract(seats(price="9.99"), start="2026-01-01", every=3),
        merge("2026-02-27", other(seats("M1", price="7"), every=12)),
        as_of=AS_OF,
    ),
    "three, of odd amounts": scenario(
        contract(seats(price="9.99"), start="2026-01-01", every=3),
        merge("2026-04-11", other(seats("M1", price="7.77")), other(flat("N1", "99.99"), id="C-3", every=12)),
        as_of=AS_OF,
    ),
    "with usage, then amended": scenario(
        contract(seats(), start="2026-01-01", every=3),
        merge("2026-05-11", other(seats("M1", price="3.33"), metered("U2", price="0.25"))),
        amendment("2026-06-03", {"id": "M1", "quantity": "15"}),
        usage=[{"line": "U2", "date": f"2026-{n:02}-05", "quantity": "12.5"} for n in range(1, 8)],
        as_of=AS_OF,
    ),
    "of stand-alone prices": scenario(
        contract(seats(ssp="900"), flat("L2", "300", per="year", ssp="500"), start="2026-01-01"),
        merge("2026-04-11", other(seats("M1", price="7.77"))),
        as_of=AS_OF,
    ),
    "twice": scenario(
        contract(seats(price="9.99"), start="2026-01-01", every=3),
        merge("2026-04-11", other(seats("M1", price="7.77")), id="M1st"),
        merge("2026-07-05", other(seats("N1", price="3.33"), id="C-3"), id="M2nd"),
        as_of=AS_OF,
    ),
    "transferred": scenario(
        contract(seats(price="9.99"), start="2026-01-31", every=3), TRANSFER, as_of=AS_OF
    ),
    "transferred, then merged": scenario(
        contract(seats(price="9.99"), start="2026-01-01", every=3),
        TRANSFER,
        merge("2026-07-05", other(seats("M1", price="7.77"), every=12)),
        as_of=AS_OF,
    ),
}  # fmt: skip


def apart(told: Scenario) -> Iterator[Sold]:
    """Each contract as its own workflow has it."""
    changes = [
        change.model_copy(update={"joined": tuple(JoinedContract(contract=c) for c in change.contracts)})
        if isinstance(change, Merge)
        else change
        for change in told.changes
    ]
    yield Sold(told.contract, changes, told.usage)
    for change in told.changes:
        if isinstance(change, Merge):
            day, lead = change.effective_date, told.contract.id
            for each in change.contracts:
                end = Cancellation(
                    id=f"{lead}/{change.id}", type="cancellation", effective_date=day, merged_into=lead
                )
                lines = {line.id for line in each.lines}
                yield Sold(each, (end,), [u for u in told.usage if u.line in lines and u.date < day])


def by_run(told: Scenario, month: dt.date) -> Decimal:
    """What the runs post by the month's end, all contracts together."""
    found = (earned(s, month_key(month), told.as_of, Exchange("USD", None), {}).earned for s in apart(told))
    return -sum((amounts.get(role, Decimal(0)) for amounts in found for role in REVENUE_ROLES), Decimal(0))


@pytest.mark.parametrize("shape", SHAPES)
def test_months_posted_by_each_contract_add_up_to_the_previews(shape: str) -> None:
    told = SHAPES[shape]
    schedule = preview(told).revenue_schedule.values()
    for month in months_between(FIRST, LAST):
        due = sum((line.get(month_key(month), Decimal(0)) for line in schedule), Decimal(0))
        before = by_run(told, add_months(month, -1))
        assert (month_key(month), by_run(told, month) - before) == (month_key(month), due)


@pytest.mark.parametrize("shape", SHAPES)
def test_waterfalls_of_each_contract_earn_what_their_runs_post(shape: str) -> None:
    """Up to the day: from then on the waterfall has what is planned, too."""
    told = SHAPES[shape]
    rows = [row for sold in apart(told) for row in waterfall(sold, told.as_of, FIRST, told.as_of)]
    before = Decimal(0)
    for place, month in enumerate(months_between(FIRST, dt.date(2026, 10, 1))):
        shown = sum((row.months[place].earned for row in rows), Decimal(0))
        now = by_run(told, month)
        assert (month_key(month), shown) == (month_key(month), now - before)
        before = now
