"""Records the histories of `test_replay.py`: `python -m tests.workflows.record_histories [STORY …]`.

One story after another runs for real (Temporal, simulators, connectors), with payloads in clear and nothing
secret in them; then each history is kept as JSON. Record anew only for a release whose workflows were changed
behind a version or a patch: a history that no longer replays is the finding, not a nuisance.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowExecution

from canonical.ids import change_workflow_id, contract_workflow_id, late_usage_workflow_id
from canonical.lifecycle import ContractState
from tests.rules.scenarios import amendment, cancellation, metered, renewal, seats
from tests.temporal_server import temporal_server
from tests.workflows.ahead import at, told_ahead
from tests.workflows.bank import key_of, receipt, taken, total_of, until_receipt
from tests.workflows.cash import charged, issued, pays, people, until_receipts
from tests.workflows.currencies import foreign_world, in_euro, known
from tests.workflows.month_end import (
    entries,
    foreign_entry,
    order,
    reverse_foreign_entry,
    run_month,
    run_month_ends,
)
from tests.workflows.periods import (
    approved,
    closed,
    journal_by_hand,
    lost_invoice,
    reconciled,
    repair_asked,
    run_nightly,
    this_period,
    until_break,
)
from tests.workflows.sales import BERLIN, account, day, month, scenario, sold
from tests.workflows.sweeps import lose, swept
from tests.workflows.test_bad_debt import given_up
from tests.workflows.test_edits import LATER, edit, ended
from tests.workflows.test_edits import asked as until_edit_asked
from tests.workflows.test_voids import accept, active
from tests.world import World, world

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "tests" / "histories"
TAXED = {"tax_rate_percent": "8.875"}

Story = Callable[[World], Awaitable[None]]


async def life(made: World) -> None:
    """Activation with usage, amendments up and down, a cancellation; invoices and credit memos posted."""
    usage = [{"line": "U1", "date": month(-3, 10), "quantity": "40", "id": "u1"}]
    lines = (seats(**TAXED), metered(price="0.50", **TAXED))
    told = scenario(
        sold(*lines, start=month(-5), every=3),
        amendment(month(-1, 10), {"id": "L1", "quantity": "15"}, name="CH-1"),
        amendment(month(-1, 20), {"id": "L1", "quantity": "12"}, name="CH-2"),
        cancellation(month(0)),
        usage=usage,
    )
    await made.load(told)
    await made.until_status("C-1", "active")
    for number, change in enumerate(told["changes"], start=2):
        await made.load(told, approve=change["id"])
        await made.until_status("C-1", "active", "cancelled", changes=number)
    posted = len(await made.ports["stripe"].documents("C-1"))
    await made.until_posted("C-1", posted)


async def month_end(made: World) -> None:
    """Two contracts' month is posted; one of them needs a person first, and is posted on retry."""
    told = [scenario({**sold(seats(**TAXED), start=month(-2)), "id": name}) for name in ("C-1", "C-2")]
    for each in told:
        await made.load(each)
        await made.until_status(each["contract"]["id"], "active")
    await made.until_posted("C-2", 1)
    await foreign_entry(made, "C-1")
    await run_month(made, order())
    item = await made.until_exception("C-1")
    await reverse_foreign_entry(made, "C-1")
    await made.decide("olivia", item, "retry")

    async def posted() -> bool:
        return bool(await entries(made, "C-1")) and not await made.exceptions()

    await made.settle(posted, "C-1 is posted on retry")


async def renewed(made: World) -> None:
    """An explicit renewal, then the platform's clock runs into the next term."""
    told = scenario(
        sold(seats(**TAXED), start=month(-12)), renewal(month(0), term_months=12, uplift_percent="5")
    )
    await made.load(told)
    await made.until_status("C-1", "active", "expired")
    await made.load(told, approve=told["changes"][0]["id"])
    await made.until_status("C-1", "active", changes=2)


async def renews_itself(made: World) -> None:
    """A monthly contract whose term ends next month and renews; a cycle's draft is completed and posted."""
    terms = {"auto": True, "term_months": 12, "uplift_percent": "5"}
    await made.load(scenario(sold(seats(**TAXED), start=month(-11), every=1, renewal=terms)))
    await made.until_status("C-1", "active")
    await made.advance(month(1))
    await made.until_status("C-1", "active", changes=2)
    await made.until_posted("C-1", 13)


