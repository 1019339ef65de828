"""Payment methods: Stripe's test cards and test debits."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import StripeError, invalid, required
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources import customers
from sandbox.stripe.resources.fields import address, keep, metadata
from sandbox.stripe.world import World

Document = dict[str, Any]

TEST_CARDS = {
    "pm_card_visa": ("visa", "4242", ""),
    "pm_card_mastercard": ("mastercard", "4444", ""),
    "pm_card_amex": ("amex", "8431", ""),
    "pm_card_chargeDeclined": ("visa", "0002", "generic_decline"),
    "pm_card_visa_chargeDeclined": ("visa", "0002", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("visa", "9995", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("visa", "9995", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("visa", "0069", "expired_card"),
    "pm_card_chargeCustomerFail": ("visa", "0341", "generic_decline"),
    "pm_card_createDispute": ("visa", "0259", "dispute"),
    "pm_usBankAccount_success": ("bank", "6789", ""),
    "pm_usBankAccount_insufficientFunds": ("bank", "2227", "insufficient_funds"),
}
"""Name → (brand, last four digits, what happens to charges)."""

_TOKENS = {
    "tok_visa": "pm_card_visa",
    "tok_mastercard": "pm_card_mastercard",
    "tok_chargeDeclined": "pm_card_chargeDeclined",
    "tok_createDispute": "pm_card_createDispute",
}
_NUMBERS = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "4000000000000002": "pm_card_chargeDeclined",
    "4000000000009995": "pm_card_chargeDeclinedInsufficientFunds",
    "4000000000000341": "pm_card_chargeCustomerFail",
    "4000000000000259": "pm_card_createDispute",
}


def _new(world: World, test_name: str, **more: Any) -> Document:
    brand, last4, behaviour = TEST_CARDS[test_name]
    kind = "us_bank_account" if brand == "bank" else "card"
    details: Document = {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"SandboxCard{last4}",
        "funding": "credit",
        "generated_from": None,
        "last4": last4,
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    if kind == "us_bank_account":
        details = {
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "fingerprint": f"SandboxBank{last4}",
            "last4": last4,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": "110000000",
            "status_details": None,
        }
    method: Document = {
        "id": world.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": address({"city": None}),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "created": world.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
        kind: details,
        "_behaviour": behaviour,
    }
    return world.create(method | more)


@operation("POST /v1/payment_methods")
def create(call: Call) -> Document:
    if not call.get("type"):
        raise required("type")
    if call.params["type"] not in ("card", "us_bank_account"):
        raise invalid(f"The sandbox has no payment methods of type {call.params['type']}.", "type")
    card = call.get("card") or {}
    name = _TOKENS.get(card.get("token", "")) or _NUMBERS.get(card.get("number", "").replace(" ", ""))
    if call.params["type"] == "us_bank_account":
        name = "pm_usBankAccount_success"
    if name is None:
        raise StripeError(
            402,
            "Your card number is incorrect."
            if card.get("number")
            else "A test card's number or token is needed.",
            type="card_error",
            code="incorrect_number",
            param="number",
        )
    method = _new(call.world, name, metadata=metadata(call.get("metadata")))
    _keep_billing(call, method)
    return call.world.put(method)


def _keep_billing(call: Call, method: Document) -> None:
    for name, value in (call.get("billing_details") or {}).items():
        method["billing_details"][name] = address(value) if name == "address" else value or None


def require_method(world: World, id: str, param: str = "payment_method") -> Document:
    """A kept payment method, or a new one where one of Stripe's test names is given."""
    if id in TEST_CARDS:
        return _new(world, id)
    return world.require("payment_method", id, param)


def attach_to(world: World, id: str, customer: str) -> Document:
    method = require_method(world, id)
    if method["customer"] not in (None, customer):
        message = "The payment method you provided has already been attached to a customer."
        raise invalid(message, "payment_method")
    if method["_behaviour"] in ("generic_decline", "insufficient_funds", "expired_card") and (
        (method.get("card") or {}).get("last4") != "0341"
    ):
        raise declined(method["_behaviour"])
    method["customer"] = customer
    return world.update(method, None, "payment_method.attached")


def declined(reason: str, **more: Any) -> StripeError:
    if reason == "expired_card":
        message = "Your card has expired."
        return StripeError(402, message, type="card_error", code="expired_card", param="exp_month", **more)
    message = (
        "Your card has insufficient funds." if reason == "insufficient_funds" else "Your card was declined."
    )
    return StripeError(402, message, type="card_error", code="card_declined", decline_code=reason, **more)


@operation("POST /v1/payment_methods/{payment_method}/attach")
def attach(call: Call) -> Document:
    customer = customers.of(call)
    return attach_to(call.world, call.id(), customer["id"])


@operation("POST /v1/payment_methods/{payment_method}/detach")
def detach(call: Call) -> Document:
    method = call.world.require("payment_method", call.id(), "payment_method")
    if method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid(message, "payment_method")
    previous = method["customer"]
    method["customer"] = None
    call.world.put(method)
    call.world.emit("payment_method.detached", method, {"customer": previous})
    return method


@operation("GET /v1/payment_methods/{payment_method}")
def retrieve(call: Call) -> Document:
    return require_method(call.world, call.id())


@operation("POST /v1/payment_methods/{payment_method}")
def update(call: Call) -> Document:
    method = call.world.require("payment_method", call.id(), "payment_method")
    keep(method, call, ("allow_redisplay",))
    _keep_billing(call, method)
    return call.world.update(method, "payment_method.updated")


@operation("GET /v1/payment_methods")
def list_methods(call: Call) -> Document:
    found = [method for method in call.world.all("payment_method") if method["customer"] is not None]
    return pages.page(call, pages.matching(call, found, ("customer", "type")))


@operation("GET /v1/customers/{customer}/payment_methods")
def list_of_customer(call: Call) -> Document:
    customer = call.world.require("customer", call.ids["customer"], "customer")
    found = call.world.all("payment_method", customer=customer["id"])
    return pages.page(call, pages.matching(call, found, ("type",)))


@operation("GET /v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_of_customer(call: Call) -> Document:
    return call.world.require("payment_method", call.id(), "payment_method")
