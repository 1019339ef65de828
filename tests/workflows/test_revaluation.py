"""Receivables in another currency at a month's end: revalued, taken back the next day, once."""

import datetime as dt
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ports.erp import PostedDocument
from rules.calendar import month_end
from rules.invariants import findings
from rules.preview import preview
from sandbox.kit.faults import Fault
from tests.agreement import listings, scenario_of, until_agreed
from tests.rules.scenarios import amendment
from tests.workflows.cash import issued, people, until_receipts
from tests.workflows.currencies import daily, foreign_world, in_euro, known, until_books
from tests.workflows.month_end import LAST_MONTH, order, period_of, run_month, run_month_ends
from tests.workflows.periods import closed, reconciled
from tests.workflows.sales import month, replaced, unlike_today
from tests.workflows.test_close import checked
from tests.world import World, today

pytestmark = pytest.mark.xdist_group("currencies")


@pytest.fixture
async def made(tmp_path: Path, temporal_address: str) -> AsyncIterator[World]:
    async with foreign_world(tmp_path, temporal_address) as fresh:
        yield fresh


BEGUN = unlike_today(-2, 10)


async def billed(made: World, **more: Any) -> dict[str, Any]:
    told = in_euro(start=BEGUN, **more)
    await known(made, told["fx"]["rates"])
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    return told


async def revalued(made: World, period: str = LAST_MONTH) -> dict[str, Any]:
    """A run over the month to its end, or until it waits; what the API shows of it."""
    answer = await made.act("fiona", "POST", "/revaluations/runs", {"period": period, "entity": "US01"})
    assert answer.status_code == 202, answer.text

    async def over() -> dict[str, Any] | None:
        shown = await made.act("olivia", "GET", f"/revaluations/runs/US01/{period}")
        assert shown.status_code == 200, shown.text
        run: dict[str, Any] = shown.json()
        return run if run["status"] == "done" or run["report"]["outcome"] == "waiting" else None

    report: dict[str, Any] = (await made.settle(over, f"{period} is revalued"))["report"]
    return report


async def entries(made: World) -> list[PostedDocument]:
    """The revaluations and their reversals in the ledger, in the order in which they were made."""
    found = await made.ports["netsuite"].documents("US01")
    return [each for each in found if "revaluation/" in (each.key or "")]


def gain_of(told: dict[str, Any], period: str) -> Decimal:
    """What preview revalues at the month's end."""
    for entry in preview(scenario_of(told)).journal_entries:
        if (entry.event, entry.document) == ("revaluation", period):
            return sum(
                (e.debit - e.credit for e in entry.lines if e.account == "accounts_receivable"), Decimal(0)
            )
    raise AssertionError(f"preview revalues nothing in {period}")


async def test_gain_is_the_previews_and_is_taken_back_on_the_next_day(made: World) -> None:
    told = await billed(made)
    report = await revalued(made)
    assert (report["outcome"], report["key"]) == ("posted", f"revaluation/US01/{LAST_MONTH}")
    assert Decimal(report["posted"]["EUR"]) == gain_of(told, LAST_MONTH) != 0
    entry, reversal = await entries(made)
    assert (entry.date, entry.status) == (month_end(dt.date.fromisoformat(month(-1))), "reversed")
    assert (reversal.date.isoformat(), reversal.key) == (month(0), f"reversal:{entry.key}")
    assert {line.account: line.amount for line in entry.lines} == {
        "1200": gain_of(told, LAST_MONTH),
        "7200": -gain_of(told, LAST_MONTH),
    }
    assert all("ECB, test" in (line.memo or "") for line in entry.lines)
    await run_month(made, order())
    await until_books(made, told)  # nothing stays of it
    assert findings(await listings(made, told)) == ()
    assert all(each["breaks"] == [] for each in await reconciled(made, LAST_MONTH, "US01"))


async def test_months_with_credits_and_payments_are_the_previews_to_the_cent(made: World) -> None:
    told = await billed(made, every=1)
    for document in await issued(made):
        if document["metadata"]["q2c_date"] == BEGUN:
            await people(made, pay={"invoice": document["id"], "amount": 3333})
    await until_receipts(made, 1)
    down = amendment(month(-2, 20), {"id": "L1", "quantity": "4"})  # over more than one invoice
    late = {**told, "changes": [down]}
    await made.load(late, approve=down["id"])
    await made.until_status("C-1", "active", changes=2)
    told = replaced(late, received_date=told["as_of"])
    told["payments"] = [
        {"id": "P1", "date": today().isoformat(), "amount": "33.33", "invoice": "INV-1"},
    ]
    await until_agreed(made, told)
    for offset in (-2, -1):
        report = await revalued(made, period_of(offset))
        assert Decimal(report["posted"]["EUR"]) == gain_of(told, period_of(offset))
    await run_month(made, order())
    await until_books(made, told)


