"""Documents and revenue of a contract in another currency than the books', each at its own rate."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, flat
from tests.workflows.currencies import REVALUED, foreign_world, in_euro, known, until_books
from tests.workflows.month_end import order, run_month
from tests.workflows.periods import reconciled, this_period
from tests.workflows.sales import month, replaced, scenario, sold
from tests.workflows.test_stories import carried_out
from tests.world import World

pytestmark = pytest.mark.xdist_group("currencies")

DOWN = amendment(month(-1, 5), {"id": "L1", "quantity": "4"})


@pytest.fixture
async def made(tmp_path: Path, temporal_address: str) -> AsyncIterator[World]:
    async with foreign_world(tmp_path, temporal_address) as fresh:
        yield fresh


async def dollars_of_last_month(made: World) -> dict[str, Any]:
    """What is reconciled in the books' currency; nothing is broken in any."""
    found = await reconciled(made, month(-1)[:7], "US01")
    assert [each["breaks"] for each in found] == [[]] * len(found)
    return next(each for each in found if each["currency"] == "USD")


async def test_documents_and_revenue_are_in_the_books_at_their_own_rates(made: World) -> None:
    told = in_euro(DOWN)
    await known(made, told["fx"]["rates"])
    await carried_out(made, told)
    told = replaced(told, received_date=told["as_of"])  # it reaches back over two invoices
    await until_agreed(made, told)
    report = await run_month(made, order())
    assert (report.tally.posted, report.tally.exceptions) == (1, 0)
    assert set(report.tally.sums) == {"USD"}
    await until_books(made, told)
    dollar = await dollars_of_last_month(made)
    assert dollar["sides"]["revenue"] == dollar["sides"]["recognized"] != "0.00"
    [euro] = await reconciled(made, this_period(), "US01")
    assert (euro["currency"], euro["breaks"]) == ("EUR", [])


async def test_without_a_rate_nothing_is_posted_until_one_is_taken_in(made: World) -> None:
    told = in_euro(start=month(-1, 10), every=12)
    await made.load(told)
    found = await made.until_exception("C-1")
    assert (found.code, found.owner, found.currency) == ("no_exchange_rate", "revenue-accounting", "EUR")
    assert "EUR/USD" in found.summary
    assert month(-1, 10) in found.summary
    assert "q2c rates import" in found.summary
    assert await made.posted("C-1") == []
    await known(made, told["fx"]["rates"])
    await made.decide("fiona", found, "retry")
    await made.until_posted("C-1", 1)
    await until_books(made, told, left_out=("revenue", *REVALUED))


async def test_rate_that_is_too_old_does_not_count(made: World) -> None:
    told = in_euro(start=month(-1, 20), every=12)
    await known(made, [{"date": month(-1, 12), "rate": "1.08"}])
    await made.load(told)
    found = await made.until_exception("C-1")
    assert found.code == "no_exchange_rate"
    assert f"USD last on {month(-1, 12)}, more than 7 days before" in found.summary


async def test_corrected_rate_leaves_what_is_posted_and_its_credit_and_its_revenue(made: World) -> None:
    told = in_euro(DOWN)
    await known(made, told["fx"]["rates"])
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    await known(made, [{**each, "rate": "2"} for each in told["fx"]["rates"]], reason="wrong file")
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", "active", changes=2)
    told = replaced(told, received_date=told["as_of"])
    await until_agreed(made, told)
    await run_month(made, order())
    await until_books(made, told)
    await dollars_of_last_month(made)


async def test_void_is_taken_off_at_the_rate_of_what_it_voids(made: World) -> None:
    told = in_euro(start=month(-1, 10), every=12)
    await known(made, told["fx"]["rates"])
    await made.load(told)
    await made.until_status("C-1", "active")
    [invoice] = await made.until_posted("C-1", 1)
    assert invoice.exchange_rate == Decimal(told["fx"]["rates"][0]["rate"])
    async with made.stripe() as api:
        issued = (await api.get("/v1/invoices")).json()["data"][0]["id"]
        assert (await api.post(f"/v1/invoices/{issued}/void")).is_success

    async def voided() -> bool:
        return any(each.status == "voided" for each in await made.posted("C-1"))

    await made.settle(voided, "it is void in the ledger")
    lines = await made.ports["netsuite"].general_ledger("US01")
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, Decimal(0)) + line.debit - line.credit
    assert not any(sums.values())


async def test_entity_whose_contracts_are_in_its_own_currency_needs_no_rate(made: World) -> None:
    told = scenario(sold(flat(), start=month(-1), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    await run_month(made, order())
    await until_books(made, told)


async def test_books_in_another_currency_than_the_policy_says_are_refused_before_the_first_write(
    made: World,
) -> None:
    told = {**in_euro(), "fx": {"functional_currency": "CHF", "rates": [{"date": month(-4), "rate": "1"}]}}
    await made.load(told)
    found = await made.until_exception("C-1")
    assert found.code == "rejected"
    assert "NetSuite keeps its books in CHF, our policy in USD" in found.summary
    assert made.platforms["stripe"].state.all("subscription") == []
