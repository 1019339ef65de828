"""What must always hold between the platforms, counted from their own listings (RELIABILITY.md).

Pure: the listings come in, findings go out. Used by the tests, by the demo and by reconciliation alike.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from canonical.document import CreditMemo, Invoice
from canonical.ids import original_key
from canonical.payment import CashMovement
from ports.billing import IssuedDocument
from ports.erp import GeneralLedgerLine, PostedDocument
from ports.receipts import PostedReceipt
from ports.records import ExceptionItem
from ports.tax import TaxResult
from rules.cash_invariants import captured_twice, not_kept, over_applied, unmatched
from rules.subledger import is_empty_cycle

_GONE = ("void", "voided", "cancelled", "reversed")
_COUNTERS = ("void:", "reversal:")
"""How the keys of counter documents begin."""


@dataclass(frozen=True)
class Finding:
    """A broken invariant: which one, about what, in words."""

    invariant: str
    subject: str
    words: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.words}"


@dataclass(frozen=True)
class Listings:
    """What the platforms themselves list. `expected` are the documents that the rules make due by now, of
    contracts that are in force; `undone` the contracts and changes that were compensated.

    `waiting` are the workflows that say of themselves that they wait for a person, `exceptions` what is open
    in the queue, `owners` and `codes` those that governance knows.
    """

    issued: Sequence[IssuedDocument]
    posted: Sequence[PostedDocument]
    taxes: Sequence[TaxResult]
    general_ledger: Sequence[GeneralLedgerLine] = ()
    expected: Sequence[Invoice | CreditMemo] = ()
    undone: Sequence[str] = ()
    waiting: Sequence[str] = ()
    exceptions: Sequence[ExceptionItem] = ()
    owners: Collection[str] = ()
    codes: Collection[str] = ()
    movements: Sequence[CashMovement] = ()
    receipts: Sequence[PostedReceipt] = ()


def findings(listings: Listings) -> tuple[Finding, ...]:
    """All that is broken; empty where all holds."""
    return (
        *exactly_one(listings),
        *double_entry(listings.general_ledger),
        *totals(listings),
        *one_exception_each(listings),
        *no_net_effect(listings),
        *cash(listings),
    )


def cash(listings: Listings) -> Iterable[Finding]:
    """I5: captured - refunded = applied + unapplied; nothing applied beyond what is open; no invoice captured
    twice."""
    broken = (
        *unmatched(listings.movements, listings.receipts),
        *not_kept(listings.receipts),
        *over_applied(listings.receipts, listings.posted),
        *captured_twice(listings.movements, listings.issued),
    )
    return [Finding("I5", subject, words) for subject, words in broken]


def exactly_one(listings: Listings) -> Iterable[Finding]:
    """I1: for each business key, each platform holds exactly one object where one is due, none where not."""
    due = Counter(document.key for document in listings.expected)
    for name, keys in (
        ("billing", [d.key or d.id for d in _standing(listings.issued)]),
        ("ledger", [original_key(d.key or d.id) for d in listings.posted if _is_receivable(d)]),
        ("tax", [t.code for t in listings.taxes if t.status == "committed"]),
    ):
        held = Counter(keys)
        for key in sorted(due.keys() | held.keys()):
            if held[key] != due[key]:
                yield Finding("I1", key, f"{name} holds {held[key]} where {due[key]} is due")
    entries = Counter(d.key for d in listings.posted if d.kind == "journal_entry" and d.key is not None)
    for entry, count in sorted(entries.items()):
        if count > 1:
            yield Finding("I1", entry, f"ledger holds {count} entries of one key")


def double_entry(lines: Sequence[GeneralLedgerLine]) -> Iterable[Finding]:
    """I3: debits = credits for each entry, and for each entity and currency."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for line in lines:
        subjects: tuple[tuple[str, ...], ...] = ((line.entry,), (line.legal_entity, line.currency))
        for subject in subjects:
            sums[subject] = sums.get(subject, Decimal(0)) + line.debit - line.credit
    for subject, difference in sorted(sums.items()):
        if difference != 0:
            yield Finding("I3", " ".join(subject), f"debits less credits are {difference}")


