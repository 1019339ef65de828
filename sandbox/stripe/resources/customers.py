"""Customers, their tax ids and their balance."""

import re
import secrets
import string
from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid, required
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import address, keep, metadata, shipping
from sandbox.stripe.search import searched
from sandbox.stripe.text import words
from sandbox.stripe.world import World

Document = dict[str, Any]

_PLAIN = ("description", "email", "name", "phone", "business_name", "individual_name")
_EU = words(
    """
    AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE XI EL
    """
)
_TAX_ID_SHAPES = {
    "eu_vat": r"[A-Z]{2}[A-Z0-9+*]{2,13}",
    "gb_vat": r"(GB)?(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
    "us_ein": r"\d{2}-?\d{7}",
    "ch_vat": r"CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)?",
    "au_abn": r"\d{11}",
    "jp_cn": r"\d{13}",
    "in_gst": r"\d{2}[A-Z0-9]{13}",
}


@operation("POST /v1/customers")
def create(call: Call) -> Document:
    world = call.world
    clock_id = call.get("test_clock")
    if clock_id:
        world.follow_clock(
            world.require("test_helpers.test_clock", clock_id, "test_clock") | {"test_clock": clock_id}
        )
    customer: Document = {
        "id": world.new_id("cus", 14),
        "object": "customer",
        "address": address(call.get("address")),
        "balance": 0,
        "created": world.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": call.get("invoice_prefix") or _new_prefix(),
        "invoice_settings": _settings(call.get("invoice_settings") or {}, {}),
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": call.get("next_invoice_sequence", 1),
        "phone": None,
        "preferred_locales": call.get("preferred_locales", []),
        "shipping": shipping(call.get("shipping")),
        "tax_exempt": call.get("tax_exempt", "none"),
        "test_clock": clock_id,
        "_balances": {},
    }
    _keep_common(customer, call)
    world.create(customer, "customer.created")
    for tax_id in call.get("tax_id_data", []):
        _new_tax_id(world, customer, tax_id["type"], tax_id["value"])
    if call.get("payment_method"):
        from sandbox.stripe.resources import payment_methods

        payment_methods.attach_to(world, call.params["payment_method"], customer["id"])
    if call.get("balance"):
        _set_balance(world, customer, call.params["balance"])
    return customer


def _new_prefix() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(8))


def _keep_common(customer: Document, call: Call) -> None:
    if call.get("email") and "@" not in call.params["email"]:
        raise invalid(f"Invalid email address: {call.params['email']}", "email", "email_invalid")
    prefix = call.get("invoice_prefix")
    if prefix and not re.fullmatch(r"[A-Z0-9]{3,12}", prefix):
        message = "Invoice prefix must be between 3 and 12 uppercase letters or numbers."
        raise invalid(message, "invoice_prefix")
    for name in ("business_name", "individual_name"):
        if call.get(name) is None and not call.sent(name):
            continue
        if call.params[name] == "":
            customer.pop(name, None)
    keep(customer, call, [name for name in _PLAIN if call.params.get(name) != "" or name not in _OPTIONAL])


_OPTIONAL = ("business_name", "individual_name")


def _settings(sent: Document, kept: Document) -> Document:
    settings: Document = {
        "custom_fields": None,
        "default_payment_method": None,
        "footer": None,
        "rendering_options": None,
        **kept,
    }
    for name, value in sent.items():
        settings[name] = None if value == "" else value
    if settings["rendering_options"] is not None:
        settings["rendering_options"] = {"amount_tax_display": None, "template": None} | settings[
            "rendering_options"
        ]
    return settings


@operation("GET /v1/customers")
def list_customers(call: Call) -> Document:
    found = pages.matching(call, call.world.all("customer"), ("email", "test_clock"), ("created",))
    return pages.page(call, found)


@operation("GET /v1/customers/search")
def search(call: Call) -> Document:
    return searched(call, call.world.all("customer"), ("email", "name", "phone"))


@operation("GET /v1/customers/{customer}")
def retrieve(call: Call) -> Document:
    kept = call.world.get("customer", call.id())
    return kept if kept and kept.get("_deleted") else call.world.require("customer", call.id())


@operation("POST /v1/customers/{customer}")
def update(call: Call) -> Document:
    world = call.world
    customer = world.require("customer", call.id())
    _keep_common(customer, call)
    if call.sent("address"):
        customer["address"] = address(call.params["address"])
    if call.sent("shipping"):
        customer["shipping"] = shipping(call.params["shipping"])
    if call.sent("invoice_settings"):
        customer["invoice_settings"] = _settings(
            call.params["invoice_settings"], customer["invoice_settings"]
        )
    if call.sent("preferred_locales"):
        customer["preferred_locales"] = call.params["preferred_locales"]
    if call.sent("tax_exempt"):
        customer["tax_exempt"] = call.params["tax_exempt"] or "none"
    for name in ("invoice_prefix", "next_invoice_sequence"):
        if call.get(name) is not None:
            customer[name] = call.params[name]
    world.update(customer, "customer.updated")
    if call.get("balance") is not None:
        _set_balance(world, customer, call.params["balance"])
    return customer


