"""What was changed of a document after it had been posted: the platform's document beside the ledger's."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.ids import original_key
from canonical.origin import Reference
from ports.billing import IssuedDocument, IssuedLine
from ports.erp import PostedDocument
from rules.subledger import Difference, is_empty_cycle

_UNDONE = ("voided", "reversed")
_PERIOD = "service period"


def standing(
    posted: Iterable[PostedDocument],
    kind: Literal["invoice", "credit_memo"],
    key: str | None,
    number: str | None,
) -> PostedDocument | None:
    """The posting of a document that stands, the newest; None where none does.

    It is known by its key or, where that was edited too, by the number that the platform has given it.
    Entries that take another one's effect off have keys and numbers of their own.
    """
    found = [
        each
        for each in posted
        if each.kind == kind
        and each.status not in _UNDONE
        and each.key is not None
        and (original_key(each.key) == key or (number is not None and each.number == number))
    ]
    return found[-1] if found else None


def edits(posted: PostedDocument, issued: IssuedDocument) -> tuple[Difference, ...]:
    """What touches money: currency, date, due date, lines, tax, total; a minor unit is a difference.

    Memo and metadata are not looked at. The ledger's listing has no service periods: see `moved_periods`.
    """
    found: list[Difference] = []

    def differ(field: str, was: object, is_: object) -> None:
        if was != is_:
            found.append(Difference(field, str(was), str(is_)))

    differ("currency", posted.currency, issued.currency)
    differ("date", posted.date, issued.date)
    if posted.due_date is not None and issued.due_date is not None:
        differ("due date", posted.due_date, issued.due_date)
    was = Counter((line.amount, line.tax) for line in posted.lines if line.amount or line.tax)
    is_ = Counter((line.amount, line.tax) for line in issued.lines if line.amount or line.tax)
    if was != is_:
        found.append(Difference("lines", _words(was - is_), _words(is_ - was)))
    differ("tax", posted.tax, issued.tax)
    differ("total", posted.total, issued.total)
    return tuple(found)


def moved_periods(due: Invoice | CreditMemo | None, issued: IssuedDocument) -> tuple[Difference, ...]:
    """Lines whose amount and tax are those that are due, and whose service period is another one: when they
    earn was changed. `due` is the expected document, as a person may have accepted it.
    """
    if due is None:
        return ()
    lacking = Counter(_with_period(line.line, line) for line in due.lines if line.amount or line.tax)
    surplus = Counter(_with_period(line.line or "", line) for line in issued.lines if line.amount or line.tax)
    lacking, surplus = lacking - surplus, surplus - lacking
    found: list[Difference] = []
    for line, was in sorted(lacking.elements()):
        moved = next((is_ for other, is_ in sorted(surplus.elements()) if other == line), None)
        if moved is not None:
            surplus[line, moved] -= 1
            name = f"{_PERIOD} of {line[0] or '(unknown)'}"
            found.append(Difference(name, f"{was[0]} to {was[1]}", f"{moved[0]} to {moved[1]}"))
    return tuple(found)


_Line = tuple[str, Decimal, Decimal]
_Period = tuple[dt.date, dt.date]


def _with_period(name: str, line: DocumentLine | IssuedLine) -> tuple[_Line, _Period]:
    return (name, line.amount, line.tax), (line.period_start, line.period_end)


def is_another(posted: PostedDocument, issued: IssuedDocument) -> bool:
    """Whether the platform's document bills nothing and another one is posted under its key: a subscription's
    cycle makes an empty invoice on a day that a change has billed.
    """
    return is_empty_cycle(issued) and posted.number != issued.number


def told(differences: Iterable[Difference]) -> str:
    """In finance's words."""
    return "; ".join(f"{each.field} is {each.actual} where {each.expected} is posted" for each in differences)


def touches_tax(differences: Iterable[Difference]) -> bool:
    """Whether the tax engine's record is another one too."""
    return any(each.field != "due date" and not each.field.startswith(_PERIOD) for each in differences)


def as_reference(posted: PostedDocument, key: str, date: dt.date) -> Reference:
    return Reference(
        platform=posted.platform,
        kind=posted.kind,
        id=posted.id,
        business_key=key,
        number=posted.number,
        date=date,
        total=posted.total,
    )


def _words(lines: "Counter[tuple[Decimal, Decimal]]") -> str:
    return ", ".join(f"{amount} (tax {tax})" for amount, tax in sorted(lines.elements())) or "no line"
