"""Journal entries: balanced to the minor unit, in one subsidiary and currency; reversed by entries."""

from decimal import Decimal

from sandbox.netsuite.amounts import checked, precision
from sandbox.netsuite.errors import user_error
from sandbox.netsuite.exchange import settle_rate
from sandbox.netsuite.fields import RECORDS
from sandbox.netsuite.periods import refuse_edit, settle_period
from sandbox.netsuite.store import Doc, Store

_AFTER_POSTING = frozenset(("memo", "reversalDate", "reversalDefer"))


def settle_journal(store: Store, doc: Doc) -> Doc:
    if doc.get("subsidiary") is None:
        raise user_error("Please enter value(s) for: subsidiary", "subsidiary")
    subsidiary = store.must("subsidiary", doc["subsidiary"]["id"])
    doc.setdefault("currency", subsidiary["currency"])
    doc.setdefault("tranDate", store.clock.today().isoformat())
    settle_rate(store, doc)
    doc.setdefault("approvalStatus", {"id": "2"})
    _settle_lines(store, doc)
    settle_period(store, doc, receivables=False)
    number = store.state.next_number("number of journalEntry")
    doc.setdefault("tranId", f"JE{number}")
    doc["transactionNumber"] = f"JOU{number}"
    doc.setdefault("isReversal", False)
    doc["void"] = False
    return doc


def change_journal(store: Store, old: Doc, changes: Doc) -> Doc:
    merged = {**old, **changes}
    if changes.keys() - _AFTER_POSTING:
        refuse_edit(store, old, receivables=False)
        _settle_lines(store, merged)
        settle_period(store, merged, receivables=False)
    return merged


def reverse_on_its_date(store: Store, kept: Doc) -> Doc:
    """The entry that `reversalDate` makes NetSuite write."""
    if kept.get("reversalDate") is None or kept.get("reversalEntry") is not None:
        return kept
    swapped = [
        {**line, "debit": line.get("credit"), "credit": line.get("debit")} for line in kept["line"]["items"]
    ]
    names = ("subsidiary", "currency", "exchangeRate", "memo")
    entry = {name: kept[name] for name in names if kept.get(name) is not None}
    entry |= {"tranDate": kept["reversalDate"], "isReversal": True, "createdFrom": {"id": kept["id"]}}
    entry["line"] = {"items": swapped}
    made = store.add(RECORDS["journalEntry"], settle_journal(store, entry))
    return store.change(RECORDS["journalEntry"], {**kept, "reversalEntry": made["id"]})


def _settle_lines(store: Store, doc: Doc) -> None:
    lines = (doc.get("line") or {}).get("items") or []
    if len(lines) < 2:
        raise user_error("Please enter at least two lines.", "line")
    digits = precision(store, doc["currency"]["id"])
    balance = Decimal(0)
    for index, line in enumerate(lines):
        where = f"line.items[{index}]"
        if line.get("account") is None:
            raise user_error("Please enter value(s) for: account", f"{where}.account")
        if store.must("account", line["account"]["id"]).get("isInactive"):
            raise user_error("Invalid Field Value: the account is inactive.", f"{where}.account")
        sides = [name for name in ("debit", "credit") if line.get(name) is not None and Decimal(line[name])]
        if len(sides) != 1:
            raise user_error("A line has either a debit or a credit.", where)
        amount = checked(line[sides[0]], digits, f"{where}.{sides[0]}")
        balance += amount if sides[0] == "debit" else -amount
        line["line"] = index
    if balance:
        raise user_error("The amounts in a journal entry must balance.", "line")
