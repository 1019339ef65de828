"""From the platforms' own listings to the entries of a period's sides. Pure; nothing is looked up.

Entries of the neighbouring months are kept, so that a document that lies in the wrong one is found there.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from canonical.contract import Contract
from canonical.document import CreditMemo, Invoice
from canonical.ids import original_key
from canonical.lifecycle import ContractState, Plan
from canonical.money import difference, total, zero
from canonical.reconciliation import Entry, Side
from ports.billing import IssuedDocument
from ports.erp import GeneralLedgerLine, PostedDocument
from ports.tax import TaxResult
from rules import agenda
from rules.accepted import as_booked
from rules.billing_plan import documents
from rules.calendar import add_months, first_of_next_month, month_end, month_key
from rules.pieces import rest_of
from rules.subledger import is_empty_cycle

_GONE = ("void",)
"""An invoice that is not collected any more was billed all the same: it is written off, or stays owed."""
_UNDONE = ("voided", "reversed")
_COUNTERS = ("void:", "reversal:")


def first_day(period: str) -> dt.date:
    """Of a month as accounting names it. Raises ValueError for anything but "2026-01"."""
    found = dt.datetime.strptime(period, "%Y-%m").replace(tzinfo=dt.UTC).date()
    if month_key(found) != period:
        raise ValueError(f"{period} is not a month like 2026-01")
    return found


def last_day(period: str) -> dt.date:
    return month_end(first_day(period))


def month_that_ends(day: dt.date) -> str:
    """The month whose end is near: from two days before it on the running one, before that the last one."""
    return month_key(add_months((day + dt.timedelta(days=2)).replace(day=1), -1))


def window(period: str) -> tuple[dt.date, dt.date]:
    """From the first day of the month before to the last of the month after."""
    first = first_day(period)
    return add_months(first, -1), month_end(first_of_next_month(first))


def _within(period: str, date: dt.date) -> bool:
    first, last = window(period)
    return first <= date <= last


def billing_entries(
    issued: Iterable[IssuedDocument], period: str, entity: str, entities: Mapping[str, str]
) -> tuple[Entry, ...]:
    """What the billing platform has issued for the entity, drafts as unfinished, but for cycles that bill
    nothing. `entities` says whose each contract is. A document that names no known contract is its
    customer's; where that one is not known either, nobody can say whose it is, and it is every entity's.
    """
    listed = [d for d in issued if d.status not in _GONE and not is_empty_cycle(d)]
    known = [(d.customer_id, entities.get(d.contract or "")) for d in listed]
    customers = {customer: owner for customer, owner in known if owner is not None}
    found = []
    for document in listed:
        named = entities.get(document.contract or document.customer_contract or "")
        owner = named or customers.get(document.customer_id, entity)
        if owner == entity and _within(period, document.date):
            found.append(_issued(document))
    return tuple(found)


def _issued(document: IssuedDocument) -> Entry:
    sign = 1 if document.kind == "invoice" else -1
    return Entry(
        side="billings",
        kind=document.kind,
        platform=document.platform,
        id=document.id,
        key=document.key,
        number=document.number,
        contract=document.contract,
        customer_id=document.customer_id,
        currency=document.currency,
        date=document.date,
        total=_signed(sign, document.total, document.currency),
        tax=_signed(sign, document.tax, document.currency),
        unfinished="a draft" if document.status == "draft" else None,
    )


def tax_entries(results: Iterable[TaxResult], period: str, platform: str) -> tuple[Entry, ...]:
    """What the tax engine has committed. Raises ValueError for a listing without currency or date."""
    found = []
    for result in results:
        if result.status != "committed":
            continue
        if result.currency is None or result.date is None:
            raise ValueError(f"the tax engine lists {result.code} without currency or date")
        if not _within(period, result.date):
            continue
        tax = _signed(-1 if result.kind == "credit_memo" else 1, abs(result.total_tax), result.currency)
        found.append(
            Entry(
                side="tax",
                kind="tax_document",
                platform=platform,
                id=result.id,
                key=result.code,
                number=result.code,
                contract=result.code.partition("/")[0],
                currency=result.currency,
                date=result.date,
                total=tax,
                tax=tax,
            )
        )
    return tuple(found)


def receivable_entries(posted: Iterable[PostedDocument], period: str) -> tuple[Entry, ...]:
    """The ERP's invoices and credit memos that stand: neither voided nor a counter document of a void."""
    found = []
    for document in posted:
        if document.kind == "journal_entry" or _is_undone(document) or not _within(period, document.date):
            continue
        if not _is_billed(document.key):
            continue
        sign = 1 if document.kind == "invoice" else -1
        found.append(
            Entry(
                side="receivables",
                kind=document.kind,
                platform=document.platform,
                id=document.id,
                key=_own_key(document.key),
                number=document.number,
                contract=document.key.partition("/")[0] if document.key else None,
                currency=document.currency,
                date=document.date,
                posted_in=month_key(document.period_start or document.date),
                total=_signed(sign, abs(document.total), document.currency),
                tax=_signed(sign, abs(document.tax), document.currency),
            )
        )
    return tuple(found)


