"""An entity's balances in its group's currency, the difference in equity. Pure.

Balance sheet at the closing rate, income and expenses at each month's average: over the days of the month,
each at the rate that is in force on it. Sources: IAS 21.39 to .41, ASC 830-30-45-3 to -12.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from canonical.document import AccountRole
from canonical.money import difference, round_amount, total
from canonical.revenue import first_day
from canonical.translation import TranslatedBalance, TranslationReport
from ports.erp import GeneralLedgerLine
from rules.calendar import days_after, month_end
from rules.rate_table import RateTable, as_written

OF_INCOME: frozenset[AccountRole] = frozenset(
    (
        "revenue",
        "usage_revenue",
        "termination_fees",
        "bad_debt",
        "dispute_fees",
        "fx_realised",
        "fx_unrealised",
    )
)
"""Income and expenses; every other role is of the balance sheet."""

Balances = dict[AccountRole, dict[dt.date, Decimal]]


def balances_by_month(
    lines: Iterable[GeneralLedgerLine], accounts: Mapping[AccountRole, str], last: dt.date
) -> tuple[Balances, tuple[str, ...]]:
    """What each role's account has moved by month of posting, up to the month that ends on `last`, in the
    books' currency; and the accounts that are no role's. Two roles of one account are the first of them.
    """
    role_of = {account: role for role, account in reversed([*accounts.items()])}
    found: Balances = defaultdict(lambda: defaultdict(Decimal))
    unknown: set[str] = set()
    for line in lines:
        if line.period_start is None or line.period_start > last:
            continue
        role = role_of.get(line.account)
        if role is None:
            unknown.add(line.account)
        else:
            found[role][line.period_start.replace(day=1)] += line.debit - line.credit
    return found, tuple(sorted(unknown))


def average(table: RateTable, books: str, group: str, month: dt.date) -> Fraction:
    """Over the days of the month. Raises NoExchangeRate."""
    days = (month_end(month) - month).days + 1
    return sum((table.exact(books, group, days_after(month, n)) for n in range(days)), Fraction(0)) / days


def translated(
    entity: str,
    period: str,
    books: str,
    group: str,
    held: Balances,
    accounts: Mapping[AccountRole, str],
    table: RateTable,
) -> TranslationReport:
    """The report; each row is rounded by itself. Raises NoExchangeRate."""
    month = first_day(period)
    last = month_end(month)
    closing = table.exact(books, group, last)
    averages = {
        each: average(table, books, group, each)
        for each in {month}.union(*(held[role] for role in held if role in OF_INCOME))
    }
    rows = []
    for role in accounts:
        months = held.get(role)
        if not months:
            continue
        is_income = role in OF_INCOME
        rates = averages if is_income else dict.fromkeys(months, closing)
        worth = sum((Fraction(amount) * rates[each] for each, amount in months.items()), Fraction(0))
        basis: Literal["closing", "average"] = "average" if is_income else "closing"
        rows.append(
            TranslatedBalance(
                role=role,
                account=accounts[role],
                balance=total(months.values(), books),
                translated=round_amount(worth, group),
                basis=basis,
            )
        )
    at_closing = round_amount(Fraction(total((row.balance for row in rows), books)) * closing, group)
    return TranslationReport(
        entity=entity,
        period=period,
        outcome="done",
        books_currency=books,
        group_currency=group,
        closing=table.in_force(books, group, last),
        average=as_written(averages[month]),
        rows=tuple(rows),
        difference=difference(at_closing, total((row.translated for row in rows), group), group),
    )
