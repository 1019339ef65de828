"""Disputes (chargebacks): opened by the test card, answered with evidence, closed as lost or won."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import keep
from sandbox.stripe.resources.ledger import new_balance_transaction
from sandbox.stripe.text import words
from sandbox.stripe.views import view
from sandbox.stripe.world import DAY, World

Document = dict[str, Any]

FEE = 1500
_WINNING, _LOSING = "winning_evidence", "losing_evidence"
_TEXTS = words(
    """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_email_address customer_name
    customer_purchase_ip customer_signature duplicate_charge_documentation
    duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy
    refund_policy_disclosure refund_refusal_explanation service_date service_documentation
    shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number
    uncategorized_file uncategorized_text
    """
)


def open_dispute(world: World, charge: Document, amount: int | None = None, fee: int = FEE) -> Document:
    """The customer takes the charge back; the money and a fee are gone until it is won."""
    id = world.new_id("du")
    if charge["disputed"]:
        raise invalid("This charge has been disputed already.", "charge")
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise invalid("The disputed amount is more than is left of the charge.", "amount")
    entry = new_balance_transaction(world, -amount, charge["currency"], "adjustment", id, fee)
    dispute: Document = {
        "id": id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [view(world, world.require("balance_transaction", entry))],
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(_TEXTS) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.now() + 7 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }
    charge["disputed"] = True
    world.put(charge)
    world.create(dispute, "charge.dispute.created")
    world.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


@operation("GET /v1/disputes")
def list_disputes(call: Call) -> Document:
    found = pages.matching(call, call.world.all("dispute"), ("charge", "payment_intent"), ("created",))
    return pages.page(call, found)


@operation("GET /v1/disputes/{dispute}")
def retrieve(call: Call) -> Document:
    return call.world.require("dispute", call.id(), "dispute")


@operation("POST /v1/disputes/{dispute}")
def update(call: Call) -> Document:
    """`uncategorized_text` of winning_evidence or losing_evidence decides, as in Stripe's test mode."""
    world = call.world
    dispute = world.require("dispute", call.id(), "dispute")
    keep(dispute, call, ())
    evidence = call.get("evidence") or {}
    unknown = sorted(set(evidence) - set(_TEXTS) - {"enhanced_evidence"})
    if unknown:
        message = f"Received unknown parameter: evidence[{unknown[0]}]"
        raise invalid(message, f"evidence[{unknown[0]}]", "parameter_unknown")
    if evidence:
        _check_open(dispute)
        dispute["evidence"] |= {name: value or None for name, value in evidence.items() if name in _TEXTS}
        dispute["evidence_details"]["has_evidence"] = True
        if call.get("submit", True):
            dispute["evidence_details"]["submission_count"] += 1
            return _decided(world, dispute, evidence.get("uncategorized_text", ""))
    return world.update(dispute, "charge.dispute.updated")


def decide(world: World, dispute: Document, *, won: bool) -> Document:
    """What the card's network says in the end."""
    _check_open(dispute)
    return _decided(world, dispute, _WINNING if won else _LOSING)


def _decided(world: World, dispute: Document, text: str) -> Document:
    dispute["status"] = {_WINNING: "won", _LOSING: "lost"}.get(text, "under_review")
    if dispute["status"] == "won":
        amount, currency = dispute["amount"], dispute["currency"]
        entry = new_balance_transaction(world, amount, currency, "adjustment", dispute["id"], 0)
        dispute["balance_transactions"].append(view(world, world.require("balance_transaction", entry)))
    world.update(dispute, "charge.dispute.updated")
    if dispute["status"] != "under_review":
        world.emit("charge.dispute.closed", dispute)
    if dispute["status"] == "won":
        world.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


@operation("POST /v1/disputes/{dispute}/close")
def close(call: Call) -> Document:
    dispute = call.world.require("dispute", call.id(), "dispute")
    _check_open(dispute)
    dispute["status"] = "lost"
    return call.world.update(dispute, "charge.dispute.updated", "charge.dispute.closed")


def _check_open(dispute: Document) -> None:
    if dispute["status"] not in ("needs_response", "under_review"):
        raise invalid("This dispute is already closed.", None, "dispute_already_closed")