def rate_entries(posted: Iterable[PostedDocument], books: str) -> tuple[Entry, ...]:
    """At which rates our documents in other currencies than the books' stand, whatever their day."""
    return tuple(
        Entry(
            side="rates",
            kind="invoice" if document.kind == "invoice" else "credit_memo",
            platform=document.platform,
            id=document.id,
            key=original_key(document.key),
            currency=document.currency,
            date=document.date,
            total=zero(document.currency),
            tax=zero(document.currency),
            unfinished="a rate",
            rate=document.exchange_rate,
        )
        for document in posted
        if document.kind != "journal_entry"
        and document.key is not None
        and document.exchange_rate is not None
        and document.currency != books
        and not _is_undone(document)
    )


def posted_rates(entries: Iterable[Entry]) -> dict[str, Decimal]:
    """By the documents' keys."""
    return {entry.key: entry.rate for entry in entries if entry.key is not None and entry.rate is not None}


def ledger_entries(
    lines: Iterable[GeneralLedgerLine],
    posted: Iterable[PostedDocument],
    period: str,
    platform: str,
    receivable: str,
    controlled: Collection[str],
) -> tuple[Entry, ...]:
    """The general ledger by transaction: invoices and credit memos by what they move on the receivable
    account; what others have posted on a `controlled` account by that, or by its debits where it moves
    nothing there. Our own journals and all payments are left to the sides that they belong to.
    """
    undone = undone_ids(posted)
    entries: dict[str, list[GeneralLedgerLine]] = defaultdict(list)
    for line in lines:
        entries[line.entry].append(line)
    found = (
        _ledger_entry(id_, own, platform, receivable, controlled)
        for id_, own in entries.items()
        if id_ not in undone and own[0].kind not in ("payment", "refund", "revaluation")
    )
    return tuple(entry for entry in found if entry is not None and _within(period, entry.date))


def _ledger_entry(
    id_: str, lines: Sequence[GeneralLedgerLine], platform: str, receivable: str, controlled: Collection[str]
) -> Entry | None:
    first = lines[0]
    is_document = first.kind in ("invoice", "credit_memo") and _is_billed(first.key)
    if not is_document and (first.key is not None or not any(e.account in controlled for e in lines)):
        return None
    amounts = [_amount(line) for line in lines if line.account == receivable]
    moved = total(amounts, first.currency)
    if moved == 0 and not is_document:
        moved = total((max(_amount(line), zero(first.currency)) for line in lines), first.currency)
    date = _date(first)
    return Entry(
        side="ledger",
        kind=first.kind or "journal_entry",
        platform=platform,
        id=id_,
        key=_own_key(first.key),
        number=first.number,
        contract=first.key.partition("/")[0] if first.key else None,
        currency=first.currency,
        date=date,
        posted_in=month_key(first.period_start or date),
        total=moved,
        tax=zero(first.currency),
    )


