"""Payouts: what of the balance goes to the bank account, and the entries of which it is made."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.ledger import new_balance_transaction
from sandbox.stripe.world import World

Document = dict[str, Any]


def pay_out(world: World, currency: str) -> Document:
    """An automatic payout of all entries that have not been paid out, available or not (the sandbox does not
    wait). 400 where there is nothing to pay out."""
    entries = [
        entry
        for entry in world.all("balance_transaction", currency=currency)
        if entry.get("_payout") is None and entry["type"] != "payout"
    ]
    amount = sum(entry["net"] for entry in entries)
    if amount <= 0:
        raise invalid("You have insufficient funds in your Stripe account.", "amount", "balance_insufficient")
    id = world.new_id("po")
    payout: Document = {
        "id": id,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": world.now(),
        "automatic": True,
        "balance_transaction": new_balance_transaction(world, -amount, currency, "payout", id, 0),
        "created": world.now(),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "trace_id": None,
        "type": "bank_account",
    }
    world.create(payout, "payout.created")
    for entry in entries:
        world.put(entry | {"_payout": id, "status": "available"})
    own = world.require("balance_transaction", payout["balance_transaction"])
    world.put(own | {"_payout": id, "status": "available"})
    world.emit("payout.paid", payout)
    world.emit("payout.reconciliation_completed", payout)
    return payout


@operation("GET /v1/payouts")
def list_payouts(call: Call) -> Document:
    found = pages.matching(call, call.world.all("payout"), ("status",), ("arrival_date", "created"))
    return pages.page(call, found)


@operation("GET /v1/payouts/{payout}")
def retrieve_payout(call: Call) -> Document:
    return call.world.require("payout", call.id(), "payout")
