"""What is found, in finance's words: the cause as far as the listings show it, and what would put it right.

A repair is proposed only where a machine can carry it out and repeat it safely; where it can't, the proposal
says what a person has to do. Pure.
"""

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from decimal import Decimal

from canonical.reconciliation import (
    Break,
    BreakRule,
    BreakType,
    Entry,
    EntryKind,
    Repair,
    RepairKind,
    Side,
)
from rules.calendar import month_key
from rules.period_cash import LINE


@dataclass(frozen=True)
class Finding:
    """Where `side` differs from `against`: `held` is what the side has, `expected` what the other has.

    For a missing document `held` is its draft, if there is one; `paid` is the movement of money that the
    break is about. `effect` as in `canonical.reconciliation`.
    """

    type: BreakType
    side: Side
    against: Side
    held: Entry | None
    expected: Entry | None
    effect: Decimal
    currency: str
    paid: Entry | None = None

    @property
    def entry(self) -> Entry:
        """What the break is about: the entry that is wrong, or the one whose counterpart is missing."""
        found = self.expected if self.type == "missing" or self.held is None else self.held
        if found is None:
            raise ValueError("a finding is about an entry")
        return found

    @property
    def document(self) -> str:
        key = self.held.key if self.held is not None else None
        if key is None and self.expected is not None:
            key = self.expected.key
        return key if key is not None else f"{self.entry.platform}:{self.entry.id}"


_WHERE: dict[Side, str] = {
    "bookings": "the contract",
    "billings": "the billing platform",
    "tax": "the tax engine",
    "receivables": "the ERP's receivables",
    "ledger": "the general ledger",
    "cash": "the payments",
    "receipts": "the ERP's receipts",
    "applied": "what the ERP has applied",
    "bank": "the bank's statements",
    "payouts": "the payment platform's payouts",
    "revenue": "the revenue schedule",
    "recognized": "the ERP's revenue journals",
}


def described(finding: Finding, entity: str, period: str, rule: BreakRule) -> Break:
    """The break with its cause, owner and proposed repair."""
    repair = _repair(finding)
    named = (finding.held, finding.expected, finding.paid)
    return Break(
        id=break_id(finding, entity, period),
        type=finding.type,
        side=finding.side,
        against=finding.against,
        document=finding.document,
        documents=tuple(dict.fromkeys(f"{e.platform}:{e.id}" for e in named if e is not None)),
        contract=next((e.contract for e in (finding.entry, *named) if e is not None and e.contract), None),
        effect=finding.effect,
        cause=_cause(finding),
        owner=rule.owner,
        blocks_close=rule.blocks_close,
        proposal=_proposal(finding, repair),
        repair=repair,
    )


def break_id(finding: Finding, entity: str, period: str) -> str:
    """The same content, the same id: "BR-" and 50 bits of its SHA-256 in base 32."""
    parts = (
        entity,
        period,
        finding.currency,
        finding.type,
        finding.side,
        finding.document,
        finding.entry.id,
        f"{finding.effect:f}",
    )
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return "BR-" + base64.b32encode(digest[:7]).decode()[:10]