def _amount(line: GeneralLedgerLine) -> Decimal:
    if line.amount is None:
        raise ValueError(f"the ledger lists {line.entry} without its amount in {line.currency}")
    return line.amount


def _date(line: GeneralLedgerLine) -> dt.date:
    if line.date is None:
        raise ValueError(f"the ledger lists {line.entry} without its date")
    return line.date


def booking_entries(
    state: ContractState, plan: Plan | None, period: str, as_of: dt.date
) -> tuple[Entry, ...]:
    """What a contract makes due around the period by `as_of`: as it was planned, else by the rules. `plan` is
    that of a change under way, whose documents are unfinished.
    """
    contract = state.contract
    if contract is None:
        return ()
    due = _due(state, contract, min(as_of, window(period)[1])) if agenda.is_active(state) else {}
    accepted = {each.key: each for each in state.accepted}
    for key in accepted.keys() & due.keys():
        due[key] = as_booked(due[key], accepted[key])
    entries = [_booked(document, None) for document in due.values() if agenda.stands(state, document)]
    if plan is not None:
        words = f"{plan.type} {plan.change} is under way"
        planned: tuple[Invoice | CreditMemo, ...] = (*plan.invoices, *plan.credit_memos)
        entries += [_booked(document, words) for document in planned if document.key not in due]
    return tuple(entry for entry in entries if _within(period, entry.date))


def _due(state: ContractState, contract: Contract, until: dt.date) -> dict[str, Invoice | CreditMemo]:
    """As it was planned; what no plan has issued, as the rules expect it."""
    found = documents(contract, state.changes_in_force(), state.used(), until, accepted=state.accepted)
    planned = [document for document in state.expected if document.date <= until]
    rests: list[Invoice | CreditMemo | None] = [rest_of(invoice, planned) for invoice in found.invoices]
    rests += [rest_of(memo, planned) for memo in found.credit_memos]
    due = {rest.key: rest for rest in rests if rest is not None}
    return due | {document.key: document for document in planned}


def _booked(document: Invoice | CreditMemo, unfinished: str | None) -> Entry:
    sign, kind = (1, "invoice") if isinstance(document, Invoice) else (-1, "credit_memo")
    return Entry.model_validate(
        {
            "side": "bookings",
            "kind": kind,
            "platform": "contract",
            "id": document.key,
            "key": document.key,
            "contract": document.contract,
            "currency": document.currency,
            "date": document.date,
            "total": _signed(sign, document.total, document.currency),
            "tax": _signed(sign, document.tax, document.currency),
            "unfinished": unfinished,
        }
    )


def with_committed_tax(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The bookings with the tax that the engine has committed: it is the authority for rates, which the
    rules only know as they were when the contract was last read.
    """
    committed = {entry.key: entry for entry in entries if entry.side == "tax"}
    return tuple(_taxed(entry, committed.get(entry.key)) for entry in entries)


def _taxed(entry: Entry, committed: Entry | None) -> Entry:
    if entry.side != "bookings" or committed is None or committed.currency != entry.currency:
        return entry
    net = difference(entry.total, entry.tax, entry.currency)
    return entry.model_copy(
        update={"tax": committed.tax, "total": total((net, committed.tax), entry.currency)}
    )


def _is_billed(key: str | None) -> bool:
    """Whether a document of the ERP is one that is billed: write-offs are credit memos too."""
    return key is None or "/invoice/" in key or "/credit-memo/" in key


def _own_key(key: str | None) -> str | None:
    return None if key is None else original_key(key)


def latest(entries: Iterable[Entry], side: Side) -> dt.date | None:
    return max((entry.date for entry in entries if entry.side == side), default=None)


def undone_ids(posted: Iterable[PostedDocument]) -> set[str]:
    """The ERP's ids of what a counter document takes off, and of that."""
    return {document.id for document in posted if _is_undone(document)}


def _is_undone(document: PostedDocument) -> bool:
    counter = (document.key or "").startswith(_COUNTERS)
    return document.status in _UNDONE or counter


def _signed(sign: int, amount: Decimal, currency: str) -> Decimal:
    return total((amount if sign > 0 else -amount,), currency)
