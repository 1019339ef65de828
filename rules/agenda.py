"""What a contract has before it: which changes are new, which is due, when the term ends."""

import datetime as dt

from canonical.change import Cancellation, ContractChange, Merge, Renewal, Transfer
from canonical.document import CreditMemo, Invoice
from canonical.ids import automatic_renewal_id, change_workflow_id
from canonical.lifecycle import (
    ApprovedItem,
    ChangeType,
    ContractState,
    DocumentQuestion,
    DueCredit,
    Notice,
    Submission,
)
from ports.crm import ContractSnapshot
from rules import accepted
from rules.as_billed import invoice_as_billed
from rules.billing_plan import documents
from rules.changes import RampTurn, known_on, steps
from rules.pieces import rest_of
from rules.subscription_stays import as_told, for_customer
from rules.untaxed import change_without_tax

_RANK: dict[ChangeType, int] = {
    "activation": 0,
    "merge": 1,
    "renewal": 2,
    "transfer": 3,
    "amendment": 4,
    "cancellation": 5,
    "billing": 6,
}
"""On one date: the merge, whose date's changes are the new contract's; the renewal, a transfer, amendments in
their order, then the cancellation."""


_CHANGES = frozenset({"amendment.approved", "renewal.approved", "cancellation.approved"})


def order(item: ApprovedItem) -> tuple[bool, dt.date, int, int]:
    """The order of carrying out: the activation first, then by effective date, then by version."""
    return item.type != "activation", item.effective_date, _RANK[item.type], item.version


def new_items(
    state: ContractState,
    snapshot: ContractSnapshot,
    correlation_id: str,
    event_id: str | None,
    *,
    in_crm: bool,
) -> tuple[ApprovedItem, ...]:
    """What the snapshot has approved that is neither carried out nor planned."""
    known = {item.id for item in state.carried} | {item.id for item in state.planned}
    items: list[ApprovedItem] = []
    if snapshot.contract.id not in known:
        items.append(
            ApprovedItem(
                id=snapshot.contract.id,
                type="activation",
                version=min((change.version for change in snapshot.changes), default=2) - 1,
                effective_date=snapshot.contract.start_date,
                correlation_id=correlation_id,
                event_id=event_id,
                in_crm=in_crm,
            )
        )
    items.extend(
        ApprovedItem(
            id=approved.change.id,
            type=approved.change.type,
            version=approved.version,
            effective_date=approved.change.effective_date,
            change=change_without_tax(approved.change),
            correlation_id=correlation_id,
            event_id=event_id,
            in_crm=in_crm,
        )
        for approved in snapshot.changes
        if approved.change.id not in known
    )
    return tuple(items)


def is_known(state: ContractState, version: int | None) -> bool:
    """Whether what a message of this version tells has been read. A version below the newest read may still
    be news: the CRM shows a change once it is approved, and approvals need not come in the versions' order.
    """
    return version is not None and state.contract is not None and version in state.versions


def has(state: ContractState, submission: Submission) -> bool:
    """Whether the document's contract, or its change, is carried out, planned, or waits to be read."""
    told = {each.change.id for each in state.submissions if each.change is not None}
    known = told | {item.id for item in state.carried} | {item.id for item in state.planned}
    if submission.change is not None:
        return submission.change.id in known
    return state.contract is not None or any(each.contract is not None for each in state.submissions)


def not_shown(snapshot: ContractSnapshot, notices: tuple[Notice, ...]) -> int | None:
    """A version that the messages tell of and the snapshot lacks: a reading that lags behind. None: whole."""
    shown = {approved.version for approved in snapshot.changes}
    for notice in notices:
        version = notice.version or 0
        if version > snapshot.version or (notice.type in _CHANGES and version and version not in shown):
            return version
    return None


def with_versions(
    state: ContractState, snapshot: ContractSnapshot, notices: tuple[Notice, ...]
) -> tuple[int, ...]:
    """The versions known once the snapshot has been read in answer to these messages."""
    shown = {snapshot.version, *(approved.version for approved in snapshot.changes)}
    told = {notice.version for notice in notices if notice.version is not None}
    return tuple(sorted({*state.versions, *shown, *told}))


def due_on(item: ApprovedItem) -> dt.date:
    """The day on which it is carried out: when it takes effect, or is taken in, where that is later."""
    return item.effective_date if item.change is None else known_on(item.change)