async def planned(made: World) -> None:
    """An amendment of a billing day is told ahead; a ramp's step inside a period is billed by itself."""
    price = {"model": "per_unit", "unit_price": "12", "per": "month"}
    ramped = seats("L2", ramp=[{"from": month(1, 9), "pricing": price}], **TAXED)
    told = scenario(
        sold(seats(**TAXED), ramped, start=month(0), every=1),
        amendment(month(1), {"id": "L1", "quantity": "15"}, name="CH-1"),
    )
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.load(told, approve="CH-1")
    await made.settle(lambda: _is_announced(made), "the amendment is announced")
    await made.advance(month(1))
    await made.until_posted("C-1", 2)
    await made.advance(month(1, 9))
    handle = made.client.get_workflow_handle(contract_workflow_id("C-1"))
    await handle.signal("business_date", month(1, 9))  # in place of its timer, whose clock does not move
    await made.until_posted("C-1", 3)


async def _is_announced(made: World) -> bool:
    state = await made.client.get_workflow_handle(contract_workflow_id("C-1")).query(
        "whole_state", result_type=ContractState
    )
    return any(item.announced for item in state.planned)


async def compensated(made: World) -> None:
    """The tax engine refuses the commit; a person has everything undone."""
    told = scenario(sold(seats(**TAXED), start=month(-1)))
    refusal = {"customer": "A-1", "code": "CertificatesError"}
    await made.platforms["avatax"].load({"refuse_commit": refusal})
    await made.load(told)
    item = await made.until_exception("C-1")
    path = f"/exceptions/{item.id}/compensate"
    assert (await made.act("fiona", "POST", path, {"reason": "exempt after all"})).is_success
    await made.until_status("C-1", "compensated")


async def fixed(made: World) -> None:
    """An item that the ERP does not know: retried, then fixed."""
    told = scenario(sold(seats(**TAXED), start=month(-1)))
    await made.load(scenario({**sold(seats(**TAXED), start=month(-1)), "id": "C-0"}), approve=None)
    await made.load({**told, "contract": {**told["contract"], "lines": [legacy()]}}, bare=True)
    item = await made.until_exception("C-1")
    assert (await made.act("fiona", "POST", f"/exceptions/{item.id}/retry", {"reason": "again"})).is_success

    async def next_one() -> Any:
        found = await made.exceptions("C-1")
        return next((each for each in found if each.id != item.id), None)

    second = await made.settle(next_one, "the exception after the retry")
    correction = {"reason": "sold as a seat", "set": {"items.LEGACY": "SEAT"}}
    assert (await made.act("fiona", "POST", f"/exceptions/{second.id}/fix", correction)).is_success
    await made.until_status("C-1", "active")


def legacy() -> dict[str, Any]:
    return {**seats(**TAXED), "product": "LEGACY"}


async def undone_in_temporal(made: World) -> None:
    """A chapter is cancelled in Temporal while it waits for a person: it undoes what it did."""
    told = scenario(sold(seats(**TAXED), start=month(-1)))
    await made.platforms["avatax"].load({"refuse_commit": {"customer": "A-1", "code": "CertificatesError"}})
    await made.load(told)
    await made.until_exception("C-1")
    await made.client.get_workflow_handle(change_workflow_id("C-1", "activation", "C-1")).cancel()
    await made.until_status("C-1", "compensated")


async def transferred(made: World) -> None:
    """A monthly contract goes to another customer on the day on which the platform bills by itself."""
    moved = {"id": "T", "type": "transfer", "effective_date": month(1), "account": account("A-2", BERLIN)}
    told = scenario(sold(seats(**TAXED), start=month(-1), every=1), {**moved, "tax_rate_percent": "19"})
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.load(told, approve="T")
    await told_ahead(made, "T")
    await at(made, "C-1", month(1))
    await made.until_status("C-1", "active", changes=2)
    await made.until_posted("C-1", 3)


