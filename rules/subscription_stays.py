"""Which subscription of a contract bills when, and to whom: a transfer and a merge each begin another.

A platform's subscription keeps its customer, and what a merge makes is another contract; so each has a
business key of its own. Source: FINANCE.md, "Amendments".
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from canonical.change import Cancellation, ContractChange, Merge, Transfer
from canonical.contract import Account, Contract
from rules.changes import known_on


@dataclass(frozen=True)
class Stay:
    """One subscription. `until` is the day on which the next one begins, or on which a cancellation counts
    for documents; None: it goes on.
    """

    key: str
    since: dt.date
    until: dt.date | None


def stays(contract: Contract, changes: Sequence[ContractChange]) -> tuple[Stay, ...]:
    """All of the contract's subscriptions by these changes, in order of time."""
    turns = sorted(
        (change for change in changes if isinstance(change, Transfer | Merge)),
        key=lambda change: (change.effective_date, isinstance(change, Transfer)),
    )
    part, keys, since = contract.id, [contract.id], [contract.start_date]
    for change in turns:
        part = f"{part}/{change.id}" if isinstance(change, Merge) else part
        keys.append(part if isinstance(change, Merge) else f"{part}/{change.id}")
        since.append(known_on(change))
    end = next((known_on(change) for change in changes if isinstance(change, Cancellation)), None)
    return tuple(
        Stay(key, start, until) for key, start, until in zip(keys, since, (*since[1:], end), strict=True)
    )


def stay_on(contract: Contract, changes: Sequence[ContractChange], day: dt.date) -> Stay:
    """The subscription that bills what falls due after the day; the first one before the contract's start."""
    first, *later = stays(contract, changes)
    return [first, *(stay for stay in later if stay.since <= day)][-1]


def is_superseded(
    contract: Contract, changes: Sequence[ContractChange], key: str, document_date: dt.date
) -> bool:
    """Whether the subscription of this key had ended by the document's date, so that nothing of it is due."""
    ends = [stay.until for stay in stays(contract, changes) if stay.key == key]
    return any(until is not None and until <= document_date for until in ends)


def as_told(change: ContractChange) -> ContractChange:
    """The change as the subscription in force is told of it ahead: it ends where another one begins."""
    if not isinstance(change, Transfer | Merge):
        return change
    return Cancellation(id=change.id, type="cancellation", effective_date=change.effective_date)


def customer_of(contract: Contract, changes: Sequence[ContractChange]) -> Account:
    """Who is billed once these changes are carried out: the contract's customer, or the last transfer's."""
    transfers = [change for change in changes if isinstance(change, Transfer)]
    last = max(transfers, key=lambda change: change.effective_date, default=None)
    return contract.account if last is None else last.account


def for_customer(contract: Contract, changes: Sequence[ContractChange], account: str) -> Contract:
    """The contract with the customer of that id, as it or its newest transfer names it: whom a document is
    for. Raises LookupError where it has no such customer.
    """
    transfers = [change.account for change in changes if isinstance(change, Transfer)]
    for one in (*reversed(transfers), contract.account):
        if one.id == account:
            return contract.model_copy(update={"account": one})
    raise LookupError(f"{account} is no customer of {contract.id}")


def with_account(
    contract: Contract, changes: Sequence[ContractChange], account: Account
) -> tuple[Contract, tuple[ContractChange, ...]]:
    """The contract and its changes with another word on a customer of theirs, named by the account's id."""
    transfers = [
        change.model_copy(update={"account": account})
        if isinstance(change, Transfer) and change.account.id == account.id
        else change
        for change in changes
    ]
    own = contract.account.id == account.id
    return (contract.model_copy(update={"account": account}) if own else contract), tuple(transfers)
