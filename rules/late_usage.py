"""What usage comes to that nobody bills: of a contract that has ended, or whose workflow runs no more.

Source: FINANCE.md, "Charges": usage that comes after its period was billed goes on the next invoice; a
contract that has ended has none, so it goes on one of its own. Usage of a period that is not over is billed
on its end.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from canonical.lifecycle import ContractState
from canonical.metering import MeteredMonth
from canonical.money import difference, total
from rules.agenda import late_usage_days
from rules.billing_plan import Documents, documents
from rules.calendar import add_months
from rules.metering import take_in, windows


def unbilled(
    state: ContractState, reported: Iterable[MeteredMonth], today: dt.date
) -> tuple[Decimal, str] | None:
    """What is reported beyond what the contract has taken in, tax included, and the currency; below zero it
    is to be given back. None where the contract is not known.
    """
    if state.contract is None:
        return None
    taken = state.model_copy(update={"usage": take_in(state, reported, today)})
    day = max([today, *late_usage_days(taken), *_ends(taken, state.contract.billing.frequency_months)])
    before, after = (
        documents(state.contract, state.changes_in_force(), each.used(), day, accepted=state.accepted)
        for each in (state, taken)
    )
    currency = state.contract.currency
    return difference(_net(after, currency), _net(before, currency), currency), currency


def _ends(state: ContractState, frequency_months: int) -> list[dt.date]:
    """Of the periods in which anything was used."""
    used = [month.date(day) for month in state.usage for day in month.units]
    if not used:
        return []
    all_over = add_months(max(used), frequency_months + 1)  # a period is at most so long
    return [each.stop for each in windows(state, all_over) if each.start <= max(used)]


def _net(found: Documents, currency: str) -> Decimal:
    billed = total((invoice.total for invoice in found.invoices), currency)
    return difference(billed, total((memo.total for memo in found.credit_memos), currency), currency)
