"""The policy as one value, its look-ups, and how it is loaded.

`load_policy` reads `governance/policy/*.yaml`; a directory of one's own holds only the files that differ.
All look-ups are pure: they take the date where one counts, and never look at a clock.
"""

import datetime as dt
from decimal import Decimal
from functools import cache
from pathlib import Path

from canonical.base import Noun
from canonical.document import AccountRole
from governance.checks import contradictions
from governance.loading import read_section
from governance.problems import PolicyError, PolicyGap, PolicyProblem
from governance.schema import (
    WILDCARD,
    Accounts,
    Action,
    Approvals,
    Authority,
    Capability,
    CashPolicy,
    Currencies,
    Decision,
    DimensionRules,
    ExceptionOverride,
    Exceptions,
    Items,
    OwnedNoun,
    Owners,
    Ownership,
    Platforms,
    PlatformVersion,
    ReconciliationPolicy,
    RetainedKind,
    Retention,
    Role,
    RouteRule,
    Routing,
)

SHIPPED = Path(__file__).parent / "policy"

SECTIONS: dict[str, type[Noun]] = {
    "platforms": Platforms,
    "ownership": Ownership,
    "authority": Authority,
    "routing": Routing,
    "accounts": Accounts,
    "items": Items,
    "dimensions": DimensionRules,
    "owners": Owners,
    "exceptions": Exceptions,
    "approvals": Approvals,
    "cash": CashPolicy,
    "retention": Retention,
    "reconciliation": ReconciliationPolicy,
    "currencies": Currencies,
}
CONNECTORS_OWN = ("salesforce_fields",)
"""Files whose schema belongs to a connector: they lie here, and are checked there."""


class Route(Noun):
    """Which platforms serve a legal entity on a day, and in which zone its calendar days are counted."""

    legal_entity: str
    crm: str
    billing: str
    tax: str
    erp: str
    payments: str | None
    """None where nobody takes payments."""
    timezone: str

    def platform(self, capability: Capability) -> str | None:
        named: dict[Capability, str | None] = {
            "crm": self.crm,
            "billing": self.billing,
            "tax": self.tax,
            "erp": self.erp,
            "payments": self.payments,
        }
        return named[capability]


class ExceptionRule(Noun):
    """What happens to an exception: whose it is, until when, what may be done, who is asked next."""

    code: str
    platform: str
    meaning: str
    owner: str
    due_hours: int
    escalate_to: str
    actions: tuple[Action, ...]


class DimensionValues(Noun):
    department: str | None = None
    class_: str | None = None
    location: str | None = None


