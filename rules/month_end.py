"""A contract's month end: what it has earned in all, less what has been posted, as one journal entry.

Everything counts from the contract's start, so that what changes in hindsight (a change that reaches back, a
document that a person accepted as it is) is posted as the difference, by whichever run comes next. Nothing
posted is edited. Source: FINANCE.md, "Revenue" and "Journal entries".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar, get_args

from canonical.change import ContractChange
from canonical.contract import Contract
from canonical.document import AccountRole, CreditMemo, Invoice
from canonical.ids import revenue_key
from canonical.lifecycle import AcceptedDocument, ContractState
from canonical.money import decimal_of, difference, from_minor_units, require_one_currency, total, zero
from canonical.origin import Origin
from canonical.revenue import (
    ContractEarned,
    ContractMonth,
    ContractPosted,
    ContractRevenueResult,
    PostedQuestion,
    RevenueTally,
    RoleAmounts,
    first_day,
)
from canonical.scenario import Usage
from ports.billing import IssuedDocument
from ports.erp import Dimensions, LedgerJournal, LedgerJournalLine, PostedDocument, PostedLine
from rules.accepted import as_accepted
from rules.agenda import is_active
from rules.billing_plan import Documents, documents
from rules.calendar import month_end
from rules.exchange import Exchange
from rules.merge import parts
from rules.outcome import revenue_postings
from rules.pieces import whole_of
from rules.postings import balances
from rules.subledger import as_issued

_ROLES: tuple[AccountRole, ...] = get_args(AccountRole)
_Document = TypeVar("_Document", Invoice, CreditMemo)
_MOST_NAMED = 50
"""How many failed contracts a run names; the exception queue has them all."""


class UnknownLine(ValueError):
    """A line of a posted revenue entry whose account role can't be told."""


@dataclass(frozen=True)
class Sold:
    """A contract as its workflow has it: what was approved, what of it was carried out, what was used, and
    what people have accepted of its documents.
    """

    contract: Contract
    changes: Sequence[ContractChange]
    usage: Sequence[Usage]
    voided: Sequence[str] = ()
    accepted: Sequence[AcceptedDocument] = ()

    def documents(self, by: dt.date) -> Documents:
        """Those dated by the day, as they stand. Raises what `documents` raises."""
        found = documents(self.contract, self.changes, self.usage, by, accepted=self.accepted)
        return as_accepted(found, self.voided, self.accepted)


def sold_of(state: ContractState) -> Sold | None:
    """None where the contract is not in force."""
    if state.contract is None or not is_active(state):
        return None
    return Sold(state.contract, state.changes_in_force(), state.used(), state.voided, state.accepted)


def earned(
    sold: Sold,
    period: str,
    as_of: dt.date,
    exchange: Exchange,
    accepted: Mapping[str, IssuedDocument],
) -> ContractEarned:
    """What the contract's documents dated by `as_of` have earned by the end of the month `period`.

    `accepted` are documents, by key, that a person has let into the ledger as the billing platform has them:
    they earn what they say. A contract merged into this one stands for itself; what its lines earn in a month
    is rounded together with theirs. Raises what `documents` and `Exchange` raise.
    """
    contract = sold.contract
    issued = _of_contract(contract.id, sold.documents(as_of), accepted)
    involved = [
        part for part in parts(contract, sold.changes, as_of) if _is_own(contract.id, part.contract.id)
    ]
    last = month_end(first_day(period))
    posted = revenue_postings(involved, issued, as_of, exchange, changes=sold.changes)
    held = balances(posting for posting in posted if posting.date <= last)
    own: tuple[Invoice | CreditMemo, ...] = (*issued.invoices, *issued.credit_memos)
    return ContractEarned(
        in_force=True,
        currency=exchange.books,
        change=sold.changes[-1].id if sold.changes else contract.id,
        earned={role: from_minor_units(held[role], exchange.books) for role in _ROLES if held.get(role)},
        documents={document.key: _net(document) for document in own},
        rates=_rates(own, exchange),
    )


def _rates(own: Iterable[Invoice | CreditMemo], exchange: Exchange) -> dict[str, Decimal]:
    """As they are written on the documents."""
    if not exchange.converts:
        return {}
    return {document.key: decimal_of(exchange.rate_of(document)) for document in own}


def _is_own(contract: str, other: str) -> bool:
    """Whether an id is the contract's, or that of what a merge has made of it."""
    return other == contract or other.startswith(f"{contract}/")


