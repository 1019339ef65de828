"""A month's entries are held against preview's by account role, and what they leave against its totals."""

import datetime as dt
from decimal import Decimal
from typing import Any, get_args

from canonical.document import AccountRole
from canonical.scenario import Scenario
from ports.erp import GeneralLedgerLine
from rules.cash_beside import balances_beside
from rules.months_beside import MonthBeside, months_beside
from rules.preview import preview
from tests.rules import scenarios as s

ACCOUNTS: dict[AccountRole, str] = {role: role for role in get_args(AccountRole)}


def told() -> Scenario:
    return s.scenario(s.contract(s.seats(), s.one_time()), as_of="2026-03-31")


def ledger(scenario: Scenario) -> list[GeneralLedgerLine]:
    """Preview's own entries, as the ledger would list them."""
    return [
        GeneralLedgerLine(
            entry=f"{entry.event} {entry.document}",
            legal_entity="US01",
            currency="USD",
            account=line.account,
            debit=line.debit,
            credit=line.credit,
            key=f"revenue/C-1/{entry.document}" if entry.event == "revenue" else entry.document,
            date=entry.date,
        )
        for entry in preview(scenario).journal_entries
        for line in entry.lines
    ]


def beside(lines: list[GeneralLedgerLine]) -> dict[str, MonthBeside]:
    return {each.month: each for each in months_beside(told(), lines, ACCOUNTS)}


def changed(month: str, **fields: Any) -> list[GeneralLedgerLine]:
    """The ledger with another line of a month's revenue."""
    key = f"revenue/C-1/{month}"
    return [
        line.model_copy(update=fields) if (line.key, line.account) == (key, "revenue") else line
        for line in ledger(told())
    ]


def test_what_preview_says_agrees_month_by_month() -> None:
    found = beside(ledger(told()))
    assert [(each.month, str(each.ledger)) for each in found.values()] == [
        ("2026-01", "601.92"),
        ("2026-02", "92.05"),
        ("2026-03", "101.92"),
    ]
    assert all(each.agrees and each.predicted == each.ledger for each in found.values())


def test_a_months_entries_count_together() -> None:
    """What a later run adds to the month is an entry of its own, numbered."""
    first, *others = [line for line in ledger(told()) if line.key == "revenue/C-1/2026-02"]
    half = first.model_copy(update={"debit": first.debit - 1})
    rest = first.model_copy(update={"debit": Decimal("1.00"), "key": "revenue/C-1/2026-02/1"})
    kept = [line for line in ledger(told()) if line.key != "revenue/C-1/2026-02"]
    assert beside([*kept, half, rest, *others])["2026-02"].agrees


def test_another_amount_and_another_account_are_named() -> None:
    found = beside(changed("2026-02", credit=Decimal("90.00")))
    assert found["2026-02"].differences == ("revenue: -90.00 instead of -92.05",)
    found = beside(changed("2026-02", account="usage_revenue"))
    assert found["2026-02"].predicted == found["2026-02"].ledger
    assert [words.split(":")[0] for words in found["2026-02"].differences] == ["revenue", "usage_revenue"]


def test_a_month_that_is_missing_and_one_too_many_do_not_agree() -> None:
    missing = [line for line in ledger(told()) if line.key != "revenue/C-1/2026-03"]
    extra = [line for line in ledger(told()) if line.key == "revenue/C-1/2026-03"]
    extra = [line.model_copy(update={"key": "revenue/C-1/2026-04"}) for line in extra]
    found = beside([*missing, *extra])
    assert [month for month, each in found.items() if not each.agrees] == ["2026-03", "2026-04"]


def test_what_months_leave_stands_beside_previews_totals() -> None:
    found = {each.name: each for each in balances_beside(told(), ledger(told()), ACCOUNTS, months=True)}
    totals = preview(told()).totals
    assert (found["recognized"].ledger, found["deferred"].ledger) == (totals.recognized, totals.deferred)
    assert all(each.agrees for each in found.values())
    none = [line for line in ledger(told()) if not (line.key or "").startswith("revenue/")]
    lacking = balances_beside(told(), none, ACCOUNTS, months=True)
    assert [each.name for each in lacking if not each.agrees] == ["recognized", "deferred"]


def test_what_is_taken_back_after_the_last_day_is_not_counted() -> None:
    after = ledger(told())[0].model_copy(
        update={"date": dt.date(2026, 4, 1), "key": "reversal:revaluation/x"}
    )
    found = balances_beside(told(), [*ledger(told()), after], ACCOUNTS, months=True)
    assert all(each.agrees for each in found)