class Policy(Noun):
    """All files together, free of contradictions. Look-ups that the policy has no answer to raise
    PolicyGap; those that money depends on never fall back on a guess."""

    platforms: Platforms
    ownership: Ownership
    authority: Authority
    routing: Routing
    accounts: Accounts
    items: Items
    dimensions: DimensionRules
    owners: Owners
    exceptions: Exceptions
    approvals: Approvals
    cash: CashPolicy
    retention: Retention
    reconciliation: ReconciliationPolicy
    currencies: Currencies

    def route(self, legal_entity: str, on_date: dt.date) -> Route:
        """The platforms of the entity on that day; its own rule wins over the one for `*`."""
        rule = self._route_rule(legal_entity, on_date) or self._route_rule(WILDCARD, on_date)
        if rule is None:
            raise PolicyGap(
                f"which platforms serve {legal_entity} on {on_date}",
                file="routing.yaml",
                way_out="add a rule for that day",
            )
        names = {name: getattr(rule, name) for name in ("crm", "billing", "tax", "erp", "timezone")}
        return Route(legal_entity=legal_entity, payments=self._payments(rule), **names)

    def _payments(self, rule: RouteRule) -> str | None:
        if rule.payments is not None:
            return rule.payments
        takes_them = "payments" in self.platforms.platforms[rule.billing].capabilities
        return rule.billing if takes_them else None

    def _route_rule(self, legal_entity: str, on_date: dt.date) -> RouteRule | None:
        for rule in self.routing.routes:
            begun = rule.from_date is None or rule.from_date <= on_date
            ended = rule.until is not None and rule.until <= on_date
            if rule.legal_entity == legal_entity and begun and not ended:
                return rule
        return None

    def account(self, erp: str, legal_entity: str, role: AccountRole) -> str:
        """The account number of a role in an ERP: the entity's own, else that of `*`."""
        charts = {chart.legal_entity: chart for chart in self.accounts.charts if chart.erp == erp}
        for entity in (legal_entity, WILDCARD):
            if entity in charts and role in charts[entity].accounts:
                return charts[entity].accounts[role]
        raise PolicyGap(
            f"which account of {erp} is {role} for {legal_entity}",
            file="accounts.yaml",
            way_out=f"add {role} to the chart of {erp}",
        )

    def item(self, erp: str, product: str) -> str:
        """What the ERP calls a product: its own name unless the policy says another."""
        for item_map in self.items.maps:
            if item_map.erp != erp:
                continue
            if product in item_map.items:
                return item_map.items[product]
            if item_map.unmapped == "refuse":
                raise PolicyGap(
                    f"which item of {erp} the product {product} is",
                    file="items.yaml",
                    way_out="add the product",
                )
        return product

    def dimension_values(self, legal_entity: str, product: str) -> DimensionValues:
        """The dimensions of a line, none where there are none; an exact entity beats an exact product."""
        found: dict[str, str] = {}
        for entity, wanted in _from_exact_to_general(legal_entity, product):
            for rule in self.dimensions.rules:
                if (rule.legal_entity, rule.product) == (entity, wanted):
                    said = rule.model_dump(include={"department", "class_", "location"}, exclude_none=True)
                    found = {**said, **found}
        return DimensionValues(**found)

    def exception_rule(self, code: str, platform: str) -> ExceptionRule:
        """Always an answer: what no rule covers is the default queue's. `platform` may be ""."""
        values = self.exceptions.default.model_dump()
        for rule in reversed(self._exception_rules(code, platform)):
            said = rule.model_dump(exclude_none=True, exclude={"code", "platform"})
            values |= said
        meaning = self.exceptions.codes.get(code, code)
        return ExceptionRule(code=code, platform=platform, meaning=meaning, **values)

    def _exception_rules(self, code: str, platform: str) -> list[ExceptionOverride]:
        """Those that apply, the most exact first."""
        order = [pair for pair in _from_exact_to_general(code, platform) if pair != (WILDCARD, WILDCARD)]
        return [
            rule for pair in order for rule in self.exceptions.rules if (rule.code, rule.platform) == pair
        ]

    def approval_limit(self, role: Role, currency: str) -> Decimal | None:
        """Up to which amount of the currency the role decides, inclusive; None: unlimited."""
        limits = self.approvals.limits[role]
        limit = limits[currency] if currency in limits else limits[WILDCARD]
        return limit if isinstance(limit, Decimal) else None

    def cash_tolerance(self, currency: str) -> Decimal:
        """By how much of the currency a payment may differ from its invoice and still be meant for it."""
        amounts = self.cash.tolerance
        return amounts[currency] if currency in amounts else amounts[WILDCARD]

    def needs_second_approver(self, action: Action) -> bool:
        return action in self.approvals.second_approver

    def owner_of(self, noun: OwnedNoun, field: str | None = None) -> Capability:
        """Whose word counts for the noun, or for one field of it."""
        ownership = self.ownership.nouns[noun]
        if field is not None and field in ownership.fields:
            return ownership.fields[field]
        return ownership.owner

    def authority_on(self, decision: Decision) -> Capability:
        """Whose record is final where two platforms differ."""
        return self.authority.decisions[decision]

    def platform_version(self, platform: str) -> PlatformVersion:
        """The pinned API version; PolicyGap for a platform that is not declared."""
        if platform not in self.platforms.platforms:
            raise PolicyGap(
                f"which API version of {platform} is pinned", file="platforms.yaml", way_out="declare it"
            )
        return self.platforms.platforms[platform]

    def functional_currency(self, legal_entity: str) -> str | None:
        """In which the entity keeps its books; None: in each contract's own currency."""
        said = {each.legal_entity: each.functional_currency for each in self.currencies.entities}
        return said.get(legal_entity)

    def retention_days(self, kind: RetainedKind) -> int | None:
        """How long records of the kind are kept; None: for ever."""
        return self.retention.days[kind]


def _from_exact_to_general(first: str, second: str) -> tuple[tuple[str, str], ...]:
    return (first, second), (first, WILDCARD), (WILDCARD, second), (WILDCARD, WILDCARD)


def load_policy(directory: Path | None = None) -> Policy:
    """The shipped policy, with the files of `directory` in place of those of the same name.

    Raises PolicyError with all problems found. Looks at no clock: whether a version's life is over is
    `governance.checks.due_problems`' question.
    """
    problems = list(_misplaced(directory)) if directory is not None else []
    sections: dict[str, Noun] = {}
    for name, model in SECTIONS.items():
        try:
            path = policy_file(name, directory)
            sections[name] = _shipped(name) if path.parent == SHIPPED else read_section(path, model)
        except PolicyError as error:
            problems += error.problems
    if problems:
        raise PolicyError(tuple(problems))
    policy = Policy.model_validate(sections)
    if found := contradictions(policy):
        raise PolicyError(found)
    return policy


@cache
def _shipped(name: str) -> Noun:
    """The section as it is shipped; a file of the package is another one only after a restart."""
    return read_section(SHIPPED / f"{name}.yaml", SECTIONS[name])


def policy_file(name: str, directory: Path | None = None) -> Path:
    """The file of a section: the one in `directory` if it is there, else the shipped one."""
    own = directory / f"{name}.yaml" if directory is not None else None
    return own if own is not None and own.exists() else SHIPPED / f"{name}.yaml"


def _misplaced(directory: Path) -> tuple[PolicyProblem, ...]:
    """Files that nothing would read: a misspelt name must not be a policy that silently does not hold."""
    if not directory.is_dir():
        return (
            PolicyProblem(
                file=str(directory), key="the directory", problem="is not there", way_out="create it"
            ),
        )
    known = {f"{name}.yaml" for name in (*SECTIONS, *CONNECTORS_OWN)}
    return tuple(
        PolicyProblem(
            file=path.name,
            key="the file",
            problem="is no file of the policy",
            way_out=f"rename it to one of {', '.join(sorted(known))}, or remove it",
        )
        for path in sorted(directory.iterdir())
        if path.suffix in (".yaml", ".yml") and path.name not in known
    )
