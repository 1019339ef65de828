"""Pictures of the platforms without what differs from run to run: ids, numbers, moments.

Two runs that came to the same end have equal pictures, whatever happened on the way. An id that refers to
another object is replaced by a digest of that object, so that who belongs to whom stays in the picture.
"""

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.world import World

Picture = Counter[str]
Labels = Mapping[str, str]

_UNTOLD = {"stripe": {"event"}, "salesforce": set(), "netsuite": set(), "avatax": set()}
"""Kinds that are logs of what happened, not its outcome."""
_SUPERSEDED = "Adjusted"
"""AvaTax keeps what a document was before it was adjusted; only the last version counts."""
_ID = re.compile(r"\b[a-z]{2,}(?:_[a-z]+)*_[A-Za-z0-9]{14,}\b|\b[a-zA-Z0-9]{18}\b")
_NUMBER = re.compile(r"\b[A-Z0-9]{8}-\d{4}(?:-CN-\d{2})?\b|\b(?:INV|CM)\d+\b")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\"\s]*")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAMING = re.compile(
    r"^(id|Id|internalId|.*[Nn]umber|version|adjustment.*|invoice_prefix|next_invoice_sequence|SystemModstamp)$"
)
"""Fields of an object whose values are its own id, numbers given one after the other, or tell how it came
about. In a reference (`{"account": {"id": "7"}}`) the id stays.
"""
_NUMBERED = ("doc", "createdFrom")
"""NetSuite's references to transactions, whose ids are given one after the other."""
_DAY_SECONDS = 86_400


def picture(made: World) -> Picture:
    """Every object of every platform as text, counted."""
    objects = list(_objects(made))
    labels = {
        own: hashlib.sha256(_told(one, {}).encode()).hexdigest()[:12]
        for _, one in objects
        if isinstance(own := one.get("id", one.get("Id")), str) and _ID.fullmatch(own)
    }
    return Counter(f"{kind} {_told(one, labels)}" for kind, one in objects)


def _objects(made: World) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, platform in made.platforms.items():
        for kind, objects in platform.dump().items():
            for one in objects:
                if kind not in _UNTOLD[name] and one.get("status") != _SUPERSEDED:
                    yield f"{name} {kind}", one


def difference(wanted: Picture, seen: Picture) -> list[str]:
    """What is missing and what is too much, in words."""
    return [
        *(f"missing: {text}" for text in (wanted - seen).elements()),
        *(f"too much: {text}" for text in (seen - wanted).elements()),
    ]


def _told(one: Mapping[str, Any], labels: Labels) -> str:
    return json.dumps(_plain(one, labels), sort_keys=True)


def _plain(value: Any, labels: Labels) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"id"}:
            return _plain(value["id"], labels)
        return {
            key: None if key in _NUMBERED else _plain(one, labels)
            for key, one in value.items()
            if not _NAMING.match(key) and not _is_number(key, one)
        }
    if isinstance(value, list):
        return sorted((_plain(one, labels) for one in value), key=json.dumps)
    if isinstance(value, str):
        return _text(value, labels)
    if isinstance(value, int) and not isinstance(value, bool) and _is_now(value):
        return "<now>"
    return value


def _text(text: str, labels: Labels) -> str:
    for pattern in (_UUID, _MOMENT, _NUMBER):
        text = pattern.sub("<>", text)
    return _ID.sub(lambda found: labels.get(found[0], "<>"), text)


def _is_number(key: str, value: Any) -> bool:
    """AvaTax's `lineId` and the like: counted on for each transaction."""
    return key.endswith("Id") and isinstance(value, int)


def _is_now(value: int) -> bool:
    """A Unix time of these days; midnights are business dates and stay."""
    now = dt.datetime.now(dt.UTC).timestamp()
    return abs(value - now) < 3 * _DAY_SECONDS and value % _DAY_SECONDS != 0


def routes(made: World) -> Iterator[tuple[str, str]]:
    """(platform, `METHOD /path`) of each write so far, ids being `*`; log-ons are left out."""
    for name, app in made.apps.items():
        platform = made.platforms[name]
        for request in app.requests.latest():
            if platform.writes(request.method, request.path) and not platform.spares(request.path):
                yield name, f"{request.method} {_pattern(request.path)}"


def _pattern(path: str) -> str:
    parts = path.split("/")
    return "/".join("*" if _ID.fullmatch(part) or part.isdigit() else part for part in parts)