def _of_contract(contract: str, found: Documents, accepted: Mapping[str, IssuedDocument]) -> Documents:
    """The contract's own documents, those that were accepted as they are."""
    invoices = [invoice for invoice in found.invoices if _is_own(contract, invoice.contract)]
    memos = [memo for memo in found.credit_memos if _is_own(contract, memo.contract)]
    whole = _put_together(accepted, {*(each.key for each in invoices), *(each.key for each in memos)})
    return Documents(
        invoices=tuple(_as_listed(invoice, whole) for invoice in invoices),
        credit_memos=tuple(_as_listed(memo, whole) for memo in memos),
    )


def _put_together(
    issued: Mapping[str, IssuedDocument], expected: Collection[str]
) -> dict[str, IssuedDocument]:
    """By the expected documents' keys. A change that comes when a date's document is out issues the rest of
    it as a document of its own (`<key>/<change>`): to the rules both are one.
    """
    pieces: dict[str, list[IssuedDocument]] = defaultdict(list)
    for key in sorted(issued):
        if (whole := whole_of(key, expected)) is not None:
            pieces[whole].append(issued[key])
    return {key: _as_one(own) for key, own in pieces.items()}


def _as_one(pieces: Sequence[IssuedDocument]) -> IssuedDocument:
    first, currency = pieces[0], require_one_currency(piece.currency for piece in pieces)
    return first.model_copy(
        update={
            "lines": tuple(line for piece in pieces for line in piece.lines),
            "subtotal": total((piece.subtotal for piece in pieces), currency),
            "tax": total((piece.tax for piece in pieces), currency),
            "total": total((piece.total for piece in pieces), currency),
        }
    )


def _as_listed(document: _Document, accepted: Mapping[str, IssuedDocument]) -> _Document:
    """The document as the billing platform has it, where it is accepted so; its date stays."""
    if document.key not in accepted:
        return document
    taken = as_issued(document, accepted[document.key])
    return document.model_copy(
        update={"lines": taken.lines, "subtotal": taken.subtotal, "tax": taken.tax, "total": taken.total}
    )


def _net(document: Invoice | CreditMemo) -> Decimal:
    """A credit memo's below zero."""
    return document.subtotal if isinstance(document, Invoice) else -document.subtotal


def posted_by(question: PostedQuestion, found: Iterable[PostedDocument]) -> ContractPosted:
    """What the ledger has of the contract: its revenue up to the month, and documents that differ.

    `found` are the contract's documents and entries as the ERP lists them. Raises UnknownLine,
    MixedCurrencies.
    """
    listed = [document for document in found if document.key is not None]
    months = [
        (month, document)
        for document in listed
        if document.kind == "journal_entry" and (month := _month_of(question.contract, document.key or ""))
    ]
    counted = [entry for month, entry in months if month <= question.period and entry.status != "reversed"]
    currency = require_one_currency((question.currency, *(entry.currency for entry in counted)))
    return ContractPosted(
        posted=_role_sums(counted, question.accounts, currency),
        entries=sum(month == question.period for month, _ in months),
        differing=_differing(question, listed),
        rates=_other_rates(question, listed),
    )


def _other_rates(question: PostedQuestion, listed: Iterable[PostedDocument]) -> dict[str, Decimal]:
    """Of expected documents that stand at another rate: one that was corrected later changes nothing of what
    is posted."""
    found: dict[str, Decimal] = {}
    for document in listed:
        whole, rate = whole_of(document.key or "", question.rates), document.exchange_rate
        if whole is None or rate is None or document.kind == "journal_entry" or document.status == "voided":
            continue
        if rate != question.rates[whole]:
            found[whole] = rate
    return found


def _differing(question: PostedQuestion, listed: Iterable[PostedDocument]) -> tuple[str, ...]:
    """The expected documents that stand in the ledger, in one piece or several, with another net amount."""
    standing: dict[str, Decimal] = {}
    for document in listed:
        whole = whole_of(document.key or "", question.documents)
        if whole is not None and document.kind != "journal_entry" and document.status != "voided":
            standing[whole] = total(
                (standing.get(whole, zero(document.currency)), _posted_net(document)), document.currency
            )
    return tuple(sorted(key for key, net in standing.items() if net != question.documents[key]))


