"""How an object and its fields are described, as `describe` tells it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

FieldType = Literal[
    "id",
    "string",
    "textarea",
    "picklist",
    "boolean",
    "int",
    "double",
    "currency",
    "percent",
    "date",
    "datetime",
    "reference",
    "email",
    "phone",
    "url",
    "address",
]
NUMBERS = ("double", "currency", "percent")
TEXTS = ("string", "textarea", "picklist", "email", "phone", "url")


class Source(Protocol):
    """Where a formula looks up other records."""

    def by_id(self, object_name: str, record_id: str | None) -> dict[str, Any] | None: ...

    def where(self, object_name: str, field_name: str, value: str) -> list[dict[str, Any]]: ...


Formula = Callable[[dict[str, Any], Source], Any]


@dataclass(frozen=True)
class Field:
    name: str
    type: FieldType
    nillable: bool = True
    length: int = 0
    precision: int = 0
    scale: int = 0
    values: tuple[str, ...] = ()
    restricted: bool = False
    references: tuple[str, ...] = ()
    child_relationship: str | None = None  # how the referenced object calls these records
    createable: bool = True
    updateable: bool = True
    external_id: bool = False
    unique: bool = False
    default: Any = None
    auto_number: str | None = None  # the form of the number, as in "{:08d}"
    formula: Formula | None = None
    locked: bool = False  # cannot be changed once the record is activated

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """What stands before the dot: `Account` for `AccountId`, `Order_Item__r` for `Order_Item__c`."""
        if self.type != "reference":
            return None
        return f"{self.name[:-3]}__r" if self.custom else self.name.removesuffix("Id")

    @property
    def required(self) -> bool:
        return not self.nillable and self.createable and self.default is None and self.type != "boolean"


@dataclass(frozen=True)
class SObject:
    name: str
    key_prefix: str
    fields: dict[str, Field]
    label: str = ""
    name_field: str | None = "Name"
    createable: bool = True
    deletable: bool = True
    active: Callable[[dict[str, Any], Source], bool] | None = None
    """Whether a record is activated, so that its `locked` fields cannot be changed."""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """By name in any case, as the API takes it."""
        found = self.fields.get(name)
        if found is None:
            lowered = name.lower()
            found = next((each for key, each in self.fields.items() if key.lower() == lowered), None)
        return found

    def parent(self, relationship: str) -> Field | None:
        lowered = relationship.lower()
        return next(
            (each for each in self.fields.values() if (each.relationship or "").lower() == lowered), None
        )


@dataclass(frozen=True)
class Child:
    object_name: str
    field_name: str
    relationship: str


@dataclass
class Schema:
    objects: dict[str, SObject] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_lower = {name.lower(): each for name, each in self.objects.items()}
        self._by_prefix = {each.key_prefix: each for each in self.objects.values()}

    def find(self, name: str) -> SObject | None:
        return self._by_lower.get(name.lower())

    def by_prefix(self, record_id: str) -> SObject | None:
        return self._by_prefix.get(record_id[:3])

    def children(self, object_name: str) -> list[Child]:
        return [
            Child(other.name, each.name, each.child_relationship)
            for other in self.objects.values()
            for each in other.fields.values()
            if each.child_relationship and object_name in each.references
        ]


def text(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "string", length=length, **more)


def area(name: str, length: int = 255, **more: Any) -> Field:
    return Field(name, "textarea", length=length, **more)


def choice(name: str, *values: str, **more: Any) -> Field:
    more.setdefault("length", 255)
    return Field(name, "picklist", values=values, **more)


def number(name: str, precision: int, scale: int, **more: Any) -> Field:
    return Field(name, "double", precision=precision, scale=scale, **more)


def money(name: str, precision: int = 18, scale: int = 2, **more: Any) -> Field:
    return Field(name, "currency", precision=precision, scale=scale, **more)


def percent(name: str, precision: int = 18, scale: int = 9, **more: Any) -> Field:
    return Field(name, "percent", precision=precision, scale=scale, **more)


def whole(name: str, **more: Any) -> Field:
    return Field(name, "int", **more)


def flag(name: str, **more: Any) -> Field:
    return Field(name, "boolean", nillable=False, **({"default": False} | more))


def day(name: str, **more: Any) -> Field:
    return Field(name, "date", **more)


def moment(name: str, **more: Any) -> Field:
    return Field(name, "datetime", **more)


def link(name: str, *references: str, children: str | None = None, **more: Any) -> Field:
    return Field(name, "reference", length=18, references=references, child_relationship=children, **more)


_FIXED: dict[str, Any] = {"createable": False, "updateable": False}


def read_only(made: Callable[..., Field], *arguments: Any, **more: Any) -> Field:
    return made(*arguments, **(_FIXED | more))


def external_id(name: str = "Q2C_Id__c", length: int = 80) -> Field:
    return text(name, length, external_id=True, unique=True)


def sobject(name: str, key_prefix: str, *fields: Field, recycled: bool = True, **more: Any) -> SObject:
    """An object with its own fields and those that all have; `recycled`: deleted ones can be seen."""
    own = [Field("Id", "id", nillable=False, length=18, createable=False, updateable=False), *fields]
    own += [read_only(flag, "IsDeleted")] if recycled else []
    own += [
        read_only(moment, "CreatedDate", nillable=False),
        read_only(link, "CreatedById", "User", nillable=False),
        read_only(moment, "LastModifiedDate", nillable=False),
        read_only(link, "LastModifiedById", "User", nillable=False),
        read_only(moment, "SystemModstamp", nillable=False),
    ]
    return SObject(name, key_prefix, {each.name: each for each in own}, **more)