async def reconciled_periods(made: World) -> None:
    """A period that agrees, then one with a journal by hand, which is reversed: one look, then two."""
    await made.load(scenario(sold(seats(**TAXED), start=month(0))))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    await reconciled(made, this_period())
    await journal_by_hand(made, "5.00")
    (ours,) = await reconciled(made, this_period())
    await approved(made, await repair_asked(made, ours["breaks"][0]["id"]))
    await until_break(made, ours["breaks"][0]["id"], "repaired")


async def closed_periods(made: World) -> None:
    """Refused while an invoice is lost, which is handed on again; last month is closed, and asked again."""
    await lost_invoice(made)
    (refused,) = await closed(made, this_period())
    (break_id,) = refused["result"]["blocking"]
    await approved(made, await repair_asked(made, break_id))
    await until_break(made, break_id, "repaired")
    last_month = month(-1)[:7]
    await closed(made, last_month)
    await closed(made, last_month)


async def paid(made: World) -> None:
    """An invoice paid by card; then more than is open, of which the rest stays unapplied."""
    await made.load(scenario(sold(seats(**TAXED), start=month(0))))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    [invoice] = await issued(made)
    assert (await pays(made, invoice["id"])).is_success
    await charged(made, invoice["customer"], 5000)
    await until_receipts(made, 2)


async def paid_at_the_bank(made: World) -> None:
    """A receipt that names its invoice to the cent, and one that a person applies."""
    await made.load(scenario(sold(seats(**TAXED), start=month(-1), every=1)))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    first, second = await issued(made)
    whole, part = total_of(first), total_of(second) - 5
    await taken(made, receipt("E-1", whole, first["number"]), receipt("E-2", part, second["number"]))
    await until_receipt(made, "E-2", "waiting")
    order = {"invoices": [{"invoice": second["number"]}], "reason": "paid in part"}
    answer = await made.act("fiona", "POST", "/cash/receipts/ubs/E-2/apply", order)
    assert answer.is_success, answer.text
    await made.until_idle("cash/ubs/E-1")
    await made.until_idle("cash/ubs/E-2")
    await made.act("vera", "GET", "/cash/unapplied?entity=US01")
    await decided(made, "write-offs", invoices=[{"invoice": key_of(second), "amount": None}])


async def decided(made: World, what: str, **order: Any) -> None:
    """Asked for by Fiona, approved by Anna, carried out."""
    asked = await made.act("fiona", "POST", f"/cash/{what}", {"reason": "small", **order})
    assert asked.is_success, asked.text
    waiting = asked.json()
    path = f"/overrides/{waiting['override']}/approve"
    assert (await made.act("anna", "POST", path, {"reason": "agreed"})).is_success
    await made.until_idle(waiting["workflow_id"])


async def paid_after_a_write_off(made: World) -> None:
    """Two invoices are written off and paid after all, by card and at a bank; a part of a third one's money
    is taken back."""
    await made.load(scenario(sold(seats(**TAXED), start=month(-2), every=1)))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 3)
    first, second, third = await issued(made)
    for invoice in (first, second):
        await decided(made, "write-offs", invoices=[{"invoice": key_of(invoice), "amount": None}])
    assert (await pays(made, first["id"])).is_success
    await accept(made, await made.until_exception("C-1"))
    await taken(made, receipt("E-1", total_of(second), second["number"]))
    await until_receipt(made, "E-1", "waiting")
    order = {"contract": "C-1", "reason": "theirs"}
    assert (await made.act("fiona", "POST", "/cash/receipts/ubs/E-1/apply", order)).is_success
    await until_receipt(made, "E-1", "applied")
    await accept(made, await made.until_exception("C-1"))
    await made.until_idle("cash/ubs/E-1")
    await taken(made, receipt("E-2", total_of(third), third["number"]))
    await made.until_idle("cash/ubs/E-2")
    await decided(made, "returns", source="cash/ubs/E-2", amount="5.00")


async def merged(made: World) -> None:
    """Two contracts become one; the first asking is refused by a person, the second one holds."""
    other = sold(seats("M1", price="7", **TAXED), start=month(-5), id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(-1, 11), "contracts": [other]}
    told = scenario(sold(seats(**TAXED), start=month(-3)), merge)
    await made.load(told)
    for contract in ("C-1", "C-2"):
        await made.until_status(contract, "active")
    refusal = {"customer": "A-1", "code": "CertificatesError"}
    await made.platforms["avatax"].load({"refuse_commit": refusal})
    await made.load(told, approve="M")
    await made.decide("fiona", await made.until_exception("C-2"), "compensate")
    found = await made.until_exception("C-1")
    await made.platforms["avatax"].load({"refuse_commit": {**refusal, "code": None}})
    await made.decide("fiona", found, "retry")
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    await made.until_posted("C-1", 3)


