"""Listings of a period in which all sides agree, and their mutations: what the reconciliation must find."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from canonical.money import from_minor_units
from canonical.reconciliation import (
    SIDES,
    BreakType,
    Entry,
    EntryKind,
    PeriodListings,
    ReconciliationTerms,
    Settled,
    Side,
)

PERIOD = "2026-03"
TERMS = ReconciliationTerms.model_validate(
    {
        "rounding_minor_units": 1,
        "recheck_after_seconds": 0,
        "controlled_accounts": ["accounts_receivable"],
        "close_before_period_end": False,
        "breaks": {
            name: {
                "owner": "tax" if name == "tax" else "revenue-accounting",
                "blocks_close": name != "rounding",
            }
            for name in BreakType.__args__  # type: ignore[attr-defined]
        },
    }
)
_PLATFORM: dict[Side, str] = {
    "bookings": "contract",
    "billings": "stripe",
    "tax": "avatax",
    "receivables": "netsuite",
    "ledger": "netsuite",
    "cash": "stripe",
    "receipts": "netsuite",
    "applied": "netsuite",
    "bank": "ubs",
    "payouts": "stripe",
    "revenue": "contract",
    "recognized": "netsuite",
}


def entry(side: Side, key: str | None, total: Decimal, tax: Decimal, **more: Any) -> Entry:
    """Posted in its own month, on the platform of the side, with one id on the ERP's sides."""
    day = more.pop("date", dt.date(2026, 3, 10))
    id_ = more.pop("id", f"{_PLATFORM[side]}-{key}")
    is_posted = side in ("receivables", "ledger", "receipts", "recognized")
    return Entry.model_validate(
        {
            "side": side,
            "kind": "invoice",
            "platform": _PLATFORM[side],
            "id": id_,
            "key": key,
            "contract": "C-1",
            "currency": "USD",
            "date": day,
            "posted_in": f"{day:%Y-%m}" if is_posted else None,
            "total": total,
            "tax": tax,
            **more,
        }
    )


def document(key: str, net: int, tax: int, currency: str = "USD", **more: Any) -> list[Entry]:
    """One document on all sides; minor units, below zero for a credit memo."""
    kind: EntryKind = "invoice" if net >= 0 else "credit_memo"
    whole, part = from_minor_units(net + tax, currency), from_minor_units(tax, currency)
    said = {"kind": kind, "currency": currency, **more}
    sides: tuple[Side, ...] = ("bookings", "billings", "receivables", "ledger")
    nothing = from_minor_units(0, currency)
    return [
        *(entry(side, key, whole, nothing if side == "ledger" else part, **said) for side in sides),
        entry("tax", key, part, part, **{**said, "kind": "tax_document"}),
    ]


def pair(side: Side, against: Side, key: str, units: int, currency: str) -> list[Entry]:
    """A payment and its receipt, or a month's revenue and its journal."""
    amount, none = from_minor_units(units, currency), from_minor_units(0, currency)
    kind = "payment" if side == "receipts" else "journal_entry"
    return [entry(each, key, amount, none, kind=kind, currency=currency) for each in (against, side)]


def listings(entries: list[Entry], *, open_in_erp: bool = True) -> PeriodListings:
    return PeriodListings(
        entity="US01", period=PERIOD, entries=tuple(entries), open_in_erp=open_in_erp, sides=SIDES
    )


@st.composite
def clean(draw: st.DrawFn) -> list[Entry]:
    """Documents of several currencies, credits too; payments and revenue; nothing amiss."""
    found: list[Entry] = []
    count = draw(st.integers(1, 6))
    for number in range(count):
        currency = draw(st.sampled_from(("USD", "EUR", "JPY")))
        net = draw(st.integers(1000, 10**9)) * draw(st.sampled_from((1, 1, -1)))
        tax = draw(st.integers(10, 999)) * (1 if net > 0 else -1)
        day = dt.date(2026, 3, draw(st.integers(1, 31)))
        found += document(f"C-{number}/invoice", net, tax, currency, date=day)
        if draw(st.booleans()):
            found += _money(f"payment/{number}", abs(net), currency)
        if draw(st.booleans()):
            found += pair("recognized", "revenue", f"revenue/C-{number}/{PERIOD}", abs(net), currency)
    return found


@dataclass(frozen=True)
class Planted:
    """The listings after one thing went wrong, and the one break that it is."""

    entries: list[Entry]
    type: BreakType
    side: Side
    effect: Decimal
    currency: str


def _without(entries: list[Entry], *gone: Entry) -> list[Entry]:
    return [each for each in entries if each not in gone]


def _changed(entries: list[Entry], one: Entry, **fields: Any) -> list[Entry]:
    return [each.model_copy(update=fields) if each == one else each for each in entries]


