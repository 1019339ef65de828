"""`expand[]`: ids in an answer replaced by the objects they stand for, and hidden parts included."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.stripe.errors import invalid
from sandbox.stripe.views import listing, view

if TYPE_CHECKING:
    from sandbox.stripe.world import World

Document = dict[str, Any]
_DEEPEST = 4

KINDS = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "credit_note": "credit_note",
    "customer": "customer",
    "customer_balance_transaction": "customer_balance_transaction",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "dispute": "dispute",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "refund": "refund",
    "schedule": "subscription_schedule",
    "source": "charge",
    "subscription": "subscription",
    "tax_rate": "tax_rate",
    "test_clock": "test_helpers.test_clock",
}


def expanded(world: "World", answer: Document, paths: list[str]) -> Document:
    """The answer with each path expanded; 400 where there is nothing to expand."""
    for path in paths:
        steps = path.split(".")
        if len([step for step in steps if step != "data"]) > _DEEPEST:
            raise invalid(
                f"You cannot expand more than {_DEEPEST} levels of a property. Property: {path}", "expand"
            )
        _expand(world, answer, steps, path)
    return answer


def _expand(world: "World", node: Any, steps: list[str], path: str) -> None:
    if isinstance(node, list):
        for one in node:
            _expand(world, one, steps, path)
        return
    if not isinstance(node, dict):
        return
    step, rest = steps[0], steps[1:]
    included = _INCLUDED.get((str(node.get("object")), step))
    if included is not None:
        node[step] = included(world, node)
    elif step not in node:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    else:
        node[step] = _replaced(world, step, node[step], path, last=not rest)
    if rest:
        _expand(world, node[step], rest, path)


def _replaced(world: "World", step: str, value: Any, path: str, *, last: bool) -> Any:
    if isinstance(value, str) and step in KINDS:
        found = world.get(KINDS[step], value)
        return view(world, found) if found else value
    if last and not isinstance(value, dict | list) and value is not None:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return value


def _tax_ids(world: "World", customer: Document) -> Document:
    found = [view(world, one) for one in world.all("tax_id", customer=customer["id"])]
    return listing(found, f"/v1/customers/{customer['id']}/tax_ids")


def _subscriptions(world: "World", customer: Document) -> Document:
    found = world.all("subscription", customer=customer["id"])
    shown = [view(world, one) for one in found if one["status"] not in ("canceled", "incomplete_expired")]
    return listing(shown, f"/v1/customers/{customer['id']}/subscriptions")


def _no_sources(_world: "World", customer: Document) -> Document:
    return listing([], f"/v1/customers/{customer['id']}/sources")


def _customer_tax(_world: "World", _customer: Document) -> Document:
    return {"automatic_tax": "not_collecting", "ip_address": None, "location": None, "provider": "stripe"}


def _credit_balance(world: "World", customer: Document) -> Document:
    kept = world.get("customer", customer["id"]) or {}
    balances: Document = dict(kept.get("_balances", {}))
    return balances


def _tiers(world: "World", price: Document) -> list[Document]:
    kept = world.get("price", price["id"]) or {}
    tiers: list[Document] = kept.get("_tiers") or []
    return tiers


def _payments(world: "World", invoice: Document) -> Document:
    found = [view(world, one) for one in world.all("invoice_payment", invoice=invoice["id"])]
    return listing(found, f"/v1/invoices/{invoice['id']}/payments")


def _refunds(world: "World", charge: Document) -> Document:
    found = [view(world, one) for one in world.all("refund", charge=charge["id"])]
    return listing(found, f"/v1/charges/{charge['id']}/refunds")


_INCLUDED: dict[tuple[str, str], Callable[["World", Document], Any]] = {
    ("customer", "tax_ids"): _tax_ids,
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "sources"): _no_sources,
    ("customer", "tax"): _customer_tax,
    ("customer", "invoice_credit_balance"): _credit_balance,
    ("price", "tiers"): _tiers,
    ("invoice", "payments"): _payments,
    ("charge", "refunds"): _refunds,
}