def _cause(finding: Finding) -> str:
    here, there = _WHERE[finding.side], _WHERE[finding.against]
    held, expected = finding.held, finding.expected
    match finding.type:
        case "missing" if held is not None and held.unfinished is not None:
            return f"{here} has it only as {held.unfinished} ({held.id})"
        case "missing" if expected is not None and expected.unfinished is not None:
            return f"not in {here}: {expected.unfinished}"
        case "missing" if finding.side == "recognized":
            return "earned, and not recognized: the month-end run has not posted it"
        case "missing" if finding.side == "bank":
            return f"in {there}, and on no statement of the bank that was imported"
        case "missing":
            return f"in {there}, not in {here}: never sent, or its event was lost"
        case "duplicate" if finding.side == "cash" and held is not None:
            paid = ", ".join(held.invoices)
            return f"{paid} was paid twice: {_id(held)} beside {_id(expected)}, and the money lies unapplied"
        case "duplicate":
            return f"twice in {here}: {_named(held, expected)} beside {_named(expected, held)}"
        case "amount" | "rounding" if finding.side == "recognized":
            figures = f"{_figure(held)} is recognized where {_figure(expected)} is earned"
            return f"{figures}: the month-end run has not posted the difference"
        case "amount" | "rounding" if finding.side == "applied" and finding.against == "receivables":
            return f"{_figure(held)} of money is applied to it where it is over {_figure(expected)}"
        case "amount" | "rounding" if finding.side == "applied":
            return (
                f"{_figure(held)} of {_id(expected)} over {_figure(expected)} is applied to documents, given "
                "back or kept as the customer's credit"
            )
        case "amount" | "rounding":
            return f"{_figure(held)} in {here} where {there} has {_figure(expected)}"
        case "wrong_period" if held is not None and expected is not None and held.date == expected.date:
            return f"dated {held.date}, posted in {held.posted_in}, although its own period is open"
        case "wrong_period":
            return f"dated {_day(held)} in {here} where {there} has {_day(expected)}"
        case "unmatched_entry" if finding.side == "bank" and finding.document.startswith(LINE):
            kind = "debit" if finding.effect < 0 else "credit"
            ref, bank = finding.entry.id, finding.entry.platform
            return f"{kind} {ref} is on a statement of {bank}, and nothing of its amount in the ledger"
        case "unmatched_entry" if finding.side == "bank":
            return f"{_id(held)} is on a statement of {finding.entry.platform}, and in no ledger"
        case "unmatched_entry" if finding.side == "receipts" and held is not None and held.key is None:
            return f"{_id(held)} in {here} was posted by somebody else, and no money that moved stands for it"
        case "unmatched_entry" if finding.side == "ledger" and held is not None and held.key is None:
            return (
                f"{_id(held)} was posted by somebody else on a watched account, and no document stands for it"
            )
        case "unmatched_entry":
            return f"{_id(held)} in {here} has no counterpart in {there}"
        case "tax" if held is None:
            return f"billed with tax {_tax(expected)}, which {here} has not recorded"
        case "tax" if expected is None:
            return f"{here} has recorded tax {_tax(held)} for a document that is not there"
        case "tax":
            return f"tax {_tax(held)} in {here} where {there} has {_tax(expected)}"
        case "currency":
            return f"{_money(held)} in {here} where {there} has {_money(expected)}"


def _repair(finding: Finding) -> Repair | None:
    """The order that would put it right, where a machine can."""
    kind = _kind_of_repair(finding)
    if kind is None:
        return None
    entry = finding.entry
    if finding.type == "missing" and finding.held is not None:
        entry = finding.held  # the draft, which is to be completed and issued
    named = finding.held or finding.expected
    return Repair(
        kind=kind,
        platform=entry.platform,
        object_kind=_document_kind(entry),
        object_id=entry.id,
        key=named.key if named is not None else None,
        contract=finding.entry.contract,
        billing_id=_billing_id(finding),
        date=entry.date,
        reverse_on=_reversal_day(entry),
    )


def _document_kind(entry: Entry) -> EntryKind:
    if entry.kind != "tax_document":
        return entry.kind
    return "credit_memo" if entry.total < 0 else "invoice"


def _billing_id(finding: Finding) -> str | None:
    billed = finding.expected
    return billed.id if billed is not None and billed.side == "billings" else None


def _reversal_day(entry: Entry) -> dt.date:
    """Its own day, or the first of the month in which it was posted instead."""
    if entry.posted_in is None or entry.posted_in == month_key(entry.date):
        return entry.date
    return dt.date.fromisoformat(f"{entry.posted_in}-01")


def _kind_of_repair(finding: Finding) -> RepairKind | None:
    held, expected = finding.held, finding.expected
    has_key = held is not None and held.key is not None
    match finding.side, finding.type:
        case "billings", "missing" if held is not None:
            return "restart_document"
        case "receivables", "missing":
            return "restart_document"
        case "receipts", "missing":
            return "restart_document"
        case ("receivables", "duplicate" | "unmatched_entry") if not has_key:
            return "reverse_entry"
        case "receivables", "unmatched_entry":
            return "reverse_entry"
        case "receivables", "amount" | "rounding" | "tax" | "wrong_period" | "currency":
            return "repost_document" if has_key and _billing_id(finding) is not None else None
        case (("ledger" | "recognized"), "unmatched_entry") if not has_key:
            return "reverse_entry"
        case "tax", "tax" if expected is None:
            return "void_tax"
        case "tax", "tax":
            return "commit_tax"
        case _:
            return None


