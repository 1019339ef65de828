"""What people have accepted of a contract's documents: that one stays void, or stands as it was issued.

Both change what is owed, and so what is earned. A void that is accepted gives the invoice up: the transaction
price is lower, and what was recognized of it is taken back by the next run (ASC 606-10-32-43 and -44, IFRS
15.88 to .90). What differs and is accepted bills and earns what it says. Pure.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.lifecycle import AcceptedDocument
from canonical.money import total
from rules.as_billed import by_document
from rules.billing_plan import Documents


def accepted_document(
    expected: Invoice | CreditMemo,
    taken: Invoice | CreditMemo,
    unassigned: tuple[DocumentLine, ...] = (),
) -> AcceptedDocument:
    """By which lines the document differs that was accepted; none where it is as expected. `unassigned` are
    those of `taken` that are on no line of the contract.
    """
    less, more = list(expected.lines), []
    for line in taken.lines:
        if line in less:
            less.remove(line)
        else:
            more.append(line)
    return AcceptedDocument(
        key=expected.key,
        lines=(*more, *(_opposite(line) for line in less)),
        unassigned=tuple(line for line in unassigned if line in more),
        due_date=_other_due_date(expected, taken),
        date=taken.date if taken.date != expected.date else None,
    )


def _other_due_date(expected: Invoice | CreditMemo, taken: Invoice | CreditMemo) -> dt.date | None:
    if not isinstance(expected, Invoice) or not isinstance(taken, Invoice):
        return None
    return taken.due_date if taken.due_date != expected.due_date else None


def taken_in(
    known: Sequence[AcceptedDocument], told: AcceptedDocument, changes: Iterable[str], day: dt.date
) -> tuple[AcceptedDocument, ...]:
    """The accepted documents with this one: the last word counts from now on.

    `changes` are those carried out, or under way, by now: their credits stay what they are.
    """
    before = next((each for each in known if each.key == told.key), None)
    others = tuple(each for each in known if each.key != told.key)
    earlier: tuple[AcceptedDocument, ...] = ()
    if before is not None:
        earlier = (before.model_copy(update={"earlier": ()}), *before.earlier)
    after = tuple(dict.fromkeys(changes))
    if before is not None and before.after == after and before.on == day:
        earlier = before.earlier  # nothing was reckoned from it
    found = told.model_copy(update={"after": after, "on": day, "earlier": earlier})
    differs = bool(found.lines or found.due_date or found.date)
    return (*others, found) if differs or earlier else others


def _opposite(line: DocumentLine) -> DocumentLine:
    return line.model_copy(update={"amount": -line.amount, "tax": -line.tax})


def with_accepted(
    document: Invoice | CreditMemo, accepted: Iterable[AcceptedDocument]
) -> Invoice | CreditMemo | None:
    """The document with the lines by which it was accepted in place of those that it lacks, on the date that
    was accepted; None where it was not accepted otherwise.
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
    figures = {**accepted_figures(document, own), "lines": tuple(lines), **_date(own)}
    return document.model_copy(update=figures)


def as_booked(document: Invoice | CreditMemo, accepted: AcceptedDocument) -> Invoice | CreditMemo:
    """With the figures and the date that were accepted: in the month in which it is billed and posted. What
    it earns, and at which rate, does not go by that date.
    """
    return document.model_copy(update={**accepted_figures(document, [accepted]), **_date([accepted])})


def _date(accepted: Iterable[AcceptedDocument]) -> dict[str, object]:
    found = [each.date for each in accepted if each.date is not None]
    return {"date": max(found)} if found else {}


def stands(document: Invoice | CreditMemo, voided: Collection[str]) -> bool:
    """Whether it is due still: neither it nor the invoice that it credits is among those that were voided
    with a person's consent. Of what nobody owes, nothing is given back.
    """
    credited = document.invoice_key if isinstance(document, CreditMemo) else document.key
    return document.key not in voided and credited not in voided


def accepted_figures(
    document: Invoice | CreditMemo, accepted: Iterable[AcceptedDocument]
) -> dict[str, object]:
    """Lines, sums and due date of the document with the lines by which it was accepted, whatever key those
    carry. Of a document in pieces, the latest due date.
    """
    accepted = tuple(accepted)
    more = tuple(line for each in accepted for line in each.lines)
    subtotal = total((document.subtotal, *(line.amount for line in more)), document.currency)
    tax = total((document.tax, *(line.tax for line in more)), document.currency)
    return {
        "lines": (*document.lines, *more),
        "subtotal": subtotal,
        "tax": tax,
        "total": total((subtotal, tax), document.currency),
        **_due_date(document, accepted),
    }


def _due_date(document: Invoice | CreditMemo, accepted: Iterable[AcceptedDocument]) -> dict[str, object]:
    found = [each.due_date for each in accepted if each.due_date is not None]
    return {"due_date": max(found)} if found and isinstance(document, Invoice) else {}


def as_accepted(found: Documents, voided: Collection[str], accepted: Sequence[AcceptedDocument]) -> Documents:
    """Those that stand, as they were accepted. One that was issued in pieces (`<key>/<change>`) has the lines
    of all of them.
    """
    if not voided and not accepted:
        return found
    invoices = [invoice for invoice in found.invoices if stands(invoice, voided)]
    memos = [memo for memo in found.credit_memos if stands(memo, voided)]
    pieces = by_document(accepted, [*(each.key for each in invoices), *(each.key for each in memos)])
    return Documents(
        invoices=tuple(i.model_copy(update=accepted_figures(i, pieces.get(i.key, ()))) for i in invoices),
        credit_memos=tuple(m.model_copy(update=accepted_figures(m, pieces.get(m.key, ()))) for m in memos),
        unassigned=found.unassigned,
    )
