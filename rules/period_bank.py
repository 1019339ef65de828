"""A bank's statement as a side of a period: beside the ledger's entries of the same money, and beside what
the payment platform has paid out. Pure.

A receipt is known by its key. A payout, a transfer to a customer, a receipt that was taken back and what
others have posted on the cash account are known by amount and day: nothing on a statement names them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from canonical.ids import cash_key
from canonical.money import total, zero
from canonical.payment import Payout
from canonical.reconciliation import Entry, Side
from ports.bank import RecordedReceipt
from ports.erp import GeneralLedgerLine
from rules.calendar import month_key
from rules.period_cash import BY_OTHERS, LINE, TRANSFERS
from rules.period_entries import window

LEFT = "left by a person"
"""A line that a second person has agreed to leave out of the books."""
_EARLIEST, _LATEST = dt.timedelta(days=-3), dt.timedelta(days=10)
"""How far a payout's value date at the bank may lie from the day on which it was to arrive."""
_POSTED_LATE = dt.timedelta(days=-31)
"""How long before its entry in the ledger a line may be on the statement: fees are posted at month's end."""


def bank_entries(lines: Iterable[RecordedReceipt]) -> tuple[Entry, ...]:
    """The entries of the entity's statements, as they were imported: debits below zero."""
    return tuple(
        Entry(
            side="bank",
            kind="payment" if line.receipt.flow == "in" else "refund",
            platform=line.receipt.bank,
            id=line.receipt.ref,
            key=cash_key("bank" if line.status == "booked" else "cash", line.receipt.bank, line.receipt.ref),
            currency=line.receipt.currency,
            date=line.receipt.value_date,
            total=line.receipt.amount if line.receipt.flow == "in" else -line.receipt.amount,
            tax=zero(line.receipt.currency),
            unfinished=LEFT if line.status == "left" else None,
        )
        for line in lines
    )


def cash_by_others(
    lines: Iterable[GeneralLedgerLine], undone: Collection[str], period: str, platform: str, cash: str
) -> tuple[Entry, ...]:
    """What others have posted on the cash account that is no payment of a customer (bank charges, suppliers),
    by transaction: received, and accounted for by itself.
    """
    first, last = window(period)
    entries: dict[str, list[GeneralLedgerLine]] = defaultdict(list)
    for line in lines:
        if line.key is None and line.account == cash and line.kind in (None, "journal_entry"):
            entries[line.entry].append(line)
    found: list[Entry] = []
    for id_, own in entries.items():
        one, date = own[0], own[0].date
        amounts = [line.amount for line in own if line.amount is not None]
        if date is None or len(amounts) < len(own):
            raise ValueError(f"the ledger lists {id_} without its date or amount")
        moved = total(amounts, one.currency)
        if id_ not in undone and moved and first <= date <= last:
            sides: tuple[Side, ...] = ("receipts", "applied")
            found += [
                Entry(
                    side=side,
                    kind="journal_entry",
                    platform=platform,
                    id=id_,
                    key=f"{BY_OTHERS}{platform}:{id_}",
                    number=one.number,
                    currency=one.currency,
                    date=date,
                    posted_in=month_key(one.period_start or date) if side == "receipts" else None,
                    total=moved,
                    tax=zero(one.currency),
                )
                for side in sides
            ]
    return tuple(found)


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


def with_debits(entries: Sequence[Entry], *, are_compared: bool) -> tuple[Entry, ...]:
    """Of the lines that are no receipts, each is known in the ledger by its amount and day, and then goes by
    that entry's key and day: a transfer may be on its way over a month's end.

    What the ledger has given back is missed where the statements reach ten days beyond it, and have debits in
    its currency at all; what others have posted counts only where a line stands for it. Without
    `are_compared` both are left out, and the lines too.
    """
    lines = [each for each in entries if each.side == "bank" and (each.key or "").startswith(LINE)]
    posted = [each for each in entries if each.side == "receipts" and _is_of_lines(each)]
    found = _posted(list(lines), posted) if are_compared else {}
    reached = {
        line.currency: max(e.date for e in entries if e.side == "bank" and e.currency == line.currency)
        for line in lines
        if are_compared
    }
    by_line = {line.key: entry for entry, line in found.values()}
    kept = []
    for each in entries:
        if each.side == "bank" and each.key in by_line:
            entry = by_line[each.key]
            each = each.model_copy(update={"key": entry.key, "date": entry.date})
        is_missed = (each.key or "").startswith(TRANSFERS) and _is_due(each, reached)
        if _is_of_lines(each) and each.key not in found and not is_missed:
            continue
        if are_compared or not (each.side == "bank" and (each.key or "").startswith(LINE)):
            kept.append(each)
    return tuple(kept)


def _is_of_lines(entry: Entry) -> bool:
    return entry.side in ("receipts", "applied") and (entry.key or "").startswith((BY_OTHERS, *TRANSFERS))


def _posted(lines: list[Entry], posted: Iterable[Entry]) -> dict[str | None, tuple[Entry, Entry]]:
    """By the ledger's keys, the entry and the line that is nearest to its day; our own entries come first."""
    found: dict[str | None, tuple[Entry, Entry]] = {}
    for entry in sorted(posted, key=lambda e: (e.kind == "journal_entry", e.date, e.id)):
        near = sorted(
            (each for each in lines if _may_be(each, entry, _POSTED_LATE)), key=lambda e: _apart(e, entry)
        )
        if near:
            lines.remove(near[0])
            found[entry.key] = (entry, near[0])
    return found


def _paid_out(lines: list[Entry], payouts: Iterable[Entry]) -> dict[str | None, Entry]:
    """By the payouts' keys, the line of each that is on the statement: the nearest to its day."""
    found: dict[str | None, Entry] = {}
    for payout in sorted(payouts, key=lambda each: (each.date, each.id)):
        near = sorted((each for each in lines if _may_be(each, payout)), key=lambda e: _apart(e, payout))
        if near:
            lines.remove(near[0])
            found[payout.key] = near[0]
    return found


def _may_be(line: Entry, other: Entry, earliest: dt.timedelta = _EARLIEST) -> bool:
    is_same = (line.currency, line.total) == (other.currency, other.total)
    return is_same and earliest <= line.date - other.date <= _LATEST


def _apart(line: Entry, payout: Entry) -> tuple[dt.timedelta, str, str]:
    return abs(line.date - payout.date), line.platform, line.id


def _is_due(payout: Entry, reached: dict[str, dt.date]) -> bool:
    return payout.currency in reached and reached[payout.currency] - payout.date >= _LATEST