def _month_of(contract: str, key: str) -> str | None:
    """The month of a revenue entry's key; None for any other's."""
    head = revenue_key(contract, "", 0)
    return key.removeprefix(head)[:7] if key.startswith(head) else None


def _posted_net(document: PostedDocument) -> Decimal:
    net = total((line.amount for line in document.lines), document.currency)
    return net if document.kind == "invoice" else -net


def _role_sums(
    entries: Iterable[PostedDocument], accounts: Mapping[AccountRole, str], currency: str
) -> RoleAmounts:
    sums: dict[AccountRole, list[Decimal]] = {}
    for entry in entries:
        for line in entry.lines:
            sums.setdefault(_role_of(line, accounts), []).append(line.amount)
    return {role: amount for role in _ROLES if (amount := total(sums.get(role, ()), currency))}


def _role_of(line: PostedLine, accounts: Mapping[AccountRole, str]) -> AccountRole:
    """As the line's own memo says, which keeps it through a change of accounts; else by its account."""
    written = (line.memo or "").partition(":")[0]
    for role in _ROLES:
        if role == written:
            return role
    for role, account in accounts.items():
        if account == line.account:
            return role
    raise UnknownLine(f"account {line.account} of a posted revenue entry is no role's")


def still_to_post(earned: ContractEarned, posted: ContractPosted) -> RoleAmounts:
    """What is earned less what is posted, both in the books' currency; roles of zero are left out."""
    none = zero(earned.currency)
    amounts = {
        role: difference(earned.earned.get(role, none), posted.posted.get(role, none), earned.currency)
        for role in _ROLES
        if role in earned.earned or role in posted.posted
    }
    return {role: amount for role, amount in amounts.items() if amount}


def revenue_journal(
    month: ContractMonth, change: str, currency: str, amounts: RoleAmounts, entries: int
) -> LedgerJournal:
    """The entry that posts the amounts, dated on the month's last day; `entries` of the month stand already.

    Each line's memo begins with its role, so that it is known again whatever the chart of accounts becomes.
    """
    last = month_end(first_day(month.period))
    words = f"of {month.period}, contract {month.contract}"
    return LedgerJournal(
        origin=Origin(
            tenant=month.tenant,
            contract=month.contract,
            change=change,
            step=f"revenue {month.period}",
            revision=entries,
            correlation_id=month.correlation_id,
        ),
        key=revenue_key(month.contract, month.period, entries),
        contract=month.contract,
        legal_entity=month.entity,
        currency=currency,
        date=last,
        posting_date=last,
        memo=f"Revenue {words}" + (f", difference {entries}" if entries else ""),
        lines=tuple(
            LedgerJournalLine(
                role=role,
                account=month.policy.accounts[role],
                debit=max(amount, zero(currency)),
                credit=max(-amount, zero(currency)),
                memo=f"{role}: revenue {words}",
                dimensions=Dimensions(department=month.policy.department),
            )
            for role, amount in amounts.items()
        ),
    )


def tally_of(results: Iterable[ContractRevenueResult]) -> RevenueTally:
    tally = RevenueTally()
    for result in results:
        failed = result.outcome == "exception"
        one = RevenueTally(
            contracts=1,
            posted=int(result.outcome == "posted"),
            unchanged=int(result.outcome == "unchanged"),
            not_in_force=int(result.outcome == "not_in_force"),
            exceptions=int(failed),
            failed=(result.contract,) if failed else (),
            sums={} if result.currency is None else {result.currency: result.amounts},
        )
        tally = added(tally, one)
    return tally


def added(tally: RevenueTally, more: RevenueTally) -> RevenueTally:
    """Both together, each currency by itself; of the failed contracts the first ones are named."""
    return RevenueTally(
        contracts=tally.contracts + more.contracts,
        posted=tally.posted + more.posted,
        unchanged=tally.unchanged + more.unchanged,
        not_in_force=tally.not_in_force + more.not_in_force,
        exceptions=tally.exceptions + more.exceptions,
        failed=(*tally.failed, *more.failed)[:_MOST_NAMED],
        sums={
            currency: _summed(tally.sums.get(currency, {}), more.sums.get(currency, {}), currency)
            for currency in sorted({*tally.sums, *more.sums})
        },
    )


def _summed(amounts: RoleAmounts, more: RoleAmounts, currency: str) -> RoleAmounts:
    none = zero(currency)
    return {
        role: total((amounts.get(role, none), more.get(role, none)), currency)
        for role in _ROLES
        if role in amounts or role in more
    }
