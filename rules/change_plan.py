"""What carrying out a change means: which documents are new, what the subscription becomes.

A change is computed by difference: all documents that the rules expect with it, less those expected
without it. What has been issued is never altered, so a change whose effect reaches back over issued
documents is taken in today instead (`received_date`): a backdated change.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass

from canonical.change import Cancellation, ContractChange, Merge, Transfer
from canonical.contract import Contract
from canonical.document import CreditMemo, DocumentLine, Invoice, UnassignedLine
from canonical.lifecycle import ApprovedItem, ContractState
from rules.agenda import announced, is_last_of, is_of_usage, stands
from rules.as_billed import as_billed, by_document, invoice_as_billed
from rules.billing_plan import Documents, documents
from rules.pieces import is_of, piece
from rules.subscription_order import cycle_dates, cycle_key
from rules.subscription_stays import as_told


class CannotCarryOut(Exception):
    """The change would alter documents that have been issued, even if taken in today."""


@dataclass(frozen=True)
class Scope:
    """A change and what it brings: `change` carries a `received_date` where it is backdated.

    `change` is None for the activation, and where documents fall due by themselves. Documents are in order of
    date. `through`: all documents up to that day are issued once this is carried out; after `since` the
    platform bills by itself.
    """

    contract: Contract
    before: tuple[ContractChange, ...]
    change: ContractChange | None
    invoices: tuple[Invoice, ...]
    credit_memos: tuple[CreditMemo, ...]
    through: dt.date
    since: dt.date
    cycle_is_today: bool = False
    """Whether the platform bills a cycle of today by itself, so that our plan issues no invoice of today."""
    unassigned: tuple[UnassignedLine, ...] = ()
    """What of accepted invoices the change does not credit, since it is on no line of the contract."""

    @property
    def changes(self) -> tuple[ContractChange, ...]:
        return self.before if self.change is None else (*self.before, self.change)


def scope(
    state: ContractState,
    contract: Contract,
    item: ApprovedItem,
    as_of: dt.date,
    until: dt.date,
    drafted_through: dt.date | None = None,
) -> Scope:
    """The change's documents. Raises CannotCarryOut.

    `contract` is the state's, or the newly approved one for an activation; `as_of` is today. Documents after
    `until` that the platform does not bill by itself belong to the change that comes after this one.
    `drafted_through` is the platform's own day (today): what its cycles bill by then is made.
    """
    before = state.changes_in_force()
    if item.type == "activation":
        found = documents(contract, before, state.used(), as_of, accepted=state.accepted)
        return Scope(contract, before, None, *_by(found, until), until, as_of)
    by_cycle = Cycles(state, contract, item, as_of, drafted_through or as_of)
    for change, last in _ways(item, as_of, until, last_today=is_last_of(state, item, as_of)):
        through = by_cycle.through(last)
        difference = by_cycle.difference(change, through)
        if difference is not None:
            invoices, credits = difference
            owed = tuple(credit for credit in credits if stands(state, credit))
            since, left = by_cycle.since, by_cycle.unassigned(change)
            return Scope(contract, before, change, invoices, owed, through, since, by_cycle.is_today, left)
    words = f"{item.id} would alter documents that have been issued"
    if item.change is not None and ends_subscription(item.change):
        kind = "transfer" if isinstance(item.change, Transfer) else "merge"
        words += f": have the {kind} take effect on {as_of} or later"
    raise CannotCarryOut(words)


def ends_subscription(change: ContractChange) -> bool:
    """Whether it is a transfer or a merge, at one contract or the other."""
    merged = isinstance(change, Cancellation) and change.merged_into is not None
    return merged or isinstance(change, Transfer | Merge)


def sets_subscription(item: ApprovedItem) -> bool:
    """Whether carrying it out tells the platform anew what it bills by itself."""
    return item.type not in ("cancellation", "billing") and not (item.type == "amendment" and item.announced)


def _ways(
    item: ApprovedItem, as_of: dt.date, until: dt.date, *, last_today: bool
) -> Iterator[tuple[ContractChange | None, dt.date]]:
    """The change as it is; else taken in today. Today's documents are those of today's last change."""
    yield item.change, until
    if item.change is not None:
        last = as_of if last_today else as_of - dt.timedelta(days=1)
        yield item.change.model_copy(update={"received_date": as_of}), last


def _by(found: Documents, day: dt.date) -> tuple[tuple[Invoice, ...], tuple[CreditMemo, ...]]:
    return (
        tuple(invoice for invoice in found.invoices if invoice.date <= day),
        tuple(credit for credit in found.credit_memos if credit.date <= day),
    )


def handed_over_from(item: ApprovedItem, as_of: dt.date, drafted: dt.date) -> dt.date:
    """From when on a change that ends the subscription issues what this one would have billed: from its own
    day, where the platform was told of it ahead; else from the day after the one by which it has made cycles.
    """
    return min(as_of, item.effective_date) if item.announced else drafted + dt.timedelta(days=1)


def drafts_of(
    state: ContractState, contract: Contract, item: ApprovedItem, as_of: dt.date
) -> tuple[str, ...]:
    """Keys of the invoices that the platform would bill by itself from the change's day to today, had it not
    been told ahead that the subscription ends: the change makes its own of them, as long as none is issued.
    """
    if not item.announced:
        return ()
    known = documents(contract, state.changes_in_force(), state.used(), as_of, accepted=state.accepted)
    since = handed_over_from(item, as_of, as_of)
    by_plan, by_itself = _issued(known, state, since), _issued(known, state, None)
    planned = {invoice.key for invoice in by_plan.invoices}
    return tuple(invoice.key for invoice in by_itself.invoices if invoice.key not in planned)


def _issued(known: Documents, state: ContractState, drafts_from: dt.date | None) -> Documents:
    """What has been issued of the expected: by plan up to a day, by the platform itself after another. From
    `drafts_from` on only what our plans have made counts: the platform's own are drafts.
    """
    through, cycles = state.billed_through, state.cycle_from

    def is_issued(document: Invoice | CreditMemo) -> bool:
        date = document.date
        if drafts_from is not None and date >= drafts_from:
            return any(is_of(planned, document) for planned in state.expected)
        billed = cycles is not None and date > cycles and not _is_unbilled(state, date)
        return (through is not None and date <= through) or billed

    return Documents(
        invoices=tuple(i for i in known.invoices if is_issued(i)),
        credit_memos=tuple(c for c in known.credit_memos if is_issued(c)),
    )


def _is_unbilled(state: ContractState, day: dt.date) -> bool:
    return any(span.first <= day <= span.last for span in state.unbilled)


class Cycles:
    """What the platform bills by itself around a change: up to its own day (`drafted`) that is made, after it
    it will be made as the platform is told. `since` is the day after which it goes on by itself.
    """

    def __init__(
        self, state: ContractState, contract: Contract, item: ApprovedItem, as_of: dt.date, drafted: dt.date
    ) -> None:
        self._state, self._contract, self._item = state, contract, item
        self._horizon = max(as_of, drafted)
        self._before = state.changes_in_force()
        others = announced(state, but=item.id)
        own = () if item.change is None else (as_told(item.change),)
        self._as_of, self._handed_over = as_of, handed_over_from(item, as_of, drafted)
        self._ends_all = item.change is not None and ends_subscription(item.change)
        told = self._dates((*self._before, *(own if item.announced else ()), *others))
        wanted = self._dates((*self._before, *own, *others))
        ahead = {day for day in told if item.announced and day >= item.effective_date}
        self._to_come = set() if self._ends_all else ahead | {day for day in wanted if day > drafted}
        over = self._handed_over if self._ends_all else dt.date.max
        self._made = {day for day in told if day <= drafted and day < over} - ahead
        self.is_today = as_of in self._made | self._to_come
        cycles = self._made | self._to_come
        self._keys = {cycle_key(contract, self._before, day) for day in cycles}
        goes_on = as_of > drafted and as_of in self._to_come
        self.since = max(drafted if goes_on else as_of, state.cycle_from or dt.date.min)

    def _dates(self, changes: tuple[ContractChange, ...]) -> frozenset[dt.date]:
        state = self._state
        if state.cycle_from is None:
            return frozenset()
        since = max(state.cycle_from, state.billed_through or state.cycle_from)
        found = cycle_dates(self._contract, changes, since, self._horizon)
        return frozenset(day for day in found if not _is_unbilled(state, day))

    def through(self, last: dt.date) -> dt.date:
        """The day by which all is issued once the change is: `last`, or a later one by which documents have
        been. Were it `last` all the same, the next change would issue them again.
        """
        issued = self._state.billed_through or dt.date.min
        known = self._documents(self._before)
        dates = [*(invoice.date for invoice in known.invoices), *(memo.date for memo in known.credit_memos)]
        return max([last, *(day for day in dates if day <= issued)])

    def difference(
        self, change: ContractChange | None, through: dt.date
    ) -> tuple[tuple[Invoice, ...], tuple[CreditMemo, ...]] | None:
        """The documents that the change brings, the platform's own left out; None where one that has been
        issued would be altered.
        """
        changes = self._before if change is None else (*self._before, change)
        known, wanted = self._documents(self._before), self._documents(changes)
        if self._ends_all:
            if not self._item.announced and any(day >= self._as_of for day in self._made):
                return None  # a subscription that has a cycle of today goes on to the next day
            made = _issued(known, self._state, self._handed_over)
            wanted = self._without_later_changes(wanted, through)
            return _difference(made, wanted, self._state, self._item.id)
        if self._adds_to_usage_credits(known, wanted):
            return None
        issued = self._state.billed_through or dt.date.min
        old = Documents(
            invoices=tuple(i for i in known.invoices if i.date <= issued or self._is_in(self._made, i)),
            credit_memos=tuple(c for c in known.credit_memos if self._is_credited(c, issued)),
        )
        new = Documents(
            invoices=tuple(i for i in wanted.invoices if self._is_ours(i, through)),
            credit_memos=tuple(c for c in wanted.credit_memos if self._is_credited(c, through)),
        )
        return _difference(old, new, self._state, self._item.id)

    def _without_later_changes(self, found: Documents, through: dt.date) -> Documents:
        """Without what the changes that come after it, by today, will issue."""
        return Documents(
            invoices=tuple(i for i in found.invoices if not through < i.date <= self._as_of),
            credit_memos=tuple(c for c in found.credit_memos if not through < c.date <= self._as_of),
        )

    def _adds_to_usage_credits(self, known: Documents, wanted: Documents) -> bool:
        """Whether a credit memo of usage that was issued with a cycle's invoice would have more lines: a date
        has one for each invoice, so the change has to wait for the next day.
        """
        closed = self._state.usage_closed or dt.date.min
        issued = {c.key: c.lines for c in known.credit_memos if c.date in self._made and c.date <= closed}
        return any(c.lines != issued[c.key] for c in wanted.credit_memos if c.key in issued)

    def _is_credited(self, credit: CreditMemo, through: dt.date) -> bool:
        """Late usage of a cycle is credited with that cycle's invoice (`rules.agenda.usage_credits`)."""
        with_cycle = credit.date in self._made | self._to_come and is_of_usage(credit)
        return credit.date <= through and not with_cycle

    def _is_ours(self, invoice: Invoice, through: dt.date) -> bool:
        made, to_come = self._is_in(self._made, invoice), self._is_in(self._to_come, invoice)
        return made or (invoice.date <= through and not to_come)

    def _is_in(self, cycles: Set[dt.date], invoice: Invoice) -> bool:
        """Whether one of the cycles bills it: that of its day, where it is the customer's of now."""
        return invoice.date in cycles and invoice.key in self._keys

    def _documents(self, changes: tuple[ContractChange, ...]) -> Documents:
        state = self._state
        return documents(self._contract, changes, state.used(), self._horizon, accepted=state.accepted)

    def unassigned(self, change: ContractChange | None) -> tuple[UnassignedLine, ...]:
        """What the change leaves uncredited, since a person has accepted it on no line of the contract."""
        if change is None:
            return ()
        found = self._documents((*self._before, change)).unassigned
        return tuple(each for each in found if each.change == change.id)


