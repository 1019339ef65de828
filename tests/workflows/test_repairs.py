"""Each cause of a break, planted: found as exactly that, repaired by two people, nothing doubled, closed."""

import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from canonical.contract import Account
from ports.tax import TaxDocument, TaxLine
from sandbox.kit.faults import Fault
from sandbox.netsuite.fields import RECORDS
from tests.agreement import until_agreed
from tests.rules.scenarios import amendment, seats
from tests.workflows.approvals import refused_by_the_workflow
from tests.workflows.cash import balances, call, issued, pays, people, until_receipts
from tests.workflows.month_end import order, run_month
from tests.workflows.periods import (
    BY_HAND,
    approved,
    closed,
    last_period,
    lost_nothing,
    reconciled,
    repair_asked,
    this_period,
    until_break,
)
from tests.workflows.sales import account, day, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("repairs")

TAXED = {"tax_rate_percent": "8.875"}
LAST = f"C-1/invoice/{month(-1)}"


async def monthly(made: World) -> dict[str, Any]:
    """A contract billed last month and this one, all of it posted, last month's revenue too."""
    told = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    assert (await run_month(made, order())).tally.posted == 1
    return told


async def only_break(made: World, period: str) -> dict[str, Any]:
    """The one that a reconciliation finds; it says which document, whose, and what is to be done."""
    currencies = await reconciled(made, period)
    (ours,) = [each for each in currencies if each["breaks"]]
    (found,) = ours["breaks"]
    assert (ours["currency"], ours["close_allowed"]) == ("USD", False)
    assert (found["repairable"], found["blocks_close"]) == (True, True)
    return dict(found)


async def repaired(made: World, found: dict[str, Any], period: str) -> str:
    """Asked for by Fiona, refused to herself, approved by Anna; nothing is left. What was done, in words."""
    override = await repair_asked(made, found["id"])
    alone = await made.act("fiona", "POST", f"/overrides/{override}/approve", {"reason": "mine"})
    assert alone.status_code == 403
    await refused_by_the_workflow(made, override, "fiona")
    await approved(made, override)
    note: str = (await until_break(made, found["id"], "repaired"))["note"]
    (after,) = await reconciled(made, period)
    assert (after["breaks"], after["close_allowed"]) == ([], True)
    await until_break(made, found["id"], "resolved")
    assert await made.exceptions() == []
    sides = after["sides"]
    assert sides["bookings"] == sides["billings"] == sides["receivables"] == sides["ledger"]
    return note


async def refused_for(made: World, period: str, *words: str) -> None:
    """The close names document, owner and what to do."""
    (run,) = await closed(made, period)
    assert run["result"]["status"] == "refused"
    (why,) = run["result"]["reasons"]
    assert all(each in why for each in words), why


# -- posted otherwise than billed ----------------------------------------------------------------------


def at_netsuite(made: World, key: str) -> tuple[Any, dict[str, Any]]:
    """NetSuite's store, and the invoice of a key in it."""
    platform: Any = made.platforms["netsuite"]
    (held,) = [each for each in platform.state.all("invoice") if key in str(each.get("memo"))]
    return platform.store, held


async def posted_a_month_late(made: World) -> None:
    """Somebody moves the invoice into this month's period, although its own is open."""
    store, held = at_netsuite(made, LAST)
    name = next(
        p for p in store.state.all("accountingPeriod") if p["startDate"] == month(0) and p["isPosting"]
    )
    store.change(RECORDS["invoice"], {**held, "postingPeriod": {"id": name["id"]}})


async def posted_with_another_tax(made: World) -> None:
    """Somebody edits the tax of the invoice's first line, by 3.00."""
    store, held = at_netsuite(made, LAST)
    more = Decimal("3.00")
    details = [dict(each) for each in held["taxDetails"]["items"]]
    details[0]["taxAmount"] = str(Decimal(details[0]["taxAmount"]) + more)
    sums = {name: str(Decimal(held[name]) + more) for name in ("taxTotal", "total", "amountRemaining")}
    store.change(RECORDS["invoice"], {**held, **sums, "taxDetails": {"items": details}})


