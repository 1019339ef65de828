"""Seeded random scenarios: valid, nasty (month ends, leap days, halves of a cent, same-day changes)."""

import datetime as dt
import random
from dataclasses import dataclass, field

from tests.rules.oracle.books import expected_preview
from tests.rules.oracle.figures import ONE_DAY, Json, day, month_after

CURRENCIES = ("USD", "USD", "EUR", "JPY", "KWD")
STARTS = (
    *("2024-01-31", "2024-02-29", "2023-02-28", "2026-01-01", "2025-12-31", "2027-08-31", "2028-01-30"),
    *("2026-06-30", "2027-01-29", "2026-03-15", "2025-10-31", "2024-11-30", "2027-02-01"),
)
PRICES = (
    "0",
    "0.005",
    "0.01",
    "0.05",
    "0.333",
    "1",
    "1.5",
    "3.3333",
    "12.10",
    "19.995",
    "100",
    "249",
    "1200.07",
)
STORM_PRICES = ("0.37", "1.5", "12.10", "33.335", "249", "1200.07")
QUANTITIES = ("0", "1", "2", "3", "7", "10", "10.5", "37", "61", "0.333")
DISCOUNTS = ("0", "0", "5", "7.5", "33.3333", "50", "100", "12.345")
TAXES = ("0", "8.875", "19", "7", "20", "16.5", "0.5")
UPLIFTS = ("0", "3", "5", "7.25", "10", "3.3333")
ADDRESS = {"line1": "1 Main St", "city": "Ulm", "postal_code": "89073", "country": "DE"}


@dataclass
class Draft:
    """The scenario as it grows, and what is needed to keep it valid."""

    roll: random.Random
    start: dt.date
    currency: str
    alive: dict[str, Json] = field(default_factory=dict)
    named: int = 0
    renewed_months: int | None = None
    """The length of the one explicit renewal of a contract that does not renew by itself."""
    storm: bool = False
    """Many ups and downs of few recurring lines billed in advance: credit upon credit."""

    def new_name(self) -> str:
        self.named += 1
        return f"L{self.named}"


def random_scenario(seed: int) -> Json:
    roll = random.Random(seed)  # noqa: S311
    draft = Draft(roll, day(roll.choice(STARTS)), roll.choice(CURRENCIES))
    draft.storm = seed % 3 == 0
    if roll.random() < 0.3:
        draft.start += roll.randrange(400) * ONE_DAY
    every = roll.choice((3, 6, 12) if draft.storm else (1, 3, 6, 12))
    term = roll.choice((None, 1, 2, 3, 4, 5, 6, 7, 9, 12, 12, 13, 14, 18, 24))
    contract: Json = {
        "id": "C-1",
        "account": {"id": "A-1", "name": "Acme", "billing_address": ADDRESS},
        "legal_entity": "DE01",
        "currency": draft.currency,
        "start_date": draft.start.isoformat(),
        "term_months": term,
        "billing": {
            "frequency_months": every,
            "timing": "advance" if draft.storm else roll.choice(("advance", "arrears")),
        },
    }
    if roll.random() < 0.5:
        contract["billing"]["payment_terms_days"] = roll.choice((0, 14, 30, 45))
    renewal = _renewal_terms(draft)
    if renewal is not None:
        contract["renewal"] = renewal
    contract["lines"] = [_line(draft) for _ in range(roll.choice((1, 1, 2, 3, 4)))]
    scenario: Json = {"contract": contract, "changes": _changes(draft, contract)}
    scenario["usage"] = _usage(draft, contract)
    horizon = month_after(draft.start, roll.choice((1, 6, 14, 26, 40, 50)))
    scenario["as_of"] = (horizon + roll.randrange(-40, 40) * ONE_DAY).isoformat()
    scenario["payments"] = _payments(draft, scenario)
    if roll.random() < 0.15:
        months = {month_after(draft.start, roll.randrange(20)).isoformat()[:7] for _ in range(4)}
        scenario["periods"] = {"closed": sorted(months)}
    return {key: value for key, value in scenario.items() if value or roll.random() < 0.5}


def _renewal_terms(draft: Draft) -> Json | None:
    roll = draft.roll
    if roll.random() < 0.3:
        return None
    terms: Json = {"term_months": roll.choice((1, 3, 5, 6, 12, 12)), "uplift_percent": roll.choice(UPLIFTS)}
    if roll.random() < 0.6:
        terms["auto"] = roll.random() < 0.8
    return terms