async def merged_ahead(made: World) -> None:
    """A merge on the first day of a month of both, of which the platform and the other contract are told."""
    other = sold(seats("M1", price="7", **TAXED), start=month(0), every=1, id="C-2")
    merge = {"id": "M", "type": "merge", "effective_date": month(1), "contracts": [other]}
    told = scenario(sold(seats(**TAXED), start=month(0), every=1), merge)
    await made.load(told)
    for contract in ("C-1", "C-2"):
        await made.until_status(contract, "active")
    await made.load(told, approve="M")
    await told_ahead(made, "M")
    await told_ahead(made, "C-1/M", contract="C-2")
    await at(made, "C-1", month(1))
    await made.until_status("C-1", "active", changes=2)
    await made.until_status("C-2", "cancelled")
    await made.until_posted("C-1", 2)


async def taken_back(made: World) -> None:
    """Of a paid invoice a part is refunded, the rest charged back and won again; then all is paid out."""
    await made.load(scenario(sold(seats(**TAXED), start=month(0))))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    [invoice] = await issued(made)
    payment = (await people(made, pay={"invoice": invoice["id"]}))["pay"]["id"]
    await until_receipts(made, 1)
    await people(made, refund={"payment": payment, "amount": 1000})
    await until_receipts(made, 2)
    dispute = (await people(made, dispute={"payment": payment}))["dispute"]["id"]
    await until_receipts(made, 4)
    await people(made, decide_dispute={"dispute": dispute, "won": True})
    await until_receipts(made, 5)
    payout = await people(made, payout={})
    await made.until_idle(f"payout/stripe/{payout['payout']['id']}")


async def nightly(made: World) -> None:
    """The nightly run over a contract's months: the last one lacks its revenue, this one agrees."""
    await made.load(scenario(sold(seats(**TAXED), start=month(-1), every=1)))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    await run_nightly(made)


async def month_ends(made: World) -> None:
    """The schedule's run over a month's end: the contract's revenue is posted."""
    await made.load(scenario(sold(seats(**TAXED), start=month(-1), every=1)))
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 2)
    assert (await run_month_ends(made)).run == 1


async def events_lost(made: World) -> None:
    """A contract's invoice events are lost, and found by a sweep."""
    lose(made, "stripe", "invoice.*", times=100)
    await made.load(scenario(sold(seats(**TAXED), start=month(0))))
    await made.until_status("C-1", "active")
    await swept(made, "stripe")
    await made.until_posted("C-1", 1)


async def late_usage(made: World) -> None:
    """Usage of a contract that has run out is billed on its own; once its workflow was ended, a person lets
    what comes then be.
    """
    await made.load(scenario(sold(metered(price="0.50", **TAXED), start=month(-3), months=2, every=1)))
    await made.until_status("C-1", "expired")
    await at(made, "C-1", day(1))
    await made.report_usage("C-1", [{"line": "U1", "date": month(-3, 10), "quantity": "40", "id": "u1"}])
    await made.until_posted("C-1", 1)
    await made.client.get_workflow_handle(contract_workflow_id("C-1")).terminate("by mistake")
    await made.report_usage("C-1", [{"line": "U1", "date": month(-3, 11), "quantity": "4", "id": "u2"}])
    item = await made.until_exception("C-1")
    override = await made.request("fiona", item, "skip")
    await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "let be"})
    await made.until_idle(late_usage_workflow_id("C-1"))


async def edited(made: World) -> None:
    """A posted invoice is edited at the platform; a second person accepts it, and it is posted anew."""
    await active(made)
    id_ = await edit(made, q2c_due_date=LATER)
    await accept(made, await until_edit_asked(made))
    await ended(made, id_)


async def bad_debt(made: World) -> None:
    """An invoice is marked uncollectible, and written off."""
    id_, asked = await given_up(made)
    await accept(made, asked)
    await ended(made, id_)


