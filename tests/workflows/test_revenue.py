"""The month-end run: the general ledger holds what `q2c preview` predicts, once, whatever happens before."""

import contextlib
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.service import RPCError

from canonical.lifecycle import AcceptedDocument, ContractState
from rules.month_end import Sold
from rules.preview import preview
from rules.reading import read_scenario
from rules.waterfall import WaterfallRow, waterfall
from sandbox.kit.faults import Fault
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, cancellation, flat, metered, one_time, seats
from tests.workflows.month_end import (
    LAST_MONTH,
    agree,
    entries,
    foreign_entry,
    ledger_balances,
    order,
    period_of,
    predicted,
    revenue_of,
    reverse_foreign_entry,
    run_month,
)
from tests.workflows.periods import reconciled
from tests.workflows.record_histories import compensated
from tests.workflows.sales import TOKYO, account, arrears, month, scenario, sold, unlike_today
from tests.workflows.test_documents import billed_wrongly, mismatch
from tests.workflows.test_merge import both_active, merged
from tests.workflows.test_stories import TAXED, carried_out
from tests.workflows.test_transfer import transferred
from tests.workflows.test_voids import FIRST, accept, active, told_of_it, void
from tests.world import World
from workflows._options import WORKFLOW_QUEUE
from workflows.revenue import RevenueWorkflow

pytestmark = pytest.mark.xdist_group("revenue")


async def lived(made: World, told: dict[str, Any]) -> None:
    """The scenario's contract and changes, carried out and posted."""
    await carried_out(made, told, "active", "cancelled", "expired")
    await until_agreed(made, told)


DEARER = {"model": "per_unit", "unit_price": "12.5", "per": "month"}

SCENARIOS: dict[str, dict[str, Any]] = {
    "setup fee and seats": scenario(sold(seats(**TAXED), one_time(**TAXED), start=month(-3, 10))),
    "arrears": scenario(sold(seats(**TAXED), start=month(-4, 7), every=3, billing=arrears(3))),
    "usage": scenario(
        sold(seats(**TAXED), metered(price="0.02", **TAXED), start=month(-3), every=1),
        usage=[{"line": "U1", "date": month(-2, 5), "quantity": "70.5"}],
    ),
    "credit memo": scenario(
        sold(seats(**TAXED), start=month(-4)), amendment(month(-2, 15), {"id": "L1", "quantity": "7"})
    ),
    "caught-up modification": scenario(
        sold(seats(**TAXED), start=month(-4), modification="catch_up"),
        amendment(month(-2, 15), {"id": "L1", "quantity": "15"}),
    ),
    "cancellation with a fee": scenario(
        sold(seats(**TAXED), start=month(-4)), cancellation(month(-2, 15), fee="250.00")
    ),
    "stand-alone prices": scenario(
        sold(seats(ssp="15000", **TAXED), one_time(ssp="3000", **TAXED), start=month(-3, 10))
    ),
    "ramp": scenario(
        sold(seats(ramp=[{"from": month(-2, 11), "pricing": DEARER}], **TAXED), start=month(-4), every=1)
    ),
    "commitment": scenario(
        sold(
            metered(price="1", commitment={"quantity": "100", "amount": "80"}, **TAXED),
            start=month(-3),
            every=1,
        ),
        usage=[{"line": "U1", "date": month(o, 5), "quantity": q} for o, q in ((-3, "70"), (-2, "50"))],
    ),
    "yen": scenario(
        sold(
            flat(amount="33333", per="month", tax_rate_percent="10"),
            start=month(-3, 20),
            every=3,
            currency="JPY",
            legal_entity="JP01",
            account=account("A-1", TOKYO),
        )
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
async def test_ledger_holds_what_the_preview_says(made: World, name: str) -> None:
    told = SCENARIOS[name]
    entity = told["contract"]["legal_entity"]
    await lived(made, told)
    report = await run_month(made, order(entity))
    assert (report.tally.contracts, report.tally.posted, report.tally.exceptions) == (1, 1, 0)
    assert await entries(made, entity=entity) == [f"revenue/C-1/{LAST_MONTH}"]
    await agree(made, told)
    sums = report.tally.sums[told["contract"]["currency"]]
    assert -sums["revenue"] - sums.get("termination_fees", 0) == predicted(told).recognized


async def test_months_run_one_by_one_have_an_entry_each(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-3, 10)))
    await lived(made, told)
    for offset in (-3, -2, -1):
        assert (await run_month(made, order(period=period_of(offset)))).tally.posted == 1
    assert await entries(made) == [f"revenue/C-1/{period_of(offset)}" for offset in (-3, -2, -1)]
    await agree(made, told)