async def posted_in_another_currency(made: World) -> None:
    """Somebody moves the invoice to a customer record of their own, whose currency is the euro."""
    store, held = at_netsuite(made, LAST)
    euro = next(each for each in store.state.all("currency") if each["symbol"] == "EUR")
    twin = {**store.must("customer", held["entity"]["id"]), "currency": {"id": euro["id"]}}
    del twin["id"], twin["externalId"]
    customer = store.add(RECORDS["customer"], twin)
    moved = {"entity": {"id": customer["id"]}, "currency": {"id": euro["id"]}}
    store.change(RECORDS["invoice"], {**held, **moved})


Plant = Callable[[World], Awaitable[None]]


@pytest.mark.parametrize(
    ("plant", "type_", "owner", "cause"),
    [
        (posted_a_month_late, "wrong_period", "revenue-accounting", f"posted in {this_period()}"),
        (posted_with_another_tax, "tax", "tax", "in the ERP's receivables where the billing platform has"),
        (
            posted_in_another_currency,
            "currency",
            "revenue-accounting",
            "EUR in the ERP's receivables where the billing platform has",
        ),
    ],
)
async def test_what_is_posted_otherwise_is_taken_off_and_posted_again_as_billed(
    made: World, plant: Plant, type_: str, owner: str, cause: str
) -> None:
    told = await monthly(made)
    _, held = at_netsuite(made, LAST)
    await plant(made)
    found = await only_break(made, last_period())
    assert (found["type"], found["document"], found["owner"]) == (type_, LAST, owner)
    assert cause in found["cause"]
    posted = f"netsuite:{held['id']}"
    assert posted in found["documents"]
    assert found["proposal"].startswith(f"void {held['id']} in netsuite and post it again as billed")
    await refused_for(made, last_period(), found["id"], LAST, posted, owner, found["proposal"])
    note = await repaired(made, found, last_period())
    assert note.startswith(f"{held['id']} was taken off and posted again as ")
    await until_agreed(made, told)
    (run,) = await closed(made, last_period())
    assert (run["result"]["status"], run["result"]["reasons"]) == ("closed", [])


# -- tax of nothing ------------------------------------------------------------------------------------


async def test_tax_that_was_recorded_for_nothing_is_voided(made: World) -> None:
    told = await monthly(made)
    date = dt.date.fromisoformat(month(-1, 20))
    key = f"C-1/invoice/{date}"
    document = TaxDocument(
        origin=BY_HAND,
        code=key,
        kind="invoice",
        legal_entity="US01",
        account=Account.model_validate(account("A-1")),
        currency="USD",
        date=date,
        tax_date=date,
        lines=(TaxLine(number="1", product="SEAT", amount=Decimal("100.00"), quantity=Decimal(1)),),
    )
    recorded = await made.ports["avatax"].commit(document)
    found = await only_break(made, last_period())
    assert (found["type"], found["document"], found["owner"]) == ("tax", key, "tax")
    assert Decimal(found["effect"]) == recorded.total_tax
    assert found["documents"] == [f"avatax:{recorded.id}"]
    await refused_for(made, last_period(), key, "tax is asked", f"void {recorded.id} at the tax engine")
    assert (await repaired(made, found, last_period())).endswith("is void")
    await until_agreed(made, told)
    (run,) = await closed(made, last_period())
    assert run["result"]["status"] == "closed"


# -- events that were lost -----------------------------------------------------------------------------


async def only_the_calendar_is_in_the_way(made: World, period: str) -> None:
    (run,) = await closed(made, period)
    (why,) = run["result"]["reasons"]
    assert why.startswith(f"{period} is not over")


