"""Reading figures out of a record by the field map: converted, checked, never defaulted.

a field that is not in the answer, or of another type     UnexpectedAnswer
a picklist value that the map does not know               UnexpectedAnswer
an empty field that must be filled                        Rejected
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connectors.salesforce.fields import FieldRule, RecordRule
from connectors.salesforce.wire import Record
from ports.errors import Rejected, UnexpectedAnswer

PLATFORM = "salesforce"
OPERATION = "read_contract"


class Figures:
    """One record's figures by their canonical names; `where` names the record in errors."""

    def __init__(self, rule: RecordRule, record: Record, where: str, *, parent: str | None = None) -> None:
        self._rule, self._record, self.where, self._parent = rule, record, where, parent

    def optional(self, name: str) -> Any:
        """The figure, or None where the field is empty; an empty field that the map requires is Rejected."""
        rule = self._rule.fields[name]
        value = self._found(rule)
        if value is None:
            if rule.required:
                raise self.missing(name)
            return None
        try:
            return _CONVERSIONS[rule.conversion](value, rule)
        except (TypeError, ValueError) as error:
            kind = (
                f"is no {rule.conversion}" if rule.conversion != "choice" else "is no value of the field map"
            )
            raise self.unexpected(name, kind) from error

    def need(self, name: str) -> Any:
        """The figure; Rejected where the field is empty."""
        value = self.optional(name)
        if value is None:
            raise self.missing(name)
        return value

    def path(self, name: str) -> str:
        """The org's name of the figure's field."""
        field = self._rule.fields[name].field
        prefix = f"{self._parent}." if self._parent else ""
        return f"{self._rule.object}.{field}" if not prefix else prefix + field

    def missing(self, name: str) -> Rejected:
        return self.refused(name, "is empty")

    def refused(self, name: str, what: str) -> Rejected:
        """The CRM's data are wrong: a person must put them right there."""
        path = self.path(name)
        return Rejected(f"{self.where}: {path} {what}", platform=PLATFORM, operation=OPERATION, field=path)

    def unexpected(self, name: str, what: str) -> UnexpectedAnswer:
        path = self.path(name)
        return UnexpectedAnswer(
            f"{self.where}: {path} {what}", platform=PLATFORM, operation=OPERATION, field=path
        )

    def _found(self, rule: FieldRule) -> Any:
        value: Any = self._record
        steps = ([self._parent] if self._parent else []) + rule.field.split(".")
        for step in steps:
            if value is None:
                return None
            if not isinstance(value, dict) or step not in value:
                path = f"{self._rule.object}.{rule.field}"
                raise UnexpectedAnswer(
                    f"{self.where}: {path} is not in the answer",
                    platform=PLATFORM,
                    operation=OPERATION,
                    field=path,
                )
            value = value[step]
        return value


def children(record: Record, rule: RecordRule, where: str) -> list[Record]:
    """The records that hang on this one; a null is none of them."""
    relationship = str(rule.relationship)
    if relationship not in record:
        raise UnexpectedAnswer(
            f"{where}: {relationship} is not in the answer",
            platform=PLATFORM,
            operation=OPERATION,
            field=relationship,
        )
    found = record[relationship]
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnexpectedAnswer(
            f"{where}: {relationship} is no list of records",
            platform=PLATFORM,
            operation=OPERATION,
            field=relationship,
        )
    return found


def plain(value: Decimal) -> Decimal:
    """The same number without the zeros that the API appends (1200.0)."""
    short = value.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def _text(value: Any, _rule: FieldRule) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _day(value: Any, _rule: FieldRule) -> dt.date:
    if not isinstance(value, str):
        raise TypeError
    return dt.date.fromisoformat(value)


def _moment(value: Any, _rule: FieldRule) -> dt.datetime:
    if not isinstance(value, str):
        raise TypeError
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(dt.UTC)


def _decimal(value: Any, _rule: FieldRule) -> Decimal:
    """A JSON number: those with a point come as Decimal from the client, never as float."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError
    return plain(Decimal(value))


def _whole(value: Any, rule: FieldRule) -> int:
    number = _decimal(value, rule)
    if number != number.to_integral_value():
        raise ValueError("not whole")
    return int(number)


def _boolean(value: Any, _rule: FieldRule) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _choice(value: Any, rule: FieldRule) -> str | int | bool:
    words = rule.values or {}
    if not isinstance(value, str) or value not in words:
        raise ValueError("not a value of the map")
    return words[value]


_CONVERSIONS: dict[str, Callable[[Any, FieldRule], Any]] = {
    "text": _text,
    "date": _day,
    "datetime": _moment,
    "decimal": _decimal,
    "integer": _whole,
    "boolean": _boolean,
    "choice": _choice,
}
