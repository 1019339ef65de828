"""SOQL: what the names in a query stand for, and the limits and kinds that are checked before it runs."""

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import Records
from sandbox.salesforce.schema import NUMBERS, TEXTS, Child, Field, SObject
from sandbox.salesforce.soql_syntax import (
    Both,
    Comparison,
    Condition,
    Literal_,
    Membership,
    Not,
    Query,
    malformed,
)

_MOST_PARENT_LEVELS = 5
_MOST_CHILD_LEVELS = 5
_MOST_CHILD_RELATIONSHIPS = 20
_HINT = "Please reference your WSDL or the describe call for the appropriate names."
_KINDS: dict[str, tuple[str, ...]] = {
    "date": ("date",),
    "datetime": ("datetime", "date"),
    "boolean": ("boolean",),
    "int": ("number",),
    **dict.fromkeys(NUMBERS, ("number",)),
    **dict.fromkeys(TEXTS, ("string", "pattern")),
    "id": ("string",),
    "reference": ("string",),
}


class Names:
    """The objects, fields and relationships that the integration's user sees."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def object(self, name: str) -> SObject:
        made = self._records.schema.find(name)
        if made is None:
            raise ApiError(
                400,
                "INVALID_TYPE",
                f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be "
                f"sure to append the '__c' after the entity name. {_HINT}",
            )
        return made

    def field(self, made: SObject, path: tuple[str, ...]) -> Field:
        """The field at the end of the path."""
        if len(path) - 1 > _MOST_PARENT_LEVELS:
            raise malformed(f"SOQL statements can reference at most {_MOST_PARENT_LEVELS} levels of parents")
        for relationship in path[:-1]:
            parent = made.parent(relationship)
            if parent is None or self._records.visible(made, parent.name) is None:
                raise ApiError(
                    400,
                    "INVALID_FIELD",
                    f"Didn't understand relationship '{relationship}' in field path. If you are attempting "
                    "to use a custom relationship, be sure to append the '__r' after the custom relationship "
                    f"name. {_HINT}",
                )
            made = self.object(parent.references[0])
        field = self._records.visible(made, path[-1])
        if field is None:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"No such column '{path[-1]}' on entity '{made.name}'. If you are attempting to use a custom "
                f"field, be sure to append the '__c' after the custom field name. {_HINT}",
            )
        return field

    def children(self, made: SObject, relationship: str) -> Child:
        lowered = relationship.lower()
        for child in self._records.schema.children(made.name):
            if child.relationship.lower() == lowered:
                return child
        raise ApiError(
            400,
            "INVALID_TYPE",
            f"Didn't understand relationship '{relationship}' in FROM part of query call.",
        )

    def check(self, query: Query) -> None:
        """ApiError for what is refused before any record is looked at."""
        if self._check(self.object(query.source), query, 1) > _MOST_CHILD_RELATIONSHIPS:
            raise malformed(
                f"SOQL statements can use at most {_MOST_CHILD_RELATIONSHIPS} child relationships"
            )

    def _check(self, made: SObject, query: Query, level: int) -> int:
        """How many child relationships the query uses."""
        if level > _MOST_CHILD_LEVELS:
            raise malformed(f"SOQL statements can query at most {_MOST_CHILD_LEVELS} levels of children")
        for path in (*query.fields, *(sorting.path for sorting in query.order)):
            self.field(made, path)
        if query.where is not None:
            self._check_condition(made, query.where)
        count = len(query.children)
        for child in query.children:
            relation = self.children(made, child.source)
            count += self._check(self.object(relation.object_name), child, level + 1)
        return count

    def _check_condition(self, made: SObject, condition: Condition) -> None:
        match condition:
            case Both():
                for each in condition.conditions:
                    self._check_condition(made, each)
            case Not():
                self._check_condition(made, condition.condition)
            case Comparison():
                _check_literal(self.field(made, condition.path), condition.literal)
            case Membership(members=Query() as inner):
                self._check_semi_join(self.field(made, condition.path), inner)
            case Membership(members=tuple() as members):
                for literal in members:
                    _check_literal(self.field(made, condition.path), literal)

    def _check_semi_join(self, field: Field, inner: Query) -> None:
        if field.type not in ("id", "reference"):
            raise malformed("The left operand of a semi join must be an ID or a reference field")
        if len(inner.fields) != 1 or inner.children:
            raise malformed("Semi join sub-selects can only query a single ID or reference field")
        self._check(self.object(inner.source), inner, 1)


def _check_literal(field: Field, literal: Literal_) -> None:
    allowed = _KINDS.get(field.type, ())
    if literal.kind == "null" or literal.kind in allowed:
        return
    quotes = "should" if "string" in allowed else "should not"
    raise ApiError(
        400,
        "INVALID_FIELD",
        f"value of filter criterion for field '{field.name}' must be of type {field.type} and {quotes} be "
        "enclosed in quotes",
    )
