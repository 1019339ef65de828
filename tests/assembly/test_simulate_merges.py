"""Merges lived on the time-skipping server: several contracts' workflows, one contract in the end."""

from typing import Any

import pytest

from tests.assembly.lives import lived, silence
from tests.rules.scenarios import amendment, cancellation, flat, metered, one_time, seats
from tests.soak import LONG
from tests.workflows.sales import BERLIN, account, arrears, month, scenario, sold

TAXED = {"tax_rate_percent": "8.875"}
YEARLY = {"auto": True, "term_months": 12, "uplift_percent": "7"}


@pytest.fixture(autouse=True)
def silent() -> None:
    silence()


def other(name: str, *lines: dict[str, Any], start: str, every: int = 12, **more: Any) -> dict[str, Any]:
    """A contract of the same customer."""
    return sold(*lines, start=start, every=every, id=name, **more)


def merge(day: str, *contracts: dict[str, Any], name: str = "M") -> dict[str, Any]:
    return {"id": name, "type": "merge", "effective_date": day, "contracts": list(contracts)}


def used(line: str, *months: int) -> list[dict[str, Any]]:
    return [{"line": line, "date": month(n, d), "quantity": "12.5"} for n in months for d in (5, 20)]


BERLINER: dict[str, Any] = {"account": account("A-2", BERLIN), "tax_rate_percent": "19"}

SHAPES: dict[str, dict[str, Any]] = {
    "two in advance, of different frequencies": scenario(
        sold(seats(**TAXED), one_time(**TAXED), start=month(-2), every=3),
        merge(month(2, 15), other("C-2", seats("M1", price="7", **TAXED), start=month(-5, 15), every=1)),
    ),
    "three, of different frequencies": scenario(
        sold(seats(**TAXED), start=month(-2), every=3),
        merge(
            month(2, 11),
            other("C-2", seats("M1", price="7", **TAXED), start=month(-5, 15), every=1),
            other("C-3", flat("N1", "99.99", per="year", **TAXED), start=month(-1), every=12),
        ),
    ),
    "on the first day of a period of both": scenario(
        sold(seats(**TAXED), start=month(-2), every=1),
        merge(month(2), other("C-2", seats("M1", price="7", **TAXED), start=month(-1), every=3)),
    ),
    "in arrears with usage of both": scenario(
        sold(seats(**TAXED), metered(price="0.5"), start=month(-2), every=3, billing=arrears(3)),
        merge(
            month(2, 11),
            other("C-2", metered("U2", price="0.25"), seats("M1", **TAXED), start=month(-1), every=1),
        ),
        usage=[*used("U1", -1, 0, 1, 2, 3), *used("U2", 0, 1, 2, 3)],
    ),
    "one that begins later": scenario(
        sold(seats(**TAXED), start=month(-2), every=3),
        merge(month(3, 15), other("C-2", seats("M1", price="7", **TAXED), start=month(1, 15), every=1)),
    ),
    "one of another customer": scenario(
        sold(seats(**TAXED), start=month(-2), every=3),
        merge(
            month(2, 15),
            other("C-2", seats("M1", price="7", product="OTHER", tax_rate_percent="19"), start=month(-1),
                  every=1, account=account("A-2", BERLIN)),
        ),
    ),
    "then amended, and cancelled": scenario(
        sold(seats(**TAXED), start=month(-2), every=3),
        merge(month(1, 15), other("C-2", seats("M1", price="7", **TAXED), start=month(-1), every=1)),
        amendment(month(2, 3), {"id": "M1", "quantity": "15"}, name="UP"),
        amendment(month(2, 20), {"id": "L1", "quantity": "2"}, name="DOWN"),
        cancellation(month(4, 11)),
    ),
    "after a transfer, then transferred": scenario(
        sold(seats(**TAXED), start=month(-2), every=6),
        {"id": "T1", "type": "transfer", "effective_date": month(1, 3), **BERLINER},
        merge(month(2, 15), other("C-2", seats("M1", price="7", product="OTHER", **TAXED), start=month(-1))),
        {"id": "T2", "type": "transfer", "effective_date": month(3, 5), "account": account("A-3"),
         "tax_rate_percent": "5"},
    ),
    "of contracts that have renewed with an uplift": scenario(
        sold(seats(**TAXED), start=month(-10), every=3, renewal=YEARLY),
        merge(month(3, 15), other("C-2", seats("M1", price="7", **TAXED), start=month(-11), renewal=YEARLY)),
    ),
    "on the day on which both would renew": scenario(
        sold(seats(**TAXED), start=month(-10), every=3, renewal=YEARLY),
        merge(month(2), other("C-2", seats("M1", price="7", **TAXED), start=month(-10), renewal=YEARLY)),
    ),
    "twice": scenario(
        sold(seats(**TAXED), start=month(-2), every=3),
        merge(month(1, 15), other("C-2", seats("M1", price="7", **TAXED), start=month(-1)), name="M1"),
        merge(month(3, 5), other("C-3", seats("N1", price="9", **TAXED), start=month(-1)), name="M2"),
    ),
}  # fmt: skip

FAST = (
    "three, of different frequencies",
    "after a transfer, then transferred",
    "in arrears with usage of both",
    "on the first day of a period of both",
)
MONTHS = ("in arrears with usage of both",)
"""Of the fast ones, those whose months are run too."""


@pytest.mark.parametrize("shape", [pytest.param(one, marks=() if one in FAST else LONG) for one in SHAPES])
async def test_merge_is_lived_as_predicted(shape: str) -> None:
    found = await lived(SHAPES[shape], until=month(7), revenue=shape in MONTHS or shape not in FAST)
    assert found.status in ("active", "cancelled")
