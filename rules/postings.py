"""Journal entries: events as movements of account roles, each balanced, in the order in which they stand.

Amounts are whole minor units of the books' currency until they stand in an entry; a debit is positive.
Source: FINANCE.md, "Journal entries".
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from canonical.document import AccountRole, CreditMemo, Invoice, JournalEntry, JournalLine
from canonical.money import from_minor_units, to_minor_units

EVENTS = ("reversal", "invoice", "credit_memo", "payment", "revenue", "revaluation")
"""In the order in which they stand within a date."""

_ROLES: tuple[AccountRole, ...] = ("cash", *(role for role in get_args(AccountRole) if role != "cash"))

Movement = Mapping[AccountRole, int]


class Unbalanced(ValueError):
    """An entry whose debits and credits differ: a defect of these rules, never of the scenario."""


@dataclass(frozen=True)
class Posting:
    """What one event does to the accounts on a day."""

    date: dt.date
    event: str
    document: str
    movement: Movement


def document_movement(document: Invoice | CreditMemo, currency: str) -> dict[AccountRole, int]:
    """An invoice debits the receivable and credits where it is earned from, and tax; a memo reverses."""
    sign = 1 if isinstance(document, Invoice) else -1
    movement: dict[AccountRole, int] = defaultdict(int)
    movement["accounts_receivable"] = sign * to_minor_units(document.total, currency)
    movement["tax_payable"] = -sign * to_minor_units(document.tax, currency)
    for line in document.lines:
        side: AccountRole = "deferred_revenue" if line.timing == "advance" else "unbilled_receivable"
        movement[side] -= sign * to_minor_units(line.amount, currency)
    return movement


def entry(posting: Posting, currency: str) -> JournalEntry | None:
    """The posting as a balanced entry, roles of zero left out; None where nothing moves.

    Raises Unbalanced.
    """
    if sum(posting.movement.values()) != 0:
        raise Unbalanced(f"{posting.event} {posting.document}: {dict(posting.movement)}")
    lines = tuple(
        JournalLine(
            account=role,
            debit=from_minor_units(max(units, 0), currency),
            credit=from_minor_units(max(-units, 0), currency),
        )
        for role in _ROLES
        if (units := posting.movement.get(role, 0))
    )
    if not lines:
        return None
    return JournalEntry(
        date=posting.date, event=posting.event, document=posting.document, currency=currency, lines=lines
    )


def in_order(postings: Iterable[Posting], as_of: dt.date) -> list[Posting]:
    """By date, then event, then as they come; none after `as_of`."""
    due = (posting for posting in postings if posting.date <= as_of)
    return sorted(due, key=lambda posting: (posting.date, EVENTS.index(posting.event)))


def entries(postings: Iterable[Posting], currency: str) -> list[JournalEntry]:
    return [made for posting in postings if (made := entry(posting, currency)) is not None]


def balances(postings: Iterable[Posting]) -> dict[AccountRole, int]:
    """What the postings leave in each role; a debit balance is positive."""
    found: dict[AccountRole, int] = defaultdict(int)
    for posting in postings:
        for role, units in posting.movement.items():
            found[role] += units
    return found
