"""What people decide about money: applied at once, refunded and written off only with a second person."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.kit.faults import Fault
from store.exceptions import RecordedException
from tests.workflows.approvals import refused_by_the_workflow
from tests.workflows.bank import key_of, receipt, taken, total_of, until_receipt
from tests.workflows.cash import balances, pays, people, until_receipts
from tests.workflows.sales import month
from tests.workflows.test_payments import CASH, CREDITS, RECEIVABLE, billed
from tests.world import World

pytestmark = pytest.mark.xdist_group("payments")
BAD_DEBT = "6100"


async def decided(made: World, operator: str, what: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await made.act(operator, "POST", f"/cash/{what}", {"reason": "in a test"} | body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def judged(made: World, operator: str, override: str, verdict: str) -> int:
    body = {"reason": f"{verdict} in a test"}
    return (await made.act(operator, "POST", f"/overrides/{override}/{verdict}", body)).status_code


async def overpaid(made: World, over: int) -> tuple[dict[str, Any], str]:
    """An invoice paid by card with something over: the invoice, and the payment's key."""
    [invoice] = await billed(made)
    payment = await people(made, pay={"invoice": invoice["id"], "amount": invoice["total"] + over})
    await until_receipts(made, 2)
    return invoice, f"payment/stripe/{payment['pay']['id']}"


async def test_unapplied_money_is_listed_and_applied_at_once_and_the_same_again_changes_nothing(
    made: World,
) -> None:
    first, second = await billed(made, every=1, start=month(-1))
    await taken(made, receipt("E-1", Decimal("50.00")))
    await until_receipt(made, "E-1", "waiting")
    path = "/cash/receipts/ubs/E-1/apply"
    answer = await made.act("fiona", "POST", path, {"contract": "C-1", "reason": "theirs"})
    assert answer.status_code == 200, answer.text
    await made.until_idle("cash/ubs/E-1")
    listed = (await made.act("vera", "GET", "/cash/unapplied?entity=US01")).json()
    [money] = listed["money"]
    assert (money["key"], money["unapplied"], listed["left_out"]) == ("cash/ubs/E-1", "50.00", 0)
    order: dict[str, Any] = {
        "source": money["key"],
        "invoices": [{"invoice": key_of(first), "amount": "20.00"}, {"invoice": key_of(second)}],
    }
    assert (await decided(made, "olivia", "applications", 403, **order))["error"]["code"] == "forbidden"
    for _ in range(2):
        done = await decided(made, "fiona", "applications", **order)
        assert (done["status"], done["override"]) == ("done", None)
    held = await balances(made)
    assert CREDITS not in held
    assert held[RECEIVABLE] == total_of(first) + total_of(second) - 50
    assert (await made.act("vera", "GET", "/cash/unapplied?entity=US01")).json()["money"] == []
    more: dict[str, Any] = {
        "source": money["key"],
        "invoices": [{"invoice": key_of(first), "amount": "1.00"}],
    }
    refused = await decided(made, "fiona", "applications", 400, **more)
    assert refused["error"]["field"] == "source"


async def test_write_off_waits_for_a_second_person_and_posts_bad_debt_once(made: World) -> None:
    [invoice] = await billed(made)
    order: dict[str, Any] = {"invoices": [{"invoice": key_of(invoice), "amount": "2.00"}]}
    waiting = await decided(made, "fiona", "write-offs", **order)
    assert (waiting["status"], waiting["amount"], waiting["currency"]) == ("waiting", "2.00", "USD")
    assert BAD_DEBT not in await balances(made)
    again = await decided(made, "fiona", "write-offs", **order)
    assert again["override"] == waiting["override"]
    assert await judged(made, "fiona", waiting["override"], "approve") == 403
    made.platforms["netsuite"].faults.add(
        Fault("applied-then-timeout", route="POST /services/rest/record/v1/creditMemo", times=1)
    )
    assert await judged(made, "anna", waiting["override"], "approve") == 200
    await made.until_idle(waiting["workflow_id"])
    held = await balances(made)
    assert (held[BAD_DEBT], held[RECEIVABLE]) == (Decimal("2.00"), total_of(invoice) - 2)
    done = await decided(made, "fiona", "write-offs", **order)
    assert done["status"] == "done"
    [posted] = await made.ports["netsuite"].receipts("US01")
    assert (posted.kind, posted.amount) == ("write_off", Decimal("2.00"))
    assert await made.exceptions() == []
    await paid_after_all(made, invoice)


async def paid_after_all(made: World, invoice: dict[str, Any]) -> None:
    """The customer pays what was written off too: it lies unapplied until a person has taken that back."""
    assert (await pays(made, invoice["id"])).is_success
    asked = await made.until_exception("C-1")
    assert (asked.code, asked.amount, asked.owner) == (
        "written_off_paid", Decimal("2.00"), "revenue-accounting",
    )  # fmt: skip
    assert f"2.00 of {key_of(invoice)} was written off" in asked.summary
    held = await balances(made)
    assert (held[BAD_DEBT], held[CREDITS], RECEIVABLE in held) == (Decimal("2.00"), Decimal("-2.00"), False)
    for route in ("POST /services/rest/record/v1/invoice", "PATCH /services/rest/record/v1/creditMemo/*"):
        made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", route=route, times=1))
    override = await made.request("fiona", asked, "accept")
    assert await judged(made, "fiona", override["id"], "approve") == 403
    assert await judged(made, "anna", override["id"], "approve") == 200
    await made.until_idle(asked.workflow_id)
    assert await balances(made) == {CASH: total_of(invoice)} | await sold_of(made)
    [document] = await made.posted("C-1")
    assert document.status == "paid"