def _line(draft: Draft, *, on: dt.date | None = None) -> Json:
    name, roll = draft.new_name(), draft.roll
    line: Json = {"id": name, "product": f"P-{name}"}
    charge = roll.choice(("recurring", "recurring", "recurring", "usage", "one_time"))
    if draft.storm and roll.random() < 0.9:
        charge = "recurring"
    if charge != "recurring" or roll.random() < 0.5:
        line["charge"] = charge
    line["pricing"] = pricing = _pricing(draft, charge)
    if charge != "usage" and pricing["model"] != "flat" and roll.random() < 0.9:
        line["quantity"] = roll.choice(QUANTITIES)
    if roll.random() < 0.5:
        line["discount_percent"] = roll.choice(DISCOUNTS)
    tax = roll.random()
    if tax < 0.5:
        line["tax_rate_percent"] = roll.choice(TAXES)
    elif tax < 0.8:
        line["tax_rates"] = _dated_rates(draft)
    if charge == "one_time" and roll.random() < 0.3:
        line["accepted_on"] = ((on or draft.start) + roll.randrange(200) * ONE_DAY).isoformat()
    if charge == "usage" and roll.random() < 0.3:
        line["minimum"] = {"amount": roll.choice(("5", "12", "400"))}
    draft.alive[name] = {"charge": charge, "model": pricing["model"], "since": on or draft.start}
    return line


def _dated_rates(draft: Draft) -> list[Json]:
    first = draft.start - draft.roll.choice((0, 30)) * ONE_DAY
    later = sorted({draft.start + draft.roll.randrange(1, 900) * ONE_DAY for _ in range(2)})
    return [{"from": date.isoformat(), "percent": draft.roll.choice(TAXES)} for date in (first, *later)]


def _pricing(draft: Draft, charge: str) -> Json:
    roll = draft.roll
    models = ("per_unit", "graduated", "volume") if charge == "usage" else _ANY_MODEL
    model = roll.choice(models)
    prices = STORM_PRICES if draft.storm else PRICES
    pricing: Json = {"model": model}
    if model == "flat":
        pricing["amount"] = roll.choice(prices)
    elif model == "per_unit":
        pricing["unit_price"] = roll.choice(prices)
    else:
        tops = [*sorted(roll.sample((1, 2, 3, 10, 37, 50), roll.randrange(3))), None]
        pricing["tiers"] = [
            {"up_to": None if top is None else str(top), "unit_price": roll.choice(prices)} for top in tops
        ]
    if charge == "recurring":
        pricing["per"] = roll.choice(("month", "year"))
    return pricing


_ANY_MODEL = ("flat", "per_unit", "per_unit", "graduated", "volume")


# changes


def _changes(draft: Draft, contract: Json) -> list[Json]:
    """In order of time first, so that each stands on lines that exist; shuffled in the file at the end."""
    roll = draft.roll
    ends, limit = _term_ends(draft, contract)
    dates = _dates(draft, contract, limit)
    changes: list[Json] = [_explicit_renewal(draft, contract, end) for end in ends]
    last_day = limit if limit is not None else max(dates, default=draft.start) + 90 * ONE_DAY
    cancelled = _a_date(draft, contract, last_day) if roll.random() < 0.5 else None
    if cancelled is not None:
        changes = [change for change in changes if day(change["effective_date"]) <= cancelled]
        dates = [date for date in dates if date <= cancelled]
    for date in dates:
        if limit is None or date < limit:
            changes.append(_amendment(draft, date, len(changes)))
    if cancelled is not None:
        cancellation: Json = {"type": "cancellation", "effective_date": cancelled.isoformat()}
        if roll.random() < 0.6:
            cancellation["credit"] = roll.choice(("prorated", "none"))
        if roll.random() < 0.2:
            cancellation["fee"] = roll.choice(("0", "99", "5000"))
        changes.append(cancellation)
    shuffled = _shuffled(draft, [change for change in changes if change.get("lines") != []])
    return [{"id": f"CH-{index}", **change} for index, change in enumerate(shuffled, start=1)]


def _term_ends(draft: Draft, contract: Json) -> tuple[list[dt.date], dt.date | None]:
    """The ends that an explicit renewal renews, and the day on which the contract ends (None: never)."""
    roll, months = draft.roll, contract["term_months"]
    renewal = contract.get("renewal") or {}
    if months is None:
        return [], None
    if renewal.get("auto"):
        explicit = [month_after(draft.start, months)] if roll.random() < 0.4 else []
        return explicit, None
    whether, end = roll.random(), month_after(draft.start, months)
    if whether < 0.4:
        return [], end
    if whether < 0.6:
        early = draft.start + roll.randrange(1, (end - draft.start).days) * ONE_DAY
        draft.renewed_months = roll.choice((1, 3, 7, 12))
        return [early], month_after(early, draft.renewed_months)
    draft.renewed_months = roll.choice((1, 3, 7, 12))
    return [month_after(draft.start, months)], month_after(draft.start, months + draft.renewed_months)


def _explicit_renewal(draft: Draft, contract: Json, end: dt.date) -> Json:
    roll, said = draft.roll, contract.get("renewal") or {}
    change: Json = {"type": "renewal", "effective_date": end.isoformat()}
    if draft.renewed_months is not None:
        change["term_months"] = draft.renewed_months
    elif roll.random() < 0.5:
        change["term_months"] = roll.choice((1, 4, 12))
    if "uplift_percent" not in said or roll.random() < 0.5:
        change["uplift_percent"] = roll.choice(UPLIFTS)
    return change