_PROPOSALS: dict[RepairKind, str] = {
    "restart_document": "hand {id} on again: it is read from {platform}, compared and posted",
    "reverse_entry": "reverse {id} in {platform} with a counter entry",
    "repost_document": "void {id} in {platform} and post it again as billed, in its own period if open",
    "commit_tax": "record it with the tax engine as billed (what is recorded otherwise is voided first)",
    "void_tax": "void {id} at the tax engine",
}


def _proposal(finding: Finding, repair: Repair | None) -> str:
    if repair is not None:
        return _PROPOSALS[repair.kind].format(id=repair.object_id, platform=repair.platform)
    return f"by hand: {_by_hand(finding)}, then reconcile again"


def _by_hand(finding: Finding) -> str:
    platform, id_ = finding.entry.platform, finding.entry.id
    match finding.side, finding.type:
        case "billings", "missing":
            return "finish the change that is under way, or have the billing platform bill it"
        case "billings", "duplicate" | "unmatched_entry":
            return f"void or credit {id_} in {platform}, or start the contract that it belongs to"
        case "billings", _:
            return f"credit {id_} in {platform} and bill it anew as the contract says"
        case "ledger", _:
            return f"approve or correct transaction {id_} in {platform}"
        case "cash", "duplicate":
            key = finding.document
            return f"q2c cash refund {key}, or q2c cash apply {key} to another invoice"
        case "bank", "unmatched_entry" if finding.document.startswith(LINE):
            return (
                "post it on the ledger's cash account (a fee, a supplier), or take off the receipt that it "
                "takes back (q2c cash return) or the credit that it pays out (q2c cash refund)"
            )
        case "bank", "unmatched_entry":
            ref = f"{platform}/{id_}"
            return f"say what it is for (q2c cash show {ref}, q2c cash apply {ref}), or let it be"
        case "bank", "missing" if finding.against == "payouts":
            return f"ask the bank and {platform} for payout {id_}, or import the statement that has it"
        case "bank", _:
            return f"compare the bank's statement with {id_} in {platform}, and correct what is wrong there"
        case "receipts", "unmatched_entry":
            return f"find the money that {id_} in {platform} stands for, or void it there"
        case "applied", _ if finding.against == "receivables":
            return f"take {id_} in {platform} off the invoice, as far as it is too much"
        case "applied", _:
            named = finding.paid.invoices if finding.paid is not None else ()
            meant = ", ".join(named) or "the documents that it pays"
            return f"apply all of {id_} in {platform} to {meant}"
        case (("cash" | "receipts"), _):
            return f"correct {id_} in {platform}"
        case (("revenue" | "recognized"), "missing" | "amount" | "rounding"):
            return "run the month-end of the period (the close does it first)"
        case _:
            return f"correct {id_} in {platform}"


def _id(entry: Entry | None) -> str:
    if entry is None:
        return "nothing"
    words = entry.kind.replace("_", " ")
    return f"{words} {entry.number or entry.id}"


def _figure(entry: Entry | None) -> str:
    return "nothing" if entry is None else f"{entry.total:f}"


def _tax(entry: Entry | None) -> str:
    return "nothing" if entry is None else f"{entry.tax:f}"


def _day(entry: Entry | None) -> str:
    return "no day" if entry is None else entry.date.isoformat()


def _money(entry: Entry | None) -> str:
    return "nothing" if entry is None else f"{entry.total:f} {entry.currency}"


def _named(entry: Entry | None, other: Entry | None) -> str:
    """With the platform's id where the other one has the same number."""
    is_same = entry is not None and other is not None and entry.number == other.number is not None
    return f"{_id(entry)} ({entry.id})" if entry is not None and is_same else _id(entry)
