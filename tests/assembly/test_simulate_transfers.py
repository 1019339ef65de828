"""Transfers lived on the time-skipping server: each customer has what is its own, to the cent."""

from typing import Any

import pytest

from tests.assembly.lives import lived, silence
from tests.rules.scenarios import amendment, cancellation, flat, metered, one_time, seats
from tests.soak import LONG
from tests.workflows.sales import BERLIN, account, arrears, month, scenario, sold


@pytest.fixture(autouse=True)
def silent() -> None:
    silence()


TAXED = {"tax_rate_percent": "8.875"}


def transfer(day: str, to: str = "A-2", *, name: str = "T", **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "transfer", "effective_date": day, "account": account(to), **more}


def used(*months: int) -> list[dict[str, Any]]:
    return [{"line": "U1", "date": month(n, d), "quantity": "12.5"} for n in months for d in (5, 20)]


YEARLY = {"auto": True, "term_months": 12, "uplift_percent": "7"}
BERLINER: dict[str, Any] = {"account": account("A-2", BERLIN), "tax_rate_percent": "19"}
EXEMPT: dict[str, Any] = {"account": {**account("A-2"), "exemption_code": "G"}, "tax_rate_percent": "0"}

SHAPES: dict[str, dict[str, Any]] = {
    "within a period billed in advance": scenario(
        sold(seats(**TAXED), flat("L2", "99.99", per="year", **TAXED), start=month(-2), every=12),
        transfer(month(2, 15), **BERLINER),
    ),
    "on a period's first day": scenario(
        sold(seats(**TAXED), start=month(-2), every=1), transfer(month(2), **BERLINER)
    ),
    "on a period's first day with usage of before": scenario(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-2), every=1),
        transfer(month(2), **BERLINER),
        usage=used(-1, 0, 1, 2),
    ),
    "in arrears, with usage, in two parts": scenario(
        sold(seats(**TAXED), metered(price="0.5", **TAXED), start=month(-2), every=3, billing=arrears(3)),
        transfer(month(2, 11), **BERLINER),
        usage=used(-1, 0, 1, 2, 3),
    ),
    "to a customer who is exempt": scenario(
        sold(seats(**TAXED), one_time(**TAXED), start=month(-2), every=3), transfer(month(2, 15), **EXEMPT)
    ),
    "without a rate of its own": scenario(
        sold(seats(**TAXED), start=month(-2), every=3), transfer(month(2, 15))
    ),
    "twice, and back to the first": scenario(
        sold(seats(**TAXED), start=month(-2), every=3),
        transfer(month(2, 15), name="T1", **BERLINER),
        transfer(month(3, 20), to="A-1", name="T2"),
    ),
    "twice, to a third": scenario(
        sold(seats(**TAXED), metered(price="0.5"), start=month(-2), every=6),
        transfer(month(1, 15), name="T1", **BERLINER),
        transfer(month(2, 20), to="A-3", name="T2", tax_rate_percent="5"),
        usage=used(0, 1, 2, 3),
    ),
    "then amended up, down, and with a new line": scenario(
        sold(seats(**TAXED), start=month(-2), every=6),
        transfer(month(1, 15), **BERLINER),
        amendment(month(2, 3), {"id": "L1", "quantity": "15"}, name="UP"),
        amendment(month(2, 20), {"id": "L1", "quantity": "2"}, name="DOWN"),
        amendment(month(3, 3), {"id": "L9", "add": {
            "product": "EXTRA", "pricing": {"model": "flat", "amount": "10", "per": "month"},
            "tax_rate_percent": "8.875"}}, name="NEW"),
    ),
    "then cancelled": scenario(
        sold(seats(**TAXED), start=month(-2), every=12),
        transfer(month(1, 15), **BERLINER),
        cancellation(month(3, 11)),
    ),
    "then renewed by itself": scenario(
        sold(seats(**TAXED), start=month(-10), every=3, renewal=YEARLY),
        transfer(month(1, 15), **BERLINER),
    ),
}  # fmt: skip

FAST = (
    "on a period's first day with usage of before",
    "in arrears, with usage, in two parts",
    "twice, and back to the first",
    "then amended up, down, and with a new line",
)
MONTHS = ("then amended up, down, and with a new line",)
"""Of the fast ones, those whose months are run too."""


@pytest.mark.parametrize("shape", [pytest.param(one, marks=() if one in FAST else LONG) for one in SHAPES])
async def test_transfer_is_lived_as_predicted(shape: str) -> None:
    found = await lived(SHAPES[shape], until=month(7), revenue=shape in MONTHS or shape not in FAST)
    assert found.status in ("active", "cancelled")
