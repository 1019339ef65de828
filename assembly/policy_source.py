"""Governance's policy as the excerpts that decisions are given."""

import datetime as dt
from typing import get_args

from canonical.bank import Tolerance
from canonical.document import AccountRole
from canonical.policy import (
    ApprovalLimit,
    CodedRule,
    CurrencyTerms,
    ExceptionRule,
    PolicyExcerpt,
    Route,
)
from canonical.reconciliation import BreakRule, ReconciliationTerms
from connectors.registry import vendor
from governance.policy import Policy
from governance.schema import WILDCARD


class GovernedPolicy:
    """`excerpt` reads the policy as it is today; raises PolicyGap where it has no answer for the entity."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def excerpt(self, legal_entity: str) -> PolicyExcerpt:
        policy = self._policy
        route = policy.route(legal_entity, dt.datetime.now(dt.UTC).date())
        items = {
            product: item
            for item_map in policy.items.maps
            if item_map.erp == route.erp
            for product, item in item_map.items.items()
        }
        return PolicyExcerpt(
            legal_entity=legal_entity,
            route=Route(crm=route.crm, billing=route.billing, tax=route.tax, erp=route.erp),
            accounts={role: policy.account(route.erp, legal_entity, role) for role in get_args(AccountRole)},
            items=items,
            exception_rules=tuple(self._rules(policy)),
            approval_limits=tuple(
                ApprovalLimit(role=role, currency=currency, amount=policy.approval_limit(role, currency))
                for role, limits in policy.approvals.limits.items()
                for currency in limits
            ),
            second_approver_actions=tuple(policy.approvals.second_approver),
            time_zone=route.timezone,
            department=policy.dimension_values(legal_entity, WILDCARD).department,
            currencies=self._currencies(legal_entity),
        )

    def _currencies(self, legal_entity: str) -> CurrencyTerms | None:
        said = self._policy.currencies
        functional = self._policy.functional_currency(legal_entity)
        if functional is None:
            return None
        return CurrencyTerms(
            functional_currency=functional,
            rate_source=said.rates.source,
            rate_base=said.rates.base,
            max_rate_age_days=said.rates.max_age_days,
            group_currency=said.group_currency,
        )

    def reconciliation(self) -> ReconciliationTerms:
        said = self._policy.reconciliation
        return ReconciliationTerms(
            rounding_minor_units=said.rounding_minor_units,
            recheck_after_seconds=said.recheck_after_seconds,
            controlled_accounts=said.controlled_accounts,
            close_before_period_end=said.close_before_period_end,
            breaks={
                name: BreakRule(owner=rule.owner, blocks_close=rule.blocks_close)
                for name, rule in said.breaks.items()
            },
            bank_debits=None
            if said.bank_debits is None
            else BreakRule(owner=said.bank_debits.owner, blocks_close=said.bank_debits.blocks_close),
        )

    def tolerance(self, currency: str) -> Tolerance:
        return Tolerance(
            percent=self._policy.cash.tolerance_percent, amount=self._policy.cash_tolerance(currency)
        )

    def payments(self, policy: PolicyExcerpt) -> str | None:
        """Who takes the entity's payments; None where nobody does. A policy of one's own that is silent about
        it leaves them to the billing platform, where its connector has them."""
        named = self._policy.route(policy.legal_entity, dt.datetime.now(dt.UTC).date()).payments
        billing = policy.route.billing
        return named or (billing if "payments" in vendor(billing).capabilities else None)

    @staticmethod
    def _rules(policy: Policy) -> list[CodedRule]:
        """Every (code, platform) pair that governance speaks of, resolved; the default comes last."""
        pairs = {(rule.code, rule.platform) for rule in policy.exceptions.rules}
        pairs |= {(code, WILDCARD) for code in policy.exceptions.codes}
        pairs.add((WILDCARD, WILDCARD))
        rules = []
        for code, platform in sorted(pairs):
            found = policy.exception_rule(code, "" if platform == WILDCARD else platform)
            rules.append(
                CodedRule(
                    code=None if code == WILDCARD else code,
                    platform=None if platform == WILDCARD else platform,
                    rule=ExceptionRule(
                        owner=found.owner,
                        due_hours=found.due_hours,
                        escalate_to=found.escalate_to,
                        actions=tuple(found.actions),
                    ),
                )
            )
        return rules
