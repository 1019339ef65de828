"""The contracts of the demo, dated from the day on which it runs, so that each has something due by then.

Plain scenario documents: what `q2c trigger` and `q2c preview` take as files.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

_ACCOUNTS: Mapping[str, Document] = {
    "US": {
        "line1": "350 5th Ave",
        "city": "New York",
        "region": "NY",
        "postal_code": "10118",
        "country": "US",
    },
    "DE": {"line1": "Hauptstr. 5", "city": "Muenchen", "postal_code": "80331", "country": "DE"},
    "JP": {"line1": "1-1 Marunouchi", "city": "Tokyo", "postal_code": "100-0005", "country": "JP"},
}
_ENTITIES = {"US": ("US01", "USD"), "DE": ("DE01", "EUR"), "JP": ("JP01", "JPY")}
_TAX = {"US": "8.875", "DE": "19", "JP": "10"}


def first_of(today: dt.date, months: int) -> dt.date:
    """The first of the month so many months from today's; negative ones lie in the past."""
    index = today.year * 12 + today.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def contracts(today: dt.date) -> list[Document]:
    """Fourteen contracts: annual to monthly, in advance and in arrears, USD, EUR and JPY, tiers and usage."""
    return [*_plain(today), *_with_changes(today), *_troubled(today)]


def late(today: dt.date) -> list[Document]:
    """Usage of D-04 in the month before today's, of which nobody has told until now."""
    return [{"line": "U1", "date": _day(today, -1, 20), "quantity": "800", "id": "m3"}]


def reaching_back(today: dt.date) -> Document:
    """A change of D-01 that takes effect in the month before today's."""
    return _amendment("CH-BACK", _day(today, -1, 15), "L1", quantity="12")


def unheard(today: dt.date) -> Document:
    """A contract of the month before today's, billed once."""
    return _contract(
        "D-15",
        "US",
        "Granite Peak Tools",
        first_of(today, -1),
        12,
        (12, "advance"),
        [
            _line("L1", "PLATFORM-SEAT", _per_unit("1200.00", "year"), "US", quantity="3"),
        ],
    )


def _plain(today: dt.date) -> list[Document]:
    tiers = [("10", "19.90"), ("50", "17.50"), (None, "15")]
    calls = [("1000", "0"), (None, "0.02")]
    return [
        _contract(
            "D-01",
            "US",
            "Northwind Analytics",
            first_of(today, -3),
            12,
            (12, "advance"),
            [
                _line("L1", "PLATFORM-SEAT", _per_unit("1200.00", "year"), "US", quantity="10"),
            ],
            renewal={"auto": True, "term_months": 12, "uplift_percent": "5"},
        ),
        _contract(
            "D-02",
            "DE",
            "Alpenblick Software",
            first_of(today, -4),
            12,
            (3, "advance"),
            [
                _line(
                    "L1", "SEAT-EU", _tiered("graduated", tiers, "month"), "DE", quantity="37", discount="7.5"
                ),
            ],
        ),
        _contract(
            "D-03",
            "JP",
            "Sakura Cloud",
            first_of(today, -2),
            12,
            (1, "advance"),
            [
                _line("L1", "PLATFORM-JP", {"model": "flat", "amount": "120000", "per": "month"}, "JP"),
            ],
        ),
        _contract(
            "D-04",
            "US",
            "Blue Harbor",
            first_of(today, -2),
            12,
            (1, "advance"),
            [
                _line("L1", "PLATFORM-SEAT", _per_unit("99.00", "month"), "US", quantity="5"),
                _line("U1", "API-CALLS", _tiered("graduated", calls, None), "US", charge="usage", tax="0"),
            ],
            usage=[
                {"line": "U1", "date": _day(today, -2, 10), "quantity": "1500.5", "id": "m1"},
                {"line": "U1", "date": _day(today, -1, 12), "quantity": "4321", "id": "m2"},
            ],
        ),
        _contract(
            "D-05",
            "DE",
            "Nordlicht Medien",
            first_of(today, -2),
            12,
            (1, "arrears"),
            [
                _line("L1", "SEAT-EU", _per_unit("24.50", "month"), "DE", quantity="17"),
            ],
        ),
        _contract(
            "D-06",
            "US",
            "Prairie Freight",
            first_of(today, -4),
            12,
            (3, "arrears"),
            [
                _line(
                    "L1",
                    "ROUTING",
                    _tiered("volume", [("100", "4.00"), (None, "3.10")], "month"),
                    "US",
                    quantity="140",
                ),
            ],
        ),
    ]


