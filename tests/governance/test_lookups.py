"""What the policy answers."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from assembly.policy_source import GovernedPolicy
from governance.policy import DimensionValues, Policy, load_policy
from governance.problems import PolicyGap
from tests.governance.conftest import Change

DAY = dt.date(2026, 6, 1)


def test_shipped_policy_routes_every_entity_to_the_default_platforms(policy: Policy) -> None:
    route = policy.route("US01", DAY)
    assert (route.crm, route.billing, route.tax, route.erp) == ("salesforce", "stripe", "avatax", "netsuite")
    assert route.platform("tax") == "avatax"


def test_payments_are_left_to_the_billing_platform_unless_a_route_says_who_takes_them(
    policy: Policy, changed: Change
) -> None:
    assert policy.route("US01", DAY).payments == "stripe"
    silent = load_policy(changed("routing", lambda document: document["routes"][0].pop("payments")))
    assert silent.route("US01", DAY).platform("payments") == "stripe"

    def stripe_bills_only(document: dict[str, Any]) -> None:
        document["platforms"]["stripe"]["capabilities"] = ["billing"]

    changed("routing", lambda document: document["routes"][0].pop("payments"))
    nobody = load_policy(changed("platforms", stripe_bills_only))
    assert nobody.route("US01", DAY).payments is None


def test_policy_survives_the_way_through_json(policy: Policy) -> None:
    assert Policy.model_validate_json(policy.model_dump_json()) == policy
    assert Policy.model_validate_json(policy.model_dump_json(by_alias=True)) == policy


def test_migration_routes_by_date_with_the_first_day_in_and_the_last_out(changed: Change) -> None:
    def migrate(document: dict[str, Any]) -> None:
        route = document["routes"][0]
        document["routes"] += [
            {**route, "legal_entity": "DE01", "until": DAY, "timezone": "Europe/Berlin"},
            {**route, "legal_entity": "DE01", "from": DAY, "timezone": "Europe/Paris"},
        ]

    policy = load_policy(changed("routing", migrate))
    assert policy.route("DE01", DAY - dt.timedelta(days=1)).timezone == "Europe/Berlin"
    assert policy.route("DE01", DAY).timezone == "Europe/Paris"
    assert policy.route("US01", DAY).timezone == "UTC"


def test_entity_without_a_route_is_a_gap_with_its_way_out(changed: Change) -> None:
    def only_us(document: dict[str, Any]) -> None:
        document["routes"][0]["legal_entity"] = "US01"

    policy = load_policy(changed("routing", only_us))
    with pytest.raises(PolicyGap, match=r"DE01 on 2026-06-01; add a rule for that day in routing\.yaml"):
        policy.route("DE01", DAY)


def test_default_accounts_are_those_of_the_shipped_chart(policy: Policy) -> None:
    assert policy.account("netsuite", "US01", "accounts_receivable") == "1200"
    assert policy.account("netsuite", "US01", "contract_asset") == "1260"


def test_entitys_own_account_beats_the_general_one(changed: Change) -> None:
    def own_cash(document: dict[str, Any]) -> None:
        document["charts"].append({"erp": "netsuite", "legal_entity": "DE01", "accounts": {"cash": "1800"}})

    policy = load_policy(changed("accounts", own_cash))
    assert policy.account("netsuite", "DE01", "cash") == "1800"
    assert policy.account("netsuite", "DE01", "revenue") == "4000"
    assert policy.account("netsuite", "US01", "cash") == "1000"


def test_account_of_an_erp_without_a_chart_is_a_gap(policy: Policy) -> None:
    with pytest.raises(PolicyGap, match="which account of other-erp is cash for US01"):
        policy.account("other-erp", "US01", "cash")


def test_product_keeps_its_name_unless_mapped_or_refused(changed: Change) -> None:
    def map_seats(document: dict[str, Any]) -> None:
        document["maps"][0]["items"] = {"PLATFORM-SEAT": "SKU-1"}

    def refuse(document: dict[str, Any]) -> None:
        map_seats(document)
        document["maps"][0]["unmapped"] = "refuse"

    policy = load_policy(changed("items", map_seats))
    assert policy.item("netsuite", "PLATFORM-SEAT") == "SKU-1"
    assert policy.item("netsuite", "API-CALLS") == "API-CALLS"
    strict = load_policy(changed("items", refuse))
    assert strict.item("netsuite", "PLATFORM-SEAT") == "SKU-1"
    with pytest.raises(PolicyGap, match="API-CALLS"):
        strict.item("netsuite", "API-CALLS")


def test_more_exact_dimension_wins_field_by_field(changed: Change) -> None:
    def dimensions(document: dict[str, Any]) -> None:
        document["rules"] = [
            {"department": "100"},
            {"product": "SEAT", "class": "SAAS", "location": "HQ"},
            {"legal_entity": "DE01", "location": "BER"},
        ]

    policy = load_policy(changed("dimensions", dimensions))
    assert policy.dimension_values("DE01", "SEAT") == DimensionValues(
        department="100", class_="SAAS", location="BER"
    )
    assert policy.dimension_values("US01", "OTHER") == DimensionValues(department="100")


def test_exception_no_rule_covers_lies_in_the_default_queue(policy: Policy) -> None:
    rule = policy.exception_rule("never-heard-of", "")
    assert (rule.owner, rule.due_hours, rule.escalate_to) == ("finance-operations", 24, "finance-management")
    assert rule.actions == ("retry", "fix", "compensate")


def test_rule_for_code_and_platform_beats_code_and_code_beats_platform(changed: Change) -> None:
    def rules(document: dict[str, Any]) -> None:
        document["rules"] = [
            {"platform": "avatax", "owner": "tax", "due_hours": 1, "escalate_to": "sales-operations"},
            {"code": "rejected", "due_hours": 2, "owner": "revenue-accounting"},
            {"code": "rejected", "platform": "avatax", "owner": "finance-operations"},
        ]

    rule = load_policy(changed("exceptions", rules)).exception_rule("rejected", "avatax")
    assert (rule.owner, rule.due_hours, rule.escalate_to) == ("finance-operations", 2, "sales-operations")


def test_every_declared_code_has_an_owner_that_exists_on_every_platform(policy: Policy) -> None:
    for code in policy.exceptions.codes:
        for platform in ("", *policy.platforms.platforms):
            rule = policy.exception_rule(code, platform)
            assert rule.owner in policy.owners.owners
            assert rule.escalate_to in policy.owners.owners
            assert rule.due_hours > 0
            assert rule.meaning != code


def test_every_port_error_has_a_declared_code(policy: Policy) -> None:
    import ports.errors

    names = [name for name in vars(ports.errors) if name[0].isupper() and name != "PortError"]
    codes = {"".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_") for name in names}
    assert codes <= set(policy.exceptions.codes)


@pytest.mark.parametrize(
    ("role", "currency", "limit"),
    [
        ("viewer", "USD", Decimal(0)),
        ("operator", "JPY", Decimal(0)),
        ("finance", "USD", Decimal("10000.00")),
        ("finance", "JPY", Decimal(1500000)),
        ("approver", "EUR", Decimal("100000.00")),
        ("admin", "USD", None),
    ],
)
def test_limits_by_role_and_currency(policy: Policy, role: Any, currency: str, limit: Decimal | None) -> None:
    assert policy.approval_limit(role, currency) == limit


def test_skip_and_accept_need_a_second_approver_and_retry_does_not(policy: Policy) -> None:
    assert policy.needs_second_approver("skip")
    assert policy.needs_second_approver("accept")
    assert not policy.needs_second_approver("retry")


def test_ownership_authority_versions_and_retention_answer(policy: Policy) -> None:
    assert policy.owner_of("product") == "crm"
    assert policy.owner_of("product", "revenue_account") == "erp"
    assert policy.authority_on("documents") == "billing"
    assert policy.platform_version("avatax").api_version == "v2"
    assert policy.retention_days("audit_entry") is None
    with pytest.raises(PolicyGap, match="unheard-of"):
        policy.platform_version("unheard-of")


def test_entity_keeps_its_books_in_its_own_currency_where_the_policy_says_so(changed: Change) -> None:
    def books(document: dict[str, Any]) -> None:
        document["entities"] = [{"legal_entity": "US01", "functional_currency": "USD"}]

    policy = load_policy(changed("currencies", books))
    assert (policy.functional_currency("US01"), policy.functional_currency("DE01")) == ("USD", None)
    excerpt = GovernedPolicy(policy).excerpt("US01")
    assert excerpt.converting("USD") is None
    terms = excerpt.converting("EUR")
    assert terms is not None
    assert (terms.functional_currency, terms.rate_base, terms.max_rate_age_days) == ("USD", "EUR", 7)
    assert GovernedPolicy(policy).excerpt("DE01").converting("EUR") is None
