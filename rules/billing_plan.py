"""Which documents a contract has by a day: the one function from contract, changes and usage to documents.

It walks through time: up to each day on which a change becomes known it bills what falls due, then it
carries the change out (`rules.amendment`, `rules.renewal`, `rules.cancellation`, `rules.transfer`), then it
goes on. So what a document says depends on nothing that became known after its date. Source: FINANCE.md.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from canonical.base import Noun
from canonical.change import ContractChange
from canonical.contract import Contract
from canonical.document import CreditMemo, Invoice, UnassignedLine
from canonical.lifecycle import AcceptedDocument
from canonical.scenario import Usage
from rules.billing import Billing, Succession
from rules.changes import Step, steps
from rules.layout import ChangeRefused
from rules.merge import Part, leading_parts, parts
from rules.subscription import SubscriptionState, subscription_at

__all__ = ["Documents", "SubscriptionState", "documents", "part_documents", "subscription_at"]


class Documents(Noun):
    """All documents by a day, numbered: invoices by date, credit memos by date and credited invoice."""

    invoices: tuple[Invoice, ...]
    credit_memos: tuple[CreditMemo, ...]
    unassigned: tuple[UnassignedLine, ...] = ()
    """What changes leave uncredited, since a person has accepted it on no line of the contract."""


def documents(
    contract: Contract,
    changes: Sequence[ContractChange],
    usage: Sequence[Usage],
    as_of: dt.date,
    closed_periods: Iterable[str] = (),
    accepted: Iterable[AcceptedDocument] = (),
) -> Documents:
    """The documents dated on or before `as_of`, each with its business key, amounts rounded in the
    currency.

    The documents by a day stay what they are when later changes are added. Expects what `rules.validation`
    lets through; raises ChangeRefused for a change that does not fit, BeyondCalendar after the year 9999.
    Documents stand here as they are due; what credits them goes by what was `accepted` of them.
    It does not post, apply cash or recognise revenue.
    """
    return _documents(
        contract, tuple(changes), tuple(usage), as_of, frozenset(closed_periods), tuple(accepted)
    )


@lru_cache(maxsize=16)
def _documents(
    contract: Contract,
    changes: tuple[ContractChange, ...],
    usage: tuple[Usage, ...],
    as_of: dt.date,
    closed: frozenset[str],
    accepted: tuple[AcceptedDocument, ...],
) -> Documents:
    """Kept for the next questions: one invoice's way to the ledger asks up to six times for the same day."""
    own = parts(contract, changes, as_of)
    leading = leading_parts(contract, changes, own)
    books = [_billing(part, usage, as_of, _succession(part, leading, as_of), accepted).book for part in own]
    found = [(book.invoices(closed), book.credit_memos(closed)) for book in books]
    invoices = sorted((i for part_invoices, _ in found for i in part_invoices), key=lambda i: i.date)
    numbered = tuple(
        invoice.model_copy(update={"id": f"INV-{number}"}) for number, invoice in enumerate(invoices, start=1)
    )
    ids = {invoice.key: (place, invoice.id) for place, invoice in enumerate(numbered)}
    memos = [memo for _, part_memos in found for memo in part_memos]
    memos.sort(key=lambda memo: (memo.date, ids[memo.invoice_key][0]))
    return Documents(
        invoices=numbered,
        credit_memos=tuple(
            memo.model_copy(update={"id": f"CM-{number}", "invoice": ids[memo.invoice_key][1]})
            for number, memo in enumerate(memos, start=1)
        ),
        unassigned=tuple(line for book in books for line in book.unassigned()),
    )


def _succession(part: Part, leading: Sequence[Part], as_of: dt.date) -> Succession | None:
    """None where the contract leads no merge: late usage of one that has ended is billed as it arrives."""
    if part not in leading[:-1]:
        return None
    timelines = [each.timeline_of_all(as_of) for each in leading[leading.index(part) + 1 :]]
    dates = {window.stop for timeline in timelines for window in timeline.windows(as_of)}
    return Succession(tuple(dates), timelines[-1].end)


def part_documents(
    part: Part, usage: Sequence[Usage], as_of: dt.date
) -> tuple[list[Invoice], list[CreditMemo]]:
    """The documents of one contract of a merge (or of the only one), without numbers."""
    book = _billing(part, usage, as_of, None, ()).book
    return book.invoices(frozenset()), book.credit_memos(frozenset())


def _billing(
    part: Part,
    usage: Sequence[Usage],
    as_of: dt.date,
    succession: Succession | None,
    accepted: tuple[AcceptedDocument, ...],
) -> Billing:
    """The billing of one contract up to and including the day."""
    in_order = steps(part.contract, part.changes)
    part.lay_out(in_order, part.contract.start_date)  # raises where one does not fit
    since = part.known or part.contract.start_date
    known = [replace(s, received=max(s.received, since)) for s in in_order if s.received <= as_of]
    known.sort(key=lambda s: (s.received, *s.place))
    billing = Billing(part.contract, usage, part.lay_out([], as_of), as_of, succession, accepted)
    taken: list[Step] = []
    waiting: list[Step] = []
    for received, group in groupby(known, key=lambda step: step.received):
        if since < received:
            billing.bill_due(since, received - dt.timedelta(days=1))
        waiting, taken = _carry_out(billing, part, [*waiting, *group], taken, received, as_of)
        since = received
    billing.bill_due(since, as_of)
    return billing


def _carry_out(
    billing: Billing, part: Part, arrived: list[Step], taken: list[Step], day: dt.date, as_of: dt.date
) -> tuple[list[Step], list[Step]]:
    """Carries out what fits by now. Returns what waits for another change to become known, and all taken."""
    waiting = []
    for step in sorted(arrived, key=lambda step: step.place):
        tried = sorted([*taken, step], key=lambda step: step.place)
        try:
            after = part.lay_out(tried, as_of)
        except ChangeRefused:
            waiting.append(step)
            continue
        billing.carry_out(replace(step, received=day), after)
        taken = tried
    return waiting, taken