@operation("DELETE /v1/customers/{customer}")
def delete(call: Call) -> Document:
    """Its live subscriptions are cancelled; its documents stay."""
    from sandbox.stripe.resources import subscriptions

    world = call.world
    customer = world.require("customer", call.id())
    for subscription in world.all("subscription", customer=customer["id"]):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            subscriptions.cancel_now(world, subscription)
    world.emit("customer.deleted", customer)
    customer["_deleted"] = True
    return world.put(customer)


# Tax ids


@operation("POST /v1/customers/{customer}/tax_ids")
def create_tax_id(call: Call) -> Document:
    customer = call.world.require("customer", call.ids["customer"], "customer")
    return _new_tax_id(call.world, customer, call.params["type"], call.params["value"])


def _new_tax_id(world: World, customer: Document, type: str, value: str) -> Document:
    shape = _TAX_ID_SHAPES.get(type, r".{2,}")
    compact = re.sub(r"[\s.]", "", value)
    if not (re.fullmatch(shape, value) or re.fullmatch(shape, compact)):
        raise invalid(f"Invalid value for {type}.", "value", "tax_id_invalid")
    if type == "eu_vat" and compact[:2] not in _EU:
        raise invalid(f"Invalid value for {type}.", "value", "tax_id_invalid")
    country = compact[:2] if type == "eu_vat" else type[:2].upper()
    tax_id: Document = {
        "id": world.new_id("txi"),
        "object": "tax_id",
        "country": country,
        "created": world.now(),
        "customer": customer["id"],
        "livemode": False,
        "owner": {"type": "customer", "customer": customer["id"]},
        "type": type,
        "value": value,
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    return world.create(tax_id, "customer.tax_id.created")


@operation("GET /v1/customers/{customer}/tax_ids")
def list_tax_ids(call: Call) -> Document:
    customer = call.world.require("customer", call.ids["customer"], "customer")
    return pages.page(call, call.world.all("tax_id", customer=customer["id"]))


@operation("GET /v1/customers/{customer}/tax_ids/{id}")
def retrieve_tax_id(call: Call) -> Document:
    return call.world.require("tax_id", call.id())


@operation("DELETE /v1/customers/{customer}/tax_ids/{id}")
def delete_tax_id(call: Call) -> Document:
    return call.world.delete(call.world.require("tax_id", call.id()), "customer.tax_id.deleted")


# Balance: below zero is credit of the customer, used by the next invoice that is finalized


@operation("POST /v1/customers/{customer}/balance_transactions")
def create_balance_transaction(call: Call) -> Document:
    customer = call.world.require("customer", call.ids["customer"], "customer")
    currency = call.params["currency"]
    return change_balance(
        call.world,
        customer,
        call.params["amount"],
        currency,
        "adjustment",
        description=call.get("description"),
        metadata=metadata(call.get("metadata")),
    )


def change_balance(
    world: World, customer: Document, amount: int, currency: str, type: str, **more: Any
) -> Document:
    """One entry of the customer's balance; `customer` is changed and kept."""
    balances: dict[str, int] = customer["_balances"]
    balances[currency] = balances.get(currency, 0) + amount
    customer["currency"] = customer["currency"] or currency
    customer["balance"] = balances.get(customer["currency"], 0)
    entry: Document = {
        "id": world.new_id("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": world.now(),
        "credit_note": None,
        "currency": currency,
        "customer": customer["id"],
        "description": None,
        "ending_balance": balances[currency],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "type": type,
        **more,
    }
    world.update(customer, "customer.updated")
    return world.create(entry)


def balance(customer: Document, currency: str) -> int:
    value: int = customer["_balances"].get(currency, 0)
    return value


def _set_balance(world: World, customer: Document, wanted: int) -> None:
    currency = customer["currency"] or "usd"
    difference = wanted - balance(customer, currency)
    if difference:
        change_balance(world, customer, difference, currency, "adjustment")


@operation("GET /v1/customers/{customer}/balance_transactions")
def list_balance_transactions(call: Call) -> Document:
    customer = call.world.require("customer", call.ids["customer"], "customer")
    found = call.world.all("customer_balance_transaction", customer=customer["id"])
    return pages.page(call, pages.matching(call, found, ("invoice",), ("created",)))


@operation("GET /v1/customers/{customer}/balance_transactions/{transaction}")
def retrieve_balance_transaction(call: Call) -> Document:
    return call.world.require("customer_balance_transaction", call.id(), "transaction")


@operation("POST /v1/customers/{customer}/balance_transactions/{transaction}")
def update_balance_transaction(call: Call) -> Document:
    entry = call.world.require("customer_balance_transaction", call.id(), "transaction")
    keep(entry, call, ("description",))
    return call.world.update(entry, None)


def of(call: Call, *, param: str = "customer", needed: bool = True) -> Document:
    """The customer that a request names; its test clock is followed."""
    if call.sent("customer_account"):
        raise invalid("No such account: accounts are not customers here.", "customer_account")
    id = call.get(param)
    if id is None and needed:
        raise required(param)
    return call.world.require("customer", id, param)


def check_currency(customer: Document, currency: str) -> None:
    """The first document decides the customer's currency; others are allowed beside it."""
    if customer["currency"] is None:
        customer["currency"] = currency