@pytest.mark.parametrize("name", ["ramp", "commitment", "caught-up modification", "stand-alone prices"])
async def test_each_months_revenue_is_that_of_the_previews_schedule(made: World, name: str) -> None:
    told = SCENARIOS[name]
    await lived(made, told)
    schedule = preview(read_scenario(json.dumps(told), "json")).revenue_schedule
    for offset in (-4, -3, -2, -1):
        await run_month(made, order(period=period_of(offset)))
        due = sum((each.get(period_of(offset), Decimal(0)) for each in schedule.values()), Decimal(0))
        assert await revenue_of(made, period_of(offset)) == due


async def months_agree(made: World, told: dict[str, Any], *offsets: int) -> None:
    """Runs the months one by one: each brings what the preview's schedule has, all contracts together."""
    schedule = preview(read_scenario(json.dumps(told), "json")).revenue_schedule.values()
    for offset in offsets:
        await run_month(made, order(period=period_of(offset)))
        due = sum((each.get(period_of(offset), Decimal(0)) for each in schedule), Decimal(0))
        assert (offset, await revenue_of(made, period_of(offset))) == (offset, due)
    assert [each["breaks"] for each in await reconciled(made, LAST_MONTH)] == [[]]
    await agree(made, told)


async def test_merged_contracts_earn_month_by_month_what_the_preview_says(made: World) -> None:
    other = sold(seats("M1", price="7.77", **TAXED), start=month(-5, 15), id="C-2")
    told = merged(other, day=month(-2, 11))
    await both_active(made, told)
    await made.load(told, approve="M")
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    await until_agreed(made, told)
    await months_agree(made, told, -5, -4, -3, -2, -1)


async def test_transferred_contract_earns_month_by_month_what_the_preview_says(made: World) -> None:
    told = transferred()
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.load(told, approve="T")
    await made.until_status("C-1", "active", changes=2)
    await until_agreed(made, told)
    await months_agree(made, told, -3, -2, -1)


async def test_run_again_posts_nothing(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2)))
    await lived(made, told)
    await run_month(made, order())
    again = await run_month(made, order(correlation_id="again"))
    assert (again.tally.posted, again.tally.unchanged) == (0, 1)
    assert len(await entries(made)) == 1


async def test_change_that_reaches_back_is_posted_as_the_difference(made: World) -> None:
    told = scenario(
        sold(seats(**TAXED), start=unlike_today(-3), every=1),
        amendment(month(-2, 15), {"id": "L1", "quantity": "15"}),
    )
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, {**told, "changes": []})
    await run_month(made, order())
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", "active", changes=2)
    late = {**told, "changes": [{**told["changes"][0], "received_date": told["as_of"]}]}
    await until_agreed(made, late)
    again = await run_month(made, order(correlation_id="again"))
    assert again.tally.posted == 1
    assert await entries(made) == [f"revenue/C-1/{LAST_MONTH}", f"revenue/C-1/{LAST_MONTH}/1"]
    await agree(made, late)


