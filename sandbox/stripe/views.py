"""What the API shows of a kept object: private fields left out, lists and embedded objects put in."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.stripe.world import World

Document = dict[str, Any]
_EMBEDDED = 10  # an invoice or credit note shows its first ten lines, the rest by their own list


def view(world: "World", obj: Document) -> Document:
    if obj.get("_deleted"):
        return {"id": obj["id"], "object": obj["object"], "deleted": True}
    if obj.get("deleted") is True:
        return obj
    special = _SPECIAL.get(obj.get("object", ""))
    return special(world, obj) if special else public(obj)


def public(obj: Document) -> Document:
    return {key: value for key, value in obj.items() if not key.startswith("_")}


def listing(data: list[Document], url: str, *, has_more: bool = False) -> Document:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def _list(world: "World", obj: Document) -> Document:
    return {**obj, "data": [view(world, one) for one in obj["data"]]}


def _lines(world: "World", obj: Document, url: str) -> Document:
    lines = obj["_lines"]
    shown = [view(world, line) for line in lines[:_EMBEDDED]]
    return {**listing(shown, url, has_more=len(lines) > _EMBEDDED), "total_count": len(lines)}


def _invoice(world: "World", obj: Document) -> Document:
    shown = public(obj)
    shown["lines"] = _lines(world, obj, f"/v1/invoices/{obj['id']}/lines")
    shown["default_tax_rates"] = rates(world, obj["default_tax_rates"])
    return shown


def _credit_note(world: "World", obj: Document) -> Document:
    return public(obj) | {"lines": _lines(world, obj, f"/v1/credit_notes/{obj['id']}/lines")}


def _credit_note_line(world: "World", obj: Document) -> Document:
    return public(obj) | {"tax_rates": rates(world, obj["tax_rates"])}


def _subscription(world: "World", obj: Document) -> Document:
    shown = public(obj)
    items = [view(world, item) for item in obj["_items"]]
    url = f"/v1/subscription_items?subscription={obj['id']}"
    shown["items"] = {**listing(items, url), "total_count": len(items)}
    shown["default_tax_rates"] = rates(world, obj["default_tax_rates"])
    return shown


def _subscription_item(world: "World", obj: Document) -> Document:
    shown = public(obj)
    price = world.get("price", obj["price"])
    shown["price"] = view(world, price) if price else obj["price"]
    shown["tax_rates"] = rates(world, obj["tax_rates"])
    return shown


def _schedule(world: "World", obj: Document) -> Document:
    shown = public(obj)
    shown["phases"] = [_phase(world, phase) for phase in obj["phases"]]
    return shown


def _phase(world: "World", phase: Document) -> Document:
    items = [public(item) | {"tax_rates": rates(world, item["tax_rates"])} for item in phase["items"]]
    return public(phase) | {"items": items, "default_tax_rates": rates(world, phase["default_tax_rates"])}


def _invoiceitem(world: "World", obj: Document) -> Document:
    return public(obj) | {"tax_rates": rates(world, obj["tax_rates"])}


def _event(world: "World", obj: Document) -> Document:
    waiting = world.state.find("_webhook", id=obj["id"], status="waiting")
    return public(obj) | {"pending_webhooks": len(waiting)}


def _webhook_endpoint(_world: "World", obj: Document) -> Document:
    shown = public(obj)
    return (
        shown if obj.get("_secret_shown") else {key: value for key, value in shown.items() if key != "secret"}
    )


def rates(world: "World", ids: list[str] | None) -> list[Document]:
    found = [world.get("tax_rate", id) for id in ids or []]
    return [public(rate) for rate in found if rate is not None]


_SPECIAL: dict[str, Callable[["World", Document], Document]] = {
    "list": _list,
    "search_result": _list,
    "invoice": _invoice,
    "credit_note": _credit_note,
    "credit_note_line_item": _credit_note_line,
    "subscription": _subscription,
    "subscription_item": _subscription_item,
    "subscription_schedule": _schedule,
    "invoiceitem": _invoiceitem,
    "event": _event,
    "webhook_endpoint": _webhook_endpoint,
}
