"""Whether a scenario can be computed: every figure there, nothing contradictory, every change in its place.

Source: FINANCE.md, "What a scenario may leave out, and what is refused"; INTERFACES.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from canonical.change import Merge, Renewal
from canonical.contract import Contract
from canonical.money import is_whole_minor_units
from canonical.scenario import Fx, Periods, Scenario, ScenarioPayment
from rules.change_checks import change_problems, charges_by_line, fit_problems
from rules.contract_checks import contract_problems, currency_problems
from rules.outcome import outcome
from rules.problems import InvalidScenario, Problem, field_path, under
from rules.reading import Format, read_scenario

__all__ = ["Format", "InvalidScenario", "Problem", "check", "field_path", "read_scenario", "validate"]

LONGEST_YEARS = 100
"""As long as the longest term: what has no end, or renews by itself, is computed no further."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def validate(scenario: Scenario) -> None:
    """Raises InvalidScenario with all findings, each naming its field; returns nothing where there is none.

    Includes what only shows when everything is computed (a payment of an invoice that is not there).
    """
    check(scenario)
    outcome(scenario)


def check(scenario: Scenario) -> None:
    """The same without computing the documents."""
    problems = list(_problems(scenario))
    if not problems:
        problems = list(fit_problems(scenario.contract, scenario.changes))
    if problems:
        raise InvalidScenario(problems)


def _problems(scenario: Scenario) -> Iterator[Problem]:
    """Findings that need no more than the fields; changes are tried in turn only where there are none."""
    contract_findings = under("contract", contract_problems(scenario.contract))
    yield from contract_findings
    yield from change_problems(scenario.contract, scenario.changes)
    yield from _span(scenario)
    yield from _usage(scenario, charges_by_line(scenario.contract, scenario.changes))
    if not any(path == "contract.currency" for path, _ in contract_findings):
        yield from _payments(scenario.payments, scenario.contract.currency)
    if scenario.fx is not None:
        yield from under("fx", _fx(scenario.fx))
    if scenario.periods is not None:
        yield from under("periods", _periods(scenario.periods))


def _span(scenario: Scenario) -> Iterator[Problem]:
    """A mistyped year is said at once: what goes on without end would be computed for minutes."""
    merged = (each for change in scenario.changes if isinstance(change, Merge) for each in change.contracts)
    endless = [each for each in (scenario.contract, *merged) if _goes_on(each)]
    if any(isinstance(change, Renewal) and change.term_months == "evergreen" for change in scenario.changes):
        endless.append(scenario.contract)
    first = min((each.start_date for each in endless), default=scenario.as_of)
    if scenario.as_of.year - first.year > LONGEST_YEARS:
        yield (
            "as_of",
            f"must not be more than {LONGEST_YEARS} years after the start on {first}: the contract goes on",
        )


def _goes_on(contract: Contract) -> bool:
    by_itself = contract.renewal is not None and contract.renewal.auto
    return contract.term_months is None or by_itself


def _usage(scenario: Scenario, charges: Mapping[str, str]) -> Iterator[Problem]:
    for index, usage in enumerate(scenario.usage):
        charge = charges.get(usage.line)
        if charge is None:
            yield f"usage[{index}].line", f"there is no line {usage.line!r}"
        elif charge != "usage":
            yield f"usage[{index}].line", f"{usage.line!r} is a {charge} line; usage is of usage lines"


def _payments(payments: Sequence[ScenarioPayment], currency: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, payment in enumerate(payments):
        path = f"payments[{index}]"
        if payment.id in seen:
            yield f"{path}.id", f"there are two payments with the id {payment.id!r}"
        seen.add(payment.id)
        if payment.amount <= 0:
            yield f"{path}.amount", f"must be above 0, and is {payment.amount}"
        for field, amount in (("amount", payment.amount), ("fee", payment.fee)):
            if amount is not None and not is_whole_minor_units(amount, currency):
                yield f"{path}.{field}", f"{currency} has no amount of {amount}"
        if payment.fee is not None and payment.kind != "chargeback":
            yield f"{path}.fee", f"belongs to a chargeback, and this is a {payment.kind}"
        if payment.fee is not None and payment.fee < 0:
            yield f"{path}.fee", f"must not be negative, and is {payment.fee}"


def _fx(fx: Fx) -> Iterator[Problem]:
    yield from currency_problems("functional_currency", fx.functional_currency)
    seen = set()
    for index, rate in enumerate(fx.rates):
        if rate.rate <= 0:
            yield f"rates[{index}].rate", f"must be above 0, and is {rate.rate}"
        if rate.date in seen:
            yield f"rates[{index}].date", f"there are two rates on {rate.date}"
        seen.add(rate.date)


def _periods(periods: Periods) -> Iterator[Problem]:
    for index, month in enumerate(periods.closed):
        if not _MONTH.fullmatch(month):
            yield f"closed[{index}]", f'must be a month written as "YYYY-MM", not {month!r}'
