"""Refunds, chargebacks and payouts reach the ledger, or a person."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.ids import document_workflow_id
from sandbox.kit.faults import Fault
from tests.workflows.cash import balances, issued, people, until_receipts
from tests.workflows.test_payments import CASH, CREDITS, RECEIVABLE, billed
from tests.world import World
from workflows._document import DocumentInput, DocumentNotice
from workflows._options import WORKFLOW_QUEUE
from workflows.payment import PaymentWorkflow

pytestmark = pytest.mark.xdist_group("payments")
FEES = "6200"


async def paid(made: World) -> tuple[dict[str, Any], str, Decimal]:
    """An invoice that is paid by card: the invoice, the payment's id, and the total."""
    [invoice] = await billed(made)
    payment = await people(made, pay={"invoice": invoice["id"]})
    await until_receipts(made, 1)
    return invoice, payment["pay"]["id"], Decimal(invoice["total"]) / 100


async def test_partial_payments_settle_their_part_of_the_invoice(made: World) -> None:
    [invoice] = await billed(made)
    await people(made, pay={"invoice": invoice["id"], "amount": 30000})
    await people(made, pay={"invoice": invoice["id"], "amount": 20000})
    await until_receipts(made, 2)
    left = Decimal(invoice["total"] - 50000) / 100
    assert (await balances(made))[RECEIVABLE] == left
    [open_] = await issued(made)
    assert Decimal(open_["amount_remaining"]) / 100 == left


async def test_payment_of_more_than_its_invoice_leaves_the_rest_unapplied(made: World) -> None:
    [invoice] = await billed(made)
    await people(made, pay={"invoice": invoice["id"], "amount": invoice["total"] + 2500})
    await until_receipts(made, 2)
    held = await balances(made)
    assert RECEIVABLE not in held
    assert held[CREDITS] == Decimal("-25.00")


async def test_bank_debit_is_cash_only_once_it_has_succeeded(made: World) -> None:
    [invoice] = await billed(made)
    await people(made, pay={"invoice": invoice["id"], "method": "bank_debit_failed"})
    await people(made, settle_debits=True)
    await people(made, pay={"invoice": invoice["id"], "method": "bank_debit"})
    await made.deliver()
    assert await made.ports["netsuite"].receipts("US01") == ()
    await people(made, settle_debits=True)
    [receipt] = await until_receipts(made, 1)
    assert receipt.cash == Decimal(invoice["total"]) / 100


async def test_refund_opens_the_invoice_that_its_payment_paid(made: World) -> None:
    _, payment, total = await paid(made)
    await people(made, refund={"payment": payment, "amount": 10000})
    await until_receipts(made, 2)
    held = await balances(made)
    assert held[RECEIVABLE] == Decimal("100.00")
    assert held[CASH] == total - Decimal("100.00")


async def test_refund_of_unapplied_money_leaves_the_invoice_paid(made: World) -> None:
    [invoice] = await billed(made)
    more = invoice["total"] + 2500
    payment = await people(made, pay={"invoice": invoice["id"], "amount": more})
    await until_receipts(made, 2)
    await people(made, refund={"payment": payment["pay"]["id"], "amount": more})
    await until_receipts(made, 3)
    held = await balances(made)
    assert held[RECEIVABLE] == Decimal(invoice["total"]) / 100
    assert CREDITS not in held
    assert CASH not in held


async def test_chargeback_opens_the_receivable_and_its_fee_is_an_expense(made: World) -> None:
    _, payment, total = await paid(made)
    before = await balances(made)
    await people(made, dispute={"payment": payment, "fee": 1500})
    await until_receipts(made, 3)
    held = await balances(made)
    assert held[RECEIVABLE] == total
    assert held[FEES] == Decimal("15.00")
    assert held[CASH] == Decimal("-15.00")
    assert held["2400"] == before["2400"]
    [document] = await made.posted("C-1")
    assert document.status == "open"


async def test_chargeback_waits_for_the_payment_that_it_takes_back(made: World) -> None:
    """Messages come in any order: that its payment is not posted yet is no reason to ask a person."""
    [invoice] = await billed(made)
    made.platforms["stripe"].faults.add(Fault("webhook-lost", route="payment_intent.succeeded", times=1))
    payment = await people(made, pay={"invoice": invoice["id"], "method": "disputed"})

    async def waits() -> bool:
        running = [each.id async for each in made.client.list_workflows("WorkflowType = 'Dispute'")]
        for name in running:
            described = await made.client.get_workflow_handle(name).describe()
            pending = described.raw_description.pending_activities
            if any("PaymentMissing" in str(each.last_failure) for each in pending):
                return True
        return False

    await made.settle(waits, "the chargeback waits for its payment")
    assert await made.exceptions() == []
    given = DocumentInput(tenant="default", platform="stripe", document_id=payment["pay"]["id"])
    notice = DocumentNotice(
        event_id="found again",
        type="payment_intent.succeeded",
        occurred_at=dt.datetime.now(dt.UTC),
        correlation_id="found again",
    )
    await made.client.start_workflow(
        PaymentWorkflow.run,
        given,
        id=document_workflow_id("payment", "stripe", given.document_id),
        task_queue=WORKFLOW_QUEUE,
        start_signal="notify",
        start_signal_args=[notice],
    )
    await until_receipts(made, 2)
    held = await balances(made)
    assert held[RECEIVABLE] == Decimal(invoice["total"]) / 100
    assert held[FEES] > 0


async def test_chargeback_that_is_won_pays_the_invoice_again(made: World) -> None:
    _, payment, total = await paid(made)
    dispute = await people(made, dispute={"payment": payment, "fee": 1500})
    await until_receipts(made, 3)
    await people(made, decide_dispute={"dispute": dispute["dispute"]["id"], "won": True})
    await until_receipts(made, 4)
    held = await balances(made)
    assert RECEIVABLE not in held
    assert held[CASH] == total - Decimal("15.00")


async def test_chargeback_that_is_lost_changes_nothing_more(made: World) -> None:
    _, payment, total = await paid(made)
    dispute = await people(made, dispute={"payment": payment, "fee": 1500})
    await until_receipts(made, 3)
    await people(made, decide_dispute={"dispute": dispute["dispute"]["id"], "won": False})
    await made.until_idle(f"dispute/stripe/{dispute['dispute']['id']}")
    assert len(await made.ports["netsuite"].receipts("US01")) == 3
    assert (await balances(made))[RECEIVABLE] == total


async def test_payout_is_matched_net_of_fees(made: World) -> None:
    _, payment, total = await paid(made)
    await people(made, refund={"payment": payment, "amount": 10000})
    await until_receipts(made, 2)
    payout = await people(made, payout={})
    result = await made.until_idle(f"payout/stripe/{payout['payout']['id']}")
    net = Decimal(payout["payout"]["amount"]) / 100
    gross = total - 100
    words = f"matched: gross {gross:.2f}, fees {gross - net:.2f}, net {net:.2f} USD"
    assert result["outcome"] == words


async def test_payout_of_what_is_not_in_the_ledger_waits_for_a_person(made: World) -> None:
    await paid(made)
    foreign = {"amount": "900", "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
    async with made.stripe() as api:
        assert (await api.post("/v1/payment_intents", data=foreign)).is_success
    await people(made, payout={})

    async def mismatch() -> Any:
        return next((e for e in await made.exceptions() if e.code == "amount_mismatch"), None)

    found = await made.settle(mismatch, "a payout that does not match")
    assert "is not in the ledger" in found.summary
