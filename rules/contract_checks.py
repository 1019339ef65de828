"""What a contract must be like before anything happens to it.

Each check yields (field, message) seen from the contract. Source: FINANCE.md, "What is refused".
"""

from collections.abc import Iterator

from canonical.contract import Contract
from canonical.money import UnknownCurrency, minor_unit_digits
from rules.calendar import BeyondCalendar, add_months
from rules.line_checks import line_problems, percentage_problems
from rules.problems import Problem, under


def contract_problems(contract: Contract) -> Iterator[Problem]:
    yield from currency_problems("currency", contract.currency)
    if contract.term_months is not None:
        try:
            add_months(contract.start_date, contract.term_months)
        except BeyondCalendar:
            yield "term_months", "the term ends after the year 9999"
    if contract.modification == "catch_up" and contract.term_months is None:
        yield "modification", "is catch_up, and the contract is evergreen: progress is measured over a term"
    yield from _renewal(contract)
    seen: set[str] = set()
    for index, line in enumerate(contract.lines):
        if line.id in seen:
            yield f"lines[{index}].id", f"there are two lines with the id {line.id!r}"
        seen.add(line.id)
        has_end = contract.term_months is not None
        yield from under(f"lines[{index}]", line_problems(line, contract.start_date, has_end))


def currency_problems(field: str, currency: str) -> Iterator[Problem]:
    try:
        minor_unit_digits(currency)
    except UnknownCurrency as reason:
        yield field, str(reason)


def _renewal(contract: Contract) -> Iterator[Problem]:
    renewal = contract.renewal
    if renewal is None:
        return
    yield from percentage_problems("renewal.uplift_percent", renewal.uplift_percent)
    if renewal.auto and renewal.term_months is None:
        yield "renewal.term_months", "is missing: a contract that renews by itself needs its next term"
    commitments = any(line.commitment is not None for line in contract.lines)
    if renewal.term_months == "evergreen" and renewal.auto and commitments:
        yield "renewal.term_months", "is evergreen, and a commitment is for a term"
