"""What shapes of lives are made of. A shape is a scenario as a file has it, around today.

Days are relative to today where they may be, so that a shape is the same life on any day; anchors at a
month's end are those that come next. `SHAPES` has them by name.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from rules.calendar import add_months
from tests.rules.scenarios import amendment
from tests.workflows.sales import BERLIN, TOKYO, account, month, scenario
from tests.world import today

Shape = Callable[[], dict[str, Any]]

TAXED = {"tax_rate_percent": "8.875"}
EURO: dict[str, Any] = {"currency": "EUR", "legal_entity": "DE01", "account": account("A-1", BERLIN)}
YEN: dict[str, Any] = {"currency": "JPY", "legal_entity": "JP01", "account": account("A-1", TOKYO)}
GRADUATED = {
    "model": "graduated",
    "tiers": [{"up_to": "10", "unit_price": "9.99"}, {"up_to": None, "unit_price": "7.335"}],
    "per": "month",
}
VOLUME = {
    "model": "volume",
    "tiers": [{"up_to": "100", "unit_price": "0.5"}, {"up_to": None, "unit_price": "0.335"}],
}
YEARLY = {"auto": True, "term_months": 12, "uplift_percent": "7"}
NOT_BY_ITSELF = {"term_months": 12, "uplift_percent": "5"}

SHAPES: dict[str, Shape] = {}


def shape(make: Shape) -> Shape:
    """Registers a shape under its name."""
    SHAPES[make.__name__] = make
    return make


def lived(
    contract: dict[str, Any],
    *changes: dict[str, Any],
    until: str,
    usage: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {**scenario(contract, *changes, usage=usage), "as_of": until, **more}


def used(line: str, first: int, last: int, quantity: str = "12.5") -> list[dict[str, Any]]:
    """Usage on the fifth of the months from one offset up to another."""
    return [{"line": line, "date": month(offset, 5), "quantity": quantity} for offset in range(first, last)]


def more_seats(on: str, quantity: str = "15", name: str | None = None, **more: Any) -> dict[str, Any]:
    return amendment(on, {"id": "L1", "quantity": quantity}, name=name, **more)


def added(line: dict[str, Any]) -> dict[str, Any]:
    return {"id": line["id"], "add": {key: value for key, value in line.items() if key != "id"}}


def next_day_of(month_number: int, day_number: int) -> dt.date:
    """The next 31 January, say, from tomorrow on."""
    year = today().year
    while True:
        try:
            found = dt.date(year, month_number, day_number)
        except ValueError:
            found = dt.date.min
        if found > today():
            return found
        year += 1


def after(start: dt.date, months: int, day_of_month: int | None = None) -> str:
    moved = add_months(start, months)
    return (moved if day_of_month is None else moved.replace(day=day_of_month)).isoformat()


def late(name: str, on: str, received: str, quantity: str = "30") -> dict[str, Any]:
    return {"line": "U1", "date": on, "quantity": quantity, "received_date": received, "id": name}