def _dates(draft: Draft, contract: Json, limit: dt.date | None) -> list[dt.date]:
    roll, found = draft.roll, list[dt.date]()
    for _ in range(roll.choice((5, 7, 9, 12) if draft.storm else (0, 1, 2, 3, 4, 5, 6))):
        if found and roll.random() < 0.3:
            found.append(roll.choice(found))
        else:
            found.append(_a_date(draft, contract, limit))
    return sorted(found)


def _a_date(draft: Draft, contract: Json, limit: dt.date | None) -> dt.date:
    """Often a period's first day or near it, a month's end, or the same day as the start."""
    roll = draft.roll
    near = month_after(draft.start, roll.randrange(0, 11 if draft.storm else 20))
    near += roll.choice((0, 0, -1, 1, roll.randrange(31), roll.randrange(200))) * ONE_DAY
    if roll.random() < 0.15:
        near = dt.date(near.year, near.month, 1) - ONE_DAY
    return max(draft.start, near if limit is None else min(near, limit))


def _amendment(draft: Draft, date: dt.date, index: int) -> Json:
    roll, entries = draft.roll, list[Json]()
    names = [name for name, line in draft.alive.items() if line["charge"] != "one_time"]
    for name in roll.sample(names, min(len(names), roll.choice((0, 1, 1, 1, 2, 3)))):
        entries.append(_entry(draft, name))
    if not entries or roll.random() < 0.2:
        terms = _line(draft, on=date)
        entries.append({"id": terms.pop("id"), "add": terms})
    roll.shuffle(entries)
    return {"type": "amendment", "effective_date": date.isoformat(), "lines": entries}


def _entry(draft: Draft, name: str) -> Json:
    roll, line = draft.roll, draft.alive[name]
    what = roll.random()
    if what < (0.05 if draft.storm else 0.15):
        del draft.alive[name]
        return {"id": name, "remove": True}
    entry: Json = {"id": name}
    if line["charge"] == "usage" or what < 0.4:
        if roll.random() < 0.6:
            entry["pricing"] = pricing = _pricing(draft, line["charge"])
            if pricing["model"] == "flat" and line["model"] != "flat":
                entry["quantity"] = "1"
            line["model"] = pricing["model"]
        else:
            entry["discount_percent"] = roll.choice(DISCOUNTS)
        return entry
    if line["model"] != "flat":
        entry["quantity"] = roll.choice(QUANTITIES)
    if line["model"] == "flat" or what > 0.9:
        entry["discount_percent"] = roll.choice(DISCOUNTS)
    return entry


def _shuffled(draft: Draft, changes: list[Json]) -> list[Json]:
    """The file's order is the CRM's version: any, but that amendments of one date keep theirs."""
    roll = draft.roll
    if roll.random() < 0.6:
        return sorted(changes, key=lambda change: str(change["effective_date"]))
    places = list(range(len(changes)))
    roll.shuffle(places)
    by_date: dict[str, list[int]] = {}
    for change, place in zip(changes, places, strict=True):
        by_date.setdefault(str(change["effective_date"]), []).append(place)
    for taken in by_date.values():
        taken.sort()
    found = [(by_date[str(change["effective_date"])].pop(0), change) for change in changes]
    return [change for _, change in sorted(found, key=lambda pair: pair[0])]


# what happens meanwhile


def _usage(draft: Draft, contract: Json) -> list[Json]:
    roll = draft.roll
    names = [line["id"] for line in contract["lines"] if line.get("charge") == "usage"]
    names += [name for name, line in draft.alive.items() if line["charge"] == "usage" and name not in names]
    found: list[Json] = []
    for name in names:
        for _ in range(roll.randrange(8)):
            date = draft.start + roll.randrange(-5, 500) * ONE_DAY
            quantity = roll.choice((*QUANTITIES, "-3", "-40", "1500.5"))
            event = {"line": name, "date": date.isoformat(), "quantity": quantity}
            if roll.random() < 0.4:
                event["id"] = f"E-{name}-{roll.randrange(3)}"
                event = next((e for e in found if e.get("id") == event["id"]), event)
            found.append(event)
    roll.shuffle(found)
    return found


def _payments(draft: Draft, scenario: Json) -> list[Json]:
    """Some name an invoice that is there by then; some pay too much."""
    roll, found = draft.roll, list[Json]()
    invoices = expected_preview(scenario)["invoices"]
    for index in range(roll.randrange(5)):
        unit = {"JPY": "", "KWD": ".125"}.get(draft.currency, ".05")
        date = draft.start + roll.randrange(600) * ONE_DAY
        payment: Json = {"id": f"P-{index}", "amount": f"{roll.choice((1, 20, 350, 5000))}{unit}"}
        if invoices and roll.random() < 0.7:
            invoice = roll.choice(invoices)
            date = max(date, day(invoice["date"])) if roll.random() < 0.5 else day(invoice["date"])
            if invoice["total"] and roll.random() < 0.6:
                payment["amount"] = invoice["total"]
            if roll.random() < 0.5:
                payment["invoice"] = invoice["id"]
        found.append({**payment, "date": date.isoformat()})
    return found
