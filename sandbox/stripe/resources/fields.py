"""What the endpoints of many objects do alike: metadata, plain fields, addresses."""

from collections.abc import Iterable
from typing import Any

from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call

Document = dict[str, Any]

_MOST_KEYS, _LONGEST_KEY, _LONGEST_VALUE = 50, 40, 500
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def metadata(sent: Any, kept: dict[str, str] | None = None) -> dict[str, str]:
    """Merged: keys sent as empty strings go, all of them where the whole is sent as an empty string."""
    if sent is None:
        return dict(kept or {})
    if sent == "":
        return {}
    for key, value in sent.items():
        if len(key) > _LONGEST_KEY:
            message = f"Metadata keys can be up to {_LONGEST_KEY} characters, but you passed in a key that is"
            raise invalid(f"{message} {len(key)} characters. Invalid key: {key}", "metadata")
        if len(value) > _LONGEST_VALUE:
            message = f"Metadata values can have up to {_LONGEST_VALUE} characters, but you passed a value of"
            raise invalid(f"{message} {len(value)} characters. Invalid value: {value}", f"metadata[{key}]")
    merged = {key: value for key, value in {**(kept or {}), **sent}.items() if value != ""}
    if len(merged) > _MOST_KEYS:
        raise invalid(f"You can only have up to {_MOST_KEYS} metadata keys.", "metadata")
    return merged


def keep(obj: Document, call: Call, names: Iterable[str]) -> None:
    """Take over the plain parameters that were sent; an empty string unsets."""
    for name in names:
        if call.sent(name):
            obj[name] = None if call.params[name] == "" else call.params[name]
    if call.sent("metadata"):
        obj["metadata"] = metadata(call.params["metadata"], obj["metadata"])


def address(sent: Any) -> Document | None:
    if not sent:
        return None
    return {name: sent.get(name) or None for name in _ADDRESS}


def shipping(sent: Any) -> Document | None:
    if not sent:
        return None
    return {"address": address(sent["address"]), "name": sent["name"], "phone": sent.get("phone") or None}


def url_safe(id: str, param: str) -> str:
    """An id that the caller chose."""
    if not id or any(character.isspace() or character in "/?#[]" for character in id):
        raise invalid(f"Invalid id: {id}", param)
    return id


def deletion(obj: Document) -> Document:
    return {"id": obj["id"], "object": obj["object"], "deleted": True}
