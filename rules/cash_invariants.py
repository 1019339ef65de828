"""I5: money that moved is in the ledger once, and settles no more than is there (RELIABILITY.md).

Pure: from the platforms' own listings."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from canonical.payment import CashMovement
from ports.billing import IssuedDocument
from ports.erp import PostedDocument
from ports.receipts import PostedReceipt

_OF_PLATFORMS = ("payment/", "refund/", "dispute/")
"""How the keys of money begin that moved at a payment platform."""
_ZERO = Decimal(0)

Broken = tuple[str, str]
"""About what, and what is wrong, in words."""


def unmatched(movements: Sequence[CashMovement], receipts: Sequence[PostedReceipt]) -> Iterable[Broken]:
    """What moved at the platform is what the ledger has as cash, entry by entry, fees of disputes apart."""
    moved = {movement.key: movement for movement in movements}
    if len(moved) < len(movements):
        yield "movements", "one of them is listed twice"
    cash: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    fees: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    for receipt in receipts:
        if receipt.key is not None and receipt.key.startswith(_OF_PLATFORMS):
            key = receipt.key.removesuffix("/unapplied").removesuffix("/fee")
            sums = fees if receipt.kind == "fee" else cash
            sums[key] += receipt.cash
    for key in sorted(moved.keys() | cash.keys() | fees.keys()):
        movement = moved.get(key)
        due, fee = (movement.amount, movement.fee) if movement is not None else (_ZERO, _ZERO)
        if cash[key] != due:
            yield key, f"{due} moved, and {cash[key]} is in the ledger"
        if fees[key] != -fee:
            yield key, f"cost {fee}, and {-fees[key]} is in the ledger"


def kept(receipts: Sequence[PostedReceipt]) -> dict[str, Decimal]:
    """By id, what of a transaction's cash is accounted for, signed as its cash: what it settles, what later
    transactions have used up of it or given back, what is the customer's credit.
    """
    used: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    for receipt in receipts:
        if receipt.kind in ("application", "refund"):
            for each in receipt.applied_to:
                used[each.document_id] += each.amount
    held: dict[str, Decimal] = {}
    for receipt in receipts:
        settled = sum((each.amount for each in receipt.applied_to), _ZERO)
        match receipt.kind:
            case "payment":
                held[receipt.id] = settled + used[receipt.id]
            case "unapplied":
                held[receipt.id] = receipt.unapplied + used[receipt.id]
            case "refund":
                held[receipt.id] = -settled
            case "fee":
                held[receipt.id] = receipt.cash
            case "application" | "write_off" | "recovery":
                held[receipt.id] = _ZERO
    return held


def not_kept(receipts: Sequence[PostedReceipt]) -> Iterable[Broken]:
    """All cash settles documents, was given back, or is the customer's credit."""
    held = kept(receipts)
    for receipt in receipts:
        if held[receipt.id] != receipt.cash:
            words = f"{held[receipt.id]} of {receipt.cash} is applied or kept as credit"
            yield receipt.key or receipt.id, words


def over_applied(receipts: Sequence[PostedReceipt], posted: Sequence[PostedDocument]) -> Iterable[Broken]:
    """No receipt settles more than it has, no invoice is settled with more than it is over."""
    settled: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    for receipt in receipts:
        applied = sum((each.amount for each in receipt.applied_to), _ZERO)
        if receipt.kind in ("payment", "write_off") and applied > receipt.amount:
            yield receipt.key or receipt.id, f"{applied} is applied of {receipt.amount}"
        if receipt.kind in ("payment", "application", "write_off"):
            for each in receipt.applied_to:
                settled[each.document_id] += each.amount
    for document in posted:
        if document.kind == "invoice" and settled[document.id] > document.total:
            words = f"{settled[document.id]} is applied to {document.total}"
            yield document.key or document.id, words


def captured_twice(movements: Sequence[CashMovement], issued: Sequence[IssuedDocument]) -> Iterable[Broken]:
    """No invoice was paid as a whole more than once, less what went back."""
    totals = {document.key: document.total for document in issued if document.kind == "invoice"}
    whole: dict[str, int] = defaultdict(int)
    for movement in movements:
        if len(movement.invoice_keys) != 1:
            continue
        [key] = movement.invoice_keys
        if key in totals and totals[key] > 0 and abs(movement.amount) >= totals[key]:
            whole[key] += 1 if movement.amount > 0 else -1
    for key, times in sorted(whole.items()):
        if times > 1:
            yield key, f"captured {times} times"
