"""Money from a bank's file reaches the ledger once: by itself where it is certain, else as a person says."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from sandbox.kit.faults import Fault
from tests.workflows.bank import key_of, receipt, sells, shown, taken, total_of, until_receipt
from tests.workflows.cash import balances, until_receipts
from tests.workflows.sales import month
from tests.workflows.test_payments import CASH, CREDITS, RECEIVABLE, billed
from tests.world import World, today

pytestmark = pytest.mark.xdist_group("payments")


async def test_receipt_that_names_its_invoice_to_the_cent_is_applied_once_by_itself(made: World) -> None:
    [invoice] = await billed(made)
    total = total_of(invoice)
    money = receipt("E-1", total, f"payment of {invoice['number']}")
    assert await taken(made, money) == {"recorded": 1, "known": 0, "started": 1}
    await made.until_idle("cash/ubs/E-1")
    assert await taken(made, money | {"source": "the next file"}) == {
        "recorded": 0,
        "known": 1,
        "started": 0,
    }
    [posted] = await until_receipts(made, 1)
    assert (posted.key, posted.cash, posted.date) == ("cash/ubs/E-1", total, today())
    assert [(each.key, each.amount) for each in posted.applied_to] == [(key_of(invoice), total)]
    assert RECEIVABLE not in await balances(made)
    found = await shown(made, "E-1")
    assert (found["status"], found["document"], found["exception"]) == ("applied", posted.id, None)
    assert await made.exceptions() == []


async def test_short_payment_waits_with_suggestions_until_a_person_applies_it(made: World) -> None:
    [invoice] = await billed(made)
    short = total_of(invoice) - Decimal("2.00")
    await taken(made, receipt("E-1", short, str(invoice["number"])))
    waiting = await until_receipt(made, "E-1", "waiting")
    assert waiting["suggestions"][0]["reason"] == "within_tolerance"
    assert await made.ports["netsuite"].receipts("US01") == ()
    [asked] = await made.exceptions()
    assert (asked.code, asked.amount, asked.owner) == ("unmatched_cash", short, "finance-operations")
    assert "2.00 less than open, within tolerance" in asked.summary
    order = {"invoices": [{"invoice": invoice["number"]}], "reason": "agreed", "contract": None}
    for operator, status in (("olivia", 403), ("fiona", 200)):
        answer = await made.act(operator, "POST", "/cash/receipts/ubs/E-1/apply", order)
        assert answer.status_code == status, answer.text
    await made.until_idle("cash/ubs/E-1")
    held = await balances(made)
    assert (held[RECEIVABLE], held[CASH]) == (Decimal("2.00"), short)
    assert (await shown(made, "E-1"))["status"] == "applied"
    again = await made.act("fiona", "POST", "/cash/receipts/ubs/E-1/apply", order)
    assert again.status_code == 409


async def test_person_splits_a_receipt_over_invoices_and_the_rest_stays_unapplied(made: World) -> None:
    first, second = await billed(made, every=1, start=month(-1))
    await taken(made, receipt("E-1", Decimal("50.00"), "hello"))
    await until_receipt(made, "E-1", "waiting")
    path = "/cash/receipts/ubs/E-1/apply"
    over = {"invoices": [{"invoice": key_of(first), "amount": "50.01"}], "reason": "x"}
    assert (await made.act("fiona", "POST", path, over)).status_code == 400
    shares = [{"invoice": key_of(first), "amount": "10.00"}, {"invoice": key_of(second), "amount": "15.00"}]
    answer = await made.act("fiona", "POST", path, {"invoices": shares, "reason": "remittance advice"})
    assert answer.status_code == 200, answer.text
    await made.until_idle("cash/ubs/E-1")
    held = await balances(made)
    assert (held[CASH], held[CREDITS]) == (Decimal("50.00"), Decimal("-25.00"))
    assert held[RECEIVABLE] == total_of(first) + total_of(second) - 25
    open_ = await made.ports["netsuite"].open_receivables("US01", "USD")
    assert {each.key: each.open for each in open_} == {
        key_of(first): total_of(first) - 10,
        key_of(second): total_of(second) - 15,
    }


async def test_decision_that_can_not_be_is_asked_again_and_money_may_stay_on_account(made: World) -> None:
    await billed(made)
    await taken(made, receipt("E-1", Decimal("50.00")))
    first = await until_receipt(made, "E-1", "waiting")
    path = "/cash/receipts/ubs/E-1/apply"
    answer = await made.act("fiona", "POST", path, {"invoices": [{"invoice": "NONE-1"}], "reason": "x"})
    assert answer.status_code == 200

    async def again() -> Any:
        found = await made.exceptions()
        return next((each for each in found if each.id != first["exception"]), None)

    asked = await made.settle(again, "the decision is asked again")
    assert "NONE-1" in asked.summary
    answer = await made.act("fiona", "POST", path, {"contract": "C-1", "reason": "theirs"})
    assert answer.status_code == 200, answer.text
    await made.until_idle("cash/ubs/E-1")
    held = await balances(made)
    assert (held[CASH], held[CREDITS]) == (Decimal("50.00"), Decimal("-50.00"))


async def test_receipt_that_a_person_leaves_is_in_no_ledger_and_not_asked_about_again(made: World) -> None:
    await sells(made)
    await taken(made, receipt("E-1", Decimal("50.00")))
    await until_receipt(made, "E-1", "waiting")
    [asked] = await made.exceptions()
    override = await made.request("fiona", asked, "skip")
    done = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "not ours"})
    assert done.status_code == 200, done.text
    await made.until_idle("cash/ubs/E-1")
    assert (await shown(made, "E-1"))["status"] == "left"
    assert (await taken(made, receipt("E-1", Decimal("50.00"))))["started"] == 0
    assert await made.ports["netsuite"].receipts("US01") == ()


async def test_receipt_whose_posting_was_not_answered_is_found_again(made: World) -> None:
    [invoice] = await billed(made)
    route = "POST /services/rest/record/v1/customerPayment"
    made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", route=route, times=1))
    await taken(made, receipt("E-1", total_of(invoice), references=[str(invoice["number"])]))
    await made.until_idle("cash/ubs/E-1")
    [posted] = await made.ports["netsuite"].receipts("US01")
    assert posted.key == "cash/ubs/E-1"


async def test_known_reference_with_another_amount_is_refused_and_so_is_a_platform_as_bank(
    made: World,
) -> None:
    await sells(made)
    day = (today() - dt.timedelta(days=1)).isoformat()
    await taken(made, receipt("E-1", Decimal("50.00")))
    for other, status in (
        (receipt("E-1", Decimal("51.00")), 409),
        (receipt("E-1", Decimal("50.00"), value_date=day), 409),
        (receipt("E-2", Decimal("50.00"), bank="stripe"), 400),
        (receipt("E/2", Decimal("50.00")), 400),
        (receipt("E-3", Decimal("50.00"), entity="US10"), 400),
    ):
        answer = await made.act("fiona", "POST", "/cash/receipts", {"receipts": [other]})
        assert answer.status_code == status, answer.text
    assert (await made.act("olivia", "POST", "/cash/receipts", {"receipts": []})).status_code == 403
    await until_receipt(made, "E-1", "waiting")
