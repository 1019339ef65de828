"""A period is closed once, when nothing holds it up, with its evidence; then the ERP takes nothing more."""

import datetime as dt
from typing import Any

import pytest

from store.audit import AuditLog
from store.periods import PeriodStore
from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.approvals import refused_by_the_workflow
from tests.workflows.month_end import entries
from tests.workflows.periods import (
    approved,
    closed,
    journal_by_hand,
    last_period,
    lost_invoice,
    reconciled,
    repair_asked,
    this_period,
    until_break,
)
from tests.workflows.sales import BERLIN, account, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("close")

TAXED = {"tax_rate_percent": "8.875"}


async def monthly(made: World) -> dict[str, Any]:
    """A contract billed last month and this one, all of it posted."""
    told = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    return told


async def test_a_clean_period_is_closed_with_its_evidence_and_the_erp_takes_nothing_more(made: World) -> None:
    await monthly(made)
    (run,) = await closed(made, last_period())
    result = run["result"]
    assert (result["status"], result["closed_by"], result["reasons"]) == ("closed", "fiona", [])
    first = dt.date.fromisoformat(month(-1))
    assert (await made.ports["netsuite"].posting_period("US01", first)).start > first
    record = await PeriodStore(made.database).close_of("US01", last_period())
    assert record is not None
    assert (record.digest, record.closed_in_erp, record.reason) == (result["digest"], True, "month end")
    assert record.sides["USD"]["billings"] == record.sides["USD"]["ledger"] != 0
    (entry,) = await AuditLog(made.database).list(object_id=f"US01/{last_period()}")
    assert (entry.action, entry.actor) == ("period.close", "fiona")


async def test_revenue_that_was_not_recognized_is_missing_until_the_close_recognizes_it(made: World) -> None:
    await monthly(made)
    (before,) = await reconciled(made, last_period())
    (missing,) = before["breaks"]
    assert (missing["type"], missing["document"]) == ("missing", f"revenue/C-1/{last_period()}")
    assert await made.exceptions() == []
    (check,) = await checked(made, last_period())
    (why,) = check["reasons"]
    assert why.startswith(f"revenue of {last_period()} is not posted: the month-end run is missing for C-1;")
    assert (check["close_allowed"], check["blocking"]) == (False, [missing["id"]])
    assert await entries(made) == []
    (run,) = await closed(made, last_period())
    assert run["result"]["status"] == "closed"
    (after,) = await reconciled(made, last_period())
    assert after["breaks"] == []
    assert after["sides"]["revenue"] == after["sides"]["recognized"] == before["sides"]["revenue"] != "0.00"


async def test_a_closed_period_answers_so(made: World) -> None:
    await monthly(made)
    await closed(made, last_period())
    (again,) = await closed(made, last_period())
    assert again["result"]["status"] == "already_closed"
    (check,) = await checked(made, last_period())
    assert (check["status"], check["close_allowed"], check["reasons"]) == ("closed", False, [])


async def test_the_close_is_refused_while_a_break_holds_it_up_and_says_why(made: World) -> None:
    await monthly(made)
    entry = await journal_by_hand(made, "5.00", day=month(-1))
    (run,) = await closed(made, last_period())
    result = run["result"]
    assert result["status"] == "refused"
    (why,) = result["reasons"]
    assert f"netsuite:{entry}" in why
    assert "revenue-accounting" in why
    (check,) = await checked(made, last_period())
    assert (check["close_allowed"], check["reasons"], check["blocking"]) == (
        False,
        [why],
        result["blocking"],
    )
    assert await PeriodStore(made.database).close_of("US01", last_period()) is None


async def test_an_explained_break_is_closed_over_and_named_in_the_evidence(made: World) -> None:
    await monthly(made)
    await journal_by_hand(made, "5.00", day=month(-1))
    (ours,) = await reconciled(made, last_period())
    found = next(each for each in ours["breaks"] if each["type"] == "unmatched_entry")
    answer = await made.act("fiona", "POST", f"/breaks/{found['id']}/explain", {"reason": "accrual"})
    await approved(made, answer.json()["id"])
    await until_break(made, found["id"], "explained")
    (run,) = await closed(made, last_period())
    assert run["result"]["status"] == "closed"
    record = await PeriodStore(made.database).close_of("US01", last_period())
    assert record is not None
    assert record.explained == (found["id"],)


