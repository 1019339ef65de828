"""What a policy may not say; each refusal names file, key and the way out."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from governance.checks import due_problems
from governance.policy import Policy, load_policy
from tests.governance.conftest import Change, problems_of

Document = dict[str, Any]


def _set(*path: str | int, to: Any) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return edit


def _drop(*path: str | int) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return edit


def _add(key: str, *entries: Document) -> Callable[[Document], None]:
    return lambda document: document[key].extend(entries)


_BOOKS = {"legal_entity": "US01", "functional_currency": "USD"}
_ROUTE = {"legal_entity": "*", "crm": "salesforce", "billing": "stripe", "tax": "avatax", "erp": "netsuite"}

REFUSED: list[tuple[str, Callable[[Document], None], str, str]] = [
    ("routing", _add("routes", _ROUTE), "routes.1", "overlaps routes.0"),
    ("routing", _set("routes", 0, "erp", to="abacus"), "routes.0.erp", "abacus is not declared"),
    ("routing", _set("routes", 0, "erp", to="stripe"), "routes.0.erp", "stripe can't serve as erp"),
    ("routing", _set("routes", 0, "payments", to="paypal"), "routes.0.payments", "paypal is not declared"),
    ("routing", _set("routes", 0, "payments", to="avatax"), "routes.0.payments", "can't serve as payments"),
    ("routing", _set("routes", 0, "timezone", to="Mars/Dome"), "routes.0.timezone", "no time zone"),
    (
        "routing",
        lambda d: d["routes"][0].update({"from": dt.date(2026, 2, 1), "until": dt.date(2026, 2, 1)}),
        "routes.0.until",
        "not after",
    ),
    ("routing", _set("routes", 0, "ledger", to="x"), "routes.0.ledger", "Extra inputs"),
    ("accounts", _drop("charts", 0, "accounts", "cash"), "charts.netsuite.cash", "no account for cash"),
    ("accounts", _set("charts", 0, "accounts", "cash", to=1000), "charts.0.accounts.cash", "valid string"),
    ("accounts", _set("charts", 0, "accounts", "cash", to=" "), "charts.0.accounts.cash", "is empty"),
    ("accounts", _set("charts", 0, "accounts", "kash", to="1"), "charts.0.accounts.kash", "Input should be"),
    ("accounts", lambda d: d["charts"].append(d["charts"][0]), "charts", "comes 2 times"),
    (
        "accounts",
        _add("charts", {"erp": "abacus", "legal_entity": "*", "accounts": {}}),
        "charts.1.erp",
        "abacus is not declared as an ERP",
    ),
    ("items", _add("maps", {"erp": "stripe"}), "maps.1.erp", "stripe is not declared as an ERP"),
    ("items", _add("maps", {"erp": "netsuite"}), "maps", "comes 2 times"),
    ("dimensions", _set("rules", to=[{"department": "1"}, {"department": "2"}]), "rules", "comes 2 times"),
    ("ownership", _drop("nouns", "invoice"), "nouns.invoice", "is missing"),
    ("ownership", _set("nouns", "invoice", "owner", to="boss"), "nouns.invoice.owner", "Input should be"),
    ("authority", _drop("decisions", "postings"), "decisions.postings", "is missing"),
    ("owners", _set("default", to="nobody"), "default", "nobody is no owner"),
    ("exceptions", _set("default", "escalate_to", to="nobody"), "default.escalate_to", "nobody is no owner"),
    ("exceptions", _set("default", "owner", to="tax"), "default.owner", "not the default queue"),
    ("exceptions", _set("default", "due_hours", to=0), "default.due_hours", "greater than 0"),
    ("exceptions", _set("default", "actions", to=["ignore"]), "default.actions.0", "Input should be"),
    ("exceptions", _set("rules", to=[{"code": "rejectd"}]), "rules.0.code", "rejectd is no declared code"),
    ("exceptions", _set("rules", to=[{"platform": "sap"}]), "rules.0.platform", "sap is not declared"),
    ("exceptions", _set("rules", to=[{"due_hours": 2}]), "rules.0", "is for everything"),
    (
        "exceptions",
        _set("rules", to=[{"code": "conflict", "owner": "tax", "escalate_to": "tax"}]),
        "rules.0",
        "escalates from tax to itself",
    ),
    ("approvals", _drop("limits", "viewer"), "limits.viewer", "is missing"),
    ("approvals", _drop("limits", "finance", "*"), "limits.finance", "no limit for currencies"),
    ("approvals", _set("limits", "finance", "USD", to=10000.0), "limits.finance.USD", "written as a string"),
    ("approvals", _set("limits", "finance", "USD", to="-1"), "limits.finance.USD", "is negative"),
    (
        "approvals",
        _set("limits", "finance", "USD", to="100000.01"),
        "limits.finance.USD",
        "finance decides more USD than approver",
    ),
    ("approvals", _set("second_approver", to=["pay"]), "second_approver.0", "Input should be"),
    ("cash", _drop("tolerance", "*"), "tolerance", "no amount for currencies"),
    ("cash", _set("tolerance", "JPY", to="-1"), "tolerance.JPY", "is negative"),
    ("cash", _set("tolerance_percent", to="101"), "tolerance_percent", "less than or equal"),
    ("retention", _set("days", "webhook_id", to=6), "days.webhook_id", "shorter than 7 days"),
    ("retention", _drop("days", "lineage"), "days.lineage", "is missing"),
    ("reconciliation", _drop("breaks", "tax"), "breaks.tax", "is missing"),
    ("reconciliation", _set("breaks", "tax", "owner", to="nobody"), "breaks.tax.owner", "nobody is no owner"),
    ("reconciliation", _set("bank_debits", "owner", to="nobody"), "bank_debits.owner", "nobody is no owner"),
    ("reconciliation", _set("rounding_minor_units", to=-1), "rounding_minor_units", "greater than or equal"),
    ("reconciliation", _set("controlled_accounts", to=["kash"]), "controlled_accounts.0", "Input should be"),
    (
        "platforms",
        _set("platforms", "stripe", "capabilities", to=[]),
        "platforms.stripe.capabilities",
        "at least 1",
    ),
    ("currencies", _add("entities", *2 * [_BOOKS]), "entities", "US01 comes 2 times"),
    ("currencies", _add("entities", _BOOKS | {"legal_entity": "*"}), "entities.0.legal_entity", "its own"),
    (
        "currencies",
        _add("entities", _BOOKS | {"functional_currency": "XAU"}),
        "entities.0.functional_currency",
        "no minor unit",
    ),
    ("currencies", _set("group_currency", to="DEM"), "group_currency", "is not a currency of ISO 4217"),
    ("currencies", _set("group_currency", to="usd"), "group_currency", "match pattern"),
    ("currencies", _set("rates", "max_age_days", to=-1), "rates.max_age_days", "greater than or equal"),
    ("currencies", _drop("rates", "base"), "rates.base", "required"),
    ("platforms", _drop("platforms", "stripe", "end_of_life"), "platforms.stripe.end_of_life", "required"),
]


@pytest.mark.parametrize(("name", "edit", "key", "problem"), REFUSED)
def test_mistake_is_refused_with_file_key_and_way_out(
    name: str, edit: Callable[[Document], None], key: str, problem: str, changed: Change
) -> None:
    found = [p for p in problems_of(changed(name, edit)) if p.file == f"{name}.yaml"]
    match = [p for p in found if p.key == key or p.key.startswith(f"{key}.")]
    assert match, found
    assert problem in match[0].problem
    assert match[0].way_out


def test_undeclared_platform_is_found_wherever_it_is_named(changed: Change) -> None:
    files = {problem.file for problem in problems_of(changed("platforms", _drop("platforms", "netsuite")))}
    assert files == {"routing.yaml", "accounts.yaml", "items.yaml"}


def test_all_mistakes_are_reported_at_once(changed: Change) -> None:
    changed("authority", _set("decisions", "postings", to="boss"))
    directory = changed("retention", _set("days", "lineage", to="long"))
    assert [problem.file for problem in problems_of(directory)] == ["authority.yaml", "retention.yaml"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("routes: [\n", "line 2"),
        ("routes: []\nroutes: []\n", "the key 'routes' comes twice"),
        ("- a list\n", "must be a mapping"),
        ("", "must be a mapping"),
    ],
)
def test_file_that_is_no_proper_yaml_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "routing.yaml").write_text(text)
    (found,) = problems_of(tmp_path)
    assert found.file == "routing.yaml"
    assert problem in f"{found.key} {found.problem}"


def test_entity_called_no_stays_a_name(tmp_path: Path) -> None:
    (tmp_path / "routing.yaml").write_text(
        "routes:\n  - {legal_entity: NO, crm: salesforce, billing: stripe, tax: avatax, erp: netsuite}\n"
    )
    assert load_policy(tmp_path).route("NO", dt.date(2026, 1, 1)).legal_entity == "NO"


def test_file_that_nothing_would_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text("routes: []\n")
    (found,) = problems_of(tmp_path)
    assert (found.file, found.problem) == ("routes.yaml", "is no file of the policy")


def test_connectors_own_file_may_lie_beside(tmp_path: Path) -> None:
    (tmp_path / "salesforce_fields.yaml").write_text("anything: true\n")
    assert load_policy(tmp_path)


def test_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path / "absent")
    assert found.problem == "is not there"


def test_version_past_its_end_blocks_and_one_near_it_warns(policy: Policy) -> None:
    end = policy.platform_version("salesforce").end_of_life
    assert end is not None
    day = dt.timedelta(days=1)
    assert [due.blocking for due in due_problems(policy, end + day)] == [True]
    assert [due.blocking for due in due_problems(policy, end)] == [False]
    assert due_problems(policy, end - 181 * day) == ()
    (due,) = due_problems(policy, end + day)
    assert (due.problem.file, due.problem.key) == ("platforms.yaml", "platforms.salesforce.api_version")


def test_entity_whose_route_has_ended_blocks(changed: Change) -> None:
    def ended(document: Document) -> None:
        document["routes"][0] |= {"legal_entity": "US01", "until": dt.date(2026, 2, 1)}

    policy = load_policy(changed("routing", ended))
    assert due_problems(policy, dt.date(2026, 1, 31)) == ()
    (due,) = due_problems(policy, dt.date(2026, 2, 1))
    assert due.blocking
    assert "no route serves US01 on 2026-02-01" in due.problem.problem
