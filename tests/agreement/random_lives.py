"""Contracts' lives at random, by seed: sold, amended (backdated too), metered, renewed, cancelled, paid, paid
back. Each is a valid scenario around today, which the running system can carry out without a person.

`python -m tests.agreement.random_lives SEED` prints one as a file for `q2c simulate`.
"""

import datetime as dt
import json
import random
import sys
from typing import Any

from rules.billing_plan import documents
from rules.calendar import add_months
from rules.cash_moves import NotMovable, cash_moves, made_from
from rules.preview import Preview, preview
from rules.reading import read_scenario
from rules.validation import InvalidScenario
from tests.agreement.shapes import EURO, GRADUATED, VOLUME, YEN
from tests.rules.scenarios import flat, metered, one_time, seats
from tests.workflows.sales import scenario, sold
from tests.world import today

_PRICES = ("9.99", "12.345", "33.333", "100", "0.335")
_QUANTITIES = ("1", "3", "7", "10", "12.5", "40")
_PERCENTS = ("0", "5", "12.345", "50")
_TRIES = 500
_RAW = dict[str, Any]


def random_life(seed: int) -> _RAW:
    """The same on the same day (`today`) for the same seed: the first valid one of those drawn from it."""
    roll = random.Random(seed)  # noqa: S311 - repeatable, no secret
    for _ in range(_TRIES):
        life = _drawn(roll)
        try:
            found = preview(read_scenario(json.dumps(life), "json"))
            life["payments"] = _payments(roll, life, found)
            told = made_from(read_scenario(json.dumps(life), "json"), today())
            preview(told)
            due = documents(told.contract, told.changes, told.usage, told.as_of)
            cash_moves(told, {invoice.id: invoice for invoice in due.invoices})
        except (InvalidScenario, NotMovable):
            continue
        return life
    raise AssertionError(f"seed {seed}: nothing valid in {_TRIES} tries")


def _drawn(roll: random.Random) -> _RAW:
    start = today() - dt.timedelta(days=roll.randrange(100))
    every = roll.choice((1, 1, 3))
    until = today() + dt.timedelta(days=roll.randrange(20, 150 if every == 1 else 270))
    months = roll.choice((3, 6, 12, 12, None))
    lines = [_line(roll, f"L{number}") for number in range(1, roll.choice((2, 3, 4)))]
    timing = roll.choice(("advance", "advance", "arrears"))
    more: _RAW = {"billing": {"frequency_months": every, "timing": timing}}
    more |= roll.choice(({}, {}, {}, EURO, YEN))
    auto = months is not None and roll.random() < 0.6
    if months is not None:
        more["renewal"] = {"auto": auto, "term_months": roll.choice((3, 6)), "uplift_percent": "3.5"}
    contract = sold(*lines, start=start.isoformat(), months=months) | more
    changes = _changes(roll, contract, start, until)
    if months is not None and not auto and add_months(start, months) <= until and roll.random() < 0.6:
        day = add_months(start, months).isoformat()
        changes.append({"id": "RENEW", "type": "renewal", "effective_date": day})
    life = scenario(contract, *changes, usage=_usage(roll, lines, start, until))
    return {**life, "as_of": until.isoformat()}


def _line(roll: random.Random, name: str) -> _RAW:
    """Of a product of its own: the tax engine has one rate for a product."""
    return _terms(roll, name) | {"product": f"PRODUCT-{name}"}


def _terms(roll: random.Random, name: str) -> _RAW:
    kind = roll.choice(("seats", "seats", "flat", "tiers", "usage", "usage by volume", "one time"))
    more: _RAW = {"tax_rate_percent": roll.choice(("8.875", "19", "0"))}
    match kind:
        case "seats":
            return seats(name, roll.choice(_QUANTITIES), roll.choice(_PRICES), **more)
        case "flat":
            return flat(name, roll.choice(_PRICES), per=roll.choice(("month", "year")), **more)
        case "tiers":
            return seats(name, roll.choice(_QUANTITIES), **more) | {"pricing": GRADUATED}
        case "usage":
            return metered(name, roll.choice(_PRICES), **more)
        case "usage by volume":
            return metered(name, **more) | {"pricing": VOLUME}
    return one_time(name, roll.choice(_PRICES), **more)


