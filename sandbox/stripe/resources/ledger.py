"""Balance transactions: what a charge, refund or dispute did to the account's balance, fees included."""

from fractions import Fraction
from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.money import rounded
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]

_CATEGORIES = {"charge": "charge", "refund": "refund", "adjustment": "dispute", "payout": "payout"}


def new_balance_transaction(
    world: World, amount: int, currency: str, type: str, source: str, fee: int | None = None
) -> str:
    """The id of a new entry; a charge costs 2.9 % + 30, refunds nothing, disputes what is given."""
    charged = rounded(Fraction(amount * 29, 1000)) + 30 if type == "charge" else 0
    cost = charged if fee is None else fee
    details = [
        {"amount": cost, "application": None, "currency": currency, "description": "Stripe processing fees"}
    ]
    entry: Document = {
        "id": world.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": world.now() + 2 * DAY,
        "balance_type": "payments",
        "created": world.now(),
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": cost,
        "fee_details": [one | {"type": "stripe_fee"} for one in details] if cost else [],
        "net": amount - cost,
        "reporting_category": _CATEGORIES[type],
        "source": source,
        "status": "pending",
        "type": type,
    }
    world.create(entry)
    return str(entry["id"])


@operation("GET /v1/balance_transactions")
def list_entries(call: Call) -> Document:
    found = call.world.all("balance_transaction")
    if call.get("payout"):
        payout = call.world.require("payout", call.params["payout"], "payout")
        found = [entry for entry in found if entry.get("_payout") == payout["id"]]
    return pages.page(call, pages.matching(call, found, ("currency", "source", "type"), ("created",)))


@operation("GET /v1/balance_transactions/{id}")
def retrieve(call: Call) -> Document:
    return call.world.require("balance_transaction", call.id())
