"""Yen and dinar throughout: books and contracts without decimals, and one that the ledger can not hold."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from rules.invariants import findings
from rules.rate_table import as_written
from tests.agreement import listings, until_agreed
from tests.rules.scenarios import flat
from tests.workflows.cash import issued, people, until_receipts
from tests.workflows.currencies import REVALUED, daily, foreign_world, known, until_books
from tests.workflows.month_end import order, run_month
from tests.workflows.sales import TOKYO, account, month, scenario, sold
from tests.world import World, today

pytestmark = pytest.mark.xdist_group("currencies")


def across(into: list[dict[str, str]], of: list[dict[str, str]]) -> list[dict[str, str]]:
    """Units of `into` for one of `of`, both for one euro, as a document writes them."""
    return [
        {"date": one["date"], "rate": str(as_written(Fraction(one["rate"]) / Fraction(other["rate"])))}
        for one, other in zip(into, of, strict=True)
    ]


async def lived(made: World, told: dict[str, Any]) -> None:
    """Billed, its last month's revenue posted, one invoice paid in part and then the rest of it."""
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    await run_month(made, order())
    first, *_ = await issued(made)
    whole, part = first["total"], 1234
    for number, amount in enumerate((part, whole - part), start=1):
        await people(made, pay={"invoice": first["id"], "amount": amount})
        await until_receipts(made, number)
    digits = 0 if told["contract"]["currency"] == "JPY" else 2
    told["payments"] = [
        {
            "id": f"P{number}",
            "date": today().isoformat(),
            "amount": str(Decimal(amount).scaleb(-digits)),
            "invoice": "INV-1",
        }
        for number, amount in enumerate((part, whole - part), start=1)
    ]
    await until_books(made, told, left_out=REVALUED)
    assert findings(await listings(made, told)) == ()


def begun() -> str:
    return (dt.date.fromisoformat(month(-2)) - dt.timedelta(days=2)).isoformat()


@pytest.mark.parametrize("books", ["USD", "JPY"])
async def test_yen_in_dollar_books_and_dollars_in_yen_books(
    tmp_path: Path, temporal_address: str, books: str
) -> None:
    yen, dollar = daily(begun(), start="163.17", step="0.31"), daily(begun())
    line = flat(amount="33333" if books == "USD" else "333.33", per="month", tax_rate_percent="10")
    customer: dict[str, Any] = {"currency": "JPY", "account": account("A-1", TOKYO)} if books == "USD" else {}
    told = scenario(sold(line, start=month(-2), every=1, **customer))
    rates = across(dollar, yen) if books == "USD" else across(yen, dollar)
    told["fx"] = {"functional_currency": books, "rates": rates}
    async with foreign_world(tmp_path, temporal_address, books=books) as made:
        await known(made, yen, "JPY")
        await known(made, dollar, "USD")
        await lived(made, told)


async def test_dinar_is_refused_before_the_first_write_in_words(
    tmp_path: Path, temporal_address: str
) -> None:
    told = scenario(sold(flat(amount="33.333", per="month"), start=month(0), every=1, currency="KWD"))
    told["fx"] = {"functional_currency": "USD", "rates": [{"date": month(-1), "rate": "3.25"}]}
    async with foreign_world(tmp_path, temporal_address) as made:
        await made.load(told)
        found = await made.until_exception("C-1")
        assert (found.code, found.platform, found.currency) == ("rejected", "netsuite", "KWD")
        assert "currency KWD: NetSuite has no active currency" in found.summary
        assert "its currencies have 0 or 2 decimals, KWD has 3" in found.summary
        assert made.platforms["netsuite"].state.all("customer") == []
        for kind in ("customer", "subscription", "invoice"):
            assert made.platforms["stripe"].state.all(kind) == []