async def test_closed_month_is_posted_in_the_first_open_one_and_says_whose_it_is(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2)))
    await lived(made, told)
    await made.platforms["netsuite"].load({"closed": [LAST_MONTH]})
    await run_month(made, order())
    found = await made.ports["netsuite"].contract_documents("US01", "C-1")
    entry = next(each for each in found if each.kind == "journal_entry")
    assert entry.period == dt.date.fromisoformat(month(0)).strftime("%b %Y")
    assert entry.key == f"revenue/C-1/{LAST_MONTH}"
    assert all(f"revenue of {LAST_MONTH}, contract C-1" in line.memo for line in entry.lines)


async def test_lost_answer_of_a_posting_doubles_nothing(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2)))
    await lived(made, told)
    route = "POST /services/rest/record/v1/journalEntry"
    made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", route=route))
    assert (await run_month(made, order())).tally.posted == 1
    assert len(await entries(made)) == 1
    await agree(made, told)


async def test_month_that_has_not_ended_is_refused(made: World) -> None:
    with pytest.raises(WorkflowFailureError) as refused:
        await run_month(made, order(period=period_of(0)))
    assert "has not ended" in str(refused.value.cause)


async def test_contract_that_bills_nothing_yet_earns_nothing(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(2), every=1))
    await lived(made, told)
    report = await run_month(made, order())
    assert (report.tally.unchanged, await entries(made)) == (1, [])


async def two_contracts_of_which_one_fails(made: World) -> dict[str, Any]:
    first = scenario(sold(seats(**TAXED), start=month(-2)))
    second = scenario({**sold(seats(**TAXED), start=month(-2)), "id": "C-2"})
    for told in (first, second):
        await made.load(told)
        await made.until_status(told["contract"]["id"], "active")
    await until_agreed(made, first, second)
    await foreign_entry(made, "C-1")
    report = await run_month(made, order())
    assert (report.tally.posted, report.tally.exceptions, report.tally.failed) == (1, 1, ("C-1",))
    assert await entries(made, "C-2") == [f"revenue/C-2/{LAST_MONTH}"]
    return first


async def test_contract_that_fails_is_an_exception_and_holds_up_no_other(made: World) -> None:
    await two_contracts_of_which_one_fails(made)
    found = await made.until_exception("C-1")
    assert (found.code, found.legal_entity) == ("conflict", "US01")
    assert found.workflow_id == f"revenue/US01/{LAST_MONTH}/C-1"
    await reverse_foreign_entry(made, "C-1")
    await made.decide("olivia", found, "retry")

    async def posted() -> bool:
        return f"revenue/C-1/{LAST_MONTH}" in await entries(made) and not await made.exceptions()

    assert await made.settle(posted, "C-1 is posted on retry")


async def test_later_run_closes_the_exception_that_it_makes_needless(made: World) -> None:
    await two_contracts_of_which_one_fails(made)
    found = await made.until_exception("C-1")
    await reverse_foreign_entry(made, "C-1")
    again = await run_month(made, order(correlation_id="again"))
    assert (again.tally.posted, again.tally.exceptions) == (1, 0)

    async def closed() -> bool:
        return not await made.exceptions()

    assert await made.settle(closed, f"{found.id} is closed")
    assert (await entries(made)).count(f"revenue/C-1/{LAST_MONTH}") == 1


async def test_run_that_is_killed_is_finished_by_the_next(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2)))
    await lived(made, told)
    made.platforms["netsuite"].faults.add(Fault("down", seconds=60))
    handle = await made.client.start_workflow(
        RevenueWorkflow.run, order(), id="killed", task_queue=WORKFLOW_QUEUE
    )
    page = made.client.get_workflow_handle(f"revenue/US01/{LAST_MONTH}/page/C-1")

    async def begun() -> bool:
        with contextlib.suppress(RPCError):
            return (await page.describe()).status == WorkflowExecutionStatus.RUNNING
        return False

    await made.settle(begun, "the page is under way")
    await handle.terminate("killed in a test")
    made.platforms["netsuite"].faults.clear()
    await run_month(made, order(correlation_id="again"))
    assert await entries(made) == [f"revenue/C-1/{LAST_MONTH}"]
    await agree(made, told)


