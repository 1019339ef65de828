"""A bank's statement as a side of a period: beside the ledger's entries of the same money, and beside what
the payment platform has paid out. Pure.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from canonical.ids import cash_key
from canonical.money import zero
from canonical.payment import Payout
from canonical.reconciliation import Entry
from ports.bank import RecordedReceipt
from rules.period_entries import window

LEFT = "left by a person"
"""A line that a second person has agreed to leave out of the books."""
_EARLIEST, _LATEST = dt.timedelta(days=-3), dt.timedelta(days=10)
"""How far a payout's value date at the bank may lie from the day on which it was to arrive."""


def bank_entries(lines: Iterable[RecordedReceipt]) -> tuple[Entry, ...]:
    """The credit entries of the entity's statements, as they were imported."""
    return tuple(
        Entry(
            side="bank",
            kind="payment",
            platform=line.receipt.bank,
            id=line.receipt.ref,
            key=cash_key("cash", line.receipt.bank, line.receipt.ref),
            currency=line.receipt.currency,
            date=line.receipt.value_date,
            total=line.receipt.amount,
            tax=zero(line.receipt.currency),
            unfinished=LEFT if line.status == "left" else None,
        )
        for line in lines
    )


def payout_entries(payouts: Iterable[Payout], period: str) -> tuple[Entry, ...]:
    """What the payment platform has paid out, by the day of arrival; the listing does not say whose it is."""
    first, last = window(period)
    return tuple(
        Entry(
            side="payouts",
            kind="payment",
            platform=payout.platform,
            id=payout.id,
            key=cash_key("payout", payout.platform, payout.id),
            currency=payout.currency,
            date=payout.arrival_date,
            total=payout.amount,
            tax=zero(payout.currency),
        )
        for payout in payouts
        if payout.status == "paid" and first <= payout.arrival_date <= last
    )


def with_payouts(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """A payout is known on the statement by its amount and day, among the lines that are no receipts in the
    ledger; the line then goes by the payout's key. What else a person has left is left out.

    Payouts on no statement of the entity are left out where none in their currency is on one, or where the
    statements do not reach their day: they may be another entity's, or on their way.
    """
    received = {entry.key for entry in entries if entry.side == "receipts"}
    lines = [each for each in entries if each.side == "bank"]
    payouts = [each for each in entries if each.side == "payouts"]
    found = _paid_out([each for each in lines if each.key not in received], payouts)
    reached: dict[str, dt.date] = {}
    for line in found.values():
        days = [each.date for each in lines if each.currency == line.currency]
        reached[line.currency] = max(days)
    keys = {line.key: payout for payout, line in found.items()}
    kept = []
    for each in entries:
        if each.side == "bank" and each.key in keys:
            each = each.model_copy(update={"key": keys[each.key], "unfinished": None})
        is_left = each.side == "bank" and each.unfinished == LEFT and each.key not in received
        is_elsewhere = each.side == "payouts" and each.key not in found and not _is_due(each, reached)
        if not is_left and not is_elsewhere:
            kept.append(each)
    return tuple(kept)


def _paid_out(lines: list[Entry], payouts: Iterable[Entry]) -> dict[str | None, Entry]:
    """By the payouts' keys, the line of each that is on the statement: the nearest to its day."""
    found: dict[str | None, Entry] = {}
    for payout in sorted(payouts, key=lambda each: (each.date, each.id)):
        near = sorted((each for each in lines if _may_be(each, payout)), key=lambda e: _apart(e, payout))
        if near:
            lines.remove(near[0])
            found[payout.key] = near[0]
    return found


def _may_be(line: Entry, payout: Entry) -> bool:
    is_same = (line.currency, line.total) == (payout.currency, payout.total)
    return is_same and _EARLIEST <= line.date - payout.date <= _LATEST


def _apart(line: Entry, payout: Entry) -> tuple[dt.timedelta, str, str]:
    return abs(line.date - payout.date), line.platform, line.id


def _is_due(payout: Entry, reached: dict[str, dt.date]) -> bool:
    return payout.currency in reached and reached[payout.currency] - payout.date >= _LATEST
