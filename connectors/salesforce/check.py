"""Does the org have the fields of the map? Told by `describe`, before a contract fails on it."""

from collections.abc import Iterator, Mapping

from connectors.salesforce.fields import Conversion, FieldMap, FieldRule, RecordRule
from connectors.salesforce.wire import Described, DescribedField

_TEXTS = {"string", "textarea", "picklist", "email", "phone", "url", "id", "reference", "combobox"}
_TYPES: dict[Conversion, set[str]] = {
    "text": _TEXTS,
    "date": {"date"},
    "datetime": {"datetime"},
    "decimal": {"double", "currency", "percent", "int"},
    "integer": {"double", "int"},
    "boolean": {"boolean"},
    "choice": {"picklist", "string"},
}
_CHILDREN = {
    "order": "contract",
    "line": "order",
    "approval": "order",
    "merged": "order",
    "ramp_step": "line",
}


def field_problems(fields: FieldMap, described: Mapping[str, Described]) -> list[str]:
    """One sentence for each thing that is missing, of another type, or not ours to read or write."""
    return list(dict.fromkeys(_problems(fields, described)))


def _problems(fields: FieldMap, described: Mapping[str, Described]) -> Iterator[str]:
    for name, rule in fields:
        writes = name.startswith("written_")
        for figure, field_rule in rule.fields.items():
            yield from _field(f"{name}.{figure}", rule, field_rule, described, writes=writes)
    yield from _key(fields.contract, described)
    for child, parent in _CHILDREN.items():
        yield from _relationship(getattr(fields, parent), getattr(fields, child), described)
    for parent in ("line", "ramp_step"):
        yield from _relationship(getattr(fields, parent), fields.tier, described)
    for parent, relationship in (("contract", "account"), ("order", "transfer_account")):
        yield from _parent(getattr(fields, parent), relationship, fields.account, described)


def _field(
    figure: str, rule: RecordRule, field_rule: FieldRule, described: Mapping[str, Described], *, writes: bool
) -> Iterator[str]:
    *parents, name = field_rule.field.split(".")
    owner = _owner(rule.object, parents, described)
    path = f"{rule.object}.{field_rule.field}"
    if owner is None:
        yield f"{figure}: {path}: no such relationship, or not readable"
        return
    if owner.name not in described or not owner.fields:
        return  # a parent object that is not described: it shows at the first read
    field = _find(owner, name)
    if field is None:
        yield f"{figure}: {path} is missing or not readable"
        return
    if field.type not in _TYPES[field_rule.conversion]:
        yield f"{figure}: {path} is a {field.type}, not a {field_rule.conversion}"
    if writes and not field.updateable:
        yield f"{figure}: {path} cannot be written"
    if field_rule.values is not None and field.type == "picklist":
        yield from _choices(figure, path, field, field_rule.values)


def _choices(figure: str, path: str, field: DescribedField, values: Mapping[str, object]) -> Iterator[str]:
    active = {each.value for each in field.picklist_values if each.active}
    for unknown in sorted(active - values.keys()):
        yield f"{figure}: {path} has the value {unknown!r}, which the field map does not know"
    for absent in sorted(values.keys() - active):
        yield f"{figure}: {path} does not have the value {absent!r} of the field map"


def _owner(object_name: str, parents: list[str], described: Mapping[str, Described]) -> Described | None:
    """The object at the end of the parents; one that is not described is empty, None: no relationship."""
    owner = described[object_name]
    for relationship in parents:
        field = next((each for each in owner.fields if each.relationship_name == relationship), None)
        if field is None or not field.reference_to:
            return None
        target = field.reference_to[0]
        owner = described.get(target) or Described.model_validate(
            {"name": target, "fields": [], "childRelationships": []}
        )
    return owner


def _key(rule: RecordRule, described: Mapping[str, Described]) -> Iterator[str]:
    field = _find(described[rule.object], str(rule.key))
    if field is None:
        yield f"contract.key: {rule.object}.{rule.key} is missing or not readable"
    elif not (field.external_id and field.unique):
        yield f"contract.key: {rule.object}.{rule.key} must be a unique external id"


def _relationship(parent: RecordRule, child: RecordRule, described: Mapping[str, Described]) -> Iterator[str]:
    found = {
        each.relationship_name: each.child_object for each in described[parent.object].child_relationships
    }
    if found.get(child.relationship) != child.object:
        yield f"{parent.object} has no children {child.relationship} of {child.object}"


def _parent(
    rule: RecordRule, relationship: str, parent: RecordRule, described: Mapping[str, Described]
) -> Iterator[str]:
    wanted = rule.parents[relationship]
    field = next((each for each in described[rule.object].fields if each.relationship_name == wanted), None)
    if field is None or parent.object not in field.reference_to:
        yield f"{relationship}: {rule.object}.{wanted} does not lead to {parent.object}"


def _find(described: Described, name: str) -> DescribedField | None:
    return next((each for each in described.fields if each.name == name), None)