def _difference(
    known: Documents, wanted: Documents, state: ContractState, change: str
) -> tuple[tuple[Invoice, ...], tuple[CreditMemo, ...]] | None:
    """The new documents, or None where a known one would be altered."""
    invoices = _new_invoices(known, wanted, change)
    credits = _new_credits(known, wanted, state, change)
    if invoices is None or credits is None:
        return None
    return invoices, credits


def _new_lines(
    old: tuple[DocumentLine, ...], new: tuple[DocumentLine, ...]
) -> tuple[DocumentLine, ...] | None:
    """The lines that came on top, or None where an old line is gone or different."""
    left = Counter(_content(line) for line in new)
    left.subtract(_content(line) for line in old)
    if any(count < 0 for count in left.values()):
        return None
    added: list[DocumentLine] = []
    for line in new:
        if left[_content(line)] > 0:
            left[_content(line)] -= 1
            added.append(line)
    return tuple(added)


def _content(line: DocumentLine) -> DocumentLine:
    """A line without its place in the credited invoice, which moves when that invoice gains lines."""
    return line.model_copy(update={"credits": None})


def _new_invoices(known: Documents, wanted: Documents, change: str) -> tuple[Invoice, ...] | None:
    old = {invoice.key: invoice for invoice in known.invoices}
    if not set(old) <= {invoice.key for invoice in wanted.invoices}:
        return None
    new: list[Invoice] = []
    for invoice in wanted.invoices:
        if invoice.key not in old:
            new.append(invoice)
            continue
        added = _new_lines(old[invoice.key].lines, invoice.lines)
        if added is None:
            return None
        if added:
            new.append(piece(invoice, added, f"{invoice.key}/{change}"))
    return tuple(new)


