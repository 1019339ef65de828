"""Runs of the month end, and what they leave in the general ledger beside what `q2c preview` predicts."""

import datetime as dt
import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

from assembly.policy_source import GovernedPolicy
from canonical.document import AccountRole
from canonical.origin import Origin
from canonical.revenue import RevenueOrder, RevenueReport
from governance.policy import load_policy
from ports.erp import LedgerJournal, LedgerJournalLine
from rules.calendar import month_key
from rules.preview import PreviewEntry, Totals, preview
from rules.reading import read_scenario
from tests.workflows.sales import month
from tests.world import World, today
from workflows._options import WORKFLOW_QUEUE
from workflows.month_ends import MonthEndOrder, MonthEndResult, MonthEndsWorkflow
from workflows.revenue import RevenueWorkflow

LAST_MONTH = month(-1)[:7]


def order(entity: str = "US01", period: str = LAST_MONTH, **more: Any) -> RevenueOrder:
    given: dict[str, Any] = {"requested_by": "fiona", "correlation_id": f"run-{period}", **more}
    return RevenueOrder(tenant="default", entity=entity, period=period, **given)


async def run_month(made: World, given: RevenueOrder) -> RevenueReport:
    """The run to its end."""
    return await made.client.execute_workflow(
        RevenueWorkflow.run, given, id=f"revenue/{given.entity}/{given.period}", task_queue=WORKFLOW_QUEUE
    )


async def run_month_ends(made: World) -> MonthEndResult:
    """What the schedule starts, for last month: on the last days of a month it would wait for their end."""
    given = MonthEndOrder(tenant=made.settings.tenant, period=LAST_MONTH)
    result: MonthEndResult = await made.client.execute_workflow(
        MonthEndsWorkflow.run, given, id="revenue/month-end", task_queue=WORKFLOW_QUEUE
    )
    return result


async def ledger_balances(made: World, entity: str = "US01") -> dict[AccountRole, Decimal]:
    """The general ledger's balances by role, from the ERP's own listing; a debit is positive."""
    accounts = GovernedPolicy(load_policy(None)).excerpt(entity).accounts
    role_of = {account: role for role, account in accounts.items()}
    found: dict[AccountRole, Decimal] = defaultdict(Decimal)
    for line in await made.ports["netsuite"].general_ledger(entity):
        found[role_of[line.account]] += line.debit - line.credit
    return {role: amount for role, amount in found.items() if amount}


async def revenue_of(made: World, period: str, entity: str = "US01") -> Decimal:
    """What the general ledger has as revenue in a month."""
    accounts = GovernedPolicy(load_policy(None)).excerpt(entity).accounts
    found = Decimal(0)
    for line in await made.ports["netsuite"].general_ledger(entity):
        if line.account == accounts["revenue"] and line.date is not None and month_key(line.date) == period:
            found += line.credit - line.debit
    return found


async def entries(made: World, contract: str = "C-1", entity: str = "US01") -> list[str]:
    """Keys of the contract's revenue entries."""
    found = await made.ports["netsuite"].contract_documents(entity, contract)
    return [each.key for each in found if each.kind == "journal_entry"]


def predicted(told: dict[str, Any], as_of: dt.date | None = None) -> Totals:
    """What `q2c preview` leaves at the end of last month's run: on the last day of this one it has this one's
    revenue too, which no run has posted.
    """
    raw = {**told, "as_of": (as_of or today()).isoformat(), "payments": []}
    found = preview(read_scenario(json.dumps(raw), "json"))
    ahead: dict[AccountRole, Decimal] = defaultdict(Decimal)
    for entry in found.journal_entries:
        if as_of is None and is_this_months_revenue(entry):
            for line in entry.lines:
                ahead[line.account] += line.debit - line.credit
    return found.totals.model_copy(
        update={
            "recognized": found.totals.recognized + ahead["revenue"] + ahead["termination_fees"],
            "deferred": found.totals.deferred + ahead["deferred_revenue"],
            "unbilled": found.totals.unbilled - ahead["unbilled_receivable"] - ahead["contract_asset"],
        }
    )


def is_this_months_revenue(entry: PreviewEntry) -> bool:
    return (entry.event, entry.document) == ("revenue", month_key(today()))


async def agree(made: World, told: dict[str, Any], as_of: dt.date | None = None) -> None:
    """Asserts that deferred, unbilled, revenue, receivable and tax are the ledger's as predicted (I3, I4)."""
    totals = predicted(told, as_of)
    held = await ledger_balances(made, told["contract"]["legal_entity"])
    none = Decimal(0)
    assert sum(held.values()) == 0
    assert {
        "deferred": -held.get("deferred_revenue", none),
        "unbilled": held.get("unbilled_receivable", none) + held.get("contract_asset", none),
        "recognized": -held.get("revenue", none) - held.get("termination_fees", none),
        "receivable": held.get("accounts_receivable", none),
        "tax": -held.get("tax_payable", none),
    } == {name: getattr(totals, name) for name in ("deferred", "unbilled", "recognized", "receivable", "tax")}
    net = totals.billed_net
    assert net == totals.recognized + totals.deferred - totals.unbilled


def period_of(offset: int) -> str:
    return month_key(dt.date.fromisoformat(month(offset)))


FOREIGN = Origin(tenant="t", contract="C-1", change="C-1", step="foreign", correlation_id="foreign")


async def foreign_entry(made: World, contract: str) -> None:
    """Somebody has booked something in euro under the contract's name: nothing can be added up with it."""
    lines = [
        LedgerJournalLine(role="revenue", account="4000", debit=Decimal(5), credit=Decimal(0), memo="x"),
        LedgerJournalLine(role="cash", account="1000", debit=Decimal(0), credit=Decimal(5), memo="x"),
    ]
    day = dt.date.fromisoformat(month(-2))
    await made.ports["netsuite"].post_journal(
        LedgerJournal(
            origin=FOREIGN,
            key=f"revenue/{contract}/{period_of(-2)}",
            contract=contract,
            legal_entity="US01",
            currency="EUR",
            date=day,
            posting_date=day,
            memo="somebody's",
            lines=tuple(lines),
        )
    )


async def reverse_foreign_entry(made: World, contract: str) -> None:
    key = f"revenue/{contract}/{period_of(-2)}"
    await made.ports["netsuite"].reverse_journal(FOREIGN, key, dt.date.fromisoformat(month(-2)), "foreign")