def _of(entries: list[Entry], side: Side, key: str) -> Entry:
    return next(each for each in entries if each.side == side and each.key == key)


def lost_in_ledger(entries: list[Entry], key: str) -> Planted:
    gone = [_of(entries, "receivables", key), _of(entries, "ledger", key)]
    left = _without(entries, *gone)
    return Planted(left, "missing", "receivables", -gone[0].total, gone[0].currency)


def lost_in_billing(entries: list[Entry], key: str) -> Planted:
    gone = _of(entries, "billings", key)
    return Planted(_without(entries, gone), "missing", "billings", -gone.total, gone.currency)


def posted_twice(entries: list[Entry], key: str) -> Planted:
    number = {"number": "N-7"}
    for each in (_of(entries, "billings", key), _of(entries, "receivables", key)):
        entries = _changed(entries, each, **number)
    one = _of(entries, "receivables", key)
    more = {"id": "by-hand", "key": None}
    twin = [one.model_copy(update=more), _of(entries, "ledger", key).model_copy(update=more)]
    return Planted([*entries, *twin], "duplicate", "receivables", one.total, one.currency)


def issued_twice(entries: list[Entry], key: str) -> Planted:
    one = _of(entries, "billings", key)
    twin = one.model_copy(update={"id": f"{one.id}-2"})
    return Planted([*entries, twin], "duplicate", "billings", one.total, one.currency)


def _by(one: Entry, units: int) -> Decimal:
    return one.total + from_minor_units(units, one.currency)


def posted_with_another_amount(entries: list[Entry], key: str) -> Planted:
    one, line = _of(entries, "receivables", key), _of(entries, "ledger", key)
    entries = _changed(_changed(entries, one, total=_by(one, 500)), line, total=_by(one, 500))
    return Planted(entries, "amount", "receivables", from_minor_units(500, one.currency), one.currency)


def posted_a_unit_apart(entries: list[Entry], key: str) -> Planted:
    one, line = _of(entries, "receivables", key), _of(entries, "ledger", key)
    entries = _changed(_changed(entries, one, total=_by(one, -1)), line, total=_by(one, -1))
    return Planted(entries, "rounding", "receivables", from_minor_units(-1, one.currency), one.currency)


def billed_with_another_amount(entries: list[Entry], key: str) -> Planted:
    one = _of(entries, "billings", key)
    changed = _changed(entries, one, total=_by(one, 2))
    return Planted(changed, "amount", "billings", from_minor_units(2, one.currency), one.currency)


def ledger_differs(entries: list[Entry], key: str) -> Planted:
    one = _of(entries, "ledger", key)
    changed = _changed(entries, one, total=_by(one, 700))
    return Planted(changed, "amount", "ledger", from_minor_units(700, one.currency), one.currency)


def posted_in_the_wrong_period(entries: list[Entry], key: str) -> Planted:
    one = _of(entries, "receivables", key)
    return Planted(
        _changed(entries, one, posted_in="2026-04"), "wrong_period", "receivables", one.total, one.currency
    )


def dated_in_another_month(entries: list[Entry], key: str) -> Planted:
    one, line = _of(entries, "receivables", key), _of(entries, "ledger", key)
    later = {"date": dt.date(2026, 4, 2), "posted_in": "2026-04"}
    entries = _changed(_changed(entries, one, **later), line, **later)
    return Planted(entries, "wrong_period", "receivables", -one.total, one.currency)


def manual_journal(entries: list[Entry], key: str) -> Planted:
    amount = Decimal("12.34")
    more = {"id": "JE1", "kind": "journal_entry", "contract": None}
    by_hand = entry("ledger", None, amount, Decimal("0.00"), **more)
    return Planted([*entries, by_hand], "unmatched_entry", "ledger", amount, "USD")


def manual_invoice(entries: list[Entry], key: str) -> Planted:
    amount, none = Decimal("99.00"), Decimal("0.00")
    sides: tuple[Side, ...] = ("receivables", "ledger")
    by_hand = [entry(side, None, amount, none, id="900", contract=None) for side in sides]
    return Planted([*entries, *by_hand], "unmatched_entry", "receivables", amount, "USD")


def foreign_invoice(entries: list[Entry], key: str) -> Planted:
    one = entry("billings", None, Decimal("5.00"), Decimal("0.00"), id="in_x", contract=None)
    return Planted([*entries, one], "unmatched_entry", "billings", one.total, "USD")


def not_booked(entries: list[Entry], key: str) -> Planted:
    gone, billed = _of(entries, "bookings", key), _of(entries, "billings", key)
    return Planted(_without(entries, gone), "unmatched_entry", "billings", billed.total, billed.currency)


def tax_not_committed(entries: list[Entry], key: str) -> Planted:
    gone = _of(entries, "tax", key)
    return Planted(_without(entries, gone), "tax", "tax", -gone.tax, gone.currency)


