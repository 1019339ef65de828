"""Contracts in another currency than the books: policy, rates, and what preview makes of them."""

import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from assembly.policy_source import GovernedPolicy
from canonical.document import AccountRole
from governance.policy import SHIPPED, load_policy
from rules.preview import preview
from tests.agreement import scenario_of
from tests.rules.scenarios import seats
from tests.workflows.month_end import is_this_months_revenue, ledger_balances
from tests.workflows.sales import month, scenario, sold
from tests.world import World, today, working_world, world

REVALUED = ("revaluation", "reversal")


def books_policy(directory: Path, *, entity: str = "US01", books: str = "USD", group: str = "EUR") -> Path:
    """A policy by which the entity keeps its books in this currency."""
    said = yaml.safe_load((SHIPPED / "currencies.yaml").read_text())
    said["entities"] = [{"legal_entity": entity, "functional_currency": books}]
    said["group_currency"] = group
    directory.mkdir(exist_ok=True)
    (directory / "currencies.yaml").write_text(yaml.safe_dump(said))
    return directory


@contextlib.asynccontextmanager
async def foreign_world(
    home: Path, address: str, *, readable: bool = False, **policy: str
) -> AsyncIterator[World]:
    """A world whose policy says in which currency US01 keeps its books."""
    directory = books_policy(home / "policy", **policy)
    async with (
        world(home, address, working=False, readable=readable, governance=directory) as made,
        working_world(made, GovernedPolicy(load_policy(directory))),
    ):
        yield made


def daily(first: str, *, start: str = "1.0731", step: str = "0.0017") -> list[dict[str, str]]:
    """A rate every third day from `first` until today, as the preview takes them: each another one."""
    day = dt.date.fromisoformat(first)
    found: list[dict[str, str]] = []
    while day <= today():
        rate = Decimal(start) + Decimal(step) * (len(found) % 23)
        found.append({"date": day.isoformat(), "rate": str(rate)})
        day += dt.timedelta(days=3)
    return found


async def known(
    made: World, rates: Sequence[dict[str, str]], currency: str = "USD", reason: str | None = None
) -> None:
    """Taken in as the command line does, units of the currency for one euro."""
    told = [{"date": each["date"], "currency": currency, "rate": each["rate"]} for each in rates]
    body = {"base": "EUR", "source": "ECB, test", "rates": told, "reason": reason}
    answer = await made.act("fiona", "POST", "/rates", body)
    assert answer.status_code == 200, answer.text


def in_euro(
    *changes: dict[str, Any], start: str | None = None, every: int = 3, **more: Any
) -> dict[str, Any]:
    """US01 sells seats for euro and keeps its books in dollar; by the quarter two are billed, none today."""
    begun = start or month(-4, 10)
    lines = (seats(quantity="7", price="33.33", tax_rate_percent="8.875"),)
    told = scenario(sold(*lines, start=begun, every=every, currency="EUR", **more), *changes)
    rates = daily((dt.date.fromisoformat(begun) - dt.timedelta(days=2)).isoformat())
    return {**told, "fx": {"functional_currency": "USD", "rates": rates}}


def books(told: dict[str, Any], *, left_out: Sequence[str] = REVALUED) -> dict[AccountRole, Decimal]:
    """What preview's entries leave by role in the books' currency after last month's run, without zeros."""
    sums: dict[AccountRole, Decimal] = defaultdict(Decimal)
    for entry in preview(scenario_of(told)).journal_entries:
        if entry.event not in left_out and not is_this_months_revenue(entry):
            for line in entry.lines:
                sums[line.account] += line.debit - line.credit
    return {role: amount for role, amount in sums.items() if amount}


async def until_books(made: World, told: dict[str, Any], **more: Any) -> None:
    """Waits until the general ledger's balances in the base currency are the preview's, to the cent."""
    last: list[Any] = [None]

    async def same() -> bool:
        last[0] = await ledger_balances(made, told["contract"]["legal_entity"])
        return bool(last[0] == books(told, **more))

    try:
        await made.settle(same, "the books are as predicted")
    except AssertionError as error:
        opened = [(e.code, e.step, e.summary) for e in await made.exceptions()]
        raise AssertionError(f"{error}\n{last[0]}\n{books(told, **more)}\nexceptions: {opened}") from error