async def test_run_again_posts_nothing_and_a_corrected_rate_the_difference(made: World) -> None:
    told = await billed(made)
    assert (await run_month_ends(made)).revaluations == 1
    again = await revalued(made)  # joins the run that the month's end has begun, or comes after it
    assert again["outcome"] in ("posted", "unchanged")
    again = await revalued(made)
    assert (again["outcome"], again["posted"]) == ("unchanged", {})
    await reconciled(made, LAST_MONTH, "US01")
    (check,) = await checked(made, LAST_MONTH)
    assert (check["close_allowed"], check["revenue"], check["revaluation"]) == (True, "posted", "done")
    assert len(await entries(made)) == 2
    last = [each for each in told["fx"]["rates"] if each["date"] < month(0)][-1]
    await known(made, [{**last, "rate": "1.50"}], reason="corrected by the ECB")
    third = await revalued(made)
    assert third["key"] == f"revaluation/US01/{LAST_MONTH}/1"
    told["fx"]["rates"][told["fx"]["rates"].index(last)] = {**last, "rate": "1.50"}
    held = sum(line.amount for each in await entries(made) for line in each.lines if line.account == "1200")
    assert held == 0
    first, _, more, _ = await entries(made)
    assert sum(each.total for each in (first, more)) == gain_of(told, LAST_MONTH)


async def test_run_that_lost_its_answers_is_finished_by_the_next(made: World) -> None:
    await billed(made)
    route = "POST /services/rest/record/v1/journalEntry"
    made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", route=route, times=2))
    assert (await revalued(made))["outcome"] == "posted"
    assert len(await entries(made)) == 2


async def test_without_a_closing_rate_a_person_is_asked_and_the_close_is_refused(made: World) -> None:
    told = in_euro(start=month(-2, 10), every=12)
    early = [each for each in told["fx"]["rates"] if each["date"] < month(-1, 5)]
    await known(made, early)
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    (run,) = await closed(made, LAST_MONTH)
    assert run["result"]["status"] == "refused"
    assert any("not revalued" in reason and "EUR/USD" in reason for reason in run["result"]["reasons"])
    assert not await made.exceptions()
    report = await revalued(made)
    assert report["outcome"] == "waiting"
    (found,) = await made.exceptions()
    assert (found.code, found.owner) == ("no_exchange_rate", "revenue-accounting")
    await known(made, told["fx"]["rates"])
    await made.decide("fiona", found, "retry")
    assert (await revalued(made))["outcome"] in ("posted", "unchanged")
    assert len(await entries(made)) == 2


async def test_close_revalues_by_itself_and_a_closed_month_is_left(made: World) -> None:
    told = await billed(made)
    await reconciled(made, LAST_MONTH, "US01")
    (check,) = await checked(made, LAST_MONTH)
    gain = gain_of(told, LAST_MONTH)
    assert (check["close_allowed"], check["revenue"], check["revaluation"]) == (False, "due", "due")
    assert [why.partition(":")[0] for why in check["reasons"]] == [
        "receivables in other currencies are not revalued",
        f"revenue of {LAST_MONTH} is not posted",
    ]
    assert f"of {abs(gain)} USD on EUR is not posted; `q2c revaluation run" in check["reasons"][0]
    assert await entries(made) == []
    (run,) = await closed(made, LAST_MONTH)
    assert run["result"]["status"] == "closed", run["result"]["reasons"]
    assert [each.key for each in await entries(made)] == [
        f"revaluation/US01/{LAST_MONTH}",
        f"reversal:revaluation/US01/{LAST_MONTH}",
    ]
    await known(made, daily(month(-3, 8), start="1.40"), reason="corrected")
    report = await revalued(made)
    assert report["outcome"] == "closed"
    assert "nothing is revalued in it any more" in report["words"]
    assert len(await entries(made)) == 2


async def test_month_that_has_not_ended_is_refused(made: World) -> None:
    body = {"period": period_of(0), "entity": "US01"}
    answer = await made.act("fiona", "POST", "/revaluations/runs", {**body, "as_of": month(0)})
    assert answer.status_code == 400
    assert "has not ended" in answer.text


async def test_balances_are_translated_for_the_group(made: World) -> None:
    told = await billed(made)
    await run_month(made, order())
    await until_books(made, told)
    answer = await made.act("fiona", "POST", "/translations/runs", {"period": LAST_MONTH})
    assert answer.status_code == 202, answer.text

    async def over() -> dict[str, Any] | None:
        shown = await made.act("vera", "GET", f"/translations/runs/US01/{LAST_MONTH}")
        assert shown.status_code == 200, shown.text
        run: dict[str, Any] = shown.json()
        return run if run["status"] == "done" else None

    report = (await made.settle(over, "it is translated"))["report"]
    assert (report["outcome"], report["books_currency"], report["group_currency"]) == ("done", "USD", "EUR")
    rows = {row["role"]: row for row in report["rows"]}
    assert {role: row["basis"] for role, row in rows.items()} == {
        "accounts_receivable": "closing",
        "deferred_revenue": "closing",
        "tax_payable": "closing",
        "revenue": "average",
    }
    assert sum(Decimal(row["balance"]) for row in rows.values()) == 0
    assert sum(Decimal(row["translated"]) for row in rows.values()) + Decimal(report["difference"]) == 0