def tax_differs(entries: list[Entry], key: str) -> Planted:
    one = _of(entries, "tax", key)
    changed = _changed(entries, one, tax=_by(one, 3), total=_by(one, 3))
    return Planted(changed, "tax", "tax", from_minor_units(3, one.currency), one.currency)


def billed_with_another_tax(entries: list[Entry], key: str) -> Planted:
    one = _of(entries, "billings", key)
    more = from_minor_units(3, one.currency)
    changed = _changed(entries, one, tax=one.tax + more, total=one.total + more)
    return Planted(changed, "tax", "billings", more, one.currency)


def tax_without_document(entries: list[Entry], key: str) -> Planted:
    one = entry("tax", "C-9/invoice", Decimal("4.00"), Decimal("4.00"), kind="tax_document")
    return Planted([*entries, one], "tax", "tax", one.tax, "USD")


def posted_in_another_currency(entries: list[Entry], key: str) -> Planted:
    one, line = _of(entries, "receivables", key), _of(entries, "ledger", key)
    entries = _changed(_changed(entries, one, currency="GBP"), line, currency="GBP")
    return Planted(entries, "currency", "receivables", -one.total, one.currency)


def _money(key: str, units: int, currency: str, **applied: Any) -> list[Entry]:
    """A payment, its receipt, and what that is applied to."""
    paid, received = pair("receipts", "cash", key, units, currency)
    said = {"side": "applied", "posted_in": None, **applied}
    return [paid, received, received.model_copy(update=said)]


def receipt_missing(entries: list[Entry], key: str) -> Planted:
    paid, *_ = _money("payment/x", 4200, "EUR")
    return Planted([*entries, paid], "missing", "receipts", -paid.total, "EUR")


def money_not_applied(entries: list[Entry], key: str) -> Planted:
    money = _money("payment/x", 4200, "EUR", total=Decimal("12.00"))
    return Planted([*entries, *money], "amount", "applied", Decimal("-30.00"), "EUR")


def money_by_hand(entries: list[Entry], key: str) -> Planted:
    _, received, applied = _money("payment/x", 4200, "EUR")
    by_hand = {"key": None, "id": "901", "contract": None}
    theirs = [each.model_copy(update=by_hand) for each in (received, applied)]
    return Planted([*entries, *theirs], "unmatched_entry", "receipts", received.total, "EUR")


def settled_beyond_what_is_owed(entries: list[Entry], key: str) -> Planted:
    invoice = document("C-s/invoice", 10000, 0)
    share = Settled(document="C-s/invoice", amount=Decimal("60.00"))
    half = {"settles": (share,), "unapplied": Decimal("0.00")}
    money = [e for name in ("payment/x", "payment/y") for e in _money(name, 6000, "USD", **half)]
    return Planted([*entries, *invoice, *money], "amount", "applied", Decimal("20.00"), "USD")


def paid_twice(entries: list[Entry], key: str) -> Planted:
    return _paid_twice(entries, "payment/x", "payment/y")


def paid_twice_within_a_day(entries: list[Entry], key: str) -> Planted:
    """Its platform's ids say nothing of which was first."""
    return _paid_twice(entries, "payment/y", "payment/x")


def _paid_twice(entries: list[Entry], applied: str, unapplied: str) -> Planted:
    invoice, name = document("C-s/invoice", 10000, 0), {"invoices": ("C-s/invoice",)}
    first = _money(applied, 10000, "USD", unapplied=Decimal("0.00"))
    again = _money(unapplied, 10000, "USD", unapplied=Decimal("100.00"))
    money = [e.model_copy(update=name) if e.side == "cash" else e for e in (*first, *again)]
    return Planted([*entries, *invoice, *money], "duplicate", "cash", Decimal("100.00"), "USD")


def revenue_not_recognized(entries: list[Entry], key: str) -> Planted:
    earned, _ = pair("recognized", "revenue", "revenue/C-x/2026-03", 4200, "EUR")
    return Planted([*entries, earned], "missing", "recognized", -earned.total, "EUR")


Mutation = Callable[[list[Entry], str], Planted]

MUTATIONS: tuple[Mutation, ...] = (
    lost_in_ledger,
    lost_in_billing,
    posted_twice,
    issued_twice,
    posted_with_another_amount,
    posted_a_unit_apart,
    billed_with_another_amount,
    ledger_differs,
    posted_in_the_wrong_period,
    dated_in_another_month,
    manual_journal,
    manual_invoice,
    foreign_invoice,
    not_booked,
    tax_not_committed,
    tax_differs,
    billed_with_another_tax,
    tax_without_document,
    posted_in_another_currency,
    receipt_missing,
    money_not_applied,
    money_by_hand,
    settled_beyond_what_is_owed,
    paid_twice,
    paid_twice_within_a_day,
    revenue_not_recognized,
)
