"""What came of a simulated life: the platforms' own listings beside what the rules predict by its end."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from assembly.in_process import InProcess
from canonical.document import AccountRole
from canonical.scenario import Scenario
from governance.policy import load_policy
from rules.billing_plan import documents
from rules.cash_beside import BalanceBeside, MoneyBeside, balances_beside, money_beside
from rules.invariants import Finding, Listings, findings
from rules.months_beside import MonthBeside, months_beside
from rules.side_by_side import Beside, side_by_side


@dataclass(frozen=True)
class Sides:
    """Documents, payments and balances, both sides of each; `months` where they were run."""

    documents: tuple[Beside, ...]
    payments: tuple[MoneyBeside, ...]
    balances: tuple[BalanceBeside, ...]
    months: tuple[MonthBeside, ...]
    findings: tuple[Finding, ...]


async def sides(
    system: InProcess, scenario: Scenario, until: dt.date, cash_keys: Mapping[str, str], *, months: bool
) -> Sides:
    """By the day. `cash_keys` are the ledger's keys of the payments that were made; `months`: those that have
    ended by then were run.
    """
    payments = tuple(each for each in scenario.payments if each.date <= until)
    lived = scenario.model_copy(update={"as_of": until, "payments": payments})
    listed = await _listings(system, lived)
    policy = load_policy(system.settings.governance.directory)
    entity, ledger = lived.contract.legal_entity, listed.general_ledger
    accounts = {role: policy.account("netsuite", entity, role) for role in get_args(AccountRole)}
    return Sides(
        documents=side_by_side(listed),
        payments=money_beside(payments, cash_keys, listed.receipts),
        balances=balances_beside(lived, ledger, accounts, months=months),
        months=months_beside(lived, ledger, accounts) if months else (),
        findings=tuple(findings(listed)),
    )


async def _listings(system: InProcess, lived: Scenario) -> Listings:
    """What the platforms list, and the documents that the rules predict."""
    ports, entity = system.ports, lived.contract.legal_entity
    closed = lived.periods.closed if lived.periods is not None else ()
    due = documents(lived.contract, lived.changes, lived.usage, lived.as_of, closed)
    return Listings(
        issued=await ports["stripe"].documents(),
        posted=await ports["netsuite"].documents(entity),
        taxes=await ports["avatax"].documents(entity),
        general_ledger=await ports["netsuite"].general_ledger(entity),
        expected=(*due.invoices, *due.credit_memos),
        movements=await ports["stripe"].movements(),
        receipts=await ports["netsuite"].receipts(entity),
    )
