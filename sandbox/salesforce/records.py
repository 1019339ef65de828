"""The org's records, created, changed and deleted as the vendor's rules allow."""

from collections.abc import Mapping
from typing import Any

from sandbox.kit.clock import Clock
from sandbox.kit.state import State
from sandbox.salesforce import ids, org_rules
from sandbox.salesforce.errors import ApiError, no_column, not_found
from sandbox.salesforce.org import SCHEMA
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.values import accepted, shown, stamp

Row = dict[str, Any]
_HIDDEN = "_hidden_field"


class Records:
    def __init__(self, state: State, clock: Clock) -> None:
        self.state, self.clock = state, clock
        self.schema = SCHEMA
        self._row_locks: dict[str, int] = {}
        self._hidden = {each["field"] for each in state.all(_HIDDEN)}

    # Reading

    def by_id(self, object_name: str, record_id: str | None, *, deleted: bool = False) -> Row | None:
        row = self.state.get(object_name, record_id) if record_id else None
        return row if row is not None and (deleted or not row.get("IsDeleted")) else None

    def where(self, object_name: str, field_name: str, value: str) -> list[Row]:
        """Live records whose stored field has exactly this value."""
        found = self.state.find(object_name, **{field_name: value})
        return [row for row in found if not row.get("IsDeleted")]

    def all(self, object_name: str, *, deleted: bool = False) -> list[Row]:
        return [row for row in self.state.all(object_name) if deleted or not row.get("IsDeleted")]

    def object(self, name: str) -> SObject:
        found = self.schema.find(name)
        if found is None:
            raise not_found()
        return found

    def visible(self, made: SObject, name: str) -> Field | None:
        """The field, unless field-level security hides it from the integration's user."""
        found = made.field(name)
        return None if found is None or f"{made.name}.{found.name}" in self._hidden else found

    def hide(self, object_name: str, field_name: str) -> None:
        """Take the field from the integration user's permissions."""
        if self.object(object_name).field(field_name) is None:
            raise ValueError(f"{object_name} has no field {field_name}")
        hidden = f"{object_name}.{field_name}"
        self.state.put(_HIDDEN, hidden, {"field": hidden})
        self._hidden.add(hidden)

    def forget(self) -> None:
        """The state was reset: nothing is hidden or locked any more."""
        self._hidden.clear()
        self._row_locks.clear()

    def value(self, made: SObject, row: Row, field: Field) -> Any:
        """The field as kept, or as its formula gives it."""
        return field.formula(row, self) if field.formula else row.get(field.name)

    def shown(self, made: SObject, row: Row, names: list[str] | None, version: str) -> Row:
        """The record as a GET answers it, with all fields or the named ones."""
        answer: Row = {"attributes": self.attributes(made, row, version)}
        for name in names if names is not None else made.fields:
            field = self.visible(made, name)
            if field is None:
                if names is None:
                    continue
                raise no_column(name, made.name)
            answer[field.name] = shown(field, self.value(made, row, field))
        return answer

    def attributes(self, made: SObject, row: Row, version: str) -> Row:
        return {"type": made.name, "url": f"/services/data/v{version}/sobjects/{made.name}/{row['Id']}"}

    def require(self, made: SObject, record_id: str) -> Row:
        """The record of this id, for a URL; ApiError if it is none of this object's, or deleted."""
        canonical = ids.canonical(record_id)
        if canonical is None or not canonical.startswith(made.key_prefix):
            raise not_found("Provided external ID field does not exist or is not accessible: " + record_id)
        row = self.by_id(made.name, canonical, deleted=True)
        if row is None:
            raise not_found()
        if row.get("IsDeleted"):
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        return row

    def by_external_id(self, made: SObject, field_name: str, value: str) -> list[Row]:
        field = self.visible(made, field_name)
        if field is None or not (field.external_id or field.type == "id"):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {field_name}")
        if field.type == "id":
            row = self.by_id(made.name, ids.canonical(value))
            return [row] if row else []
        return self.where(made.name, _lower(field.name), value.lower())

    # Writing: the API's user

    def create(self, object_name: str, body: Mapping[str, Any], user: str, *, system: bool = False) -> str:
        made = self.object(object_name)
        if not made.createable and not system:
            raise ApiError(
                400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {made.name} cannot be inserted"
            )
        given = self._given(made, body, "createable", system=system)
        for field in made.fields.values():
            if field.name not in given and field.default is not None:
                given[field.name] = user if field.default == "@me" else field.default
        missing = [
            field.name for field in made.fields.values() if field.required and given.get(field.name) is None
        ]
        if missing:
            raise ApiError(
                400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )
        row = self._new_row(made, given, user)
        self._check_unique(made, row)
        org_rules.before_save(made.name, row, None, self, system=system)
        self._keep(made, row)
        return str(row["Id"])

    def update(
        self, made: SObject, record_id: str, body: Mapping[str, Any], user: str, *, system: bool = False
    ) -> None:
        before = self.require(made, record_id)
        self._suffer_lock(before)
        given = self._given(made, body, "updateable", system=system)
        after = before | given
        emptied = [
            name for name in given if (field := made.fields[name]).required and after.get(field.name) is None
        ]
        if emptied:
            raise ApiError(
                400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(emptied)}]", emptied
            )
        changed = [name for name in given if given[name] != before.get(name)]
        self._check_not_locked(made, before, [made.fields[name] for name in changed], system=system)
        self._check_unique(made, after)
        now = stamp(self.clock.now())
        after |= {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
        org_rules.before_save(made.name, after, before, self, system=system)
        self._keep(made, after)

    def delete(self, made: SObject, record_id: str, user: str) -> None:
        row = self.require(made, record_id)
        self._suffer_lock(row)
        if not made.deletable or (made.active is not None and made.active(row, self)):
            raise ApiError(
                400, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", []
            )
        now = stamp(self.clock.now())
        row |= {"IsDeleted": True, "LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
        self._keep(made, row)

    def upsert(
        self,
        made: SObject,
        field_name: str,
        value: str,
        body: Mapping[str, Any],
        user: str,
        *,
        update_only: bool = False,
    ) -> tuple[str, bool]:
        """The record's id, and whether it is new. ApiError 300 if several match, 404 if none may be made."""
        if any(name.lower() == field_name.lower() for name in body):
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"The {field_name} field should not be specified in the sobject data.",
                [field_name],
            )
        matches = self.by_external_id(made, field_name, value)
        if len(matches) > 1:
            raise SeveralMatch(made, [str(row["Id"]) for row in matches])
        if matches:
            self.update(made, matches[0]["Id"], body, user)
            return str(matches[0]["Id"]), False
        if update_only:
            raise not_found()
        return self.create(made.name, {**body, field_name: value}, user), True

    def lock_row(self, record_id: str, times: int) -> None:
        """Another transaction holds the record: its next `times` changes fail."""
        self._row_locks[record_id] = times

    # Within a save

    def _keep(self, made: SObject, row: Row) -> None:
        """External ids are kept in lower case too, by which they are found."""
        for field in made.fields.values():
            if field.external_id and row.get(field.name) is not None:
                row[_lower(field.name)] = str(row[field.name]).lower()
        self.state.put(made.name, row["Id"], row)

    def _given(self, made: SObject, body: Mapping[str, Any], right: str, *, system: bool) -> Row:
        given: Row = {}
        for name, value in body.items():
            if name == "attributes":
                continue
            field = self.visible(made, name)
            if field is None:
                parent = made.parent(name) if isinstance(value, dict) else None
                if parent is None:
                    raise no_column(name, made.name)
                field, value = parent, self._foreign_key(parent, value)
            if not getattr(field, right) and not system:
                raise ApiError(
                    400,
                    "INVALID_FIELD_FOR_INSERT_UPDATE",
                    f"Unable to create/update fields: {field.name}. Please check the security settings of "
                    "this field and verify that it is read/write for your profile or permission set.",
                    [field.name],
                )
            given[field.name] = accepted(field, value, self.schema, self)
        return given

    def _foreign_key(self, parent: Field, nested: Mapping[str, Any]) -> str:
        """`{"Account": {"Q2C_Id__c": "A-1"}}`: the parent by its external id."""
        target = self.object(parent.references[0])
        keys = {name: value for name, value in nested.items() if name != "attributes"}
        if len(keys) != 1:
            raise ApiError(
                400, "INVALID_FIELD", "More than 1 field provided in an external foreign key reference"
            )
        ((name, value),) = keys.items()
        found = self.by_external_id(target, name, str(value))
        if len(found) != 1:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"Foreign key external ID: {str(value).lower()} not found for field {name} in entity "
                f"{target.name}",
            )
        return str(found[0]["Id"])

    def _new_row(self, made: SObject, given: Row, user: str) -> Row:
        now = stamp(self.clock.now())
        number = self.state.next_number(made.name)
        row: Row = {"Id": ids.new_id(made.key_prefix, number)}
        for field in made.fields.values():
            if field.name == "Id" or field.formula:
                continue
            if field.auto_number:
                row[field.name] = field.auto_number.format(number)
            else:
                row[field.name] = given.get(field.name, False if field.type == "boolean" else None)
        made_now = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        return row | made_now | {"CreatedById": user, "LastModifiedById": user, "IsDeleted": False}

    def _check_unique(self, made: SObject, row: Row) -> None:
        for field in made.fields.values():
            if not field.unique or row.get(field.name) is None:
                continue
            for other in self.by_external_id(made, field.name, str(row[field.name])):
                if other["Id"] != row["Id"]:
                    raise ApiError(
                        400,
                        "DUPLICATE_VALUE",
                        f"duplicate value found: {field.name} duplicates value on record with id: "
                        f"{other['Id']}",
                    )

    def _check_not_locked(self, made: SObject, row: Row, changed: list[Field], *, system: bool) -> None:
        locked = [field.name for field in changed if field.locked]
        if locked and not system and made.active is not None and made.active(row, self):
            raise ApiError(
                400,
                "FIELD_INTEGRITY_EXCEPTION",
                f"You can't change these fields of an activated {made.name}: {', '.join(locked)}",
                locked,
            )

    def _suffer_lock(self, row: Row) -> None:
        """Counted in memory: what is refused is rolled back."""
        if self._row_locks.get(row["Id"], 0) > 0:
            self._row_locks[row["Id"]] -= 1
            raise RowLocked


def _lower(name: str) -> str:
    return f"lower:{name}"


class RowLocked(ApiError):
    def __init__(self) -> None:
        super().__init__(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])


class SeveralMatch(ApiError):
    """An external id that is not unique matched several records."""

    def __init__(self, made: SObject, record_ids: list[str]) -> None:
        super().__init__(300, "MULTIPLE_CHOICES", "several records match")
        self.made, self.record_ids = made, record_ids
