"""What was predicted beside what the platforms list, document by document."""

from decimal import Decimal

from canonical.base import Day, Dec, Noun
from canonical.document import CreditMemo, Invoice
from canonical.ids import original_key
from rules.invariants import Listings
from rules.subledger import compare, is_empty_cycle

_GONE = ("void", "voided", "cancelled", "reversed", "draft")


class Beside(Noun):
    """One document: totals as predicted, as billed and as posted, the tax predicted and as recorded; null
    where there is none. Credit memos' figures are positive. `differences` says what is not as predicted,
    lines included.
    """

    key: str
    kind: str
    date: Day
    number: str | None
    predicted: Dec | None
    billing: Dec | None
    ledger: Dec | None
    predicted_tax: Dec | None
    tax: Dec | None
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences


def side_by_side(listings: Listings) -> tuple[Beside, ...]:
    """In order of date and key, without documents that were voided and cycles that bill nothing. Says nothing
    of duplicates (`rules.invariants` does).
    """
    keys = {document.key for document in listings.expected}
    keys |= {d.key or d.id for d in listings.issued if d.status not in _GONE and not is_empty_cycle(d)}
    found = [_beside(listings, key) for key in keys]
    return tuple(sorted(found, key=lambda each: (each.date, each.kind != "invoice", each.key)))


def _beside(listings: Listings, key: str) -> Beside:
    expected = next((d for d in listings.expected if d.key == key), None)
    issued = next((d for d in listings.issued if (d.key or d.id) == key and d.status not in _GONE), None)
    posted = next(
        (d for d in listings.posted if original_key(d.key or "") == key and d.status not in _GONE), None
    )
    tax = next((t for t in listings.taxes if t.code == key and t.status == "committed"), None)
    differences = [] if issued is None else [str(each) for each in compare(expected, issued)]
    figures = {
        "billing": None if issued is None else issued.total,
        "ledger": None if posted is None else abs(posted.total),
    }
    recorded = None if tax is None else abs(tax.total_tax)
    if expected is not None:
        differences += [f"{name}: {_words(v)}" for name, v in figures.items() if v != expected.total]
        if recorded != expected.tax:
            differences.append(f"tax: {_words(recorded)}")
    return Beside(
        key=key,
        kind=_kind(expected) if expected is not None else issued.kind if issued is not None else "",
        date=(expected or issued).date,  # type: ignore[union-attr]
        number=None if issued is None else issued.number,
        predicted=None if expected is None else expected.total,
        predicted_tax=None if expected is None else expected.tax,
        tax=recorded,
        differences=tuple(dict.fromkeys(differences)),
        **figures,
    )


def _kind(document: Invoice | CreditMemo) -> str:
    return "invoice" if isinstance(document, Invoice) else "credit_memo"


def _words(amount: Decimal | None) -> str:
    return "missing" if amount is None else f"{amount}"
