"""The field map: valid in itself, and checked against the org."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.salesforce.check import field_problems
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.fields import FIGURES, load_fields
from connectors.salesforce.wire import Described
from governance.policy import SHIPPED
from governance.problems import PolicyError
from sandbox.salesforce import Salesforce as Org

MAP: dict[str, Any] = yaml.safe_load((SHIPPED / "salesforce_fields.yaml").read_text())


def loaded(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "salesforce_fields.yaml"
    path.write_text(yaml.safe_dump(document))
    load_fields(path)


async def test_shipped_map_fits_the_org(crm: Salesforce) -> None:
    assert await crm.check_fields() == []


@pytest.mark.parametrize(
    ("object_name", "field", "figure"),
    [
        ("Contract", "StartDate", "contract.start_date"),
        ("Contract", "Q2C_Id__c", "contract.key"),
        ("Product2", "ProductCode", None),
        ("OrderItem", "Exact_Unit_Price__c", "line.unit_price"),
        ("Price_Tier__c", "Tier_Price__c", "tier.unit_price"),
        ("Contract", "Integration_Status__c", "written_contract.status"),
        ("Contract", "AccountId", "account: Contract.Account"),
        ("Order", "Transfer_Account__c", "transfer_account"),
    ],
)
async def test_field_that_the_user_may_not_read_is_a_problem(
    org: Org, crm: Salesforce, object_name: str, field: str, figure: str | None
) -> None:
    await org.load({"hide_fields": {object_name: [field]}})
    problems = await crm.check_fields()
    if figure is not None:
        assert any(figure in problem for problem in problems)


async def described(crm: Salesforce) -> dict[str, Described]:
    names = {rule.object for _, rule in load_fields()}
    return {name: await crm._client.describe(name) for name in names}


def altered(found: Described, name: str, **changes: Any) -> Described:
    fields = [each.model_copy(update=changes) if each.name == name else each for each in found.fields]
    return found.model_copy(update={"fields": fields})


@pytest.mark.parametrize(
    ("object_name", "field", "changes", "said"),
    [
        ("Contract", "StartDate", {"type": "string"}, "is a string, not a date"),
        ("Contract", "Version__c", {"type": "string"}, "is a string, not a integer"),
        ("OrderItem", "Discount__c", {"type": "string"}, "not a decimal"),
        ("Contract", "Evergreen__c", {"type": "picklist"}, "not a boolean"),
        ("Contract", "Integration_Status__c", {"updateable": False}, "cannot be written"),
        ("Contract", "Q2C_Id__c", {"unique": False}, "must be a unique external id"),
        ("Contract", "Billing_Timing__c", {"picklist_values": []}, "does not have the value 'In Advance'"),
    ],
)
async def test_field_of_another_kind_is_a_problem(
    crm: Salesforce, object_name: str, field: str, changes: dict[str, Any], said: str
) -> None:
    found = await described(crm)
    found[object_name] = altered(found[object_name], field, **changes)
    assert any(said in problem for problem in field_problems(load_fields(), found))


async def test_picklist_value_that_the_map_does_not_know_is_a_problem(crm: Salesforce) -> None:
    found = await described(crm)
    values = [{"value": each, "active": True} for each in ("Month", "Year", "Week")]
    changed = Described.model_validate(
        {
            "name": "OrderItem",
            "childRelationships": [],
            "fields": [
                {
                    "name": "Price_Period__c",
                    "type": "picklist",
                    "updateable": True,
                    "externalId": False,
                    "unique": False,
                    "referenceTo": [],
                    "relationshipName": None,
                    "picklistValues": values,
                }
            ],
        }
    )
    found["OrderItem"] = altered(
        found["OrderItem"], "Price_Period__c", picklist_values=changed.fields[0].picklist_values
    )
    (problem,) = field_problems(load_fields(), found)
    assert "'Week', which the field map does not know" in problem


async def test_missing_children_are_a_problem(crm: Salesforce) -> None:
    found = await described(crm)
    found["Order"] = found["Order"].model_copy(update={"child_relationships": []})
    problems = field_problems(load_fields(), found)
    assert "Order has no children OrderItems of OrderItem" in problems


@pytest.mark.parametrize("record", sorted(FIGURES))
def test_map_without_a_figure_is_refused(tmp_path: Path, record: str) -> None:
    fields = dict(MAP[record]["fields"])
    figure = next(iter(fields))
    del fields[figure]
    with pytest.raises(PolicyError, match=figure):
        loaded(tmp_path, {**MAP, record: {**MAP[record], "fields": fields}})


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "Id", "as": "money"},
        {"field": "Id) FROM User", "as": "text"},
        {"field": "", "as": "text"},
        {"field": "Id", "as": "choice"},
        {"field": "Id", "as": "text", "values": {"a": "b"}},
        {"field": "Id", "as": "text", "default": "x"},
    ],
)
def test_wrong_rule_is_refused(tmp_path: Path, rule: dict[str, Any]) -> None:
    fields = {**MAP["tier"]["fields"], "up_to": rule}
    with pytest.raises(PolicyError):
        loaded(tmp_path, {**MAP, "tier": {**MAP["tier"], "fields": fields}})


@pytest.mark.parametrize(
    ("record", "key"), [("contract", "key"), ("order", "relationship"), ("contract", "parents")]
)
def test_map_without_its_relations_is_refused(tmp_path: Path, record: str, key: str) -> None:
    document = {name: value for name, value in MAP[record].items() if name != key}
    with pytest.raises(PolicyError):
        loaded(tmp_path, {**MAP, record: document})


def test_figure_that_nobody_asks_for_is_refused(tmp_path: Path) -> None:
    fields = {**MAP["tier"]["fields"], "colour": {"field": "Color__c", "as": "text"}}
    with pytest.raises(PolicyError, match="colour"):
        loaded(tmp_path, {**MAP, "tier": {**MAP["tier"], "fields": fields}})
