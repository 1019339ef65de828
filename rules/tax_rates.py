"""Tax rates that the tax engine has quoted, kept where the rules find them again.

Those of the contract's first customer are its lines'; those of a customer to whom it was transferred are the
transfer's, those of the contract that a merge has made the merge's.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from canonical.change import Amendment, ContractChange, LineRates, Merge, Transfer
from canonical.contract import Contract, DatedRate, Line, LineTerms

_Terms = TypeVar("_Terms", Line, LineTerms)


@dataclass(frozen=True)
class Quoted:
    """A rate in force from its date on, for a line of the contract `part` billed to `account`."""

    part: str
    account: str
    line: str
    rate: DatedRate


@dataclass(frozen=True)
class _Home:
    """Where the rates of a customer's time are kept: `change` None is the lines themselves."""

    part: str
    account: str
    since: dt.date
    change: str | None


def with_tax_rates(
    contract: Contract, changes: tuple[ContractChange, ...], quoted: Sequence[Quoted]
) -> tuple[Contract, tuple[ContractChange, ...]]:
    """The contract and its changes with the rates quoted.

    A line's first known rate counts from the beginning of the customer's time; a later one from the date it
    was quoted for. Raises LookupError for a customer whom the contract does not have.
    """
    homes = _homes(contract, changes)
    by_home: dict[_Home, list[Quoted]] = {}
    for one in sorted(quoted, key=lambda one: one.rate.from_date):
        by_home.setdefault(_home(homes, one), []).append(one)
    own = by_home.pop(homes[0], [])
    lines = tuple(_learn(line, line.id, own, contract.start_date) for line in contract.lines)
    learned = contract.model_copy(update={"lines": lines})
    by_change = {home.change: (home, found) for home, found in by_home.items()}
    taught = []
    for change in changes:
        if isinstance(change, Amendment):
            change = _learn_added(change, own, contract.start_date)
        if isinstance(change, Transfer | Merge) and change.id in by_change:
            home, found = by_change[change.id]
            rates = _line_rates(change.tax_rates, found, home.since)
            change = change.model_copy(update={"tax_rates": rates})
        taught.append(change)
    return learned, tuple(taught)


def _homes(contract: Contract, changes: Iterable[ContractChange]) -> list[_Home]:
    """In order of time; on one date the merge comes first, whose date's changes are the new contract's."""
    turns = sorted(
        (change for change in changes if isinstance(change, Transfer | Merge)),
        key=lambda change: (change.effective_date, isinstance(change, Transfer)),
    )
    part, account = contract.id, contract.account.id
    homes = [_Home(part, account, contract.start_date, None)]
    for change in turns:
        if isinstance(change, Merge):
            part = f"{part}/{change.id}"
        else:
            account = change.account.id
        homes.append(_Home(part, account, change.effective_date, change.id))
    return homes


def _home(homes: Sequence[_Home], one: Quoted) -> _Home:
    """The newest time of the customer that had begun by the rate's date, else the first."""
    own = [home for home in homes if (home.part, home.account) == (one.part, one.account)]
    if not own:
        raise LookupError(f"{one.account} is no customer of {one.part}")
    return [own[0], *(home for home in own if home.since <= one.rate.from_date)][-1]


def _learn_added(change: Amendment, quoted: list[Quoted], start: dt.date) -> Amendment:
    lines = tuple(
        line.model_copy(update={"add": _learn(line.add, line.id, quoted, start)})
        if line.add is not None
        else line
        for line in change.lines
    )
    return change.model_copy(update={"lines": lines})


def _learn(terms: _Terms, line: str, quoted: list[Quoted], start: dt.date) -> _Terms:
    rates = _merged(terms.tax_rates or (), [one.rate for one in quoted if one.line == line], start)
    return terms.model_copy(update={"tax_rates": rates, "tax_rate_percent": None}) if rates else terms


def _line_rates(known: Sequence[LineRates], quoted: list[Quoted], since: dt.date) -> tuple[LineRates, ...]:
    before = {each.line: each.rates for each in known}
    names = {*before, *(one.line for one in quoted)}
    found = {
        line: _merged(before.get(line, ()), [one.rate for one in quoted if one.line == line], since)
        for line in names
    }
    return tuple(LineRates(line=line, rates=rates) for line, rates in sorted(found.items()))


def _merged(known: Sequence[DatedRate], quoted: Iterable[DatedRate], start: dt.date) -> tuple[DatedRate, ...]:
    """In order of date; a rate that is in force already is not noted again."""
    rates = list(known)
    for rate in quoted:
        if not rates:
            rates.append(DatedRate(from_date=start, percent=rate.percent))
            continue
        in_force = max((r for r in rates if r.from_date <= rate.from_date), key=lambda r: r.from_date)
        if in_force.percent != rate.percent:
            rates = [r for r in rates if r.from_date != rate.from_date] + [rate]
    return tuple(sorted(rates, key=lambda rate: rate.from_date))


def product_of_two_rates(contract: Contract, changes: Iterable[ContractChange]) -> str | None:
    """A product that two of the contract's lines tax differently, where a tax engine has one rate for a
    customer's product; None where there is none. Contracts that are merged into it are not looked at.
    """
    lines: list[LineTerms] = list(contract.lines)
    for change in changes:
        if isinstance(change, Amendment):
            lines += [entry.add for entry in change.lines if entry.add is not None]
    rates: dict[str, tuple[DatedRate, ...] | Decimal] = {}
    for line in lines:
        rate = line.tax_rates or line.tax_rate_percent or Decimal(0)
        if rates.setdefault(line.product, rate) != rate:
            return line.product
    return None
