"""What was billed, where a person has accepted a document otherwise than the contract makes it due.

A credit names lines that were billed, so it is measured by the document as it was accepted. A change that was
carried out before that keeps the credits that it has given. Pure. Source: FINANCE.md, "Invoices and credit
memos".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from canonical.document import DocumentLine, Invoice
from canonical.lifecycle import AcceptedDocument
from rules.pieces import content, whole_of


@dataclass(frozen=True)
class AddedLine:
    """A line that a document has beyond what was due. `assigned`: the platform names the contract's line;
    `key` is that of the document, or of the piece of one, that has it.
    """

    line: DocumentLine
    assigned: bool
    key: str


@dataclass(frozen=True)
class AsBilled:
    """A document's lines in the place of those that were due, None for one that was not billed; what was
    added.
    """

    lines: tuple[DocumentLine | None, ...]
    added: tuple[AddedLine, ...]


def known_to(
    accepted: Iterable[AcceptedDocument], change: str | None, day: dt.date
) -> tuple[AcceptedDocument, ...]:
    """Each document as it was accepted when the change was carried out; for what falls due by itself on the
    day (no change), by the day before.
    """

    def counts(each: AcceptedDocument) -> bool:
        if change is not None:
            return change not in each.after
        return each.on is None or each.on < day

    found = (next((e for e in (each, *each.earlier) if counts(e)), None) for each in accepted)
    return tuple(each for each in found if each is not None)


def by_document(
    accepted: Iterable[AcceptedDocument], keys: Iterable[str]
) -> Mapping[str, list[AcceptedDocument]]:
    """What was accepted of each of the expected documents; one that was issued in pieces has several."""
    wholes = set(keys)
    found: dict[str, list[AcceptedDocument]] = defaultdict(list)
    for each in accepted:
        if (whole := whole_of(each.key, wholes)) is not None:
            found[whole].append(each)
    return found


def as_billed(due: Sequence[DocumentLine], accepted: Iterable[AcceptedDocument]) -> AsBilled:
    """The due lines of one document as they were billed.

    A line that was accepted takes the place of one of the same contract line that is lacking: first of the
    one with its service period. Where more are lacking, those were not billed.
    """
    found: list[DocumentLine | None] = list(due)
    free = set(range(len(due)))
    added: list[AddedLine] = []
    for each in accepted:
        assigned = list(each.lines)
        for line in each.unassigned:
            assigned.remove(line)
            added.append(AddedLine(line, False, each.key))
        lacking, more = _told_apart(due, free, assigned)
        for place in lacking:
            found[place] = _replacement(due[place], more, [due[other] for other in lacking])
        added += [AddedLine(line, True, each.key) for line in more]
    return AsBilled(tuple(found), tuple(added))


def invoice_as_billed(invoice: Invoice, accepted: Iterable[AcceptedDocument]) -> tuple[DocumentLine, ...]:
    """The lines that a credit memo's `credits` counts: each due line as it was billed, then those added on
    lines of the contract. One that was not billed keeps its place.
    """
    own = by_document(accepted, [invoice.key]).get(invoice.key, ())
    billed = as_billed(invoice.lines, own)
    lines = (line or was for line, was in zip(billed.lines, invoice.lines, strict=True))
    return (*lines, *(each.line for each in billed.added if each.assigned))


def _told_apart(
    due: Sequence[DocumentLine], free: set[int], lines: Iterable[DocumentLine]
) -> tuple[list[int], list[DocumentLine]]:
    """Places of the due lines that are lacking, and the lines that are there instead. A place is taken once.

    Tax is not looked at: its rate may have been learned since.
    """
    lacking: list[int] = []
    more: list[DocumentLine] = []
    for line in lines:
        taken_off = content(line.model_copy(update={"amount": -line.amount}))
        place = next((i for i in sorted(free) if content(due[i]) == taken_off), None)
        if place is None:
            more.append(line)
        else:
            free.remove(place)
            lacking.append(place)
    return sorted(lacking), sorted(more, key=_order)


def _replacement(
    was: DocumentLine, more: list[DocumentLine], lacking: Sequence[DocumentLine]
) -> DocumentLine | None:
    """Takes from `more` the line that stands for this one; None where there is none."""
    own = [line for line in more if line.line == was.line]
    periods = {_period(other) for other in lacking if other.line == was.line}
    same = [line for line in own if _period(line) == _period(was)]
    moved = [line for line in own if _period(line) not in periods]
    if not (chosen := same or moved):
        return None
    more.remove(chosen[0])
    return chosen[0]


def _period(line: DocumentLine) -> tuple[dt.date, dt.date]:
    return line.period_start, line.period_end


def _order(line: DocumentLine) -> tuple[object, ...]:
    return line.line, *_period(line), line.amount, line.tax