def due_item(state: ContractState, today: dt.date) -> ApprovedItem | None:
    """The change to carry out next, or None. A contract that is not activated carries out nothing else; one
    that was undone has nothing to wait for: `is_void` says so of what is approved of it.
    """
    waiting = sorted(state.planned, key=order)
    if not waiting:
        return None
    if waiting[0].type == "activation" or is_undone(state):
        return waiting[0]
    return next((item for item in waiting if due_on(item) <= today), None) if is_active(state) else None


def is_active(state: ContractState) -> bool:
    return any(item.type == "activation" and item.status == "done" for item in state.carried)


def is_undone(state: ContractState) -> bool:
    """Whether its activation was compensated: for good, since what was voided is not billed again."""
    return any(item.type == "activation" and item.status == "compensated" for item in state.carried)


def is_over(state: ContractState) -> bool:
    return any(item.type == "cancellation" and item.status == "done" for item in state.carried)


def is_void(state: ContractState, item: ApprovedItem) -> bool:
    """Whether the change is of no account: its contract was undone, or is cancelled on the same day."""
    return is_undone(state) or void_by_cancellation(state, item)


def void_by_cancellation(state: ContractState, item: ApprovedItem) -> bool:
    """A cancellation makes amendments of its date void, if it is known by then."""
    return item.type == "amendment" and any(
        other.type == "cancellation"
        and other.effective_date == item.effective_date
        and due_on(other) <= due_on(item)
        for other in state.planned
    )


def until(state: ContractState, item: ApprovedItem, today: dt.date) -> dt.date:
    """Up to which day documents are the item's own: the day before the next planned change's."""
    days = [due_on(other) for other in _later(state, item)]
    return min([today, *(day - dt.timedelta(days=1) for day in days)])


def is_last_of(state: ContractState, item: ApprovedItem, today: dt.date) -> bool:
    """Whether nothing else is to be carried out today after it: a date has one invoice, its last change's."""
    return all(due_on(other) > today for other in _later(state, item))


def _later(state: ContractState, item: ApprovedItem) -> list[ApprovedItem]:
    return [
        other
        for other in state.planned
        if other.id != item.id
        and other.type != "activation"
        and order(other) > order(item)
        and not void_by_cancellation(state, other)
    ]


def announced(state: ContractState, but: str | None = None) -> tuple[ContractChange, ...]:
    """The planned changes that the platform has been told of, as it was told, one of them left out."""
    waiting = sorted(state.planned, key=order)
    return tuple(as_told(i.change) for i in waiting if i.announced and i.change is not None and i.id != but)


def auto_renewal(state: ContractState, today: dt.date) -> ApprovedItem | None:
    """The renewal that a term's end brings by itself, once the day has come."""
    contract = state.contract
    if contract is None or contract.renewal is None or not contract.renewal.auto or is_over(state):
        return None
    if state.term_end is None or state.term_end > today or not is_active(state):
        return None
    if any(item.type == "cancellation" and due_on(item) <= state.term_end for item in state.planned):
        return None
    taken = {(item.type, item.effective_date) for item in state.planned}
    taken |= {(item.type, item.effective_date) for item in state.carried if item.status != "skipped"}
    if {("renewal", state.term_end), ("merge", state.term_end)} & taken:  # a merge renews before it ends
        return None
    identifier = automatic_renewal_id(state.term_end)
    change = Renewal(id=identifier, type="renewal", effective_date=state.term_end)
    return ApprovedItem(
        id=identifier,
        type="renewal",
        version=state.version,
        effective_date=state.term_end,
        change=change,
        correlation_id=f"{state.id}/{identifier}",
        in_crm=False,
        announced=True,
    )


def is_expired(state: ContractState, today: dt.date) -> bool:
    """The term has ended and nothing renews it."""
    contract = state.contract
    renews = contract is not None and contract.renewal is not None and contract.renewal.auto
    return state.term_end is not None and state.term_end <= today and not renews


def has_ended(state: ContractState, day: dt.date) -> bool:
    """Whether no cycle of the contract is to come: what it is still owed is billed on its own."""
    return is_active(state) and (is_over(state) or is_expired(state, day))


def has_moved(state: ContractState) -> bool:
    """Whether part of its life is another customer's, or another contract's, which no cycle bills."""
    return any(isinstance(change, Transfer | Merge) for change in state.changes_in_force())


def late_usage_days(state: ContractState) -> set[dt.date]:
    """The days on which late usage was taken in."""
    return {month.received_date for month in state.usage if month.received_date is not None}


def merged_into(state: ContractState) -> Cancellation | None:
    """The end of a contract that was merged into another; its `merged_into` names that one."""
    for item in state.carried:
        change = item.change
        if isinstance(change, Cancellation) and change.merged_into is not None and item.status == "done":
            return change
    return None