def _with_changes(today: dt.date) -> list[Document]:
    return [
        _contract(
            "D-07",
            "US",
            "Summit Robotics",
            first_of(today, -5),
            12,
            (12, "advance"),
            [
                _line("L1", "PLATFORM-SEAT", _per_unit("1200.00", "year"), "US", quantity="8"),
                _line("O1", "ONBOARDING", {"model": "flat", "amount": "2500.00"}, "US", charge="one_time"),
            ],
            changes=[_amendment("CH-1", _day(today, -2, 15), "L1", quantity="12")],
        ),
        _contract(
            "D-08",
            "DE",
            "Rheintal Logistik",
            first_of(today, -3),
            12,
            (6, "advance"),
            [
                _line("L1", "SEAT-EU", _per_unit("31.00", "month"), "DE", quantity="40"),
            ],
            changes=[_amendment("CH-1", _day(today, -1, 10), "L1", quantity="25")],
        ),
        _contract(
            "D-09",
            "US",
            "Cedar Health",
            first_of(today, -8),
            12,
            (12, "advance"),
            [
                _line("L1", "PLATFORM-SEAT", _per_unit("1200.00", "year"), "US", quantity="10"),
            ],
            changes=[
                _amendment("CH-1", _day(today, -6, 15), "L1", quantity="16"),
                _amendment("CH-2", _day(today, -4, 10), "L1", quantity="12"),
                {"id": "CH-3", "type": "cancellation", "effective_date": _day(today, -1, 20)},
            ],
        ),
        _contract(
            "D-10",
            "JP",
            "Hoshi Systems",
            first_of(today, -11),
            12,
            (12, "advance"),
            [
                _line("L1", "PLATFORM-JP", _per_unit("98000", "year"), "JP", quantity="3"),
            ],
            renewal={"auto": True, "term_months": 12, "uplift_percent": "3"},
        ),
        _contract(
            "D-11",
            "US",
            "Lakeside Dental",
            first_of(today, -1),
            6,
            (1, "advance"),
            [
                _line("L1", "PLATFORM-SEAT", _per_unit("110.00", "month"), "US", quantity="4"),
            ],
        ),
    ]


def _troubled(today: dt.date) -> list[Document]:
    return [
        _contract(
            "D-12",
            "US",
            "Old Mill Foods",
            first_of(today, -1),
            12,
            (12, "advance"),
            [
                _line("L1", "LEGACY-MODULE", {"model": "flat", "amount": "9000.00", "per": "year"}, "US"),
            ],
        ),
        _contract(
            "D-13",
            "US",
            "Quarry Estates",
            first_of(today, -1),
            12,
            (12, "advance"),
            [
                _line("L1", "PLATFORM-SEAT", _per_unit("1200.00", "year"), "US", quantity="6"),
            ],
        ),
        _contract(
            "D-14",
            "DE",
            "Sternfeld Labor",
            first_of(today, -1),
            12,
            (12, "advance"),
            [
                _line("L1", "SEAT-EU", _per_unit("330.00", "year"), "DE", quantity="21"),
            ],
        ),
    ]


def _contract(
    id: str,
    country: str,
    name: str,
    start: dt.date,
    term_months: int,
    billing: tuple[int, str],
    lines: list[Document],
    *,
    renewal: Document | None = None,
    changes: list[Document] | None = None,
    usage: list[Document] | None = None,
) -> Document:
    entity, currency = _ENTITIES[country]
    contract = {
        "id": id,
        "account": {"id": f"A-{id}", "name": name, "billing_address": _ACCOUNTS[country]},
        "legal_entity": entity,
        "currency": currency,
        "start_date": start.isoformat(),
        "term_months": term_months,
        "billing": {"frequency_months": billing[0], "timing": billing[1], "payment_terms_days": 30},
        "lines": lines,
    }
    if renewal is not None:
        contract["renewal"] = renewal
    return {"contract": contract, "changes": changes or [], "usage": usage or []}


def _line(
    id: str,
    product: str,
    pricing: Document,
    country: str,
    *,
    charge: str = "recurring",
    quantity: str = "1",
    discount: str = "0",
    tax: str | None = None,
) -> Document:
    line = {
        "id": id,
        "product": product,
        "charge": charge,
        "pricing": pricing,
        "discount_percent": discount,
        "tax_rate_percent": tax or _TAX[country],
    }
    return line if charge == "usage" else line | {"quantity": quantity}


def _per_unit(price: str, per: str) -> Document:
    return {"model": "per_unit", "unit_price": price, "per": per}


def _tiered(model: str, tiers: list[tuple[Any, str]], per: str | None) -> Document:
    steps = [{"up_to": up_to, "unit_price": price} for up_to, price in tiers]
    return {"model": model, "tiers": steps} | ({"per": per} if per else {})


def _amendment(id: str, effective: str, line: str, *, quantity: str) -> Document:
    lines = [{"id": line, "quantity": quantity}]
    return {"id": id, "type": "amendment", "effective_date": effective, "lines": lines}


def _day(today: dt.date, months: int, day: int) -> str:
    return first_of(today, months).replace(day=day).isoformat()
