"""SOQL: running a query over the records, as the integration's user sees them."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import Records, Row
from sandbox.salesforce.schema import NUMBERS, TEXTS, Field, SObject
from sandbox.salesforce.soql_names import Names
from sandbox.salesforce.soql_syntax import Both, Comparison, Condition, Membership, Not, Query, Sorting
from sandbox.salesforce.values import shown

_LONGEST_OFFSET = 2000


class Runner:
    """One query's run. `deleted`: queryAll, which sees the recycle bin too."""

    def __init__(self, records: Records, version: str, *, deleted: bool = False) -> None:
        self._records, self._version, self._deleted = records, version, deleted
        self._names = Names(records)

    def run(self, query: Query) -> tuple[int, list[Row]]:
        """How many records there are, and they themselves (none of them for COUNT())."""
        self._names.check(query)
        made = self._names.object(query.source)
        rows = self._selected(made, query, self._candidates(made, query.where))
        if query.counts:
            return len(rows), []
        return len(rows), [self._shown(made, row, query) for row in rows]

    def _candidates(self, made: SObject, where: Condition | None) -> Iterable[Row]:
        """All records, or fewer where an external id must equal something."""
        wanted = where.conditions if isinstance(where, Both) and where.word == "and" else (where,)
        for each in wanted:
            if isinstance(each, Comparison) and each.operator == "=" and len(each.path) == 1:
                field = made.field(each.path[0])
                quoted = each.literal.kind == "string"
                if field is not None and field.external_id and quoted and not self._deleted:
                    return self._records.by_external_id(made, field.name, each.literal.value)
        return self._records.all(made.name, deleted=self._deleted)

    def _selected(self, made: SObject, query: Query, rows: Iterable[Row]) -> list[Row]:
        kept = [row for row in rows if query.where is None or self._holds(made, row, query.where)]
        for sorting in reversed(query.order):
            kept = self._sorted(made, kept, sorting)
        if query.offset > _LONGEST_OFFSET:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        end = None if query.limit is None else query.offset + query.limit
        return kept[query.offset : end]

    def _sorted(self, made: SObject, rows: list[Row], sorting: Sorting) -> list[Row]:
        field = self._names.field(made, sorting.path)
        keyed = [(_comparable(field, self._value(made, row, sorting.path)), row) for row in rows]
        empty = [row for key, row in keyed if key is None]
        filled = [(key, row) for key, row in keyed if key is not None]
        filled.sort(key=lambda pair: pair[0], reverse=sorting.descending)
        ordered = [row for _, row in filled]
        return ordered + empty if sorting.nulls_last else empty + ordered

    # Fields and values

    def _value(self, made: SObject, row: Row, path: tuple[str, ...]) -> Any:
        for relationship in path[:-1]:
            step = self._parent(made, row, relationship)
            if step is None:
                return None
            made, row = step
        return self._records.value(made, row, self._names.field(made, path[-1:]))

    def _parent(self, made: SObject, row: Row, relationship: str) -> tuple[SObject, Row] | None:
        field = made.parent(relationship)
        record_id = row.get(field.name) if field else None
        target = self._records.schema.by_prefix(record_id) if record_id else None
        found = self._records.by_id(target.name, record_id, deleted=True) if target else None
        return (target, found) if target is not None and found is not None else None

    def _shown(self, made: SObject, row: Row, query: Query) -> Row:
        answer: Row = {"attributes": self._records.attributes(made, row, self._version)}
        for path in query.fields:
            self._put(answer, made, row, path)
        for child in query.children:
            relation = self._names.children(made, child.source)
            answer[relation.relationship] = self._children(
                relation.object_name, relation.field_name, row, child
            )
        return answer

    def _put(self, answer: Row, made: SObject, row: Row, path: tuple[str, ...]) -> None:
        """The value, inside the objects of the parents on its path; a parent that is not there is null."""
        for relationship in path[:-1]:
            field = made.parent(relationship)
            name = field.relationship if field is not None and field.relationship else relationship
            step = self._parent(made, row, relationship)
            if step is None:
                answer[name] = None
                return
            made, row = step
            if not isinstance(answer.get(name), dict):
                answer[name] = {"attributes": self._records.attributes(made, row, self._version)}
            answer = answer[name]
        field = self._names.field(made, path[-1:])
        answer[field.name] = shown(field, self._records.value(made, row, field))

    def _children(self, object_name: str, field_name: str, parent: Row, query: Query) -> Row | None:
        """A parent's children: null where there are none."""
        child = self._names.object(object_name)
        rows = self._records.where(child.name, field_name, parent["Id"])
        records = [self._shown(child, each, query) for each in self._selected(child, query, rows)]
        return {"totalSize": len(records), "done": True, "records": records} if records else None

    # Conditions

    def _holds(self, made: SObject, row: Row, condition: Condition) -> bool:
        match condition:
            case Both(word="and"):
                return all(self._holds(made, row, each) for each in condition.conditions)
            case Both():
                return any(self._holds(made, row, each) for each in condition.conditions)
            case Not():
                return not self._holds(made, row, condition.condition)
            case Membership():
                return self._is_member(made, row, condition)
            case Comparison():
                field = self._names.field(made, condition.path)
                value = _comparable(field, self._value(made, row, condition.path))
                return _compares(value, condition, _comparable(field, condition.literal.value))

    def _is_member(self, made: SObject, row: Row, condition: Membership) -> bool:
        field = self._names.field(made, condition.path)
        value = _comparable(field, self._value(made, row, condition.path))
        if isinstance(condition.members, Query):
            inner, inside = condition.members, self._names.object(condition.members.source)
            found = self._selected(inside, inner, self._candidates(inside, inner.where))
            members = {self._value(inside, each, inner.fields[0]) for each in found}
        else:
            members = {_comparable(field, literal.value) for literal in condition.members}
        return (value in members) != condition.negated


def _comparable(field: Field, value: Any) -> Any:
    """Texts compare in any case, ids in either length, numbers as numbers."""
    if value is None or isinstance(value, bool) or not isinstance(value, str | Decimal | int):
        return value
    if field.type in NUMBERS or field.type == "int":
        return Decimal(value)
    if not isinstance(value, str):
        return value
    if field.type in ("id", "reference"):
        return ids.canonical(value) or value
    if field.type == "datetime" and len(value) == 10:
        return f"{value}T00:00:00.000+0000"
    return value.lower() if field.type in TEXTS else value


def _compares(value: Any, condition: Comparison, operand: Any) -> bool:
    match condition.operator:
        case "=":
            return bool(value == operand)
        case "!=":
            return bool(value != operand)
        case "like":
            pattern = condition.literal.value.expression
            found = value is not None and re.fullmatch(pattern, value, re.IGNORECASE | re.DOTALL)
            return bool(found)
    if value is None or operand is None:
        return False
    match condition.operator:
        case "<":
            return bool(value < operand)
        case ">":
            return bool(value > operand)
        case "<=":
            return bool(value <= operand)
        case ">=":
            return bool(value >= operand)