async def test_a_credit_memo_of_which_nobody_heard_is_handed_on_and_posted_once(made: World) -> None:
    change = amendment(day(0), {"id": "L1", "quantity": "7"})
    told = scenario(sold(seats(**TAXED), start=month(-1)), change)
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, {**told, "changes": []})
    made.platforms["stripe"].faults.add(Fault("webhook-lost", route="credit_note.*", times=10))
    await made.load(told, approve=change["id"])
    await made.until_status("C-1", "active", changes=2)
    found = await only_break(made, this_period())
    assert (found["type"], found["owner"]) == ("missing", "finance-operations")
    assert found["document"].startswith("C-1/credit-memo/")
    assert Decimal(found["effect"]) > 0
    assert "never sent, or its event was lost" in found["cause"]
    (memo,) = [each for each in found["documents"] if each.startswith("stripe:")]
    assert found["proposal"].startswith(f"hand {memo.removeprefix('stripe:')} on again")
    assert (await repaired(made, found, this_period())).endswith("posted")
    await until_agreed(made, told)
    await only_the_calendar_is_in_the_way(made, this_period())


async def test_a_payment_of_which_nobody_heard_is_handed_on_and_received_once(made: World) -> None:
    told = await lost_nothing(made)
    made.platforms["stripe"].faults.add(Fault("webhook-lost", route="*", times=50))
    (invoice,) = await issued(made)
    assert (await pays(made, invoice["id"])).is_success
    found = await only_break(made, this_period())
    assert (found["type"], found["owner"]) == ("missing", "finance-operations")
    assert found["cause"].startswith("in the payments, not in the ERP's receipts")
    assert (await repaired(made, found, this_period())).endswith("posted")
    (receipt,) = await until_receipts(made, 1)
    refund = {"payment_intent": str(receipt.key).removeprefix("payment/stripe/"), "amount": "1000"}
    await call(made, "POST", "/v1/refunds", **refund)
    back = await only_break(made, this_period())
    assert (back["type"], Decimal(back["effect"])) == ("missing", Decimal("10.00"))
    assert (await repaired(made, back, this_period())).endswith("posted")
    await a_chargeback_of_which_nobody_heard(made, refund["payment_intent"])
    (after,) = await reconciled(made, this_period())
    sides = {name: Decimal(amount) for name, amount in after["sides"].items()}
    assert sides["receipts"] == sides["cash"] == sides["applied"] == receipt.cash - 10 - 15
    await until_agreed(made, told)
    await only_the_calendar_is_in_the_way(made, this_period())


async def a_chargeback_of_which_nobody_heard(made: World, payment: str) -> None:
    """Missing with its fee, and handed on: the invoice is open again; won, unheard of too, it is paid."""
    taken = (await people(made, dispute={"payment": payment, "amount": 6000, "fee": 1500}))["dispute"]
    lost = await only_break(made, this_period())
    key = f"dispute/stripe/{taken['id']}"
    assert (lost["type"], lost["document"], lost["owner"]) == (
        "missing", f"{key}/withdrawn", "finance-operations",
    )  # fmt: skip
    assert Decimal(lost["effect"]) == Decimal("75.00")
    assert lost["proposal"].startswith(f"hand {taken['id']} on again")
    before = await balances(made)
    assert (await repaired(made, lost, this_period())).endswith("posted (open)")
    held = await balances(made)
    assert held["1200"] - before.get("1200", Decimal(0)) == Decimal("60.00")
    assert held["1000"] - before["1000"] == Decimal("-75.00")
    await people(made, decide_dispute={"dispute": taken["id"], "won": True})
    won = await only_break(made, this_period())
    assert (won["document"], Decimal(won["effect"])) == (f"{key}/reinstated", Decimal("-60.00"))
    await repaired(made, won, this_period())


async def test_a_document_that_was_posted_again_is_paid_as_the_one_that_it_is(
    made: World,
) -> None:
    told = await monthly(made)
    await posted_with_another_tax(made)
    await repaired(made, await only_break(made, last_period()), last_period())
    (first, _) = await issued(made)
    assert (await pays(made, first["id"])).is_success
    (receipt,) = await until_receipts(made, 1)
    held = await made.ports["netsuite"].receivables("US01", receipt.customer_id, LAST)
    paid, unpaid = held.invoices
    assert (paid.key, paid.open, paid.paid) == (LAST, Decimal("0.00"), receipt.cash)
    assert (unpaid.open, held.unapplied) == (unpaid.total, ())
    await until_agreed(made, told)
