"""What governance says that concerns one legal entity, as plain data: part of a decision's input.

A workflow never looks policy up while it replays: it is given an excerpt, so that the same history leads
to the same decision whatever governance says today.
"""

from pydantic import Field

from canonical.base import Dec, Noun
from canonical.document import AccountRole


class Route(Noun):
    """Which platform serves which capability for a legal entity, on a day."""

    crm: str
    billing: str
    tax: str
    erp: str


class ExceptionRule(Noun):
    """Who owns an exception, by when, what may be done, who is told when nobody answers."""

    owner: str
    due_hours: int
    escalate_to: str
    actions: tuple[str, ...]


class CodedRule(Noun):
    """The rule for a code at a platform; null is any."""

    code: str | None
    platform: str | None
    rule: ExceptionRule


class ApprovalLimit(Noun):
    """`amount` null is unlimited; a role without a limit for the currency may approve nothing."""

    role: str
    currency: str
    amount: Dec | None


class CurrencyTerms(Noun):
    """In which currency the entity keeps its books, and which rates convert into it.

    Rates count whose `source` begins with `rate_source`; they are units of a currency for one of `rate_base`,
    and one that is more than `max_rate_age_days` old on the day asked about does not count.
    """

    functional_currency: str
    rate_source: str
    rate_base: str
    max_rate_age_days: int
    group_currency: str | None = None


class PolicyExcerpt(Noun):
    """`items` maps a product to the ERP's item; a product that is not named is its own item."""

    legal_entity: str
    route: Route
    accounts: dict[AccountRole, str]
    items: dict[str, str] = Field(default_factory=dict)
    exception_rules: tuple[CodedRule, ...]
    approval_limits: tuple[ApprovalLimit, ...] = ()
    second_approver_actions: tuple[str, ...] = ()
    time_zone: str = "UTC"
    department: str | None = None
    currencies: CurrencyTerms | None = None
    """None: the entity's books are in each contract's own currency."""

    def converting(self, currency: str) -> CurrencyTerms | None:
        """By which terms amounts of the currency come into the books; None where they stay as they are."""
        terms = self.currencies
        return None if terms is None or terms.functional_currency == currency else terms

    def exception_rule(self, code: str, platform: str | None) -> ExceptionRule:
        """The most specific rule: code and platform, code, platform, any. Raises LookupError without one."""
        wanted = ((code, platform), (code, None), (None, platform), (None, None))
        for want_code, want_platform in wanted:
            for coded in self.exception_rules:
                if (coded.code, coded.platform) == (want_code, want_platform):
                    return coded.rule
        raise LookupError(f"governance has no exception rule for {code} at {platform}")

    def approves(self, role: str, amount: Dec | None, currency: str | None) -> bool:
        """Whether a role may approve an override of this amount; one without an amount, whether the role may
        approve any.
        """
        limits = {limit.currency: limit.amount for limit in self.approval_limits if limit.role == role}
        for wanted in (currency, "*"):
            if wanted in limits:
                limit = limits[wanted]
                return limit is None or (limit > 0 if amount is None else amount <= limit)
        return False
