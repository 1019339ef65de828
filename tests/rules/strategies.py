"""Scenarios at random, as they would stand in a file: valid ones, with everything that may happen to them."""

import datetime as dt
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.rules.scenarios import amendment, cancellation, contract

PRICES = st.sampled_from(["0", "0.01", "0.335", "1", "9.99", "12.10", "33.333", "100", "1999.95"])
QUANTITIES = st.sampled_from(["0", "1", "2.5", "3", "7", "10", "12", "51", "1000"])
PERCENTS = st.sampled_from(["0", "5", "7.5", "12.345", "50", "100"])
RATES = st.sampled_from(["0", "7.7", "8.875", "19", "25"])
DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2025, 12, 31))


@st.composite
def tiers(draw: DrawFn) -> list[dict[str, Any]]:
    bounds = sorted(draw(st.sets(st.sampled_from([2, 5, 10, 50, 500]), max_size=3)))
    limits = [*(str(bound) for bound in bounds), None]
    return [{"up_to": limit, "unit_price": draw(PRICES)} for limit in limits]


@st.composite
def pricings(draw: DrawFn, charge: str) -> dict[str, Any]:
    model = draw(st.sampled_from(["per_unit", "graduated", "volume"]))
    pricing: dict[str, Any] = {"model": model}
    if model == "per_unit":
        pricing["unit_price"] = draw(PRICES)
    else:
        pricing["tiers"] = draw(tiers())
    if charge == "recurring":
        pricing["per"] = draw(st.sampled_from(["month", "year"]))
    return pricing


@st.composite
def terms(draw: DrawFn, charges: SearchStrategy[str]) -> dict[str, Any]:
    """A line without its id."""
    charge = draw(charges)
    line: dict[str, Any] = {"product": "P", "charge": charge, "pricing": draw(pricings(charge))}
    if charge != "usage":
        line["quantity"] = draw(QUANTITIES)
    if draw(st.booleans()):
        line["discount_percent"] = draw(PERCENTS)
    line["tax_rate_percent"] = draw(RATES)
    return line


CHARGES = st.sampled_from(["recurring", "recurring", "one_time", "usage"])


@st.composite
def scenarios(draw: DrawFn) -> dict[str, Any]:
    """A contract of one to three lines, up to five changes in their place, usage, and a day to look from."""
    start = draw(DAYS)
    months = draw(st.sampled_from([1, 2, 5, 7, 12, 13, None]))
    lines = [{"id": f"L{n}", **draw(terms(CHARGES))} for n in range(draw(st.integers(1, 3)))]
    more: dict[str, Any] = {}
    if months is not None and draw(st.booleans()):
        uplift = draw(PERCENTS)
        more["renewal"] = {
            "auto": True,
            "term_months": draw(st.sampled_from([1, 4, 12])),
            "uplift_percent": uplift,
        }
    every = draw(st.sampled_from([1, 3, 6, 12]))
    timing = draw(st.sampled_from(["advance", "arrears"]))
    sold = contract(*lines, start=str(start), months=months, every=every, timing=timing, **more)
    last = (
        _end(start, months)
        if "renewal" not in more and months is not None
        else start + dt.timedelta(days=500)
    )
    changes, charges = draw(_changes(lines, start, last))
    as_of = start + dt.timedelta(days=draw(st.integers(0, 700)))
    usage = draw(_usage([name for name, charge in charges.items() if charge == "usage"], start))
    return {"contract": sold, "changes": changes, "usage": usage, "as_of": str(as_of)}


def _end(start: dt.date, months: int) -> dt.date:
    """The day before the term's end or a little earlier: short of it on purpose, never beyond."""
    return start + dt.timedelta(days=28 * months - 1)


@st.composite
def _changes(
    draw: DrawFn, lines: list[dict[str, Any]], first: dt.date, last: dt.date
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    charges = {line["id"]: line["charge"] for line in lines}
    alive = {name: charge for name, charge in charges.items() if charge != "one_time"}
    span = (last - first).days
    days = sorted(draw(st.lists(st.integers(0, span), max_size=5)))
    changes: list[dict[str, Any]] = []
    for number, offset in enumerate(days):
        day = str(first + dt.timedelta(days=offset))
        if draw(st.integers(0, 9)) == 0:
            changes.append(cancellation(day, credit=draw(st.sampled_from(["prorated", "none"]))))
            break
        entry = draw(_entries(alive, f"N{number}"))
        if entry is None:
            continue
        changes.append(amendment(day, entry, name=f"A{number}"))
        if "add" in entry:
            charges[entry["id"]] = entry["add"]["charge"]
            if entry["add"]["charge"] != "one_time":
                alive[entry["id"]] = entry["add"]["charge"]
        if entry.get("remove"):
            del alive[entry["id"]]
    return changes, charges


@st.composite
def _entries(draw: DrawFn, alive: dict[str, str], new: str) -> dict[str, Any] | None:
    kind = draw(st.sampled_from(["quantity", "quantity", "pricing", "discount", "add", "remove"]))
    if kind == "add":
        return {"id": new, "add": draw(terms(CHARGES))}
    if not alive:
        return None
    name = draw(st.sampled_from(sorted(alive)))
    if kind == "remove":
        return {"id": name, "remove": True}
    if kind == "pricing":
        return {"id": name, "pricing": draw(pricings(alive[name]))}
    if kind == "quantity" and alive[name] == "recurring":
        return {"id": name, "quantity": draw(QUANTITIES)}
    return {"id": name, "discount_percent": draw(PERCENTS)}


@st.composite
def _usage(draw: DrawFn, lines: list[str], start: dt.date) -> list[dict[str, Any]]:
    if not lines:
        return []
    quantities = st.sampled_from(["1", "-3", "0.5", "7", "60", "1500.5"])
    return [
        {
            "line": draw(st.sampled_from(lines)),
            "date": str(start + dt.timedelta(days=draw(st.integers(-10, 500)))),
            "quantity": draw(quantities),
        }
        for _ in range(draw(st.integers(0, 8)))
    ]