def _new_credits(
    known: Documents, wanted: Documents, state: ContractState, change: str
) -> tuple[CreditMemo, ...] | None:
    old = {credit.key: credit for credit in known.credit_memos}
    if not set(old) <= {credit.key for credit in wanted.credit_memos}:
        return None
    new: list[CreditMemo] = []
    for credit in wanted.credit_memos:
        issued = old.get(credit.key)
        added = _new_lines(issued.lines if issued else (), credit.lines)
        if added is None:
            return None
        if added:
            key = credit.key if issued is None else f"{credit.key}/{change}"
            part = piece(credit, added, key)
            new.extend(_by_issued_invoice(part, wanted, state))
    return tuple(new)


def _by_issued_invoice(credit: CreditMemo, wanted: Documents, state: ContractState) -> list[CreditMemo]:
    """One credit memo for each invoice as issued: a date's lines may stand on a supplement."""
    supplements = [
        document
        for document in state.expected
        if isinstance(document, Invoice)
        and document.account == credit.account
        and document.key.startswith(credit.invoice_key + "/")
    ]
    if not supplements:
        return [credit]
    whole = next(invoice for invoice in wanted.invoices if invoice.key == credit.invoice_key)
    added = as_billed(whole.lines, by_document(state.accepted, [whole.key]).get(whole.key, ())).added
    homes = [next((s.key for s in supplements if line in s.lines), whole.key) for line in whole.lines]
    homes += [each.key for each in added if each.assigned]
    parts: dict[str, list[DocumentLine]] = {}
    for line in credit.lines:
        if line.credits is None:
            raise CannotCarryOut(f"credit memo {credit.key} names no line of {credit.invoice_key}")
        home = homes[line.credits]
        parts.setdefault(home, []).append(line)
    return [
        piece(
            credit.model_copy(update={"invoice_key": home}),
            lines,
            credit.key if home == credit.invoice_key else f"{credit.key}/{home.rsplit('/', 1)[1]}",
        )
        for home, lines in parts.items()
    ]


def credited_lines(scope: Scope, credit: CreditMemo, state: ContractState) -> tuple[DocumentLine, ...]:
    """The lines of the invoice that a credit memo credits, as they were billed, in the order that `credits`
    counts them.
    """
    found = documents(scope.contract, scope.changes, state.used(), credit.date, accepted=state.accepted)
    wanted = (credit.contract, credit.account, credit.date, credit.tax_date)
    for candidate in found.credit_memos:
        if (candidate.contract, candidate.account, candidate.date, candidate.tax_date) == wanted:
            whole = next(i for i in found.invoices if i.key == candidate.invoice_key)
            return invoice_as_billed(whole, state.accepted)
    raise CannotCarryOut(f"{credit.key} credits no expected invoice")