async def sold_of(made: World) -> dict[str, Decimal]:
    """What billing alone has left in the ledger."""
    money = (CASH, CREDITS, RECEIVABLE, BAD_DEBT)
    return {account: amount for account, amount in (await balances(made)).items() if account not in money}


async def test_requester_can_not_approve_whatever_their_role_and_a_rejection_ends_it(made: World) -> None:
    [invoice] = await billed(made)
    order: dict[str, Any] = {"invoices": [{"invoice": key_of(invoice)}]}
    waiting = await decided(made, "anna", "write-offs", **order)
    assert await judged(made, "anna", waiting["override"], "approve") == 403
    await refused_by_the_workflow(made, waiting["override"], "anna")
    [asked] = await made.exceptions()
    another = await made.request("fiona", asked, "accept")  # what Anna has asked for, asked for once more
    assert await judged(made, "anna", another["id"], "approve") == 403
    assert await judged(made, "adam", waiting["override"], "reject") == 200
    await made.until_idle(waiting["workflow_id"])
    assert BAD_DEBT not in await balances(made)
    assert await made.exceptions() == []
    listed = (await made.act("fiona", "GET", "/overrides?status=closed")).json()
    assert [(each["id"], each["outcome"].split(" by ")[0]) for each in listed] == [
        (another["id"], f"{asked.id} was resolved")
    ]
    asked_anew = await decided(made, "anna", "write-offs", **order)
    assert (asked_anew["status"], asked_anew["override"] == waiting["override"]) == ("waiting", False)


async def test_amount_over_the_approvers_limit_needs_somebody_with_a_higher_one(made: World) -> None:
    [invoice] = await billed(made, price="20000")
    assert total_of(invoice) > 100000
    waiting = await decided(made, "fiona", "write-offs", invoices=[{"invoice": key_of(invoice)}])
    assert await judged(made, "anna", waiting["override"], "approve") == 403
    assert await judged(made, "adam", waiting["override"], "approve") == 200
    await made.until_idle(waiting["workflow_id"])
    assert RECEIVABLE not in await balances(made)
    await taken(made, receipt("E-1", total_of(invoice), str(invoice["number"])))  # and is paid after all
    likely = (await until_receipt(made, "E-1", "waiting"))["suggestions"]
    assert likely[0]["reason"] == "written_off"
    on_account = {"contract": "C-1", "reason": "theirs"}
    await made.act("fiona", "POST", "/cash/receipts/ubs/E-1/apply", on_account)

    async def asks() -> RecordedException | None:
        return next((each for each in await made.exceptions() if each.code == "written_off_paid"), None)

    asked = await made.settle(asks, "it is asked whether the write-off is taken back")
    override = (await made.request("fiona", asked, "accept"))["id"]
    assert await judged(made, "anna", override, "approve") == 403
    assert await judged(made, "adam", override, "approve") == 200
    await made.until_idle("cash/ubs/E-1")
    assert await balances(made) == {CASH: total_of(invoice)} | await sold_of(made)


async def test_more_than_is_open_is_refused_before_anybody_is_asked(made: World) -> None:
    [invoice] = await billed(made)
    over = f"{total_of(invoice) + Decimal('0.01')}"
    body: dict[str, Any] = {"invoices": [{"invoice": key_of(invoice), "amount": over}]}
    refused = await decided(made, "fiona", "write-offs", 400, **body)
    assert refused["error"]["field"] == "amount"
    foreign: dict[str, Any] = {"invoices": [{"invoice": "C-9/invoice/2026-01-01"}]}
    assert (await decided(made, "fiona", "write-offs", 400, **foreign))["error"]["field"] == "contract"
    assert await made.exceptions() == []


async def test_refund_of_what_was_overpaid_goes_back_by_the_platform_and_leaves_the_invoice_paid(
    made: World,
) -> None:
    invoice, source = await overpaid(made, 2500)
    waiting = await decided(made, "fiona", "refunds", source=source, amount="10.00")
    assert waiting["status"] == "waiting"
    route = "POST /v1/refunds"
    made.platforms["stripe"].faults.add(Fault("applied-then-timeout", route=route, times=1))
    assert await judged(made, "anna", waiting["override"], "approve") == 200
    await made.until_idle(waiting["workflow_id"])
    held = await balances(made)
    assert RECEIVABLE not in held
    assert (held[CREDITS], held[CASH]) == (Decimal("-15.00"), total_of(invoice) + 15)
    receipts = await made.ports["netsuite"].receipts("US01")
    assert [each.kind for each in receipts] == ["payment", "unapplied", "refund"]
    too_much = await decided(made, "fiona", "refunds", 400, source=source, amount="15.01")
    assert too_much["error"]["field"] == "amount"