def _changes(roll: random.Random, contract: _RAW, start: dt.date, until: dt.date) -> list[_RAW]:
    found: list[_RAW] = []
    days = sorted(_day(roll, start, until) for _ in range(roll.randrange(4)))
    alive = {line["id"]: line for line in contract["lines"] if line.get("charge") != "one_time"}
    for number, day in enumerate(days, start=1):
        change: _RAW = {"id": f"CH-{number}", "type": "amendment", "effective_date": day.isoformat()}
        known = alive
        if roll.random() < 0.3 and day < until:  # backdated: taken in later, so nothing builds on it before
            change["received_date"] = _day(roll, day, until).isoformat()
            known = dict(alive)
        entries = _entries(roll, known, number)
        found.append({**change, "lines": entries})
    if roll.random() < 0.35:
        last = max([start, *days])
        end: _RAW = {
            "id": "END",
            "type": "cancellation",
            "effective_date": _day(roll, last, until).isoformat(),
        }
        found.append(end | roll.choice(({}, {}, {"credit": "none"}, {"fee": "250"})))
    return found


def _entries(roll: random.Random, alive: dict[str, _RAW], number: int) -> list[_RAW]:
    """One to two lines changed, removed or added."""
    if not alive or roll.random() < 0.25:
        line = _line(roll, f"A{number}")
        if line.get("charge") != "one_time":
            alive[line["id"]] = line
        return [{"id": line["id"], "add": {key: value for key, value in line.items() if key != "id"}}]
    entries: list[_RAW] = []
    for name in roll.sample(sorted(alive), min(len(alive), roll.choice((1, 1, 2)))):
        line = alive[name]
        if roll.random() < 0.15 and len(alive) > 1:
            del alive[name]
            entries.append({"id": name, "remove": True})
        elif line.get("charge") == "usage" or line["pricing"]["model"] == "flat" or roll.random() < 0.3:
            entries.append({"id": name, "discount_percent": roll.choice(_PERCENTS)})
        else:
            entries.append({"id": name, "quantity": roll.choice(_QUANTITIES)})
    return entries


def _day(roll: random.Random, first: dt.date, last: dt.date) -> dt.date:
    """Any day between, often one on which a month of the contract begins."""
    day = first + dt.timedelta(days=roll.randrange((last - first).days + 1))
    begins = add_months(first, roll.randrange(6))
    return begins if roll.random() < 0.3 and begins <= last else day


def _usage(roll: random.Random, lines: list[_RAW], start: dt.date, until: dt.date) -> list[_RAW]:
    """Some of it told late, some told twice under one id."""
    found: list[_RAW] = []
    for name in [line["id"] for line in lines if line.get("charge") == "usage"]:
        for number in range(roll.randrange(7)):
            day = start + dt.timedelta(days=roll.randrange((until - start).days + 1))
            entry: _RAW = {"id": f"{name}-{number}", "line": name, "date": day.isoformat()}
            entry["quantity"] = roll.choice(("7", "12.5", "90", "240"))
            late = day + dt.timedelta(days=roll.randrange(60))
            if roll.random() < 0.25 and today() < late <= until:
                entry["received_date"] = late.isoformat()
            found += [entry, dict(entry)] if roll.random() < 0.2 else [entry]
    return found


def _payments(roll: random.Random, life: _RAW, found: Preview) -> list[_RAW]:
    """Whole, in part, too much, of no invoice; some of it goes back; some that is owed is given up."""
    made: list[_RAW] = []
    until = dt.date.fromisoformat(life["as_of"])
    for number, invoice in enumerate(found.invoices, start=1):
        day = max(invoice.date, today()) + dt.timedelta(days=roll.randrange(1, 20))
        if invoice.total < 2 or day > until or roll.random() < 0.4:
            continue
        whole = f"{invoice.total:f}"
        amount = roll.choice((whole, whole, "1", f"{invoice.total + 1:f}"))
        named: _RAW = {"invoice": invoice.id} if roll.random() < 0.7 else {}
        made.append({"id": f"P-{number}", "date": day.isoformat(), "amount": amount, **named})
        later = day + dt.timedelta(days=roll.randrange(1, 30))
        fate = roll.choice((None, None, "refund", "chargeback", "write_off"))
        if fate is None or later > until:
            continue
        back: _RAW = {"id": f"B-{number}", "date": later.isoformat(), "amount": roll.choice(("1", amount))}
        made.append(back | named | {"kind": fate} | ({"fee": "15"} if fate == "chargeback" else {}))
    return made


if __name__ == "__main__":
    print(json.dumps(random_life(int(sys.argv[1])), indent=2))