def totals(listings: Listings) -> Iterable[Finding]:
    """I4: billed gross = receivable gross = expected = net + tax, for each document and currency."""
    expected = _sums((d.currency, _signed(d.total, d)) for d in listings.expected)
    billed = _sums((d.currency, _signed_issued(d)) for d in _standing(listings.issued))
    ledger = _sums((d.currency, _signed_posted(d)) for d in listings.posted if _is_receivable(d))
    for currency in sorted(expected.keys() | billed.keys() | ledger.keys()):
        figures = [side.get(currency, Decimal(0)) for side in (expected, billed, ledger)]
        if len(set(figures)) > 1:
            words = f"expected {figures[0]}, billed {figures[1]}, in the ledger {figures[2]}"
            yield Finding("I4", currency, words)
    taxes = sum((abs(t.total_tax) for t in listings.taxes if t.status == "committed"), Decimal(0))
    billed_tax = sum((d.tax for d in _standing(listings.issued)), Decimal(0))
    if taxes != billed_tax:
        yield Finding("I4", "tax", f"billed {billed_tax}, committed {taxes}")
    for document in _standing(listings.issued):
        if document.total != document.subtotal + document.tax:
            yield Finding("I4", document.key or document.id, "total is not net and tax")


def one_exception_each(listings: Listings) -> Iterable[Finding]:
    """I6: each step that failed has exactly one open exception, whose owner and reason code exist and whose
    due time is after its opening; nothing is open that no workflow waits on.
    """
    opened = Counter((item.workflow_id, item.step) for item in listings.exceptions)
    for (workflow, step), count in sorted(opened.items()):
        if count > 1:
            yield Finding("I6", workflow, f"{count} exceptions are open for {step}")
    named = {workflow for workflow, _ in opened}
    for workflow in sorted(set(listings.waiting) - named):
        yield Finding("I6", workflow, "waits for a person, and no exception is open")
    for workflow in sorted(named - set(listings.waiting)):
        yield Finding("I6", workflow, "has an open exception, and waits for nobody")
    for item in listings.exceptions:
        if item.owner not in listings.owners:
            yield Finding("I6", item.key, f"nobody is {item.owner!r}")
        if item.code not in listings.codes:
            yield Finding("I6", item.key, f"{item.code!r} is no reason code")
        if item.due_at <= item.opened_at:
            yield Finding("I6", item.key, "is due when it is opened")


def no_net_effect(listings: Listings) -> Iterable[Finding]:
    """I7: of what was compensated nothing stands on any platform, and nothing was deleted without a trace."""
    for name in listings.undone:
        prefix = f"{name}/"
        standing = [
            *(d.key or d.id for d in listings.issued if _of(d.key, prefix) and d.status not in _GONE),
            *(d.key or d.id for d in listings.posted if _of(d.key, prefix) and _stands(d)),
            *(d.key or d.id for d in listings.posted if _of(d.key, f"revenue/{prefix}") and _stands(d)),
            *(t.code for t in listings.taxes if t.code.startswith(prefix) and t.status == "committed"),
        ]
        for key in standing:
            yield Finding("I7", name, f"{key} still stands")


def _of(key: str | None, prefix: str) -> bool:
    return key is not None and key.startswith(prefix)


def _standing(documents: Iterable[IssuedDocument]) -> list[IssuedDocument]:
    """Issued and not voided: drafts are not documents yet, and a cycle that bills nothing is none."""
    return [d for d in documents if d.status not in (*_GONE, "draft") and not is_empty_cycle(d)]


def _stands(document: PostedDocument) -> bool:
    """Neither voided nor the counter document by which another was voided: the two have no net effect."""
    counter = (document.key or "").startswith(_COUNTERS)
    return document.status not in _GONE and not counter


def _is_receivable(document: PostedDocument) -> bool:
    return _stands(document) and document.kind in ("invoice", "credit_memo")


def _signed(total: Decimal, document: Invoice | CreditMemo) -> Decimal:
    return total if isinstance(document, Invoice) else -total


def _signed_issued(document: IssuedDocument) -> Decimal:
    return document.total if document.kind == "invoice" else -document.total


def _signed_posted(document: PostedDocument) -> Decimal:
    return abs(document.total) if document.kind == "invoice" else -abs(document.total)


def _sums(figures: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for currency, amount in figures:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums
