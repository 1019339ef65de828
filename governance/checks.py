"""What no single file can see: names that are used and not declared, overlaps, accounts that are missing."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, get_args
from zoneinfo import available_timezones

from canonical.base import Noun
from canonical.document import AccountRole
from canonical.money import UnknownCurrency, minor_unit_digits
from canonical.reconciliation import BreakType
from governance.problems import PolicyProblem
from governance.schema import WILDCARD, Capability, Decision, OwnedNoun, RetainedKind, Role, RouteRule

if TYPE_CHECKING:
    from governance.policy import Policy

_LEAST_DAYS_OF_WEBHOOK_IDS = 7


def contradictions(policy: "Policy") -> tuple[PolicyProblem, ...]:
    """All that is wrong between and within the files, whatever the date."""
    checks = (
        _routes,
        _charts,
        _items_and_dimensions,
        _complete,
        _owners,
        _exception_rules,
        _limits,
        _tolerance,
        _kept,
        _breaks,
        _currencies,
    )
    return tuple(problem for check in checks for problem in check(policy))


class DueProblem(Noun):
    """A date that has come, or is near (`blocking` is false while it is only near)."""

    problem: PolicyProblem
    blocking: bool


def due_problems(policy: "Policy", on_date: dt.date) -> tuple[DueProblem, ...]:
    """API versions at or near the end of their life, and entities that no route serves on that day."""
    return (*_ageing(policy, on_date), *_unserved(policy, on_date))


def _problem(file: str, key: str, problem: str, way_out: str) -> PolicyProblem:
    return PolicyProblem(file=f"{file}.yaml", key=key, problem=problem, way_out=way_out)


def _routes(policy: "Policy") -> Iterator[PolicyProblem]:
    for index, rule in enumerate(policy.routing.routes):
        key = f"routes.{index}"
        if rule.from_date and rule.until and rule.until <= rule.from_date:
            yield _problem("routing", f"{key}.until", "is not after `from`", "correct one of the two")
        if rule.timezone not in available_timezones():
            text = f"{rule.timezone!r} is no time zone"
            yield _problem("routing", f"{key}.timezone", text, "use an IANA name such as Europe/Berlin")
        yield from _route_platforms(policy, key, rule)
    for (first, rule), (second, other) in combinations(enumerate(policy.routing.routes), 2):
        if rule.legal_entity == other.legal_entity and _overlap(rule, other):
            text = f"overlaps routes.{first} (both for {rule.legal_entity})"
            yield _problem("routing", f"routes.{second}", text, "let the one end where the other begins")


def _route_platforms(policy: "Policy", key: str, rule: RouteRule) -> Iterator[PolicyProblem]:
    for capability in get_args(Capability):
        name = getattr(rule, capability)
        if name is None:  # payments alone may be left to the billing platform
            continue
        declared = policy.platforms.platforms.get(name)
        if declared is None:
            text = f"{name} is not declared"
            yield _problem("routing", f"{key}.{capability}", text, "declare it in platforms.yaml")
        elif capability not in declared.capabilities:
            able = [n for n, p in policy.platforms.platforms.items() if capability in p.capabilities]
            text = f"{name} can't serve as {capability}"
            yield _problem("routing", f"{key}.{capability}", text, f"use one of {', '.join(able)}")


def _overlap(rule: RouteRule, other: RouteRule) -> bool:
    ends_before = rule.until is not None and rule.until <= (other.from_date or dt.date.min)
    begins_after = other.until is not None and other.until <= (rule.from_date or dt.date.min)
    return not ends_before and not begins_after


def _charts(policy: "Policy") -> Iterator[PolicyProblem]:
    charts = policy.accounts.charts
    yield from _twice("accounts", "charts", [(chart.erp, chart.legal_entity) for chart in charts])
    yield from _undeclared_erps(policy, "accounts", "charts", [chart.erp for chart in charts])
    for index, chart in enumerate(charts):
        for role, number in chart.accounts.items():
            if not number.strip():
                yield _problem("accounts", f"charts.{index}.accounts.{role}", "is empty", "give its number")
    by_key = {(chart.erp, chart.legal_entity): chart.accounts for chart in charts}
    for erp, entity in sorted({(rule.erp, rule.legal_entity) for rule in policy.routing.routes}):
        known = {*by_key.get((erp, WILDCARD), {}), *by_key.get((erp, entity), {})}
        for role in get_args(AccountRole):
            if role not in known:
                text = f"{erp} has no account for {role} (legal entity {entity})"
                yield _problem("accounts", f"charts.{erp}.{role}", text, "add its number to the chart")


def _items_and_dimensions(policy: "Policy") -> Iterator[PolicyProblem]:
    erps = [item_map.erp for item_map in policy.items.maps]
    yield from _twice("items", "maps", [(erp,) for erp in erps])
    yield from _undeclared_erps(policy, "items", "maps", erps)
    rules = policy.dimensions.rules
    yield from _twice("dimensions", "rules", [(rule.legal_entity, rule.product) for rule in rules])


def _undeclared_erps(policy: "Policy", file: str, key: str, erps: list[str]) -> Iterator[PolicyProblem]:
    for index, erp in enumerate(erps):
        declared = policy.platforms.platforms.get(erp)
        if declared is None or "erp" not in declared.capabilities:
            text = f"{erp} is not declared as an ERP"
            yield _problem(file, f"{key}.{index}.erp", text, "declare it in platforms.yaml")


def _twice(file: str, key: str, names: list[tuple[str, ...]]) -> Iterator[PolicyProblem]:
    for name, count in Counter(names).items():
        if count > 1:
            text = f"{', '.join(name)} comes {count} times"
            yield _problem(file, key, text, "keep one of them")


def _complete(policy: "Policy") -> Iterator[PolicyProblem]:
    """Each file that must answer for every noun, decision, role or kind does."""
    wanted: tuple[tuple[str, str, Iterable[str], Iterable[str]], ...] = (
        ("ownership", "nouns", get_args(OwnedNoun), policy.ownership.nouns),
        ("authority", "decisions", get_args(Decision), policy.authority.decisions),
        ("approvals", "limits", get_args(Role), policy.approvals.limits),
        ("retention", "days", get_args(RetainedKind), policy.retention.days),
    )
    for file, key, names, said in wanted:
        for name in sorted(set(names) - set(said)):
            yield _problem(file, f"{key}.{name}", "is missing", "add it")


def _owners(policy: "Policy") -> Iterator[PolicyProblem]:
    default = policy.exceptions.default
    named: list[tuple[str, str, str | None]] = [
        ("owners", "default", policy.owners.default),
        ("exceptions", "default.owner", default.owner),
        ("exceptions", "default.escalate_to", default.escalate_to),
    ]
    for index, rule in enumerate(policy.exceptions.rules):
        named.append(("exceptions", f"rules.{index}.owner", rule.owner))
        named.append(("exceptions", f"rules.{index}.escalate_to", rule.escalate_to))
    for file, key, owner in named:
        if owner is not None and owner not in policy.owners.owners:
            known = ", ".join(policy.owners.owners)
            text = f"{owner} is no owner"
            yield _problem(file, key, text, f"use one of {known}, or add it to owners.yaml")
    if default.owner != policy.owners.default:
        text = f"is not the default queue {policy.owners.default}"
        yield _problem("exceptions", "default.owner", text, "name the default of owners.yaml")


def _exception_rules(policy: "Policy") -> Iterator[PolicyProblem]:
    rules = policy.exceptions.rules
    yield from _twice("exceptions", "rules", [(rule.code, rule.platform) for rule in rules])
    for index, rule in enumerate(rules):
        key = f"rules.{index}"
        if rule.code not in (WILDCARD, *policy.exceptions.codes):
            text = f"{rule.code} is no declared code"
            yield _problem("exceptions", f"{key}.code", text, "correct it, or add it to codes")
        if rule.platform not in (WILDCARD, *policy.platforms.platforms):
            text = f"{rule.platform} is not declared"
            yield _problem("exceptions", f"{key}.platform", text, "declare it in platforms.yaml")
        if (rule.code, rule.platform) == (WILDCARD, WILDCARD):
            yield _problem("exceptions", key, "is for everything", "change `default` instead")
        answer = policy.exception_rule(rule.code, rule.platform)
        if answer.owner == answer.escalate_to:
            text = f"escalates from {answer.owner} to itself"
            yield _problem("exceptions", key, text, "name another queue in escalate_to")


def _limits(policy: "Policy") -> Iterator[PolicyProblem]:
    for role, limits in policy.approvals.limits.items():
        if WILDCARD not in limits:
            text = "has no limit for currencies that are not listed"
            yield _problem("approvals", f"limits.{role}", text, 'add "*"')
        for currency, limit in limits.items():
            if isinstance(limit, Decimal) and limit < 0:
                yield _problem("approvals", f"limits.{role}.{currency}", "is negative", "use 0 for none")
    currencies = sorted({currency for limits in policy.approvals.limits.values() for currency in limits})
    if any(WILDCARD not in limits for limits in policy.approvals.limits.values()):
        return
    known = [role for role in get_args(Role) if role in policy.approvals.limits]
    for lower, higher in pairwise(known):
        for currency in currencies:
            below, above = (policy.approval_limit(role, currency) for role in (lower, higher))
            if above is not None and (below is None or below > above):
                text = f"{lower} decides more {currency} than {higher}"
                yield _problem("approvals", f"limits.{lower}.{currency}", text, "lower it")


def _tolerance(policy: "Policy") -> Iterator[PolicyProblem]:
    if WILDCARD not in policy.cash.tolerance:
        text = "has no amount for currencies that are not listed"
        yield _problem("cash", "tolerance", text, 'add "*"')
    for currency, amount in policy.cash.tolerance.items():
        if amount < 0:
            yield _problem("cash", f"tolerance.{currency}", "is negative", "use 0 for none")


def _kept(policy: "Policy") -> Iterator[PolicyProblem]:
    for kind, days in policy.retention.days.items():
        least = _LEAST_DAYS_OF_WEBHOOK_IDS if kind in ("webhook_id", "inbound_event") else 1
        if days is not None and days < least:
            text = f"is shorter than {least} days"
            yield _problem("retention", f"days.{kind}", text, "keep it longer, or null for ever")


def _breaks(policy: "Policy") -> Iterator[PolicyProblem]:
    """Every type of break has an owner that exists."""
    said = policy.reconciliation.breaks
    for type_ in get_args(BreakType):
        if type_ not in said:
            yield _problem("reconciliation", f"breaks.{type_}", "is missing", "add it")
    rules = {f"breaks.{type_}": rule for type_, rule in said.items()}
    if policy.reconciliation.bank_debits is not None:
        rules["bank_debits"] = policy.reconciliation.bank_debits
    for name, rule in rules.items():
        if rule.owner not in policy.owners.owners:
            known = ", ".join(policy.owners.owners)
            way_out = f"use one of {known}, or add it to owners.yaml"
            yield _problem("reconciliation", f"{name}.owner", f"{rule.owner} is no owner", way_out)


def _currencies(policy: "Policy") -> Iterator[PolicyProblem]:
    """Each currency is one in which amounts can be written, and no entity is named twice."""
    said = policy.currencies
    yield from _twice("currencies", "entities", [(each.legal_entity,) for each in said.entities])
    named = [("rates.base", said.rates.base)]
    if said.group_currency is not None:
        named.append(("group_currency", said.group_currency))
    for index, each in enumerate(said.entities):
        named.append((f"entities.{index}.functional_currency", each.functional_currency))
        if each.legal_entity == WILDCARD:
            text = "each entity has its own"
            yield _problem("currencies", f"entities.{index}.legal_entity", text, "name the entity")
    for key, currency in named:
        try:
            minor_unit_digits(currency)
        except UnknownCurrency as error:
            yield _problem("currencies", key, str(error), "use a code of ISO 4217 such as USD")


def _ageing(policy: "Policy", on_date: dt.date) -> Iterator[DueProblem]:
    warn_from = dt.timedelta(days=policy.platforms.warn_days_before_end_of_life)
    for name, version in policy.platforms.platforms.items():
        end = version.end_of_life
        if end is None or on_date < end - warn_from:
            continue
        over = on_date > end
        text = f"{version.api_version} {'was' if over else 'is'} supported until {end}"
        way_out = "move the connector to a newer version and pin that here"
        key = f"platforms.{name}.api_version"
        yield DueProblem(problem=_problem("platforms", key, text, way_out), blocking=over)


def _unserved(policy: "Policy", on_date: dt.date) -> Iterator[DueProblem]:
    """Entities with rules of their own, none of which (nor `*`) holds on that day."""
    in_force = {rule.legal_entity for rule in policy.routing.routes if _holds(rule, on_date)}
    if WILDCARD in in_force:
        return
    for entity in sorted({rule.legal_entity for rule in policy.routing.routes} - in_force):
        text = f"no route serves {entity} on {on_date}"
        problem = _problem("routing", "routes", text, "add a rule that is in force")
        yield DueProblem(problem=problem, blocking=True)


def _holds(rule: RouteRule, on_date: dt.date) -> bool:
    return (rule.from_date or dt.date.min) <= on_date and (rule.until is None or on_date < rule.until)