async def test_document_accepted_as_it_is_earns_what_it_says(made: World) -> None:
    await billed_wrongly(made)
    found = await mismatch(made)
    override = await made.request("fiona", found, "accept")
    answer = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "a cent"})
    assert answer.status_code == 200, answer.text
    await made.until_posted("C-1", 2)
    after_next_month = dt.date.fromisoformat(month(2))
    report = await run_month(made, order(period=period_of(1), as_of=after_next_month))
    assert report.tally.posted == 1
    held = await ledger_balances(made)
    assert "deferred_revenue" not in held
    assert -held["revenue"] == Decimal("200.01")
    contract = made.client.get_workflow_handle("contract/C-1")
    forgotten = AcceptedDocument(key=f"C-1/invoice/{month(1)}", lines=())
    await contract.signal("document_accepted", forgotten)  # a contract that was never told of it
    again = await run_month(made, order(period=period_of(1), as_of=after_next_month))
    assert again.tally.unchanged == 1


async def test_what_was_earned_of_an_invoice_is_taken_back_once_its_void_is_accepted(made: World) -> None:
    await active(made)
    await run_month(made, order())
    earned = await revenue_of(made, LAST_MONTH)
    assert earned > 0
    await void(made, FIRST)
    await accept(made, await told_of_it(made))
    contract = made.client.get_workflow_handle("contract/C-1")

    async def known() -> bool:
        state: ContractState = await contract.query("whole_state", result_type=ContractState)
        return state.voided == (FIRST,)

    await made.settle(known, "the contract knows of the void")
    assert (await run_month(made, order(correlation_id="again"))).tally.posted == 1
    assert await revenue_of(made, LAST_MONTH) == 0
    assert (await ledger_balances(made))["deferred_revenue"] == -earned  # this month's, whole
    assert [each["breaks"] for each in await reconciled(made, LAST_MONTH)] == [[]]


async def test_documents_that_two_changes_of_a_day_have_issued_earn_what_both_say(made: World) -> None:
    """The cancellation finds the day's invoice issued, so its fee is on an invoice of its own."""
    told = scenario(
        sold(seats(**TAXED), start=unlike_today(-3), every=1),
        amendment(month(-2, 15), {"id": "L1", "quantity": "15"}),
        cancellation(month(-1, 15), fee="250.00"),
    )
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, {**told, "changes": []})
    for done, change in enumerate(told["changes"], start=2):
        await made.load(told, approve=change["id"])
        await made.until_status("C-1", "active", "cancelled", changes=done)
    today = told["as_of"]
    late = {**told, "changes": [{**each, "received_date": today} for each in told["changes"]]}
    expected = preview(read_scenario(json.dumps(late), "json"))
    await made.until_posted("C-1", len(expected.invoices) + len(expected.credit_memos) + 1)
    posted = await made.ports["netsuite"].contract_documents("US01", "C-1")
    assert f"C-1/invoice/{today}/{told['changes'][1]['id']}" in {each.key for each in posted}
    assert (await run_month(made, order())).tally.posted == 1
    await agree(made, late)


async def test_compensated_contract_earns_nothing(made: World) -> None:
    await compensated(made)
    report = await run_month(made, order())
    assert (report.tally.not_in_force, report.tally.posted) == (1, 0)
    assert await entries(made) == []


async def test_waterfall_of_the_running_system_is_that_of_its_scenario(made: World) -> None:
    told = scenario(sold(seats(**TAXED), start=month(-2), every=3))
    await lived(made, told)
    params = f"first={period_of(-2)}&last={period_of(3)}"
    answer = await made.act("olivia", "GET", f"/revenue/waterfall?{params}")
    assert answer.status_code == 200, answer.text
    read = read_scenario(json.dumps(told), "json")
    first, last = (dt.date.fromisoformat(month(offset)) for offset in (-2, 3))
    rows = waterfall(Sold(read.contract, read.changes, read.usage), read.as_of, first, last)
    assert [WaterfallRow.model_validate(row) for row in answer.json()["rows"]] == [*rows]
