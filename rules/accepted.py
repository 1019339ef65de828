"""What people have accepted of a contract's documents: that one stays void, or stands as it was issued.

Both change what is owed, and so what is earned. A void that is accepted gives the invoice up: the transaction
price is lower, and what was recognized of it is taken back by the next run (ASC 606-10-32-43 and -44, IFRS
15.88 to .90). What differs and is accepted bills and earns what it says. Pure.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.lifecycle import AcceptedDocument
from canonical.money import total
from rules.billing_plan import Documents


def accepted_document(expected: Invoice | CreditMemo, taken: Invoice | CreditMemo) -> AcceptedDocument:
    """By which lines the document differs that was accepted; none where it is as expected."""
    less, more = list(expected.lines), []
    for line in taken.lines:
        if line in less:
            less.remove(line)
        else:
            more.append(line)
    return AcceptedDocument(key=expected.key, lines=(*more, *(_opposite(line) for line in less)))


def _opposite(line: DocumentLine) -> DocumentLine:
    return line.model_copy(update={"amount": -line.amount, "tax": -line.tax})


def with_accepted(
    document: Invoice | CreditMemo, accepted: Iterable[AcceptedDocument]
) -> Invoice | CreditMemo | None:
    """The document with the lines by which it was accepted in place of those that it lacks; None where it was
    not accepted otherwise.
    """
    own = [each for each in accepted if each.key == document.key]
    if not own:
        return None
    lines = list(document.lines)
    for line in (line for each in own for line in each.lines):
        if (taken := _opposite(line)) in lines:
            lines.remove(taken)
        else:
            lines.append(line)
    return document.model_copy(update={**accepted_figures(document, own), "lines": tuple(lines)})


def stands(document: Invoice | CreditMemo, voided: Collection[str]) -> bool:
    """Whether it is due still: neither it nor the invoice that it credits is among those that were voided
    with a person's consent. Of what nobody owes, nothing is given back.
    """
    credited = document.invoice_key if isinstance(document, CreditMemo) else document.key
    return document.key not in voided and credited not in voided


def accepted_figures(
    document: Invoice | CreditMemo, accepted: Iterable[AcceptedDocument]
) -> dict[str, object]:
    """Lines and sums of the document with the lines by which it was accepted, whatever key those carry."""
    more = tuple(line for each in accepted for line in each.lines)
    subtotal = total((document.subtotal, *(line.amount for line in more)), document.currency)
    tax = total((document.tax, *(line.tax for line in more)), document.currency)
    return {
        "lines": (*document.lines, *more),
        "subtotal": subtotal,
        "tax": tax,
        "total": total((subtotal, tax), document.currency),
    }


def as_accepted(found: Documents, voided: Collection[str], accepted: Sequence[AcceptedDocument]) -> Documents:
    """Those that stand, as they were accepted. One that was issued in pieces (`<key>/<change>`) has the lines
    of all of them.
    """
    if not voided and not accepted:
        return found
    invoices = [invoice for invoice in found.invoices if stands(invoice, voided)]
    memos = [memo for memo in found.credit_memos if stands(memo, voided)]
    keys = {*(each.key for each in invoices), *(each.key for each in memos)}
    pieces: dict[str | None, list[AcceptedDocument]] = defaultdict(list)
    for each in accepted:
        pieces[whole_of(each.key, keys)].append(each)
    return Documents(
        invoices=tuple(i.model_copy(update=accepted_figures(i, pieces[i.key])) for i in invoices),
        credit_memos=tuple(m.model_copy(update=accepted_figures(m, pieces[m.key])) for m in memos),
    )


def whole_of(key: str, expected: Collection[str]) -> str | None:
    """The expected document that a key is of: its own, else the longest that it begins with."""
    found = [each for each in expected if key == each or key.startswith(f"{each}/")]
    return max(found, key=len, default=None)