def owes_by_itself(state: ContractState) -> bool:
    """Whether documents may fall due that neither a change nor a cycle brings."""
    return bool(_ramp_days(state))


def _ramp_days(state: ContractState) -> set[dt.date]:
    """The days on which a price turns by itself."""
    if state.contract is None:
        return set()
    ordered = steps(state.contract, state.changes_in_force())
    return {step.effective for step in ordered if isinstance(step.change, RampTurn)}


def next_day(state: ContractState, today: dt.date) -> dt.date | None:
    """The next day on which something is due by itself; None where only a message can wake the contract."""
    days = [due_on(item) for item in state.planned if due_on(item) > today]
    if is_active(state) and not is_over(state) and (state.term_end is None or state.term_end > today):
        days += [] if state.term_end is None else [state.term_end]
        days += [day for day in _ramp_days(state) if day > today]
    if has_ended(state, today) or has_moved(state):
        days += [day for day in late_usage_days(state) if day > today]
    return min(days, default=None)


def unfinished_before(state: ContractState, date: dt.date) -> bool:
    """Whether something that takes effect by the date has yet to be carried out."""
    return due_item(state, date) is not None or auto_renewal(state, date) is not None


def stands(state: ContractState, document: Invoice | CreditMemo) -> bool:
    """Whether the document is due still, by what people have accepted."""
    return accepted.stands(document, state.voided)


def expected_document(state: ContractState, question: DocumentQuestion) -> Invoice | CreditMemo | None:
    """The document that the rules expect under a key: as it was planned, else computed again, less what plans
    have issued of it as supplements. None too where it, or the invoice that it credits, was voided and a
    person has accepted that.
    """
    if question.key in state.voided:
        return None
    for planned in state.expected:
        if planned.key == question.key:
            return planned if stands(state, planned) else None
    if state.contract is None or not is_active(state):
        return None
    found = documents(
        state.contract, state.changes_in_force(), state.used(), question.date, accepted=state.accepted
    )
    if question.kind == "invoice":
        due = [rest_of(i, state.expected) for i in found.invoices if i.key == question.key]
        return next((invoice for invoice in due if invoice is not None and stands(state, invoice)), None)
    given = [rest_of(c, state.expected) for c in found.credit_memos if c.key == question.key]
    return next((credit for credit in given if credit is not None and stands(state, credit)), None)


def usage_credits(state: ContractState, question: DocumentQuestion) -> tuple[DueCredit, ...]:
    """The credit memos that late usage makes due on the date of a cycle's invoice.

    No platform makes them by itself, and no change of the contract does; those that a change has planned are
    left out.
    """
    if question.cycle is None or state.contract is None or not state.usage or not is_active(state):
        return ()
    found = documents(
        state.contract, state.changes_in_force(), state.used(), question.date, accepted=state.accepted
    )
    planned = {document.key for document in state.expected}
    lines = {invoice.key: invoice_as_billed(invoice, state.accepted) for invoice in found.invoices}
    return tuple(
        DueCredit(
            credit=memo,
            credited=lines[memo.invoice_key],
            account=for_customer(state.contract, state.changes_in_force(), memo.account).account,
        )
        for memo in found.credit_memos
        if memo.date == question.date and memo.key not in planned and is_of_usage(memo)
        if stands(state, memo)
    )


def is_of_usage(memo: CreditMemo) -> bool:
    """Whether it credits nothing but usage: the invoice of its date issues it (`usage_credits`)."""
    return all(line.charge == "usage" and line.timing == "arrears" for line in memo.lines)


def carried_by(state: ContractState, running: str | None) -> tuple[str, ...]:
    """Ids of the changes in force, and of the one under way in the workflow `running`."""
    under_way = (i.id for i in state.planned if change_workflow_id(state.id, i.type, i.id) == running)
    return (*(change.id for change in state.changes_in_force()), *under_way)


def change_behind(state: ContractState, question: DocumentQuestion) -> str:
    """Which change a document comes from: the one that issued it, or for a cycle's the last in force on its
    date.
    """
    if question.key is not None and question.key in state.issued_by:
        return state.issued_by[question.key]
    done = [item for item in state.carried if item.status == "done" and item.type != "activation"]
    before = sorted((i for i in done if i.effective_date <= question.date), key=lambda i: i.effective_date)
    return before[-1].id if before else state.id


def cancelled_on(state: ContractState) -> dt.date | None:
    for item in state.carried:
        if isinstance(item.change, Cancellation) and item.status == "done":
            return item.change.effective_date
    return None