async def revalued(made: World) -> None:
    """An invoice in euro, paid, in dollar books; the schedule's revaluation waits for a closing rate, a check
    of the close looks at it, and the month is closed.
    """
    told = in_euro(start=month(-2, 10))
    await known(made, [each for each in told["fx"]["rates"] if each["date"] < month(-1, 5)])
    await made.load(told)
    await made.until_status("C-1", "active")
    await made.until_posted("C-1", 1)
    last_month = {"period": month(-1)[:7], "entity": "US01"}
    await closed(made, last_month["period"])
    assert (await run_month_ends(made)).revaluations == 1
    waiting = await made.until_exception(f"US01/{last_month['period']}")
    await known(made, told["fx"]["rates"])
    answer = await made.act("olivia", "GET", f"/closes?period={last_month['period']}")
    assert answer.json()[0]["revaluation"] == "due", answer.text
    await made.decide("fiona", waiting, "retry")
    await made.until_idle(f"revaluation/US01/{last_month['period']}")
    for each in await made.exceptions():
        await made.decide("fiona", each, "retry")
    [invoice, *_] = await issued(made)
    await people(made, pay={"invoice": invoice["id"]})
    await until_receipts(made, 1)
    await closed(made, last_month["period"])
    await made.act("fiona", "POST", "/translations/runs", last_month)
    await made.until_idle(f"translation/US01/{last_month['period']}")


async def cycled(made: World) -> None:
    """A cycle's invoice: issued and posted by its own workflow, which then hears of it from the platform."""
    await made.load(scenario(sold(seats(**TAXED), start=month(0), every=1)))
    await made.until_posted("C-1", 1)
    await made.advance(month(1))
    await made.until_posted("C-1", 2)
    for invoice in await issued(made):
        await made.until_idle(f"invoice/stripe/{invoice['id']}")


FOREIGN = ("revalued",)
"""Stories of a legal entity whose books are in another currency than its contracts."""
STORIES: dict[str, Story] = {
    "life": life,
    "month-end": month_end,
    "renewed": renewed,
    "renews-itself": renews_itself,
    "planned": planned,
    "compensated": compensated,
    "fixed": fixed,
    "undone-in-temporal": undone_in_temporal,
    "transferred": transferred,
    "merged": merged,
    "merged-ahead": merged_ahead,
    "reconciled": reconciled_periods,
    "paid": paid,
    "bank": paid_at_the_bank,
    "recovered": paid_after_a_write_off,
    "closed": closed_periods,
    "taken-back": taken_back,
    "nightly": nightly,
    "month-ends": month_ends,
    "swept": events_lost,
    "late-usage": late_usage,
    "edited": edited,
    "bad-debt": bad_debt,
    "revalued": revalued,
    "cycled": cycled,
}


async def record(name: str, story: Story, address: str) -> list[Path]:
    with tempfile.TemporaryDirectory() as home:
        begun = foreign_world if name in FOREIGN else world
        async with begun(Path(home), address, readable=True) as made:
            await story(made)
            found = [execution async for execution in made.client.list_workflows()]
            return [await _kept(name, made, execution) for execution in found]


async def _kept(name: str, made: World, execution: WorkflowExecution) -> Path:
    handle = made.client.get_workflow_handle(execution.id, run_id=execution.run_id)
    history = await handle.fetch_history()
    words = re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"(in|cn|pi|re|du|po)_\w+", "", execution.id)).strip("-")
    path = FOLDER / f"{name}--{words}--{execution.run_id[-6:]}.json"
    path.write_text(without_places(history.to_json()) + "\n")
    return path


def without_places(history: str) -> str:
    """Stack traces name files by their whole paths: where the project and Python are is this machine's."""
    return history.replace(f"{ROOT}/", "").replace(f"{sys.base_prefix}/", "")


def main(wanted: Sequence[str]) -> None:
    stories = {name: STORIES[name] for name in wanted} or STORIES
    for old in (path for name in stories for path in FOLDER.glob(f"{name}--*.json")):
        old.unlink()
    with temporal_server(schedules=True) as address:
        for name, story in stories.items():
            kept = asyncio.run(record(name, story, address))
            print(f"{name}: {len(kept)} histories")


if __name__ == "__main__":
    main(sys.argv[1:])
