"""A date's document in pieces. Pure.

What falls on a date whose document has been issued is a document of its own, a supplement, whose key begins
with that one's; and so is a credit of what a supplement has billed.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.money import total

_Document = TypeVar("_Document", Invoice, CreditMemo)


def is_of(piece: Invoice | CreditMemo, whole: Invoice | CreditMemo) -> bool:
    """Whether the issued document is this one, or a piece of it."""
    same = (piece.account, piece.date) == (whole.account, whole.date)
    return same and (piece.key == whole.key or piece.key.startswith(f"{whole.key}/"))


def piece(document: _Document, lines: Sequence[DocumentLine], key: str) -> _Document:
    """A document of its own for some of the lines."""
    subtotal = total((line.amount for line in lines), document.currency)
    tax = total((line.tax for line in lines), document.currency)
    return document.model_copy(
        update={"key": key, "lines": tuple(lines), "subtotal": subtotal, "tax": tax, "total": subtotal + tax}
    )


def rest_of(whole: _Document, issued: Iterable[Invoice | CreditMemo]) -> _Document | None:
    """What of a document no issued piece of it has; None where that is nothing."""
    taken = Counter(content(line) for each in issued if is_of(each, whole) for line in each.lines)
    left: list[DocumentLine] = []
    for line in whole.lines:
        if taken[content(line)] > 0:
            taken[content(line)] -= 1
        else:
            left.append(line)
    return piece(whole, left, whole.key) if left else None


def beyond(documents: Iterable[_Document], others: Iterable[Invoice | CreditMemo]) -> tuple[_Document, ...]:
    """What of the documents the others do not have, whichever of a date's pieces a line stands on."""
    had = Counter((_place(each), _billed(line)) for each in others for line in each.lines)
    found: list[_Document] = []
    for document in documents:
        more = []
        for line in document.lines:
            if had[_place(document), _billed(line)] > 0:
                had[_place(document), _billed(line)] -= 1
            else:
                more.append(line)
        if more:
            found.append(piece(document, more, document.key))
    return tuple(found)


def _place(document: Invoice | CreditMemo) -> tuple[object, ...]:
    credited = document.tax_date if isinstance(document, CreditMemo) else None
    return document.contract, document.account, document.date, credited


def _billed(line: DocumentLine) -> DocumentLine:
    """A line without its place in the credited invoice, which moves when that invoice gains lines."""
    return line.model_copy(update={"credits": None})


def content(line: DocumentLine) -> tuple[object, ...]:
    """A line without its tax, whose rate may have been learned since, and its place in a credited invoice."""
    return line.line, line.kind, line.amount, line.period_start, line.period_end


def whole_of(key: str, expected: Collection[str]) -> str | None:
    """The expected document that a key is of: its own, else the longest that it begins with."""
    found = [each for each in expected if key == each or key.startswith(f"{each}/")]
    return max(found, key=len, default=None)
