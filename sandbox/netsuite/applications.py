"""Credits and payments applied to what is open: never more than either side has."""

from decimal import Decimal

from sandbox.netsuite.amounts import checked, precision
from sandbox.netsuite.errors import NsError, user_error
from sandbox.netsuite.exchange import Side, release, use
from sandbox.netsuite.fields import RECORDS
from sandbox.netsuite.store import Doc, Store

_DONE = {"invoice": "Paid In Full", "creditMemo": "Fully Applied"}
_APPLICABLE = {
    "creditMemo": ("invoice",),
    "customerPayment": ("invoice",),
    "depositApplication": ("invoice",),
    "customerRefund": ("creditMemo", "customerPayment"),
}
"""What each kind can be applied to."""
_TYPES = {"invoice": "Invoice", "creditMemo": "Credit Memo", "journalEntry": "Journal"}


def open_amounts(record: str, doc: Doc, paid: Decimal) -> Doc:
    """The document with what is settled and open of it, and the status that follows."""
    total = Decimal(doc["total"])
    settled = paid == total
    doc |= {"amountPaid": str(paid), "amountRemaining": str(total - paid)}
    doc["status"] = {"id": "B", "refName": _DONE[record]} if settled else {"id": "A", "refName": "Open"}
    if record == "creditMemo":
        doc |= {"applied": str(paid), "unapplied": str(total - paid)}
    return doc


def apply_credits(store: Store, record: str, doc: Doc, available: Decimal, wanted: list[Doc] | None) -> Doc:
    """The credit `doc` (kept already) applied as `wanted` says; what it does not name stays as it is."""
    current = {line["doc"]["id"]: line for line in (doc.get("apply") or {}).get("items", [])}
    for index, line in enumerate(wanted or []):
        where = f"apply.items[{index}]"
        if line.get("doc") is None:
            raise user_error("Please enter value(s) for: doc", where)
        target = line["doc"]["id"]
        before = Decimal(current[target]["amount"]) if target in current else Decimal(0)
        _move(store, record, target, -before)
        if before:
            release(store, doc, {"id": target})
        current.pop(target, None)
        if line.get("apply", True):
            used = sum((Decimal(other["amount"]) for other in current.values()), Decimal(0))
            _check_kind(store, record, target, where)
            amount = _amount(store, doc, line, target, available - used, where)
            _settle_base(store, record, doc, target, amount, available - used - amount)
            _move(store, record, target, amount)
            current[target] = _shown(store, target, amount, len(current))
    applied = sum((Decimal(line["amount"]) for line in current.values()), Decimal(0))
    doc = {**doc, "apply": {"items": list(current.values())}}
    if record == "creditMemo":
        return open_amounts(record, doc, applied)
    return {**doc, "applied": str(applied), "unapplied": str(available - applied)}


def _settle_base(store: Store, record: str, doc: Doc, target: str, amount: Decimal, left: Decimal) -> None:
    found = store.transaction(target)
    if found is None or not amount:
        return
    kind, other = found
    remaining = Decimal(other["amountRemaining"] if "amountRemaining" in other else other["unapplied"])
    use(store, Side(record, doc, left), Side(kind, other, remaining - amount), amount)


def _check_kind(store: Store, record: str, target: str, where: str) -> None:
    found = store.transaction(target)
    if found is not None and found[0] not in _APPLICABLE[record]:
        raise user_error(f"Invalid Field Value {target} for the following field: doc", f"{where}.doc")


def _amount(store: Store, doc: Doc, line: Doc, target: str, left: Decimal, where: str) -> Decimal:
    found = store.transaction(target)
    if found is None:
        raise user_error(f"Invalid Field Value {target} for the following field: doc", f"{where}.doc")
    _, other = found
    owner = doc.get("entity") or doc.get("customer")
    if (other.get("entity") or other.get("customer")) != owner or other["currency"] != doc["currency"]:
        raise user_error("The transaction belongs to another customer or currency.", f"{where}.doc")
    remaining = Decimal(other["amountRemaining"] if "amountRemaining" in other else other["unapplied"])
    if line.get("amount") is None:
        return min(remaining, left)
    amount = checked(line["amount"], precision(store, doc["currency"]["id"]), f"{where}.amount")
    if amount < 0 or amount > remaining or amount > left:
        raise NsError(
            "USER_ERROR",
            "Error while accessing a resource. You can't apply more than is open.",
            path=f"{where}.amount",
        )
    return amount


def _move(store: Store, record: str, target: str, amount: Decimal) -> None:
    """Settle (or open again) `amount` of the target."""
    if not amount:
        return
    found = store.transaction(target)
    if found is None:
        return
    kind, other = found
    if kind == "customerPayment":
        applied = Decimal(other["applied"]) + amount
        changed = {**other, "applied": str(applied), "unapplied": str(Decimal(other["payment"]) - applied)}
    else:
        changed = open_amounts(kind, dict(other), Decimal(other["amountPaid"]) + amount)
    store.change(RECORDS[kind], changed)


def _shown(store: Store, target: str, amount: Decimal, index: int) -> Doc:
    found = store.transaction(target)
    if found is None:
        raise user_error(f"Invalid Field Value {target} for the following field: doc", "apply")
    kind, other = found
    return {
        "line": index,
        "doc": {"id": target},
        "apply": True,
        "amount": str(amount),
        "total": other["total"],
        "due": other.get("amountRemaining", "0"),
        "applyDate": other["tranDate"],
        "refNum": other["tranId"],
        "type": _TYPES.get(kind, kind),
        "currency": store.must("currency", other["currency"]["id"])["name"],
    }
