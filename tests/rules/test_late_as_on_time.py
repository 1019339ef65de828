"""A backdated change comes to what the same change on time would have come to: "computed as of its effective
date over every period billed since" (FINANCE.md, "Amendments").
"""

import copy
import datetime as dt
import random
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

import pytest

from rules.preview import Preview
from tests.rules.oracle.figures import Json
from tests.rules.oracle.generator import random_scenario
from tests.rules.scenarios import amendment, billed, cancellation, contract, credited, metered, run, seats
from tests.rules.test_against_oracle import of_the_rules

YEAR = contract(seats(), every=12, months=12)
HALF_PRICE = {"id": "L1", "discount_percent": "50"}
CALLS = {key: value for key, value in metered("U1").items() if key != "id"}


def late(day: str, received: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return amendment(day, *entries, name="LATE", received_date=received)


def net(found: Preview) -> Fraction:
    return Fraction(found.totals.billed_net)


def test_a_fall_that_a_later_change_overtook_is_credited_for_its_days_only() -> None:
    again = amendment("2026-07-01", {"id": "L1", "quantity": "20", "discount_percent": "0"})
    found = run(YEAR, late("2026-03-01", "2026-08-01", HALF_PRICE), again, cancellation("2026-10-01"))
    assert credited(found) == [
        ("2026-08-01", "INV-1", "L1", "200.55", "2026-03-01", "2026-07-01"),
        ("2026-10-01", "INV-1", "L1", "302.47", "2026-10-01", "2027-01-01"),
        ("2026-10-01", "INV-2", "L1", "302.47", "2026-10-01", "2027-01-01"),
    ]


def test_what_was_credited_for_days_gone_by_does_not_lessen_what_is_unused() -> None:
    same = amendment("2026-07-01", HALF_PRICE)
    found = run(YEAR, late("2026-03-01", "2026-08-01", HALF_PRICE), same, cancellation("2026-10-01"))
    on_time = run(YEAR, amendment("2026-03-01", HALF_PRICE), cancellation("2026-10-01"))
    assert (net(found), net(on_time)) == (Fraction("545.75"), Fraction("545.76"))


def test_a_period_that_stays_paid_after_a_cancellation_is_settled_to_its_end() -> None:
    found = run(YEAR, late("2026-03-01", "2026-08-01", HALF_PRICE), cancellation("2026-06-01", credit="none"))
    assert credited(found) == [("2026-08-01", "INV-1", "L1", "503.01", "2026-03-01", "2027-01-01")]


def test_a_usage_line_that_comes_late_is_billed_for_the_periods_billed_since() -> None:
    usage = [
        {"line": "U1", "date": "2026-02-15", "quantity": "7"},
        {"line": "U1", "date": "2026-04-15", "quantity": "5"},
    ]
    added = late("2026-02-01", "2026-05-10", {"id": "U1", "add": CALLS})
    found = run(contract(seats(), every=3, months=6), added, usage=usage)
    assert [line for line in billed(found) if line[1] == "U1"] == [
        ("2026-05-10", "U1", "usage", "7.00", "2026-02-01", "2026-04-01"),
        ("2026-07-01", "U1", "usage", "5.00", "2026-04-01", "2026-07-01"),
    ]


SEEDS = range(100)
BATCH = 50


@pytest.mark.parametrize("first", SEEDS[::BATCH])
def test_one_late_amendment_comes_to_the_same_within_the_rounding_of_its_lines(first: int) -> None:
    compared = 0
    for seed in range(first, first + BATCH):
        on_time = _long_run(seed)
        backdated = _with_one_late_amendment(on_time, random.Random(seed + 7))  # noqa: S311
        if backdated is not None:
            _assert_same_net(seed, of_the_rules(on_time), of_the_rules(backdated))
            compared += 1
    assert compared > BATCH // 2


def _long_run(seed: int) -> Json:
    """A scenario seen to its end, with rates of tax that do not change."""
    scenario = random_scenario(seed)
    scenario["as_of"] = "2029-12-31"
    scenario.pop("payments", None)
    for line in scenario["contract"]["lines"]:
        line.pop("tax_rates", None)
    return scenario


def _with_one_late_amendment(on_time: Json, roll: random.Random) -> Json | None:
    scenario = copy.deepcopy(on_time)
    amendments = [change for change in scenario.get("changes", []) if change["type"] == "amendment"]
    if not amendments:
        return None
    change = roll.choice(amendments)
    delay = dt.timedelta(days=roll.choice((1, 10, 30, 40, 100, 200, 400)))
    change["received_date"] = (dt.date.fromisoformat(change["effective_date"]) + delay).isoformat()
    return scenario


def _assert_same_net(seed: int, on_time: Json, backdated: Json) -> None:
    (expected, some), (found, more) = _net_by_line(on_time), _net_by_line(backdated)
    decimals = len(on_time["totals"]["billed_net"].partition(".")[2])
    for line in expected.keys() | found.keys():
        rounding = Fraction(some[line] + more[line], 2 * 10**decimals)
        assert abs(expected[line] - found[line]) <= rounding, f"seed {seed}, line {line}"


def _net_by_line(preview: Json) -> tuple[dict[str, Fraction], Counter[str]]:
    net_of: dict[str, Fraction] = defaultdict(Fraction)
    counted: Counter[str] = Counter()
    for sign, kind in ((1, "invoices"), (-1, "credit_memos")):
        for line in (line for document in preview[kind] for line in document["lines"]):
            net_of[line["line"]] += sign * Fraction(line["amount"])
            counted[line["line"]] += 1
    return net_of, counted
