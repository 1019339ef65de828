"""A payout held against the ledger: every entry of the balance accounted for, net of fees. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.payment import Payout
from ports.receipts import PostedReceipt


@dataclass(frozen=True)
class PayoutMatch:
    """`gross` of the entries less `fees` is `net`; `problems` in finance's words, none where all is accounted
    for."""

    gross: Decimal
    fees: Decimal
    net: Decimal
    problems: tuple[str, ...]


def match(payout: Payout, posted: Sequence[PostedReceipt]) -> PayoutMatch:
    """Each payment, refund and dispute of the payout must be in the ledger with its amount."""
    gross = sum((entry.amount for entry in payout.entries), Decimal(0))
    fees = sum((entry.fee for entry in payout.entries), Decimal(0))
    net = sum((entry.net for entry in payout.entries), Decimal(0))
    problems = []
    if net != payout.amount:
        problems.append(f"its entries add up to {net} where {payout.amount} was paid out")
    for entry in payout.entries:
        if entry.net != entry.amount - entry.fee:
            problems.append(f"{entry.id}: {entry.amount} less {entry.fee} is not {entry.net}")
        if entry.kind == "fee":
            continue
        if entry.movement_key is None:
            problems.append(f"{entry.id} over {entry.amount} is of nothing that we know")
            continue
        held = _cash(entry.movement_key, posted)
        if held is None:
            problems.append(f"{entry.movement_key} over {entry.amount} is not in the ledger")
        elif held != entry.amount:
            problems.append(f"{entry.movement_key} is in the ledger with {held} where {entry.amount} moved")
    return PayoutMatch(gross, fees, net, tuple(problems))


def _cash(key: str, posted: Sequence[PostedReceipt]) -> Decimal | None:
    """What the entry's transactions added to cash, its fee left out; None where there is none."""
    parts = [receipt for receipt in posted if _of(key, receipt) and receipt.kind != "fee"]
    return sum((receipt.cash for receipt in parts), Decimal(0)) if parts else None


def _of(key: str, receipt: PostedReceipt) -> bool:
    return receipt.key is not None and (receipt.key == key or receipt.key.startswith(f"{key}/"))