async def test_a_period_that_is_not_over_is_not_closed(made: World) -> None:
    await monthly(made)
    (run,) = await closed(made, this_period())
    assert run["result"]["status"] == "refused"
    assert "is not over" in run["result"]["reasons"][0]


async def test_a_lost_invoice_is_found_repaired_and_the_period_closed(made: World) -> None:
    """The whole way: planted, found, repaired by two people, clean, closed once the month is over."""
    await lost_invoice(made)
    (refused,) = await closed(made, this_period())
    assert refused["result"]["status"] == "refused"
    (break_id,) = refused["result"]["blocking"]
    await approved(made, await repair_asked(made, break_id))
    await until_break(made, break_id, "repaired")
    (clean,) = await reconciled(made, this_period())
    assert (clean["breaks"], clean["close_allowed"]) == ([], True)
    assert clean["sides"]["bookings"] == clean["sides"]["ledger"]


async def two_entities(made: World) -> None:
    """US01 in dollars and DE01 in euros, both billed last month and this one, all of it posted."""
    ours = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    german = {"id": "C-2", "legal_entity": "DE01", "currency": "EUR", "account": account("A-2", BERLIN)}
    theirs = scenario({**sold(seats(tax_rate_percent="19"), start=month(-1), every=1), **german})
    for told in (ours, theirs):
        await made.load(told)
        await made.until_status(told["contract"]["id"], "active")
    await until_agreed(made, ours, theirs)


async def test_one_entity_closes_beside_another_that_is_held_up_until_a_second_person_accepts(
    made: World,
) -> None:
    """NetSuite's period is both entities': it stays open until the last of them has closed."""
    await two_entities(made)
    entry = await journal_by_hand(made, "5.00", entity="DE01", day=month(-1))
    german, ours = await closed(made, last_period())
    assert (german["entity"], german["result"]["status"]) == ("DE01", "refused")
    (why,) = german["result"]["reasons"]
    assert f"netsuite:{entry}" in why
    assert (ours["entity"], ours["result"]["status"]) == ("US01", "closed")
    assert ours["result"]["note"] == f"netsuite closes {last_period()} once DE01 have closed it too"
    first = dt.date.fromisoformat(month(-1))
    assert (await made.ports["netsuite"].posting_period("US01", first)).start == first
    checks = {each["entity"]: each for each in await checked(made, last_period())}
    assert (checks["DE01"]["status"], checks["DE01"]["reasons"]) == ("open", [why])
    assert (checks["US01"]["status"], checks["US01"]["reasons"]) == ("closed", [])

    (break_id,) = german["result"]["blocking"]
    asked = await made.act("fiona", "POST", f"/breaks/{break_id}/explain", {"reason": "accrual"})
    assert asked.status_code == 201, asked.text
    override = asked.json()["id"]
    own = await made.act("fiona", "POST", f"/overrides/{override}/approve", {"reason": "mine"})
    assert own.status_code == 403
    await refused_by_the_workflow(made, override, "fiona")
    assert {run["result"]["status"] for run in await closed(made, last_period())} == {
        "refused",
        "already_closed",
    }
    await approved(made, override)
    await until_break(made, break_id, "explained")
    german, ours = await closed(made, last_period())
    assert (german["result"]["status"], ours["result"]["status"]) == ("closed", "already_closed")
    assert (await made.ports["netsuite"].posting_period("US01", first)).start > first
    record = await PeriodStore(made.database).close_of("DE01", last_period())
    assert record is not None
    assert (record.explained, record.closed_in_erp, record.closed_by) == ((break_id,), True, "fiona")


async def checked(made: World, period: str) -> list[dict[str, Any]]:
    answer = await made.act("olivia", "GET", f"/closes?period={period}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found