async def test_refund_of_money_from_a_bank_is_taken_off_the_ledger(made: World) -> None:
    [invoice] = await billed(made)
    await taken(made, receipt("E-1", total_of(invoice) + 30, str(invoice["number"])))
    await until_receipt(made, "E-1", "waiting")
    order: dict[str, Any] = {"invoices": [{"invoice": key_of(invoice)}], "reason": "x"}
    await made.act("fiona", "POST", "/cash/receipts/ubs/E-1/apply", order)
    await made.until_idle("cash/ubs/E-1")
    waiting = await decided(made, "fiona", "refunds", source="cash/ubs/E-1")
    assert (waiting["status"], waiting["amount"]) == ("waiting", "30.00")
    assert await judged(made, "anna", waiting["override"], "approve") == 200
    await made.until_idle(waiting["workflow_id"])
    held = await balances(made)
    assert (held[CASH], CREDITS in held, RECEIVABLE in held) == (total_of(invoice), False, False)
    await a_part_is_taken_back(made, total_of(invoice))


async def a_part_is_taken_back(made: World, total: Decimal) -> None:
    """The bank takes a part of the receipt E-1 back, and a person has so much of it taken off."""
    reversal = receipt("R-1", Decimal("40.00"), text="return of E-1")
    line = reversal | {"ref": "R-1:returned_receipt", "flow": "out"}
    assert (await made.act("fiona", "POST", "/cash/lines", {"lines": [line]})).status_code == 200
    [found] = await reversed_(made, reversal)
    assert (found["part_of"], found["receipt"], found["decision"]) == ("ubs/E-1", None, None)
    waiting = await decided(made, "fiona", "returns", source="cash/ubs/E-1", entry="R-1")
    assert (waiting["status"], waiting["amount"]) == ("waiting", "40.00")
    assert await judged(made, "anna", waiting["override"], "approve") == 200
    await made.until_idle(waiting["workflow_id"])
    held = await balances(made)
    assert (held[CASH], held[RECEIVABLE], CREDITS in held) == (total - 40, Decimal("40.00"), False)
    unknown = await decided(made, "fiona", "returns", 400, source="cash/ubs/E-1", entry="R-9")
    assert unknown["error"]["field"] == "entry"
    too_much = await decided(made, "fiona", "returns", 400, source="cash/ubs/E-1", amount=f"{total:f}")
    assert too_much["error"]["field"] == "amount"


async def test_who_asked_may_withdraw_alone(made: World) -> None:
    [invoice] = await billed(made)
    waiting = await decided(made, "fiona", "write-offs", invoices=[{"invoice": key_of(invoice)}])
    [asked] = await made.exceptions()
    assert (asked.code, asked.id) == ("cash_decision", waiting["exception"])
    await made.decide("fiona", asked, "skip")
    await made.until_idle(waiting["workflow_id"])
    assert BAD_DEBT not in await balances(made)


async def test_receipt_that_the_bank_takes_back_opens_its_invoice_again(made: World) -> None:
    [invoice] = await billed(made)
    before = await balances(made)
    total = total_of(invoice) + 30
    await taken(made, receipt("E-1", total, str(invoice["number"]), transaction_ids=["E2E-7"]))
    await until_receipt(made, "E-1", "waiting")
    order = {"invoices": [{"invoice": key_of(invoice)}], "reason": "x"}
    await made.act("fiona", "POST", "/cash/receipts/ubs/E-1/apply", order)
    await made.until_idle("cash/ubs/E-1")
    [alike] = await reversed_(made, receipt("R-2", total))
    assert (alike["receipt"], alike["decision"], alike["suggestions"]) == (None, None, ["ubs/E-1"])
    reversal = receipt("R-1", total, transaction_ids=["E2E-7"])
    [found], [again] = await reversed_(made, reversal), await reversed_(made, reversal)
    waiting = found["decision"]
    assert (found["receipt"], again["decision"]["override"]) == ("ubs/E-1", waiting["override"])
    assert (waiting["status"], Decimal(waiting["amount"])) == ("waiting", total)
    route = "POST /services/rest/record/v1/customerRefund"
    made.platforms["netsuite"].faults.add(Fault("applied-then-timeout", route=route, times=1))
    assert await judged(made, "anna", waiting["override"], "approve") == 200
    await made.until_idle(waiting["workflow_id"])
    assert await balances(made) == before
    [after] = await reversed_(made, reversal)
    assert after["decision"]["status"] == "done"
    [document] = await made.posted("C-1")
    assert document.status == "open"


async def reversed_(made: World, *reversals: dict[str, Any]) -> list[dict[str, Any]]:
    """Reversals of a bank's statement, handed in as `q2c cash import` does."""
    answer = await made.act("fiona", "POST", "/cash/reversals", {"reversals": reversals})
    assert answer.status_code == 200, answer.text
    taken_back: list[dict[str, Any]] = answer.json()
    return taken_back
