"""What months bring that was predicted, beside what the ledger has of them: revenue and revaluation. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, get_args

from canonical.base import Dec, Noun
from canonical.document import AccountRole
from canonical.money import from_minor_units
from canonical.scenario import Scenario
from ports.erp import GeneralLedgerLine
from rules.outcome import outcome
from rules.period_revenue import REVENUE_ROLES

MonthEvent = Literal["revenue", "revaluation"]

_KEY = re.compile(r"(revenue|revaluation)/.+/([0-9]{4}-[0-9]{2})(?:/[0-9]+)?")
_TELLING: Mapping[str, tuple[AccountRole, ...]] = {
    "revenue": REVENUE_ROLES,
    "revaluation": ("fx_unrealised",),
}
"""The roles whose credits say in one figure what a month's entry is about."""
_ZERO = Decimal(0)

_Moved = dict[AccountRole, Decimal]


class MonthBeside(Noun):
    """A month's revenue, or the gain of its revaluation, in the books' currency, as predicted and as the
    ledger has it of all entries of the month together. `differences` names each account role that is moved
    otherwise.
    """

    month: str
    event: MonthEvent
    currency: str
    predicted: Dec
    ledger: Dec
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences


def months_beside(
    scenario: Scenario, lines: Sequence[GeneralLedgerLine], accounts: Mapping[AccountRole, str]
) -> tuple[MonthBeside, ...]:
    """The months that have ended by the scenario's `as_of`, whatever periods are closed: an entry counts in
    the month that it is of. `accounts` are the ledger's numbers of the roles.
    """
    found = outcome(scenario.model_copy(update={"periods": None}))
    currency = found.books_currency
    predicted: dict[tuple[str, str], _Moved] = {}
    for posting in found.postings:
        if posting.event in get_args(MonthEvent):
            month = f"{posting.date:%Y-%m}"
            moved = {role: from_minor_units(units, currency) for role, units in posting.movement.items()}
            predicted[posting.event, month] = {role: amount for role, amount in moved.items() if amount}
    posted = _posted(lines, accounts, converted=currency != scenario.contract.currency)
    names = sorted({*predicted, *posted}, key=lambda name: (name[1], name[0] != "revenue"))
    return tuple(_beside(name, currency, predicted.get(name, {}), posted.get(name, {})) for name in names)


def _posted(
    lines: Iterable[GeneralLedgerLine], accounts: Mapping[AccountRole, str], *, converted: bool
) -> dict[tuple[str, str], _Moved]:
    """By event and month. Books in another currency than the contract's are the entity's own."""
    roles = {account: role for role, account in accounts.items()}
    found: dict[tuple[str, str], _Moved] = defaultdict(lambda: defaultdict(Decimal))
    for line in lines:
        key = _KEY.fullmatch(line.key or "")
        if key is None:
            continue
        own = line.debit - line.credit
        amount = own if converted or line.amount is None else line.amount
        found[key[1], key[2]][roles[line.account]] += amount
    return found


def _beside(name: tuple[str, str], currency: str, predicted: _Moved, posted: _Moved) -> MonthBeside:
    event, month = name
    differences = [
        f"{role}: {posted.get(role, _ZERO)} instead of {predicted.get(role, _ZERO)}"
        for role in sorted({*predicted, *posted})
        if predicted.get(role, _ZERO) != posted.get(role, _ZERO)
    ]
    return MonthBeside.model_validate(
        {
            "month": month,
            "event": event,
            "currency": currency,
            "predicted": _told(event, predicted, currency),
            "ledger": _told(event, posted, currency),
            "differences": differences,
        }
    )


def _told(event: str, moved: _Moved, currency: str) -> Decimal:
    amount = -sum((moved.get(role, _ZERO) for role in _TELLING[event]), _ZERO)
    return amount or from_minor_units(0, currency)
