"""What is sold in these tests: contracts around today, so that the stories are the same on any day."""

import datetime as dt
from typing import Any

from rules.calendar import add_months
from tests.rules.scenarios import contract
from tests.world import today

NEW_YORK = {
    "line1": "350 5th Ave",
    "city": "New York",
    "region": "NY",
    "postal_code": "10118",
    "country": "US",
}
BERLIN = {"line1": "Torstraße 1", "city": "Berlin", "postal_code": "10119", "country": "DE"}
TOKYO = {"line1": "1-1 Chiyoda", "city": "Tokyo", "postal_code": "100-8111", "country": "JP"}


def month(offset: int, day: int = 1) -> str:
    """A day of the month that lies `offset` months from this one."""
    return add_months(today().replace(day=1), offset).replace(day=day).isoformat()


def unlike_today(offset: int, day: int = 1) -> str:
    """That day of the month, or the next one where it is today's. A contract that begins then bills nothing
    today: what is approved over what was billed is taken in today, and not on the day after.
    """
    return month(offset, day + (today().day == day))


def day(offset: int) -> str:
    return (today() + dt.timedelta(days=offset)).isoformat()


def account(name: str, address: dict[str, str] = NEW_YORK) -> dict[str, Any]:
    return {"id": name, "name": f"Customer {name}", "billing_address": address}


def arrears(every: int) -> dict[str, Any]:
    return {"frequency_months": every, "timing": "arrears"}


def sold(
    *lines: dict[str, Any], start: str, months: int | None = 12, every: int = 12, **more: Any
) -> dict[str, Any]:
    """A contract C-1 of customer A-1 in New York."""
    return {**contract(*lines, start=start, months=months, every=every), "account": account("A-1"), **more}


def scenario(
    contract: dict[str, Any], *changes: dict[str, Any], usage: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "contract": contract,
        "changes": list(changes),
        "usage": usage or [],
        "as_of": today().isoformat(),
    }


def replaced(raw: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The same scenario whose last change has other fields: what is expected where the platform says so."""
    *before, last = raw["changes"]
    return {**raw, "changes": [*before, {**last, **fields}]}
